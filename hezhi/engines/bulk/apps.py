"""Django's name tag of this room."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "hezhi.engines.bulk"
    label = "bulk"
    verbose_name = "大批量导入"

    def ready(self) -> None:
        """Offer to carry the large files of the registries that have declared how."""
        from hezhi.engines.bulk.lane import BulkLane
        from hezhi.engines.registry.lanes import LANES

        LANES.append(BulkLane())
