"""Django's name tag of this room."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "hezhi.chapters.operations"
    label = "operations"
    verbose_name = "建设管理"

    def ready(self) -> None:
        from hezhi.chapters.operations.security_log import events  # noqa: F401  (signs up for alarms)
