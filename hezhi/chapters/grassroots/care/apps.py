"""Django's name tag of this room."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "hezhi.chapters.grassroots.care"
    label = "care"
    verbose_name = "帮扶关爱"

    def ready(self) -> None:
        """Say what is listened to."""
        from hezhi.chapters.grassroots.care import events  # noqa: F401
