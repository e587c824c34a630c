"""Django's name tag of this room."""

from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "hezhi.engines.flow"
    label = "flow"
    verbose_name = "流程与时限"

    def ready(self) -> None:
        """Sign up for the moments when people leave or are away, and for what waits at a registry's gates."""
        from hezhi.engines.flow import handover, parts  # noqa: F401
