"""Django's name tag of this room."""

from django.apps import AppConfig


class WallConfig(AppConfig):
    name = "hezhi.channels.wall"
    label = "wall"
    verbose_name = "wall"
