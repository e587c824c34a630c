"""Django's name tag of this room."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from hezhi.engines.records import trigger_index

trigger_index.keep()  # the models are read after all name tags


class RecordsConfig(AppConfig):
    name = "hezhi.engines.records"
    label = "records"
    verbose_name = "记录与留痕"

    def ready(self) -> None:
        from hezhi.engines.records.protection import lock_down

        post_migrate.connect(lock_down, sender=self, dispatch_uid="records.lock_down")
        if settings.TESTING:
            self._keys_of_a_test_run()

    @staticmethod
    def _keys_of_a_test_run() -> None:
        """A test run lives in a scratch folder of its own; verbs need the audit's key there too."""
        from hezhi.engines.records.vault import create_key_ring

        create_key_ring(Path(settings.HEZHI_HOME) / "keys")
