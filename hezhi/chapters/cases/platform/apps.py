"""Django's name tag of this room."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "hezhi.chapters.cases.platform"
    label = "platform"
    verbose_name = "来源平台对接"

    def ready(self) -> None:
        """Say when our limit must be over, follow what happens to a case, and stand beside it."""
        from hezhi.chapters.cases.platform import events  # noqa: F401
