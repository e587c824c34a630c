"""Django's name tag of this room."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "hezhi.chapters.operations"
    label = "operations"
    verbose_name = "建设管理"
