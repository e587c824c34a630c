"""Django's name tag of this room."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "hezhi.chapters.cases.intake"
    label = "intake"
    verbose_name = "事件汇聚"

    def ready(self) -> None:
        """Listen to what handling announces."""
        from hezhi.chapters.cases.intake import events  # noqa: F401
