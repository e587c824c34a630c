"""Django's name tag of this room."""

from django.apps import AppConfig


class ConnectConfig(AppConfig):
    name = "hezhi.engines.connect"
    label = "connect"
    verbose_name = "外部对接"
