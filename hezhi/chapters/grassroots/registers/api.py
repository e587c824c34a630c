"""What other rooms may ask of the base registers (基础台账的门面)."""

import tomllib
from pathlib import Path

from hezhi.chapters.grassroots.registers.models import CheckItem
from hezhi.chapters.grassroots.registers.queries import (
    COUNTED,
    Force,
    codes,
    counts,
    forces,
    homes_of,
    households_of,
    living_in,
    name_of_code,
    places_waiting,
    resident_by_id_number,
    residents,
    residents_by_name,
    residents_by_phone,
)
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting

__all__ = [
    "COUNTED",
    "Force",
    "codes",
    "counts",
    "forces",
    "homes_of",
    "households_of",
    "living_in",
    "load_tables",
    "name_of_code",
    "places_waiting",
    "resident_by_id_number",
    "residents",
    "residents_by_name",
    "residents_by_phone",
]

_LIST = Path(__file__).parent / "data" / "checklist.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """The list for checks of small places that an installation begins with (检查清单); what is there stays."""
    known = set(CheckItem.objects.values_list("code", flat=True))
    told = tomllib.loads(_LIST.read_text("utf-8"))["item"]
    new = [CheckItem(**row, order=n * 10) for n, row in enumerate(told, 1) if row["code"] not in known]
    if new:
        with acting(by, verb="registers.load_tables"):
            CheckItem.objects.bulk_create(new)
    return {"场所检查项": len(new)}
