"""The face of grid management for other rooms (9.1.3-1-1)."""

import tomllib
from pathlib import Path
from typing import Any

from hezhi.chapters.grassroots.grids.actions import follow
from hezhi.chapters.grassroots.grids.models import Annotation, DutyItem, Grid, GridDuty, GridKind, Role
from hezhi.chapters.grassroots.grids.queries import Answering, answering, find, grid_for, lines, members_by
from hezhi.chapters.grassroots.grids.queries.contents import Count, InGrid, contribute
from hezhi.engines.geo.queries import grid_at, grids_at, redrawn_communities
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.acting import acting

__all__ = [
    "Annotation",
    "Answering",
    "Count",
    "Grid",
    "GridDuty",
    "InGrid",
    "Role",
    "answering",
    "contribute",
    "find",
    "follow",
    "grid_at",
    "grid_for",
    "grids_at",
    "lines",
    "load_tables",
    "members_by",
    "redrawn_communities",
]

_FILE = Path(__file__).parent / "data" / "kinds.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """The kinds of grids and their duty lists that an installation begins with; what is there stays."""
    told = tomllib.loads(_FILE.read_text("utf-8"))
    with acting(by, verb="grids.load_tables"):
        return {"网格类别": _kinds(told["kind"]), "网格职责": _duties(told["duty"])}


def _kinds(rows: list[dict[str, Any]]) -> int:
    known = set(GridKind.objects.values_list("code", flat=True))
    new = [row for row in rows if row["code"] not in known]
    for row in new:
        unit = Unit.objects.filter(name__endswith=row["unit"], kind="department").first() if row.get("unit") else None
        GridKind.objects.create(**row | {"unit": unit})
    return len(new)


def _duties(rows: list[dict[str, Any]]) -> int:
    kinds = {kind.code: kind for kind in GridKind.objects.all()}
    made = 0
    for row in rows:
        kind = kinds[row["kind"]]
        if DutyItem.objects.filter(kind=kind, role=row["role"]).exists():
            continue
        items = [
            DutyItem(kind=kind, role=row["role"], text=text, basis=row["basis"], order=n * 10)
            for n, text in enumerate(row["texts"], 1)
        ]
        made += len(DutyItem.objects.bulk_create(items))
    return made
