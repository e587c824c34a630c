"""Django's name tag of this room."""

from django.apps import AppConfig


class GrassrootsConfig(AppConfig):
    name = "hezhi.chapters.grassroots"
    label = "grassroots"
    verbose_name = "基层治理"
