"""The tables an installation starts with (初始字典): categories, limits, duties; never overwriting officers' edits."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from hezhi.chapters.cases.handling.models import AnswerTemplate, Category, RoutingRule
from hezhi.engines.flow.models import CalendarDay, LimitRule, WorkingHours
from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.acting import acting
from hezhi.ground import time

DATA = Path(__file__).parents[1] / "data"
SINCE = date(2024, 1, 1)


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load what is missing; gives how many rows of each table were new."""
    with acting(by, verb="cases.load_tables", reason="载入初始字典"):
        return {
            "类别": _categories(),
            "时限": _limits(),
            "日历": _calendar(),
            "作息": _hours(),
            "答复模板": _answers(),
        }


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _categories() -> int:
    """Categories by code; the tree is rebuilt from the codes that the file gives as parents."""
    known = {row.code: row for row in Category.objects.all()}
    new = 0
    for facts in _read("categories.toml")["category"]:
        if facts["code"] in known:
            continue
        parent = known.get(facts.get("parent", ""))
        row = Category.objects.create(
            code=facts["code"],
            name=facts["name"],
            full_name=f"{parent.full_name}/{facts['name']}" if parent else facts["name"],
            path=f"{parent.path}/{facts['code']}" if parent else facts["code"],
            parent=parent,
            label=facts.get("label", parent.label if parent else ""),
            aliases=facts.get("aliases", []),
            urgency=facts.get("urgency", "normal"),
            questions=facts.get("questions", []),
            **dict.fromkeys(facts.get("needs", []), True),
            public=facts.get("public", parent.public if parent else False),
        )
        known[row.code] = row
        new += 1
    return new


def _answers() -> int:
    """The first templates for answers, where officers have none of their own."""
    if AnswerTemplate.objects.exists():
        return 0
    rows = [AnswerTemplate(**facts) for facts in _read("answers.toml")["template"]]
    return len(AnswerTemplate.objects.bulk_create(rows))


def _limits() -> int:
    if LimitRule.objects.exists():
        return 0
    rows = [
        LimitRule(
            name=facts["name"], stage=facts.get("stage", ""), matter_kind=facts.get("kind", ""),
            category=facts.get("category", ""), urgency=facts.get("urgency", ""), amount=facts["amount"],
            unit=facts["unit"], basis=facts.get("basis", ""), valid_from=SINCE,
        )
        for facts in _read("limits.toml")["limit"]
    ]  # fmt: skip
    return len(LimitRule.objects.bulk_create(rows))


def _calendar() -> int:
    """The shipped calendar of the state's notices as rows that officers can edit."""
    known = set(CalendarDay.objects.values_list("date", flat=True))
    calendar = shipped_calendar()
    rows = [
        CalendarDay(
            date=day, is_working=works, name=calendar.names.get(day, ""), source="随系统提供的法定节假日安排",
            provisional=day.year not in calendar.settled,
        )
        for day, works in calendar.days.items()
        if day not in known
    ]  # fmt: skip
    return len(CalendarDay.objects.bulk_create(rows))


def _hours() -> int:
    if WorkingHours.objects.exists():
        return 0
    calendar = shipped_calendar()
    WorkingHours.objects.create(
        valid_from=SINCE,
        weekdays=[n for n, works in enumerate(calendar.week) if works],
        spans=[str(span) for span in calendar.hours],
    )
    return 1


def load_duties(*, by: Actor) -> int:
    """Write the table of duties (派单目录) of a demo district: category by category to the named department."""
    units = {unit.name: unit for unit in Unit.objects.filter(valid_to__isnull=True)}
    known = set(RoutingRule.objects.values_list("category__code", flat=True))
    by_code = {row.code: row for row in Category.objects.all()}
    rows = []
    for facts in _read("categories.toml")["category"]:
        unit = next((u for name, u in units.items() if facts.get("lead") and name.endswith(facts["lead"])), None)
        if unit is not None and facts["code"] not in known:
            rows.append(
                RoutingRule(category=by_code[facts["code"]], unit=unit, basis="示例职责清单", valid_from=time.today())
            )
    with acting(by, verb="cases.load_duties", reason="载入派单目录"):
        return len(RoutingRule.objects.bulk_create(rows))
