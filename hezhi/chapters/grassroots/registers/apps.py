"""Django's name tag of this room."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "hezhi.chapters.grassroots.registers"
    label = "registers"
    verbose_name = "基础台账"

    def ready(self) -> None:
        """Tell the gazetteer where the names of compounds stand."""
        from hezhi.chapters.grassroots.registers.queries import compound_names
        from hezhi.engines.analysis.gazetteer import also

        also(compound_names)
