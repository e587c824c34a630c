"""Limits on real rows (计时): start, finish, pause, resume, extend, and the reason why.

The calendar, the hours and the rules are tables that officers edit; one query reads all three, and the
values built from them are kept for as long as the tables say the same.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from hezhi.engines.flow import models
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.flow.rules.calendar import Calendar, FirstDay, hours, shipped_calendar
from hezhi.engines.flow.rules.clocks import Extension, Pause
from hezhi.engines.flow.rules.limits import Choice, Limit, LimitRule, Unit, choose, may_extend
from hezhi.engines.flow.rules.working_time import Segment, due, due_and_yellow, explain, yellow_at, yellow_of_end
from hezhi.engines.records.gathering import later, run_later
from hezhi.ground import time
from hezhi.ground.errors import NotNow

TOTAL = ""
MOST_CHOICES = 1000


@dataclass(frozen=True)
class Timetable:
    """The calendar and the limits in force (现行历法与时限)."""

    calendar: Calendar
    rules: tuple[LimitRule, ...]
    ids: dict[str, UUID]
    _choices: dict[tuple[date, str, str, str, str], Choice | None] = field(default_factory=dict)

    def choice(self, day: date, kind: str, category: str, urgency: str, stage: str) -> Choice | None:
        """The rule for such a matter on this day, worked out once for as long as the tables stand."""
        asked = (day, kind, category, urgency, stage)
        if asked not in self._choices:
            if len(self._choices) >= MOST_CHOICES:
                self._choices.clear()
            path = tuple(category.split("/")) if category else ()
            self._choices[asked] = choose(self.rules, on=day, kind=kind, category=path, urgency=urgency, stage=stage)
        return self._choices[asked]


_READ = """
select json_build_object(
  'days', (select coalesce(json_agg(json_build_array(date, is_working, name, provisional) order by date), '[]')
           from flow_calendarday),
  'hours', (select row_to_json(h) from (
              select weekdays, spans, receipt_day_counts, rest_day_moves, after_hours_moves
              from flow_workinghours where valid_from <= %s order by valid_from desc limit 1) h),
  'rules', (select coalesce(json_agg(json_build_array(
              id, name, stage, matter_kind, category, urgency, amount, unit, valid_from, valid_to, basis)
              order by id), '[]') from flow_limitrule))::text
"""


def timetable() -> Timetable:
    """Read calendar, hours and limits in one query; rebuilt only when the tables changed."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [time.today()])
        (text,) = cursor.fetchone()
    return _built(text)


KEPT_SECONDS = 10.0
_recent: list[tuple[float, Timetable]] = []


def recent_timetable() -> Timetable:
    """The timetable as it stood at most ten seconds ago, for the hot path: a change needs no sooner effect."""
    now = time.monotonic()
    if not _recent or now - _recent[0][0] > KEPT_SECONDS:
        _recent[:] = [(now, timetable())]
    return _recent[0][1]


def forget() -> None:
    """Read the timetable afresh at the next message: called by whoever changes it."""
    _recent.clear()


@lru_cache(maxsize=4)
def _built(text: str) -> Timetable:
    told = json.loads(text)
    days = {date.fromisoformat(d): works for d, works, _, _ in told["days"]}
    names = {date.fromisoformat(d): name for d, _, name, _ in told["days"]}
    open_years = {int(d[:4]) for d, _, _, provisional in told["days"] if provisional}
    settled = frozenset({day.year for day in days} - open_years)
    usual = shipped_calendar()
    facts = told["hours"]
    calendar = Calendar(
        days=days or usual.days,
        names=names or usual.names,
        settled=settled or usual.settled,
        week=tuple(n in facts["weekdays"] for n in range(7)) if facts else usual.week,
        hours=hours(*facts["spans"]) if facts else usual.hours,
        first_day=FirstDay(facts["receipt_day_counts"], facts["rest_day_moves"], facts["after_hours_moves"])
        if facts
        else usual.first_day,
    )
    return Timetable(calendar, tuple(map(_rule, told["rules"])), {row[0]: UUID(row[0]) for row in told["rules"]})


def table_of(rows: Iterable[models.LimitRule]) -> list[LimitRule]:
    """Rows of the table of limits as values (时限规则)."""
    return [
        LimitRule(
            key=str(row.pk), limit=Limit(row.amount, Unit(row.unit)), name=row.name, stage=row.stage,
            kind=row.matter_kind, category=tuple(row.category.split("/")) if row.category else (), urgency=row.urgency,
            valid_from=row.valid_from, valid_until=row.valid_to, source=row.basis,
        )
        for row in rows
    ]  # fmt: skip


def _rule(row: Sequence[Any]) -> LimitRule:
    key, name, stage, kind, category, urgency, amount, unit, valid_from, valid_to, basis = row
    return LimitRule(
        key=key,
        limit=Limit(amount, Unit(unit)),
        name=name,
        stage=stage,
        kind=kind,
        category=tuple(category.split("/")) if category else (),
        urgency=urgency,
        valid_from=date.fromisoformat(valid_from) if valid_from else None,
        valid_until=date.fromisoformat(valid_to) if valid_to else None,
        source=basis,
    )


@dataclass(frozen=True)
class Planned:
    """A limit as the table gives it (应适用的时限): by which rule, why, how long, until when."""

    rule_id: UUID
    why: str
    amount: int
    clock: str
    due_at: datetime | None
    yellow_at: datetime | None


def planned(
    *, kind: str, category: str, urgency: str, stage: str = TOTAL, at: datetime, tables: Timetable | None = None
) -> Planned | None:
    """The limit of a matter of this kind, category path and urgency; None when no rule speaks."""
    tables = tables or timetable()
    choice = tables.choice(time.local(at).date(), kind, category, urgency, stage)
    if choice is None:
        return None
    due_at, yellow = due_and_yellow(at, choice.limit, tables.calendar)
    rule = tables.ids[choice.rule.key]
    return Planned(rule, choice.sentence[:300], choice.limit.amount, choice.limit.unit, due_at, yellow)


@dataclass(frozen=True)
class Latest:
    """A moment that a limit may not pass (最晚到期), with the sentence that says who set it."""

    at: datetime
    why: str


def start(
    matter: tuple[str, UUID],
    *,
    kind: str,
    category: str,
    urgency: str,
    stage: str = TOTAL,
    at: datetime | None = None,
    unit_id: UUID | None = None,
    latest: Latest | None = None,
) -> Deadline | None:
    """Start a limit of a matter (起算), after the most specific rule of the table, and never later than `latest`."""
    at = at or time.now()
    plan = planned(kind=kind, category=category, urgency=urgency, stage=stage, at=at)
    if plan is None:
        return None
    deadline = Deadline(stage=stage, started_at=at, unit_id=unit_id, **vars(plan))
    deadline.object_type, deadline.object_id = matter
    if latest is not None:
        deadline.latest_at, deadline.latest_why = latest.at, latest.why[:200]
        cap(deadline, timetable())
    later(deadline)
    return deadline


def plan_again(
    matter_id: UUID, *, kind: str, category: str, urgency: str, stage: str = TOTAL, latest: Latest | None = None
) -> Deadline | None:
    """Let a running limit follow another rule (改按其他规则): what it stood still and was extended by stays.

    For a matter whose kind, category or urgency is settled once more. None when no such limit runs.
    """
    row = Deadline.objects.select_for_update().filter(object_id=matter_id, stage=stage, state="running").first()
    plan = row and planned(kind=kind, category=category, urgency=urgency, stage=stage, at=row.started_at)
    if row is None or plan is None:
        return row
    row.rule_id, row.why, row.amount, row.clock = plan.rule_id, plan.why, plan.amount, plan.clock
    row.latest_at, row.latest_why = (latest.at, latest.why[:200]) if latest else (None, "")
    recompute(row, timetable())
    if row.due_at is not None and row.due_at > time.now():
        row.warned = ""
    row.save()
    return row


_FINISH = """
update flow_deadline set
  finished_at = %s,
  state = case when %s then 'dropped'
               when state = 'paused' or due_at is null or due_at >= %s then 'met' else 'missed' end
where object_id = %s and stage = any(%s) and state in ('running', 'paused')
"""


def finish(matter_id: UUID, stages: Sequence[str], *, at: datetime | None = None, drop: bool = False) -> None:
    """End limits (计时结束): met or missed by what the clock says; `drop` when the matter itself fell away."""
    moment = at or time.now()
    run_later(_FINISH, [moment, drop, moment, matter_id, list(stages)])


def pause(matter_id: UUID, stages: Sequence[str], reason: str) -> None:
    """Stop the clock (暂停计时), with the reason that «为什么是这个时限» will show."""
    moment = time.now()
    for deadline in _running(matter_id, stages, Deadline.State.RUNNING):
        deadline.pauses = [*deadline.pauses, [moment.isoformat(), None, reason]]
        deadline.state = Deadline.State.PAUSED
        deadline.due_at = deadline.yellow_at = None
        deadline.save(update_fields=["pauses", "state", "due_at", "yellow_at"])


def resume(matter_id: UUID, stages: Sequence[str]) -> Deadline | None:
    """Let the clock go on (恢复计时); gives the total limit with its new due moment, or where none runs that of the stage."""
    moment = time.now()
    shown = None
    tables = timetable()
    for deadline in _running(matter_id, stages, Deadline.State.PAUSED):
        start_, _, reason = deadline.pauses[-1]
        deadline.pauses = [*deadline.pauses[:-1], [start_, moment.isoformat(), reason]]
        deadline.state = Deadline.State.RUNNING
        recompute(deadline, tables)
        deadline.save(update_fields=["pauses", "state", "due_at", "yellow_at"])
        shown = deadline if deadline.stage == TOTAL or shown is None else shown
    return shown


def extend(matter_id: UUID, days: int, reason: str, *, at: datetime | None = None) -> Deadline:
    """Extend the total limit by working days (延期): at most ten in all, once, asked for before it is over."""
    deadline = Deadline.objects.filter(object_id=matter_id, stage=TOTAL, state="running").first()
    if deadline is None:
        raise NotNow(
            "这件事现在没有正在计时的总时限，不能延期。", "可能已暂停或已办结。", "请刷新后查看。", code="flow.no_limit"
        )
    check_extension(deadline, days, at=at)
    moment = time.now().isoformat()
    deadline.extensions = [*deadline.extensions, [days, "working_days", reason, moment]]
    recompute(deadline, timetable())
    deadline.warned = ""
    deadline.save(update_fields=["extensions", "due_at", "yellow_at", "warned"])
    return deadline


def check_extension(deadline: Deadline, days: int, *, at: datetime | None = None) -> None:
    """Refuse an extension that the rules do not allow (`at`: when it was asked for)."""
    may_extend(
        Limit(days, Unit.WORKING_DAYS),
        granted=[Limit(amount, Unit(unit)) for amount, unit, _, _ in deadline.extensions],
        at=at or time.now(),
        due=deadline.due_at,
    ).or_refuse()


def due_if_extended(deadline: Deadline, days: int) -> datetime | None:
    """When a limit would end with so many working days more (延期后时限); nothing is written."""
    row = Deadline.objects.get(pk=deadline.pk)
    row.extensions = [*row.extensions, [days, "working_days", "", time.now().isoformat()]]
    recompute(row, timetable())
    return row.due_at


def recompute(deadline: Deadline, tables: Timetable) -> None:
    """Work out due and yellow card again from what the row itself stores."""
    limit = Limit(deadline.amount, Unit(deadline.clock))
    pauses, extensions = pauses_of(deadline), extensions_of(deadline)
    deadline.due_at = due(deadline.started_at, limit, tables.calendar, pauses=pauses, extensions=extensions)
    deadline.yellow_at = yellow_at(deadline.started_at, limit, tables.calendar, pauses=pauses, extensions=extensions)
    cap(deadline, tables)


def cap(deadline: Deadline, tables: Timetable) -> None:
    """Bring a limit forward to the moment it may not pass (不晚于), its yellow card with it."""
    if deadline.latest_at is not None and deadline.due_at is not None and deadline.due_at > deadline.latest_at:
        deadline.due_at = deadline.latest_at
        deadline.yellow_at = yellow_of_end(deadline.started_at, deadline.latest_at, tables.calendar)


MOST_STRETCH = 90


def hold_to(matter_id: UUID, latest: Latest | None, *, stretch: str = "") -> Deadline | None:
    """Set or lift the moment that the running total limit may not pass (外部时限变更); gives the limit, if there is one.

    With `stretch`, the reason of an extension that the outside gave, our own limit is extended in whole working
    days until it reaches that moment. Of a limit that stands still only the moment is kept: it counts when the clock
    goes on.
    """
    open_ = Deadline.objects.filter(object_id=matter_id, stage=TOTAL, state__in=("running", "paused"))
    deadline = open_.select_for_update().first()
    if deadline is None:
        return None
    deadline.latest_at, deadline.latest_why = (latest.at, latest.why[:200]) if latest else (None, "")
    if deadline.state == Deadline.State.PAUSED:
        deadline.save(update_fields=["latest_at", "latest_why"])
        return None
    tables = timetable()
    recompute(deadline, tables)
    granted = list(deadline.extensions)
    for days in range(1, MOST_STRETCH) if stretch and latest else ():
        if deadline.due_at is None or deadline.due_at >= latest.at:  # type: ignore[union-attr]  # asked above
            break
        deadline.extensions = [*granted, [days, "working_days", stretch, time.now().isoformat()]]
        recompute(deadline, tables)
    if deadline.due_at is not None and deadline.due_at > time.now():
        deadline.warned = ""
    deadline.save(update_fields=["latest_at", "latest_why", "extensions", "due_at", "yellow_at", "warned"])
    return deadline


def started(matter_id: UUID) -> datetime | None:
    """When the total limit that counts now was begun (本轮起算), counting or paused; None when none does."""
    open_ = Deadline.objects.filter(object_id=matter_id, stage=TOTAL, state__in=("running", "paused"))
    return open_.values_list("started_at", flat=True).first()


def is_working(moment: datetime) -> bool:
    """Whether a moment lies in working hours of a working day (工作时间)."""
    calendar, here = timetable().calendar, time.local(moment)
    minute = here.hour * 60 + here.minute
    return any(span.start <= minute < span.end for span in calendar.spans(here.date()))


def close_of_day(moment: datetime) -> datetime | None:
    """When this day's work is over (下班时间); None on a day of rest and once it is over."""
    day = time.local(moment).date()
    spans = timetable().calendar.spans(day)
    close = time.at_local(day) + timedelta(minutes=spans[-1].end) if spans else moment
    return close if close > moment else None


def why(deadline: Deadline) -> list[Segment]:
    """«为什么是这个时限»: the counted stretches, from start to due."""
    return explain(
        deadline.started_at,
        Limit(deadline.amount, Unit(deadline.clock)),
        timetable().calendar,
        pauses=pauses_of(deadline),
        extensions=extensions_of(deadline),
    )


def pauses_of(deadline: Deadline) -> tuple[Pause, ...]:
    """The stored pauses as values (暂停段)."""
    return tuple(
        Pause(datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None, reason)
        for a, b, reason in deadline.pauses
    )


def sign_due_of(order: WorkOrder, total: Deadline | None, calendar: Calendar) -> datetime | None:
    """Until when an order is to be signed for (签收时限), worked out anew: the clock stood still in the pauses of the total limit."""
    if order.sign_amount is None or order.signed_at is not None:
        return order.sign_due_at
    limit = Limit(order.sign_amount, Unit(order.sign_clock))
    return due(order.issued_at, limit, calendar, pauses=pauses_of(total) if total else ())


def extensions_of(deadline: Deadline) -> tuple[Extension, ...]:
    """The stored extensions as values (延期)."""
    return tuple(Extension(Limit(amount, Unit(unit)), reason) for amount, unit, reason, _ in deadline.extensions)


def _running(matter_id: UUID, stages: Sequence[str], state: str) -> list[Deadline]:
    return list(
        Deadline.objects.filter(Q(object_id=matter_id), stage__in=list(stages), state=state).select_for_update()
    )
