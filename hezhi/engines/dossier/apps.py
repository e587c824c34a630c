"""Django's name tag of this room."""

from django.apps import AppConfig


class DossierConfig(AppConfig):
    name = "hezhi.engines.dossier"
    label = "dossier"
    verbose_name = "档案部件"
