"""Django's name tag of this room."""

from django.apps import AppConfig


class AppcentreConfig(AppConfig):
    name = "hezhi.chapters.appcentre"
    label = "appcentre"
    verbose_name = "应用中心"

    def ready(self) -> None:
        from hezhi.chapters.appcentre.messages import events  # noqa: F401  (it listens)
