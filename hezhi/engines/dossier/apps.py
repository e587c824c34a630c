"""Django's name tag of this room."""

from django.apps import AppConfig


class DossierConfig(AppConfig):
    name = "hezhi.engines.dossier"
    label = "dossier"
    verbose_name = "档案部件"

    def ready(self) -> None:
        """Give every registry what needs no word in its declaration; this app stands before the registry engine."""
        from hezhi.engines.dossier.merging import Merges
        from hezhi.engines.registry.parts import GIVEN

        GIVEN.append(Merges())
