"""What must hold of case handling at any moment (不变量), whoever did what in which order and whatever was killed.

One place, asked by the simulated year (`python -m bench year`), by tests, and by an operator (`manage.py invariants`).
Most are one statement over the tables, so that they can be asked of a district with years in it. A fault is told by
the number of its case; nothing here repairs anything.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from hezhi.chapters.cases.handling.actions.lapsing import still_fits
from hezhi.chapters.cases.handling.models import Case, Moved
from hezhi.chapters.cases.statistics.api import Fact
from hezhi.engines.connect.models import Webhook
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Approval, Deadline
from hezhi.engines.flow.rules.reasons import SegmentKind
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records import integrity
from hezhi.ground import time

MOST_TOLD = 20


WORDS = {
    "$open": "c.state not in ('closed', 'not_accepted', 'merged', 'void')",
    "$at_work": "('to_sign', 'handling', 'on_hold', 'to_review')",
    "$of_case": "o.matter_type = 'handling.case' and o.matter_id = c.id",
}
"""What the statements below say in one word."""


@dataclass(frozen=True)
class Invariant:
    """One thing that must hold: its name on the screen, what it means, and how its faults are found."""

    name: str
    means: str
    faults: Callable[[], Iterator[str]]


def _rows(text: str) -> Callable[[], Iterator[str]]:
    """Faults as the rows of a statement, the first column told."""

    for word, means in WORDS.items():
        text = text.replace(word, means)

    def asked() -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute(f"{text} limit {MOST_TOLD}", {"now": time.now()})
            for row in cursor.fetchall():
                yield " ".join(str(value) for value in row if value is not None)

    return asked


OWNED = """
select c.number, c.state from handling_case c where $open and case c.state
  when 'to_sign' then false when 'handling' then false when 'to_review' then false
  when 'on_hold' then c.lead_unit_id is null and c.desk_id is null
  else not exists (select 1 from flow_todo t where t.object_id = c.id and t.done_at is null and t.step =
    case c.state when 'to_accept' then 'accept' when 'to_supplement' then 'supplement' when 'to_call_back' then 'call_back'
    else 'dispatch' end) end
  or c.state in ('to_sign', 'handling', 'to_review') and not exists (select 1 from flow_workorder o where $of_case and o.state in $at_work)"""
ORDERS_OWNED = """
select o.number, o.state from flow_workorder o join handling_case c on c.id = o.matter_id where o.state in ('to_sign', 'to_review')
  and c.state not in ('on_hold') and o.matter_type = 'handling.case' and not exists (
    select 1 from flow_todo t where t.object_id = o.id and t.done_at is null and t.step = case o.state when 'to_sign' then 'sign' else 'review' end)"""
SOMEBODY = """
select distinct t.number, t.step, t.permission, u.name from flow_todo t join org_unit u on u.id = t.unit_id where t.done_at is null
  and t.object_type in ('handling.case', 'flow.workorder') and not exists (
    select 1 from org_holding h join org_post p on p.id = h.post_id join org_role r on r.id = p.role_id
    where p.unit_id = t.unit_id and t.permission = any(r.permissions) and h.valid_from <= %(now)s
      and (h.valid_to is null or h.valid_to > %(now)s))"""
NO_TODO_LEFT = """
select c.number, t.step from flow_todo t join handling_case c on c.id = t.object_id where t.done_at is null and not ($open)"""
NO_ORDER_TODO_LEFT = """
select o.number, t.step from flow_todo t join flow_workorder o on o.id = t.object_id where t.done_at is null and o.state not in $at_work"""
CLOSED_WHOLE = """
select c.number, c.state from handling_case c where c.state in ('closed', 'not_accepted', 'void') and exists (
  select 1 from flow_workorder o where $of_case and o.state in $at_work)"""
CLOSED_ANSWERED = """
select c.number from handling_case c where c.state = 'closed' and not c.on_the_spot and c.merged_into_id is null and (c.reply = ''
  or exists (select 1 from flow_workorder o where $of_case) and c.redos = 0 and not exists (
    select 1 from flow_workorder o where $of_case and o.part = 'lead' and o.parent_id is null and o.state = 'done')
  and not exists (select 1 from handling_step s where s.case_id = c.id and s.verb = 'answer_directly'))"""
CLOSED_AT = "select c.number from handling_case c where (c.state in ('closed', 'not_accepted', 'void')) <> (c.closed_at is not null)"
MERGED = """
select c.number, m.state from handling_case c left join handling_case m on m.id = c.merged_into_id
where c.state = 'merged' and coalesce(m.state, 'void') in ('closed', 'not_accepted', 'merged', 'void') or c.merged_into_id = c.id"""
STEPS_JOIN = """
select c.number, s.verb from (select case_id, verb, from_state, lag(to_state) over (partition by case_id order by id) as before
  from handling_step) s join handling_case c on c.id = s.case_id where s.before is not null and s.from_state <> s.before"""
STEPS_END = """
select c.number, c.state, s.to_state from handling_case c left join lateral (
  select to_state from handling_step s where s.case_id = c.id order by id desc limit 1) s on true
where s.to_state is distinct from c.state"""
STEPS_COUNT = """
select c.number, c.revision, count(s.id) from handling_case c left join handling_step s on s.case_id = c.id group by c.id
having count(s.id) <> c.revision + case when c.split_from_id is null then 1 else 0 end"""
HISTORY_LAST = """
select c.number from handling_case c left join (
  select distinct on (pgh_obj_id) * from handling_caseevent order by pgh_obj_id, pgh_id desc) e on e.pgh_obj_id = c.id
where (e.state, e.revision, e.due_at, e.closed_at, e.reply, e.lead_unit_id, e.units, e.redos, e.urged, e.returns, e.satisfied)
  is distinct from (c.state, c.revision, c.due_at, c.closed_at, c.reply, c.lead_unit_id, c.units, c.redos, c.urged, c.returns, c.satisfied)"""
HISTORY_EACH = """
select c.number, c.revision, count(distinct e.revision) from handling_case c left join handling_caseevent e on e.pgh_obj_id = c.id
group by c.id having count(distinct e.revision) <> c.revision + 1"""
LIMITS_END = """
select c.number, d.stage, d.state from flow_deadline d join handling_case c on c.id = d.object_id
where d.state in ('running', 'paused') and not ($open) and c.state <> 'merged'"""
LIMIT_OF_CASE = """
select c.number, c.due_at, d.due_at from handling_case c left join lateral (select due_at from flow_deadline d where d.object_id = c.id
  and d.state in ('running', 'paused') and d.stage = case when c.state = 'to_call_back' then 'call_back' else '' end
  order by started_at desc limit 1) d on true
where $open and c.state in ('to_dispatch', 'to_sign', 'handling', 'to_review', 'redo', 'to_call_back') and c.due_at is distinct from d.due_at"""
ONE_LIMIT = """
select c.number, d.stage, count(*) from flow_deadline d join handling_case c on c.id = d.object_id
where d.state in ('running', 'paused') group by c.number, d.stage having count(*) > 1"""
VERDICTS = """
select c.number, d.stage, d.state from flow_deadline d join handling_case c on c.id = d.object_id
where d.state in ('met', 'missed') and (d.finished_at is null or (d.due_at is not null and (d.due_at < d.finished_at) <> (d.state = 'missed')))"""
COUNTERS = """
select c.number, c.redos, c.urged, c.returns from handling_case c join lateral (
  select count(*) filter (where verb = 'redo') as redos, count(*) filter (where verb in ('urge', 'urge_by_reporter')) as urged
  from handling_step s where s.case_id = c.id) s on true where (c.redos, c.urged) is distinct from (s.redos, s.urged)"""
ROUNDS = """
select c.number, c.redos, count(f.id) from handling_case c left join statistics_fact f on f.case_id = c.id
group by c.id having count(f.id) <> c.redos + 1"""
FACTS_OF = """
select f.case_id from statistics_fact f left join handling_case c on c.id = f.case_id where c.id is null"""
APPROVALS = """
select a.number, a.kind from flow_approval a join handling_case c on c.id = a.object_id where a.state = 'waiting' and not ($open)"""


def _requests() -> Iterator[str]:
    """A request that waits can still be granted where its case, or the order it is about, stands."""
    waiting = Approval.objects.filter(object_type="handling.case", state=Approval.State.WAITING).order_by("asked_at")
    cases = Case.objects.in_bulk(waiting.values_list("object_id", flat=True))
    for row in waiting:
        if row.object_id not in cases or not still_fits(cases[row.object_id], row):
            yield f"{row.number} {row.kind}"


def _clocks() -> Iterator[str]:
    """A limit's stretches join from its start to its end, and what is counted in them is what the rule gives."""
    told = 0
    for row in Deadline.objects.filter(object_type="handling.case").order_by("id").iterator(2000):
        if fault := _clock(row):
            yield f"{row.object_id} {row.stage or '总时限'}：{fault}"
            told += 1
        if told >= MOST_TOLD:
            return


def _clock(row: Deadline) -> str:
    ends: datetime | None = None
    for pause in timing.pauses_of(row):
        if (pause.end is not None and pause.end < pause.start) or (ends is not None and pause.start < ends):
            return "暂停段重叠"
        ends = pause.end
    open_pause = bool(row.pauses) and row.pauses[-1][1] is None
    if row.state in ("running", "paused") and open_pause != (row.state == "paused"):
        return "暂停段与状态不符"
    segments = timing.why(row)
    if any(a.end != b.start for a, b in pairwise(segments)):
        return "计时段不相接"
    wanted = row.amount + sum(amount for amount, unit, *_ in row.extensions if unit == row.clock)
    counted = sum(s.counted for s in segments if s.kind in (SegmentKind.COUNTED, SegmentKind.EXTENSION))
    unit = next((s.unit for s in segments), None)
    if open_pause or unit is None or not unit.is_day:
        return ""
    return "" if counted == wanted else f"计时段合计 {counted:g}，应为 {wanted}"


def _nothing_waits() -> Iterator[str]:
    """Nothing whose hour has come is still to be done by the worker; a text message waits for the morning."""
    due = Outgoing.objects.filter(state=Outgoing.State.WAITING, not_before__lte=time.now())
    news = Webhook.objects.filter(delivered_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=time.now())
    waiting = {
        "消息": due.count(),
        "回推": news.count(),
        "统计": Moved.objects.count(),
        "任务": ProcrastinateJob.objects.filter(status__in=("todo", "doing", "failed")).count(),
    }
    yield from (f"{name}还有 {many} 条" for name, many in waiting.items() if many)


def _audit() -> Iterator[str]:
    """The chain of the audit is whole."""
    report = integrity.verify()
    yield from (finding.sentence for finding in report.findings)


def _facts_again() -> Iterator[str]:
    """Every fact is what history gives when it is made again."""
    from hezhi.chapters.cases.statistics.actions.facts import AT_ONCE, facts_of

    facts: QuerySet[Any] = Fact.objects.all()  # the plugin takes them for cases, whose manager they share
    ids = list(facts.order_by("case_id").values_list("case_id", flat=True).distinct())
    for start in range(0, len(ids), AT_ONCE):
        piece = ids[start : start + AT_ONCE]
        kept = {(f.case_id, f.round): _told(f) for f in facts.filter(case__in=piece)}
        again = {(f.case_id, f.round): _told(f) for f in facts_of(piece)}
        for key in kept.keys() | again.keys():
            if kept.get(key) != again.get(key):
                yield f"{key[0]} 第 {key[1]} 轮"


def _told(fact: Fact) -> dict[str, object]:
    return {f.attname: getattr(fact, f.attname) for f in Fact._meta.concrete_fields if f.attname != "id"}


INVARIANTS = (
    Invariant("事件有人负责", "每件未结事件有与状态相符的待办，或有在办的承办单", _rows(OWNED)),
    Invariant("承办单有待办", "待签收、待审签的承办单有相应待办", _rows(ORDERS_OWNED)),
    Invariant("待办有人能办", "每条待办的单位里有人任着有此权限的岗位", _rows(SOMEBODY)),
    Invariant("已结事件没有待办", "", _rows(NO_TODO_LEFT)),
    Invariant("已结承办单没有待办", "", _rows(NO_ORDER_TODO_LEFT)),
    Invariant("办结时各单位已办完", "办结、不予受理、作废的事件没有还在办的承办单，主办和协办都已反馈或解除", _rows(CLOSED_WHOLE)),
    Invariant("办结前已答复", "办结的事件有答复内容，经承办的有办结的主办承办单", _rows(CLOSED_ANSWERED)),
    Invariant("办结时间与状态相符", "", _rows(CLOSED_AT)),
    Invariant("并单随主件办结", "主件办结、不予受理、作废或自己并入别件后，没有仍并在其下的事件", _rows(MERGED)),
    Invariant("没有已结事件的待批申请", "", _rows(APPROVALS)),
    Invariant("待批申请都还适用", "待审批的申请在事件和承办单的现状下仍可同意", _requests),
    Invariant("办理过程首尾相接", "每一步的起始状态是上一步的结果", _rows(STEPS_JOIN)),
    Invariant("办理过程止于现状", "最后一步的结果就是现在的状态", _rows(STEPS_END)),
    Invariant("每次修订有一步", "修订号与办理过程步数一致", _rows(STEPS_COUNT)),
    Invariant("历史的末条即现状", "", _rows(HISTORY_LAST)),
    Invariant("历史逐次齐全", "每个修订号都留有历史", _rows(HISTORY_EACH)),
    Invariant("次数与过程一致", "重办、催办次数等于过程中的步数", _rows(COUNTERS)),
    Invariant("已结事件不再计时", "", _rows(LIMITS_END)),
    Invariant("事件时限即计时中的时限", "", _rows(LIMIT_OF_CASE)),
    Invariant("每个环节只有一个计时", "", _rows(ONE_LIMIT)),
    Invariant("按时与超时判得对", "", _rows(VERDICTS)),
    Invariant("计时段合计等于时限", "从起算到到期各段相接，计入的合计等于规则加延期，暂停不重叠", _clocks),
    Invariant("每轮办理一条统计事实", "", _rows(ROUNDS)),
    Invariant("统计事实都有事件", "", _rows(FACTS_OF)),
    Invariant("统计事实可由历史重算", "逐列相同", _facts_again),
    Invariant("到点的消息和任务都已发出", "", _nothing_waits),
    Invariant("审计链完整", "", _audit),
)  # fmt: skip


def check(names: Collection[str] = ()) -> dict[str, list[str]]:
    """The faults of each invariant that does not hold, by its name; at most twenty are told of each."""
    found = {}
    for each in INVARIANTS:
        if names and each.name not in names:
            continue
        if faults := list(islice(each.faults(), MOST_TOLD)):
            found[each.name] = faults
    return found
