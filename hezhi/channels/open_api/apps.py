"""Django's name tag of this room."""

from django.apps import AppConfig


class OpenApiConfig(AppConfig):
    name = "hezhi.channels.open_api"
    label = "open_api"
    verbose_name = "open_api"
