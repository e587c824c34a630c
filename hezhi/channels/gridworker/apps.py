"""Django's name tag of this room."""

from django.apps import AppConfig


class GridworkerConfig(AppConfig):
    name = "hezhi.channels.gridworker"
    label = "gridworker"
    verbose_name = "gridworker"
