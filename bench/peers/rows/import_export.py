"""django-import-export as its manual has it: widgets for keys and days, bulk mode, diffs and reports left out."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from import_export import fields, resources, widgets
from tablib import Dataset

from bench.peers.rows.common import BATCH, NAMES, Bad, Register, read
from hezhi.chapters.grassroots.registers.models import Home, Resident
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting


class ResidentResource(resources.ModelResource):
    """People from a sheet; every row is checked by the register's rules."""

    home = fields.Field("home", "home", widgets.ForeignKeyWidget(Home, "number"))
    birth_date = fields.Field("birth_date", "birth_date", widgets.DateWidget("%Y-%m-%d"))

    register: Register
    written: list[Resident]

    class Meta:
        model = Resident
        fields = NAMES
        import_id_fields = ()
        force_init_instance = True
        use_bulk, batch_size = True, BATCH
        skip_diff, report_skipped = True, False

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Fill a new row, or refuse it."""
        super().import_instance(instance, row, **kwargs)
        try:
            told = self.register.values(row)
        except Bad as fault:
            raise ValidationError(str(fault)) from fault
        for name, value in told.items():
            setattr(instance, name, value)
        self.register.stamp(instance)

    def bulk_create(self, *args: Any, **kwargs: Any) -> None:
        """Write a thousand, and where they live."""
        rows = list(self.create_instances)
        super().bulk_create(*args, **kwargs)
        self.register.settle(rows)
        self.written += rows


def load(path: Path, by: Actor) -> dict[str, int]:
    """Import a file; gives the counts."""
    data = Dataset(headers=NAMES)
    for row in read(path):
        data.append([row[name] for name in NAMES])
    with acting(by, verb="bench.import"):
        resource = ResidentResource()
        resource.register, resource.written = Register(by), []
        result = resource.import_data(data, use_transactions=False, collect_failed_rows=False)
        resource.register.recount()
    refused = len(result.invalid_rows)
    return {"rows": len(data), "new": len(resource.written), "changed": 0, "refused": refused}
