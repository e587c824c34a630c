"""Django's name tag of this room."""

from django.apps import AppConfig


class OfficerConfig(AppConfig):
    name = "hezhi.channels.officer"
    label = "officer"
    verbose_name = "officer"
