"""The indicators and templates an installation starts with (初始指标和模板); never overwriting officers' edits."""

import tomllib
from decimal import Decimal
from pathlib import Path

from hezhi.chapters.cases.appraisal.models import Indicator, Template, TemplateItem
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting

DATA = Path(__file__).parents[1] / "data" / "templates.toml"


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load them into empty tables; gives how many rows were new."""
    if Indicator.objects.exists() or Template.objects.exists():
        return {"考核指标": 0, "考核模板": 0}
    told = tomllib.loads(DATA.read_text("utf-8"))
    with acting(by, verb="appraisal.load_tables", reason="载入初始考核指标和模板"):
        made = Indicator.objects.bulk_create([Indicator(**_exact(row)) for row in told["indicator"]])
        indicators = {row.code: row for row in made}
        for row in told["template"]:
            items = row.pop("items")
            template = Template.objects.create(**row)
            TemplateItem.objects.bulk_create(
                [
                    TemplateItem(template=template, indicator=indicators[code], weight=Decimal(str(weight)), order=n)
                    for n, (code, weight) in enumerate(items, start=1)
                ]
            )
    return {"考核指标": len(made), "考核模板": len(told["template"])}


def _exact(row: dict[str, object]) -> dict[str, object]:
    return {name: Decimal(str(value)) if isinstance(value, int | float) else value for name, value in row.items()}
