"""Appraisal in the demo district (演示数据): last month of the towns settled, this month running; all invented."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count

from hezhi.chapters.cases.appraisal import actions, queries
from hezhi.chapters.cases.appraisal.models import Line, Objection, Round, Score, Template, UnitBase
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import Cast, cast
from hezhi.engines.org.api import Unit, system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import Refusal

OBJECTED = 2


def load() -> None:
    """Load it; a second call changes nothing, and without the demo's cases nothing is done."""
    if Round.objects.exists() or not Case.objects.exists():
        return
    people = cast()
    _bases()
    _settled(people)
    manager, today = people.at_centre("supervisor"), time.today()
    round_ = actions.make_round(
        by=manager, title=f"{today.year}年{today.month}月镇街考核（示例）", template_id=_template("town").pk,
        first=today.replace(day=1), last=_end_of_month(today), objects=_all("town"),
    )  # fmt: skip
    actions.publish(round_.pk, by=manager)


def _template(level: str) -> Template:
    return Template.objects.filter(level=level).order_by("name")[0]


def _all(level: str) -> list[tuple]:
    return [(unit, user) for unit, user, _ in queries.objects_for(level)]


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _bases() -> None:
    with acting(system("演示数据"), verb="demo.appraisal", reason="建立演示考核基数"):
        UnitBase.objects.bulk_create(
            [
                UnitBase(
                    unit=unit,
                    year=2025,
                    area=Decimal(30 + 7 * n),
                    population=Decimal(4 + n % 6),
                    origin="示例公报数（虚构）",
                )
                for n, unit in enumerate(Unit.objects.filter(kind=Unit.Kind.TOWN).order_by("code"))
            ]
        )


def _settled(people: Cast) -> None:
    """Last month's appraisal of the towns: points by hand, two objections, settled a week ago."""
    manager, reviewer, now = people.at_centre("supervisor"), people.at_centre("duty_chief"), time.now()
    today = time.today()
    last = today.replace(day=1) - timedelta(days=1) if today.day >= 8 else today - timedelta(days=8)
    first = last.replace(day=1) if today.day >= 8 else last - timedelta(days=29)
    with time.frozen_at(now - timedelta(days=7)):
        round_ = actions.make_round(
            by=manager, title=f"{last.year}年{last.month}月镇街考核（示例）", template_id=_template("town").pk, first=first,
            last=last, objects=_all("town"),
        )  # fmt: skip
        actions.publish(round_.pk, by=manager)
        for n, score in enumerate(
            Score.objects.filter(line__round=round_, item="records").order_by("line__unit__code")
        ):
            actions.give(
                score.pk, by=manager, value=Decimal(10 - n % 3), reason="抽查十份办理记录，按缺项扣分。（示例）"
            )
        actions.freeze(round_.pk, by=manager)
        _object(people, round_)
        for n, objection in enumerate(Objection.objects.filter(line__round=round_).order_by("asked_at", "pk")):
            said = "经核对职责清单，不属该单位职责。（示例）" if n == 0 else "按办理记录计分无误，维持原分。（示例）"
            actions.review(objection.pk, by=reviewer, grant=n == 0, opinion=said)
    actions.finish(round_.pk, by=manager)


def _object(people: Cast, round_: Round) -> None:
    """The two towns with most cases object, one naming a case."""
    facts = queries.facts_of(round_).order_by()
    busy = facts.values("lead_unit_id").annotate(n=Count("pk")).order_by("-n").values_list("lead_unit_id", flat=True)
    done = 0
    for unit in busy:
        line, head = Line.objects.filter(round=round_, unit=unit).first(), people.of(unit, "reviewer")
        if line is None or head is None or done >= OBJECTED:
            continue
        fact = facts.filter(lead_unit=unit, secret=False).order_by("began_at").first()
        number = Case.objects.values_list("number", flat=True).get(pk=fact.case_id) if done == 0 and fact else ""
        try:
            actions.object_to(
                line.pk, by=head, text="该事项不属本单位职责，请核实。（示例）", item="on-time", number=number
            )
            done += 1
        except Refusal:
            continue
