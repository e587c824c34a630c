"""Django's name tag of this room."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "hezhi.chapters.cases.retention"
    label = "retention"
    verbose_name = "保存期限"

    def ready(self) -> None:
        from hezhi.chapters.cases.retention import events  # noqa: F401
