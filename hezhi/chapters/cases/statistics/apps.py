"""Django's name tag of this room."""

from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "hezhi.chapters.cases.statistics"
    label = "statistics"
    verbose_name = "统计分析"

    def ready(self) -> None:
        """Listen to what lower rooms announce, and say who opens the kept reports."""
        from hezhi.chapters.cases.statistics import events  # noqa: F401
