"""Django's name tag of this room."""

from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "hezhi.chapters.grassroots.grids"
    label = "grids"
    verbose_name = "网格管理"
