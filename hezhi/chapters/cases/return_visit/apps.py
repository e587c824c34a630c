"""Django's name tag of this room."""

from django.apps import AppConfig


class ReturnVisitConfig(AppConfig):
    name = "hezhi.chapters.cases.return_visit"
    label = "return_visit"
    verbose_name = "回访"

    def ready(self) -> None:
        """Listen to cases, stand beside their pages and forms, and tell the approvals page of exclusions."""
        from hezhi.chapters.cases.return_visit import events  # noqa: F401
