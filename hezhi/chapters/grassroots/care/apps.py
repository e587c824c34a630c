"""Django's name tag of this room."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "hezhi.chapters.grassroots.care"
    label = "care"
    verbose_name = "帮扶关爱"

    def ready(self) -> None:
        """Let the moments of this room follow the calendar."""
        from hezhi.chapters.grassroots.care import events  # noqa: F401
