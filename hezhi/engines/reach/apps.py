"""Django's name tag of this room."""

from django.apps import AppConfig


class ReachConfig(AppConfig):
    name = "hezhi.engines.reach"
    label = "reach"
    verbose_name = "消息触达"
