"""Django's name tag of this room."""

from django.apps import AppConfig


class MediationConfig(AppConfig):
    name = "hezhi.chapters.cases.mediation"
    label = "mediation"
    verbose_name = "矛盾纠纷调解"

    def ready(self) -> None:
        """Stand beside the case."""
        from hezhi.chapters.cases.mediation import events  # noqa: F401
