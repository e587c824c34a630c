"""The mapping of codes an installation starts with (初始编码对照); never overwriting officers' edits."""

import tomllib
from pathlib import Path

from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.platform.models import CodeMapping
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting

DATA = Path(__file__).parents[1] / "data" / "mapping.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load what is missing; gives how many rows were new."""
    known = set(CodeMapping.objects.values_list("system", "code"))
    ours = {row.code: row for row in Category.objects.all()}
    seen: set[tuple[str, str]] = set()
    rows = []
    for system, pairs in tomllib.loads(DATA.read_text("utf-8")).items():
        for code, category in pairs.items():
            first = (system, category) not in seen
            seen.add((system, category))
            if (system, code) not in known and category in ours:
                rows.append(CodeMapping(system=system, code=code, category=ours[category], preferred=first))
    if not rows:
        return {"编码对照": 0}
    with acting(by, verb="platform.load_tables", reason="载入初始编码对照"):
        return {"编码对照": len(CodeMapping.objects.bulk_create(rows))}
