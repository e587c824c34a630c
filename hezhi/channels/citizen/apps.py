"""Django's name tag of this room."""

from django.apps import AppConfig


class CitizenConfig(AppConfig):
    name = "hezhi.channels.citizen"
    label = "citizen"
    verbose_name = "citizen"
