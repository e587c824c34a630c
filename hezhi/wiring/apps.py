"""Django's name tag of the wiring floor."""

import gc

from django.apps import AppConfig
from django.core import checks


class WiringConfig(AppConfig):
    name = "hezhi.wiring"
    label = "wiring"
    verbose_name = "装配"

    def ready(self) -> None:
        """Have Django check the declared flows and the limits of data protection before anything runs.

        We are the last of the apps: what is loaded now stays, and from here on the collector looks at what is new.
        """
        from hezhi.wiring.flow_book import check_flows
        from hezhi.wiring.limits.guards import check_limits

        checks.register(check_flows, "flows")
        checks.register(check_limits, "limits")
        gc.freeze()
        gc.enable()
