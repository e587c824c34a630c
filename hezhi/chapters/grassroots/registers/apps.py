"""Django's name tag of this room."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "hezhi.chapters.grassroots.registers"
    label = "registers"
    verbose_name = "基础台账"
