"""Django's name tag of this room."""

from django.apps import AppConfig
from django.core import checks


class RegistryConfig(AppConfig):
    name = "hezhi.engines.registry"
    label = "registry"
    verbose_name = "台账引擎"

    def ready(self) -> None:
        """Find the declarations, and have Django check them before anything runs."""
        from hezhi.engines.registry import jobs  # noqa: F401  (the worker must know them by name)
        from hezhi.engines.registry.checks import check_declarations
        from hezhi.engines.registry.site import discover

        discover()
        checks.register(check_declarations, "registry")
