"""Django's name tag of this room."""

from django.apps import AppConfig


class WhistleConfig(AppConfig):
    name = "hezhi.chapters.cases.whistle"
    label = "whistle"
    verbose_name = "吹哨报到"

    def ready(self) -> None:
        """Say who may whistle, and stand beside the case."""
        from hezhi.chapters.cases.whistle import events  # noqa: F401
