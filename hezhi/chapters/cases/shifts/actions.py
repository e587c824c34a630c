"""The verbs of a shift (值班的动作): call, acknowledge, promise, hand over, take over."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from hezhi.chapters.cases.handling.actions.turning import MATTER, given, seen, settle
from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.chapters.cases.shifts import queries
from hezhi.chapters.cases.shifts.models import Call, Handover, Item, Promise
from hezhi.engines.org.api import Actor, DutyShift, Unit, next_to_call, on_duty
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

TAKE_PART = "shifts.take_part"
REMIND_AFTER = timedelta(minutes=30)
SENT = ("inbox", "sms")


# -- urgent calls ---------------------------------------------------------------------------------------


@clause("9.1.2-2")
@verb("shifts.call")
def call(case: Case, unit: Unit, *, by: Actor) -> Call:
    """Bring an urgent case before who is on duty (呼叫值班人); without a roster up to the top it waits, and says so."""
    row = Call(case=case, unit=unit, round=case.redos + 1, asked_at=time.now())
    _call_next(row, by)
    row.save(force_insert=True)
    return row


@clause("9.1.2-2")
@verb("shifts.call_on")
def call_on(row: Call, *, by: Actor) -> Call:
    """Go on to the next person, because nobody has acknowledged in time (呼叫下一人); or end when the case went on."""
    row = Call.objects.select_for_update(of=("self",)).select_related("case", "unit").get(pk=row.pk)
    if row.ended_at is not None:
        return row
    if not queries.waits(row.case, row.unit_id):
        row.ended_at, row.note = time.now(), f"已转为「{row.case.get_state_display()}」"
    else:
        _call_next(row, by)
    row.save()
    return row


def turn_of(row: Call) -> DutyShift | None:
    """Whose turn it is to answer now (应答人)."""
    return next_to_call(row.unit, row.asked_at, time.now())


def _call_next(row: Call, by: Actor) -> None:
    shift = turn_of(row)
    if shift is None or shift.user_id == row.called_id:
        return
    now = time.now()
    row.called_id, row.called_at = shift.user_id, now
    row.answer_by = now + timedelta(minutes=shift.answer_within)
    row.heard = [*row.heard, [shift.user.full_name, now.isoformat()]]
    reach.tell(
        by, event="shifts.call", to_user=shift.user_id, about=(MATTER, row.case_id), link="/shifts/", urgent=True,
        channels=SENT,
        values={
            "number": row.case.number, "urgency": row.case.get_urgency_display(), "unit": row.unit.name,
            "minutes": shift.answer_within,
        },
    )  # fmt: skip


@clause("9.1.2-2")
@verb("shifts.acknowledge")
def acknowledge(call_id: UUID, *, by: Actor, note: str = "") -> Call:
    """Say that one has heard and acts (应答): who is on duty in the unit or above it, whoever was called."""
    by.must(TAKE_PART)
    row = (
        Call.objects.select_for_update(of=("self",))
        .visible_to(by)
        .select_related("unit", "case")
        .filter(pk=call_id)
        .first()
    )
    if row is None:
        raise NotFound("没有找到这次呼叫。", code="shifts.no_call")
    if row.ended_at is not None:
        who = row.acknowledged_by.full_name if row.acknowledged_by else "系统"
        raise NotNow(f"这次呼叫已由{who}应答或已结束。", "不必再应答。", "请在事件页继续办理。", code="shifts.answered")
    on = [shift.user_id for shift in on_duty(row.unit, time.now())]
    if by.user_id not in on and by.user_id != row.called_id and by.unit_id != row.unit_id:
        raise NotAllowed(
            f"这次呼叫由{row.unit.name}的值班人应答。",
            remedy="请由值班人应答，或联系值班长。",
            code="shifts.not_on_duty",
        )
    row.acknowledged_by_id, row.acknowledged_at, row.ended_at = by.user_id, time.now(), time.now()
    row.note = note.strip()[:200]
    row.save()
    case = seen(row.case_id, by=by)
    minutes = int((row.acknowledged_at - row.asked_at).total_seconds() // 60)
    settle(
        case,
        "acknowledge",
        by=by,
        title="值班应答",
        text=row.note,
        fields={"用时": f"{minutes} 分钟", "呼叫": f"{len(row.heard)} 人"},
    )
    return row


# -- promised call-backs --------------------------------------------------------------------------------


@clause("9.1.2-2")
@verb("shifts.promise")
def promise(case_id: UUID, *, by: Actor, at: datetime, note: str = "") -> Promise:
    """Promise the one who reported to ring at a time (约定回电); the shift of that time sees it."""
    by.must(TAKE_PART)
    case = seen(case_id, by=by)
    if case.state in ENDED:
        raise NotNow("这件事已经结束，不必再约定回电。", remedy="如有新诉求请另行登记。", code="shifts.case_ended")
    if at <= time.now():
        raise BadInput({"at": ["约定时间应晚于现在。"]})
    words = "" if case.secret else note.strip()[:200]
    row = Promise.objects.create(case=case, at=at, note=words, by_name=by.name, unit_id=by.unit_id, made_at=time.now())
    settle(case, "promise", by=by, title="约定回电", text=words, fields={"时间": time.show(at)})
    return row


@clause("9.1.2-2")
@verb("shifts.keep_promise")
def keep(promise_id: UUID, *, by: Actor, reached: bool, said: str = "", again: datetime | None = None) -> Promise:
    """Say that one has rung (回电), and what was said; who was not reached is promised another time (未接通，改约)."""
    by.must(TAKE_PART)
    row = Promise.objects.select_for_update(of=("self",)).visible_to(by).filter(pk=promise_id).first()
    if row is None:
        raise NotFound("没有找到这次约定。", code="shifts.no_promise")
    if row.kept_at is not None:
        raise NotNow(f"{row.kept_by}已经回过电话。", "不必再登记。", code="shifts.kept")
    case = seen(row.case_id, by=by)
    # Of a secret case no word stays outside of what is opened for a purpose, as when it was promised.
    words = "" if case.secret else given(said, "said", "请写一句通话情况。")[:200]
    if reached:
        row.kept_at, row.kept_by = time.now(), by.name
        row.save(update_fields=["kept_at", "kept_by"])
        settle(case, "keep_promise", by=by, title="已按约定回电", text=words, fields={"接通": "是"})
        return row
    if again is None or again <= time.now():
        raise BadInput({"again": ["未接通的，请填写下次回电的时间，应晚于现在。"]})
    row.at = again
    row.save(update_fields=["at"])
    told = {"接通": "否", "改约": time.show(again)}
    settle(case, "ring_again", by=by, title="约定回电未接通", text=words, fields=told)
    return row


# -- handing over ---------------------------------------------------------------------------------------


@clause("9.1.2-2")
@verb("shifts.hand_over")
def hand_over(*, by: Actor, note: str) -> Handover:
    """Begin to hand the shift over (交班): what is open is written down as it stands; it ends when the next takes over."""
    by.must(TAKE_PART)
    if by.user_id is None or by.unit_id is None:
        raise NotAllowed("交班要由本单位的值班人办理。", code="shifts.nobody")
    note = given(note, "note", "请写明交班说明；没有要特别交代的也请写“无”。")
    try:
        with transaction.atomic():
            row = Handover.objects.create(
                unit_id=by.unit_id, out_by_id=by.user_id, out_name=by.name, out_at=time.now(), out_note=note[:1000]
            )
    except IntegrityError:
        raise NotNow(
            "本单位已有一次交班在等接班。", "上一次没有接班以前不能再交。", "请接班人先接班。", code="shifts.open"
        ) from None
    items = queries.to_hand_over(by)
    for item in items:
        item.handover = row
    Item.objects.bulk_create(items)
    for shift in _others(row):
        _tell(row, shift.user_id, by, len(items))
    return row


def _others(row: Handover) -> list[DutyShift]:
    return [shift for shift in queries.next_shifts(row.unit_id) if shift.user_id != row.out_by_id]


def _tell(row: Handover, user_id: UUID, by: Actor, count: int) -> None:
    reach.tell(
        by, event="shifts.take_over", to_user=user_id, link=f"/shifts/handovers/{row.pk}/",
        values={"unit": row.unit.name, "who": row.out_name, "count": count},
    )  # fmt: skip


@clause("9.1.2-2")
@verb("shifts.take_over")
def take_over(handover_id: UUID, *, by: Actor, note: str) -> Handover:
    """Take the shift over (接班): another person of the unit, and where there is a roster one of the next shift."""
    by.must(TAKE_PART)
    row = Handover.objects.select_for_update(of=("self",)).visible_to(by).filter(pk=handover_id).first()
    if row is None:
        raise NotFound("没有找到这次交接班。", code="shifts.no_handover")
    if row.in_at is not None:
        raise NotNow(f"{row.in_name}已经接班。", "不必再接。", "请刷新后查看。", code="shifts.taken_over")
    if by.user_id == row.out_by_id:
        raise NotAllowed("交班人不能自己接班。", remedy="请由下一班的值班人接班。", code="shifts.own")
    rostered = {shift.user_id for shift in _others(row)}
    if by.unit_id != row.unit_id or (rostered and by.user_id not in rostered):
        raise NotAllowed(
            "接班由下一班的值班人办理。", "值班表上现在或一小时内当班的不是您。", "请值班人接班，或先调整值班表。",
            code="shifts.not_next",
        )  # fmt: skip
    row.in_by_id, row.in_name, row.in_at = by.user_id, by.name, time.now()
    row.in_note = given(note, "note", "请写明接班说明；已逐项看过的请写“已核对”。")[:1000]
    row.save(update_fields=["in_by", "in_name", "in_at", "in_note"])
    return row


@verb("shifts.remind")
def remind(row: Handover, *, by: Actor) -> Handover:
    """Remind the next shift that somebody waits to be relieved (提醒接班), once."""
    row.reminded_at = time.now()
    row.save(update_fields=["reminded_at"])
    for shift in _others(row):
        _tell(row, shift.user_id, by, row.items.count())
    return row
