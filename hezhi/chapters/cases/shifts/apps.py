"""Django's name tag of this room."""

from django.apps import AppConfig


class ShiftsConfig(AppConfig):
    name = "hezhi.chapters.cases.shifts"
    label = "shifts"
    verbose_name = "值班与交接班"

    def ready(self) -> None:
        """Stand beside the case."""
        from hezhi.chapters.cases.shifts import events  # noqa: F401
