"""Django's name tag of this room."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "hezhi.chapters.cases.supervision"
    label = "supervision"
    verbose_name = "督办管理"

    def ready(self) -> None:
        """Listen to what lower rooms announce, and stand beside the case."""
        from hezhi.chapters.cases.supervision import events  # noqa: F401
