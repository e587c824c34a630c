"""Django's name tag of this room."""

from django.apps import AppConfig


class OpenApiConfig(AppConfig):
    name = "hezhi.channels.open_api"
    label = "open_api"
    verbose_name = "开放接口"

    def ready(self) -> None:
        """Listen to what happens to matters that outer systems brought; say what a key may do here."""
        from hezhi.channels.open_api import events  # noqa: F401
        from hezhi.channels.open_api.words import SCOPES
        from hezhi.engines.connect.scopes import declare

        declare(SCOPES)
