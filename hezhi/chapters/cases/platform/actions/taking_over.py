"""Taking over from an old system (旧系统接管, 9.1.2-2): running cases with number, receipt, stage and time used.

The whole sheet is one transaction: every row goes in by the same verbs as a new case, its clock is set so that it has
used what it had used, and at the end the database is compared with the sheet. One difference takes everything back.
A dry run does the very same and takes it back in any case.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.actions.tree import tree
from hezhi.chapters.cases.handling.actions.turning import seen, settle
from hezhi.chapters.cases.handling.api import MATTER, Case, Category, sealed_number
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.chapters.cases.platform.models import TakeOver
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Deadline, ToDo, WorkOrder
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.flow.rules.working_time import due, used
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, Refusal

RIGHT = "cases.import"
MOST = 2000
STAGES = {
    "待受理": "to_accept", "待派遣": "to_dispatch", "待签收": "to_sign", "处置中": "handling", "待回访": "to_call_back",
}  # fmt: skip
WITH_UNIT = ("to_sign", "handling")
WHY_STOPPED = "旧系统停表时间，接管时折算"


@dataclass(frozen=True, slots=True)
class Old:
    """One running case of the old system (旧系统在办件). `used` in working minutes, counted from receipt."""

    row: int
    number: str
    received_at: datetime
    state: str
    used: int
    title: str
    text: str = ""
    category: str = ""
    unit: str = ""
    reply: str = ""
    place: str = ""
    name: str = ""
    phone: str = ""
    urgency: str = ""
    secret: bool = False


@dataclass
class Line:
    """One line of the comparison (对账行): what the sheet says, what the database says."""

    name: str
    sheet: int
    here: int

    @property
    def difference(self) -> int:
        """How far they are apart; nothing but 0 is let through."""
        return self.here - self.sheet


@dataclass
class Outcome:
    """How it went (接管结果): the comparison, and the rows that cannot be taken over with the reason."""

    lines: list[Line] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    row: TakeOver | None = None

    @property
    def balanced(self) -> bool:
        """Nothing is wrong and nothing is left over."""
        return not self.faults and all(line.difference == 0 for line in self.lines)


class _TakenBack(Exception):
    """Leaves the transaction of a dry run, or of one that does not balance."""


@clause("9.1.2-2")
def take_over(rows: Sequence[Old], *, by: Actor, system: str, name: str, write: bool) -> Outcome:
    """Take running cases over; with `write` off, or with any fault or difference, nothing stays written.

    `system` is the code under which the old numbers are kept as outside numbers. Raises BadInput for a sheet that is
    empty or too long, NotAllowed without the right to import.
    """
    by.must(RIGHT)
    if not rows or len(rows) > MOST:
        raise BadInput({"file": [f"一次接管 1 至 {MOST} 件，现有 {len(rows)} 件。"]})
    outcome = Outcome(faults=_twice(rows))
    try:
        with (
            acting(by, verb="platform.take_over", reason=f"接管{name}在办件 {len(rows)} 件") as deed,
            transaction.atomic(),
        ):
            done = [(old, case) for old in rows if (case := _one(old, by, system, outcome)) is not None]
            outcome.lines = compared(rows, [case for _, case in done], system)
            if not write or not outcome.balanced:
                raise _TakenBack
            told = [[line.name, line.sheet, line.here] for line in outcome.lines]
            outcome.row = TakeOver.objects.create(
                system=system, name=name, rows=len(rows), lines=told, by_name=by.name, at=time.now()
            )
            deed.on(outcome.row)
    except _TakenBack:
        pass
    return outcome


def _twice(rows: Iterable[Old]) -> list[tuple[int, str]]:
    count = Counter(old.number for old in rows)
    return [(old.row, f"原编号 {old.number} 出现了 {count[old.number]} 次。") for old in rows if count[old.number] > 1]


def _one(old: Old, by: Actor, system: str, outcome: Outcome) -> UUID | None:
    """One case by the ordinary verbs; what refuses it is told at its row and spoils no other."""
    try:
        with transaction.atomic():
            return _taken(old, by, system)
    except Refusal as refusal:
        fields = getattr(refusal, "fields", None) or {}
        outcome.faults.append((old.row, "".join(said for told in fields.values() for said in told) or str(refusal)))
        return None


def _taken(old: Old, by: Actor, system: str) -> UUID:
    receipt = take_in(
        Message(
            source="hotline", title=old.title, text=old.text, place=old.place, name=old.name, phone=old.phone,
            urgency=old.urgency, secret=old.secret, received_at=old.received_at, outside_channel=system,
            outside_number=old.number,
        ),
        by=by,
    )  # fmt: skip
    if not receipt.new:
        raise BadInput({"number": [f"原编号 {old.number} 已经接管过，编号为 {receipt.number}。"]})
    able = replace(by, permissions=by.permissions | _RIGHTS)
    if old.state != "to_accept":
        handling.accept(receipt.id, by=able, category_id=_category(old), by_itself=False)
    if old.state in WITH_UNIT:
        handling.dispatch(receipt.id, by=able, lead_id=_unit(old).pk, request="旧系统在办件，由原承办单位继续办理。")
    if old.state == "handling":
        (order,) = tree(Case.objects.get(pk=receipt.id))
        _sign(order)
        settle(seen(receipt.id, by=able), "sign", by=able, to="handling", order=order, title="旧系统已签收")
    if old.state == "to_call_back":
        if not old.reply:
            raise BadInput({"reply": ["待回访的须有答复内容。"]})
        handling.answer_directly(receipt.id, by=able, reply=old.reply)
    _set_clock(receipt.id, old)
    return receipt.id


_RIGHTS = frozenset({"cases.accept", "cases.dispatch", "cases.answer_directly"})


def _category(old: Old) -> UUID:
    found = Category.objects.filter(code=old.category, active=True).values_list("pk", flat=True).first()
    if found is None:
        raise BadInput({"category": [f"类别编码“{old.category}”不在本系统类别中。"]})
    return found


def _unit(old: Old) -> Unit:
    found = Unit.objects.filter(name=old.unit, valid_to__isnull=True).first()
    if found is None:
        raise BadInput({"unit": [f"没有找到承办单位“{old.unit}”，请填写本系统的单位全称。"]})
    return found


def _sign(order: WorkOrder) -> None:
    order.state, order.signed_at = WorkOrder.State.HANDLING, time.now()
    order.save(update_fields=["state", "signed_at"])
    ToDo.objects.filter(object_id=order.pk, step="sign", done_at=None).update(step="handle", permission="cases.reply")


def _set_clock(case_id: UUID, old: Old) -> None:
    """Set the clock so that the case has used what it had used there: the rest since receipt stands as a pause.

    A call-back begins anew: what the old system used for it is not known.
    """
    if old.state == "to_call_back":
        return
    tables, now = timing.timetable(), time.now()
    elapsed = _minutes(old.received_at, now)
    if old.used > elapsed:
        raise BadInput({"used": [f"已用时 {old.used} 分钟，比收到至今的工作时间 {elapsed} 分钟还长。"]})
    stage = "accept" if old.state == "to_accept" else timing.TOTAL
    deadline = Deadline.objects.filter(object_id=case_id, stage=stage, state="running").first()
    if deadline is None:
        raise BadInput({"used": ["没有适用的时限规则，已用时无处记录，请先补充时限规则。"]})
    deadline.started_at = old.received_at
    stopped = elapsed - old.used
    if stopped:
        until = due(old.received_at, Limit(stopped, Clock.WORKING_MINUTES), tables.calendar)
        deadline.pauses = [[old.received_at.isoformat(), (until or now).isoformat(), WHY_STOPPED]]
    timing.recompute(deadline, tables)
    deadline.save(update_fields=["started_at", "pauses", "due_at", "yellow_at"])
    Case.objects.filter(pk=case_id).update(due_at=deadline.due_at, yellow_at=deadline.yellow_at)
    WorkOrder.objects.filter(matter_id=case_id).update(due_at=deadline.due_at)


def _minutes(start: datetime, until: datetime) -> int:
    return int(used(start, until, Clock.WORKING_MINUTES, timing.timetable().calendar))


# -- the comparison ----------------------------------------------------------------------------------------


def compared(rows: Sequence[Old], cases: Sequence[UUID], system: str) -> list[Line]:
    """The sheet against the database (对账): cases, those of each stage, numbers, receipts, working minutes used."""
    here = {case.outside_number: case for case in Case.objects.filter(pk__in=list(cases))}
    clocks: dict[UUID, list[Deadline]] = {}
    for deadline in Deadline.objects.filter(object_id__in=list(cases), object_type=MATTER, state="running"):
        clocks.setdefault(deadline.object_id, []).append(deadline)
    keys = {sealed_number(system, old.number) if old.secret else old.number: old for old in rows}
    lines = [Line("件数", len(rows), len(here)), Line("原编号相符", len(rows), len(keys.keys() & here.keys()))]
    lines.append(
        Line("收到时间相符", len(rows), sum(c.received_at == keys[k].received_at for k, c in here.items() if k in keys))
    )
    stages = Counter(old.state for old in rows)
    now_in = Counter(case.state for case in here.values())
    lines += [Line(name, stages[code], now_in[code]) for name, code in STAGES.items()]
    counted = [_used(clocks.get(case.pk, [])) for case in here.values() if case.state != "to_call_back"]
    said = sum(old.used for old in rows if old.state != "to_call_back")
    lines.append(Line("已用工作分钟合计", said, sum(counted)))
    return lines


def _used(deadlines: Sequence[Deadline]) -> int:
    calendar, now = timing.timetable().calendar, time.now()
    return round(
        sum(used(d.started_at, now, Clock.WORKING_MINUTES, calendar, timing.pauses_of(d)) for d in deadlines[:1])
    )
