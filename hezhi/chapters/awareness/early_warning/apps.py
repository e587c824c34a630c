"""Django's name tag of this room."""

from django.apps import AppConfig


class EarlyWarningConfig(AppConfig):
    name = "hezhi.chapters.awareness.early_warning"
    label = "early_warning"
    verbose_name = "事件预警"

    def ready(self) -> None:
        """Listen to what lower rooms announce."""
        from hezhi.chapters.awareness.early_warning import events  # noqa: F401
