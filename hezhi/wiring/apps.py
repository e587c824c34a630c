"""Django's name tag of the wiring floor."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "hezhi.wiring"
    label = "wiring"
    verbose_name = "装配"
