"""Django's name tag of this room."""

from django.apps import AppConfig


class ContractorsConfig(AppConfig):
    name = "hezhi.chapters.cases.contractors"
    label = "contractors"
    verbose_name = "外协单位"

    def ready(self) -> None:
        """Stand beside the pages of cases, and end links when a case goes under the veil."""
        from hezhi.chapters.cases.contractors import events  # noqa: F401
