"""Django's name tag of this room."""

from django.apps import AppConfig


class AppraisalConfig(AppConfig):
    name = "hezhi.chapters.cases.appraisal"
    label = "appraisal"
    verbose_name = "业务考核"

    def ready(self) -> None:
        """Say who opens the evidence of manual scores."""
        from hezhi.chapters.cases.appraisal import events  # noqa: F401
