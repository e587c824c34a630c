"""How events stand, and which of them are warned of (态势计算、预警、升级); by the clock, each warning in a verb of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.models import Level, Standing, Warning, WarningModel
from hezhi.chapters.awareness.early_warning.queries.field import WINDOW, Field, read_field
from hezhi.chapters.awareness.early_warning.queries.replay import condition_of
from hezhi.chapters.cases.handling.api import MATTER, Category, queries
from hezhi.engines.analysis import actions as stream
from hezhi.engines.analysis.models import Event, EventMessage
from hezhi.engines.flow import todos
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.ids import short_number

WARNING = "early_warning.warning"
STEP, ACKNOWLEDGE, ESCALATED = "warning_acknowledge", "warnings.acknowledge", "warnings.escalated"
LOOKED_BACK = 30
"""An event without a message for so many days is not looked at any more."""
MOST_UNITS = 3


@clause("9.1.4-1")
def measure(by: Actor) -> int:
    """Work out how every living event stands, then raise what the models ask for; gives how many warnings were new."""
    now = time.now()
    field = read_field(now, days=LOOKED_BACK)
    stream.belong(MATTER, field.strays)
    found = field.bursts(field.events, now, WINDOW)
    _write_standings(field, found, now)
    return _raise_all(field, now, by)


def _write_standings(field: Field, found: dict[UUID, tuple[rules.Burst, bool]], now: datetime) -> None:
    roots = {row.code: row.pk for row in Category.objects.filter(parent__isnull=True)}
    rows = []
    for event, (burst, beyond) in found.items():
        reports = field.reports(event, now)
        cases = [field.cases[m.case] for m in field.events[event] if m.case in field.cases]
        rows.append(
            Standing(
                event_id=event, heat=round(rules.heat(reports, now), 3), messages=len(reports),
                reporters=len({r.reporter for r in reports}), recent=burst.seen, usual=burst.usual,
                ratio=round(min(burst.ratio, 9999), 2), chance=burst.chance, beyond=beyond,
                place_id=field.place_of(event), category_id=roots.get(field.root_of(event)),
                sources=sorted({c.source for c in cases}), first_at=reports[0].at, last_at=reports[-1].at, at=now,
                units=[unit.pk for unit, _ in queries.in_charge([m.case for m in field.events[event]][-40:])[:MOST_UNITS]]
                if len(reports) > 1 else [],
            )
        )  # fmt: skip
    changed = [f.name for f in Standing._meta.fields if f.name != "event"]
    Standing.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["event"], update_fields=changed, batch_size=500
    )
    Standing.objects.exclude(event__in=list(found)).delete()


def _raise_all(field: Field, now: datetime, by: Actor) -> int:
    raised = 0
    by_days: dict[int, dict[UUID, tuple[rules.Burst, bool]]] = {}
    for model in (
        WarningModel.objects.filter(active=True, analysis__isnull=True)
        .select_related("category")
        .order_by("level", "name")
    ):
        if model.days not in by_days:
            by_days[model.days] = field.bursts(field.events, now, model.days)
        condition = condition_of(model)
        for event, (burst, beyond) in by_days[model.days].items():
            facts = field.facts(event, now, burst, beyond)
            why = rules.fires(condition, facts, now)
            if why is not None:
                raised += _raise(model, event, facts, why, field, now, by)
    return raised


def _raise(
    model: WarningModel, event: UUID, facts: rules.Facts, why: list[str], field: Field, now: datetime, by: Actor
) -> int:
    """Raise one warning unless the event is quiet; gives whether it was new."""
    level = rules.level_shown(model.level, facts.beyond)
    if _quiet(event, level, model, now):
        return 0
    with acting(by, verb="warnings.raise") as deed:
        # The event's row is locked, so that two rounds cannot both find it quiet.
        row = Event.objects.select_for_update().filter(pk=event).first()
        if row is None or _quiet(event, level, model, now):
            return 0
        units = _receivers(model, event)
        if not units:
            return 0
        lies_in = field.place_of(event)
        place = Area.objects.filter(pk=lies_in).first() if lies_in else None
        warning = Warning(
            number=_number(), model=model, event=row, level=level, why=_why(model, facts, why, level)[:400], raised_at=now,
            members=len(facts.reports), reporters=len({r.reporter for r in facts.reports}), heat=round(facts.heat, 2),
            usual=facts.burst.usual,
            ratio=round(min(facts.burst.ratio, 9999), 2), chance=facts.burst.chance, units=[unit.pk for unit in units],
            unit=units[0], due_at=now + timedelta(minutes=model.acknowledge_minutes),
        )  # fmt: skip
        for name, key in (place.ancestors() if place else {}).items():
            setattr(warning, f"{name}_id", key)
        warning.save(force_insert=True)
        deed.on(warning)
        kind = Category.objects.filter(path=field.kind_of(event)).values_list("name", flat=True).first()
        where = (place.name if place else "本区") + (f"「{kind}」" if kind else "")
        said = f"{warning.get_level_display()}预警：{where}{'' if kind else ' '}{warning.reporters} 人反映同一件事"
        _push(warning, units, said, "warnings.raised", by, place=where, people=warning.reporters)
    return 1


def _why(model: WarningModel, facts: rules.Facts, why: list[str], level: int) -> str:
    lowered = "" if level == model.level else f"；未超出偶然波动，由{model.get_level_display()}降为{Level(level).label}"
    return f"模型「{model.name}」：{'，'.join(why)}{lowered}。"


def _quiet(event: UUID, level: int, model: WarningModel, now: datetime) -> bool:
    """Whether this event was warned of lately at this level or a graver one (静默期)."""
    since = now - timedelta(hours=model.quiet_hours)
    return Warning.objects.filter(event=event, raised_at__gt=since, level__lte=level).exists()


def _receivers(model: WarningModel, event: UUID) -> list[Unit]:
    """The model's unit, else the units in charge of the event's cases, else the district's centre."""
    if model.unit_id:
        return [Unit.objects.get(pk=model.unit_id)]
    keys = list(
        EventMessage.objects.filter(event=event, source=MATTER).order_by("-at").values_list("key", flat=True)[:60]
    )
    found = [unit for unit, _ in queries.in_charge(keys)[:MOST_UNITS]]
    return found or centre()


def centre() -> list[Unit]:
    """The district's centre (区社会治理中心), as a list of one or none."""
    rows = Unit.objects.filter(kind=Unit.Kind.CENTRE, valid_to__isnull=True).order_by("order", "code")
    return list(rows[:1])


def _number() -> str:
    """The next number of a warning, from a sequence of the database."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('early_warning_number')")
        (n,) = cursor.fetchone()
    return short_number("YJ", time.today(), n % 10_000_000)


def _push(warning: Warning, units: Sequence[Unit], said: str, event: str, /, by: Actor, **values: object) -> None:
    """A to-do and a message for each unit (推送): level, place and figures with a link, no word of what people wrote."""
    for unit in units:
        todos.put(
            (WARNING, warning.pk), number=warning.number, title=said, step=STEP, permission=ACKNOWLEDGE, unit_id=unit.pk,
            due_at=warning.due_at, urgency="critical" if warning.level == Level.RED else "urgent",
        )  # fmt: skip
        tell(warning, event, unit.pk, ACKNOWLEDGE, by=by, due=time.show(warning.due_at), **values)


def tell(warning: Warning, event: str, to_unit: UUID, permission: str, /, *, by: Actor, **values: object) -> None:
    """Write one message for the holders of a permission in a unit."""
    reach.tell(
        by, event=event, to_unit=to_unit, permission=permission, about=(WARNING, warning.pk),
        values={"number": warning.number, "level": warning.get_level_display(), **values},
        channels=("inbox", "sms"), link=f"/warnings/{warning.pk}/", urgent=warning.level == Level.RED,
    )  # fmt: skip


# -- what an analysis found ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Discovery:
    """Something new that a published model found in one unit's part (新发现): figures, and no word of what people wrote."""

    model: UUID
    finding: UUID
    unit: Unit
    kind: str
    told: str
    on: date
    seen: int
    expected: float
    chance: float


DRIFTS = timedelta(days=2)
"""The same break may be dated a day or two off when more days are known: that is no new discovery."""


def units_warned_of(model: UUID) -> set[UUID]:
    """The units that must be told of a model's discoveries besides its receivers, because warning models say so."""
    asked = WarningModel.objects.filter(active=True, analysis=model).values_list("unit", flat=True)
    return {key for key in asked if key}


@clause("9.1.4-1", "9.1.4-2-2")
def warn_of(found: Discovery, *, by: Actor) -> int:
    """Raise what the warning models ask for when an analysis found something new (发现预警).

    Inside the caller's verb. The finding was made with the rights of the unit that is warned. Quiet while the quiet
    period lasts, and for good about a discovery that was warned of already. Gives how many were raised.
    """
    models = WarningModel.objects.select_for_update(of=("self",)).filter(active=True, analysis=found.model)
    asked = [model for model in models.order_by("level", "name") if model.unit_id in (None, found.unit.pk)]
    return sum(_warn_of(model, found, by) for model in asked)


def _warn_of(model: WarningModel, found: Discovery, by: Actor) -> int:
    now = time.now()
    if _known(model, found, now):
        return 0
    warning = Warning(
        number=_number(), model=model, finding_id=found.finding, found_on=found.on, level=model.level,
        why=f"模型「{model.name}」：{found.kind}，{rules.chance_of(found.chance)}。{found.told}"[:400], raised_at=now,
        members=found.seen, reporters=0, heat=0, usual=round(found.expected),
        ratio=round(min(found.seen / max(found.expected, 0.5), 9999), 2), chance=found.chance, units=[found.unit.pk],
        unit=found.unit, due_at=now + timedelta(minutes=model.acknowledge_minutes),
    )  # fmt: skip
    for name, key in (found.unit.area.ancestors() if found.unit.area else {}).items():
        setattr(warning, f"{name}_id", key)
    warning.save(force_insert=True)
    said = f"{warning.get_level_display()}预警：数据分析发现{found.kind}"
    _push(warning, [found.unit], said, "warnings.found", by, kind=found.kind)
    return 1


def _known(model: WarningModel, found: Discovery, now: datetime) -> bool:
    """Whether this unit was warned lately by an analysis at this level or a graver one, or of this very discovery."""
    told = Warning.objects.filter(unit=found.unit, model__analysis=found.model, level__lte=model.level)
    lately = Q(raised_at__gt=now - timedelta(hours=model.quiet_hours))
    return told.filter(lately | Q(found_on__gte=found.on - DRIFTS)).exists()


@clause("9.1.4-1")
def escalate_due(by: Actor) -> int:
    """Tell the unit above of warnings that nobody acknowledged in time (逾期升级); once for each."""
    due = Warning.objects.filter(state="open", escalated_at__isnull=True, due_at__lte=time.now()).order_by("due_at")
    return sum(_escalate(by, key) for key in list(due.values_list("pk", flat=True)[:200]))


def _escalate(by: Actor, key: UUID) -> int:
    with acting(by, verb="warnings.escalate") as deed:
        rows = Warning.objects.select_for_update(of=("self",), skip_locked=True)
        warning = rows.filter(pk=key, state="open", escalated_at__isnull=True).select_related("model").first()
        if warning is None:
            return 0
        deed.on(warning)
        above = warning.model.escalate_to or next(iter(centre()), None)
        warning.escalated_at = time.now()
        if above is not None:
            late = "、".join(Unit.objects.filter(pk__in=warning.units).order_by("code").values_list("name", flat=True))
            said = f"{warning.reporters} 人反映" if warning.found_on is None else "数据分析发现"
            tell(
                warning,
                "warnings.escalated",
                above.pk,
                ESCALATED,
                by=by,
                what=said,
                unit=late,
                due=time.show(warning.due_at),
            )
            if above.pk not in warning.units:
                warning.units = [*warning.units, above.pk]
        warning.save(update_fields=["escalated_at", "units"])
    return 1
