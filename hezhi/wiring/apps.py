"""Django's name tag of the wiring floor."""

from django.apps import AppConfig
from django.core import checks


class WiringConfig(AppConfig):
    name = "hezhi.wiring"
    label = "wiring"
    verbose_name = "装配"

    def ready(self) -> None:
        """Have Django check the declared flows before anything runs."""
        from hezhi.wiring.flow_book import check_flows

        checks.register(check_flows, "flows")
