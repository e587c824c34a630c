"""The face of the Party room for the house above (党建的门面): its tables to begin with; no member leaves by it."""

import tomllib
from pathlib import Path
from typing import Any

from hezhi.chapters.grassroots.party.models import ActivityKind, NewsColumn
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting

__all__ = ["load_tables"]

_FILE = Path(__file__).parent / "data" / "kinds.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """The kinds of activities with the year's duty and the columns of the articles; what is there stays."""
    told = tomllib.loads(_FILE.read_text("utf-8"))
    with acting(by, verb="party.load_tables"):
        return {"党建活动类别": _new(ActivityKind, told["activity"]), "宣传栏目": _new(NewsColumn, told["column"])}


def _new(model: Any, rows: list[dict[str, Any]]) -> int:
    known = set(model.objects.values_list("code", flat=True))
    made = [model(order=n * 10, **row) for n, row in enumerate(rows, 1) if row["code"] not in known]
    for each in made:
        each.save()
    return len(made)
