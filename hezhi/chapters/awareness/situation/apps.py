"""Django's name tag of this room."""

from django.apps import AppConfig


class SituationConfig(AppConfig):
    name = "hezhi.chapters.awareness.situation"
    label = "situation"
    verbose_name = "态势分析"
