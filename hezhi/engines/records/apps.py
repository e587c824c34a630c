"""Django's name tag of this room."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "hezhi.engines.records"
    label = "records"
    verbose_name = "记录与留痕"
