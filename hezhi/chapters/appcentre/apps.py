"""Django's name tag of this room."""

from django.apps import AppConfig


class AppcentreConfig(AppConfig):
    name = "hezhi.chapters.appcentre"
    label = "appcentre"
    verbose_name = "应用中心"
