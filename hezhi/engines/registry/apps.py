"""Django's name tag of this room."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "hezhi.engines.registry"
    label = "registry"
    verbose_name = "台账引擎"
