"""The ladder and the rules an installation starts with (初始督办阶梯和规则); never overwriting officers' edits."""

import tomllib
from pathlib import Path

from hezhi.chapters.cases.supervision.models import Rung, WatchRule
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting
from hezhi.ground import time

DATA = Path(__file__).parents[1] / "data" / "ladder.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load what is missing; gives how many rows were new. Rules begin today: what lies back is not looked up."""
    told = tomllib.loads(DATA.read_text("utf-8"))
    with acting(by, verb="supervision.load_tables", reason="载入初始督办阶梯和规则"):
        rungs = 0
        if not Rung.objects.exists():
            rungs = len(Rung.objects.bulk_create(Rung(**row) for row in told["rung"]))
        rules = 0
        if not WatchRule.objects.exists():
            known = {rung.code: rung for rung in Rung.objects.all()}
            rows = [
                WatchRule(**row | {"rung": known[row["rung"]], "valid_from": time.today()})
                for row in told["rule"]
                if row["rung"] in known
            ]
            rules = len(WatchRule.objects.bulk_create(rows))
    return {"督办阶梯": rungs, "督办规则": rules}
