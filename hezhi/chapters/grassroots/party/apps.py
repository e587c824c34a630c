"""Django's name tag of this room."""

from django.apps import AppConfig


class PartyConfig(AppConfig):
    name = "hezhi.chapters.grassroots.party"
    label = "party"
    verbose_name = "党建引领"
