"""The warning models an installation starts with (初始预警模型); never overwriting officers' edits."""

import tomllib
from pathlib import Path

from hezhi.chapters.awareness.early_warning.models import WarningModel
from hezhi.chapters.cases.handling.api import Category
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting
from hezhi.ground import time

DATA = Path(__file__).parents[1] / "data" / "models.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load them into an empty table; gives how many rows were new."""
    if WarningModel.objects.exists():
        return {"预警模型": 0}
    known = {row.code: row for row in Category.objects.filter(parent__isnull=True)}
    told = tomllib.loads(DATA.read_text("utf-8"))["model"]
    fit = [row for row in told if row.get("category", "") in ("", *known)]
    with acting(by, verb="warnings.load_tables", reason="载入初始预警模型"):
        rows = [
            WarningModel(**row | {"category": known.get(row.get("category", "")), "created_on": time.today()})
            for row in fit
        ]
        WarningModel.objects.bulk_create(rows)
    return {"预警模型": len(rows)}
