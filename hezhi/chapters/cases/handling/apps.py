"""Django's name tag of this room."""

from django.apps import AppConfig


class HandlingConfig(AppConfig):
    name = "hezhi.chapters.cases.handling"
    label = "handling"
    verbose_name = "事件办理"

    def ready(self) -> None:
        """Listen to what lower rooms announce."""
        from hezhi.chapters.cases.handling import events  # noqa: F401
