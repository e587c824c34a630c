"""What is done in return visits (回访): draw, try again, give up, hear the reporter himself; and exclusions (剔除)."""

import logging
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, Q

from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import given, seen, settle
from hezhi.chapters.cases.handling.api import Case, actions
from hezhi.chapters.cases.return_visit import rules
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit, VisitRule
from hezhi.engines.flow import approvals, timing
from hezhi.engines.flow.models import Approval
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.org.api import Actor, system
from hezhi.engines.org.models import Unit as OrgUnit
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.files import LookedThrough, keep_files, look_through
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow, Refusal

log = logging.getLogger("hezhi.return_visit")

DATA = Path(__file__).parent / "data" / "rules.toml"
EXCLUSION, OBJECT = "case_exclusion", "return_visit.exclusion"
AT_ONCE = 200


def load_tables(*, by: Actor) -> dict[str, int]:
    """The first rule of a new installation (初始回访规则), where officers have none of their own."""
    if VisitRule.objects.exists():
        return {"回访规则": 0}
    rows = [VisitRule(**row, valid_from=time.today()) for row in tomllib.loads(DATA.read_text("utf-8"))["rule"]]
    with acting(by, verb="visits.load_tables", reason="载入初始回访规则"):
        return {"回访规则": len(VisitRule.objects.bulk_create(rows))}


# -- drawing -------------------------------------------------------------------------------------------


@clause("9.1.2-2")
def draw_waiting(by: Actor) -> int:
    """Draw a visit for each case that waits for one (抽取回访); doing it twice does nothing. Gives how many."""
    known = Visit.objects.filter(case=OuterRef("pk"), since=OuterRef("state_since"))
    waiting = Case.objects.filter(~Exists(known), state="to_call_back").select_related("category")
    cases = list(waiting.order_by("state_since", "id")[:AT_ONCE])
    if not cases:
        return 0
    rows = {str(row.pk): row for row in VisitRule.objects.select_related("category")}
    known_rules = [_as_rule(row) for row in rows.values()]
    drawn = 0
    for case in cases:
        try:
            _draw(case, rows, known_rules, by)
            drawn += 1
        except Refusal as refusal:  # a kind whose flow closes nothing without a call must not stop those behind it
            log.warning("no visit drawn for %s: %s %s", case.pk, refusal.code, refusal.number)
    return drawn


def _as_rule(row: VisitRule) -> rules.Rule:
    category = tuple(row.category.path.split("/")) if row.category else ()
    return rules.Rule(str(row.pk), row.name, row.share, row.seed, category, row.kind, row.valid_from, row.valid_to)


def _draw(case: Case, rows: dict[str, VisitRule], known: Sequence[rules.Rule], by: Actor) -> None:
    """One case: drawn it waits for its visit, else it is closed with the sentence that tells why."""
    path = case.category.path.split("/") if case.category else []
    rule = rules.best(known, category=path, kind=case.kind, day=time.today())
    must = "redone" if case.redos else "unhappy" if case.satisfied is False else ""
    hit, why = rules.drawn(rule, case.number, must)
    with acting(by, verb="visits.draw") as deed:
        deed.on(case)
        visit, fresh = Visit.objects.get_or_create(
            case=case, since=case.state_since,
            defaults={
                "rule": rows[rule.key] if rule else None, "why": why, "created_at": time.now(),
                "state": Visit.State.WAITING if hit else Visit.State.LEFT_OUT, "done_at": None if hit else time.now(),
            },
        )  # fmt: skip
        if fresh and visit.state == Visit.State.LEFT_OUT:
            closing = replace(by, permissions=frozenset({"cases.close"}))
            actions.close(case.pk, by=closing, reason=f"不经回访办结。{why}")


# -- trying --------------------------------------------------------------------------------------------


def note_try(case: Case, *, reached: bool) -> None:
    """After a call (登记联系): reached ends the visit; not reached counts and says when to try again."""
    visit = Visit.objects.select_related("rule").filter(case=case, state=Visit.State.WAITING).first()
    if visit is None:
        return
    visit.tries += 1
    if reached:
        visit.state, visit.done_at, visit.next_at = Visit.State.DONE, time.now(), None
    else:
        hours = visit.rule.retry_hours if visit.rule else 4
        limit = Limit(max(hours, 1), Unit.WORKING_HOURS)
        visit.next_at = due(time.now(), limit, timing.timetable().calendar)
    visit.save(update_fields=["tries", "state", "done_at", "next_at"])


def most_tries(visit: Visit) -> int:
    """How often it is tried before it may be given up."""
    return visit.rule.most_tries if visit.rule else 3


@clause("9.1.2-2")
@verb("visits.give_up")
def give_up(case_id: UUID, *, by: Actor, note: str = "") -> Case:
    """Close a case whose reporter could not be reached (联系不上办结), after as many tries as the rule asks for."""
    by.must("cases.call_back")
    case = seen(case_id, by=by)
    visit = Visit.objects.select_related("rule").filter(case=case, state=Visit.State.WAITING).first()
    if visit is None:
        raise NotNow("这件事没有等待中的回访。", remedy="请刷新后查看。", code="visits.none_waiting")
    most = most_tries(visit)
    if visit.tries < most:
        raise NotNow(
            f"才联系了 {visit.tries} 次，满 {most} 次仍联系不上才能这样办结。", "次数由回访规则规定。",
            "请按「下次联系」的时间再试，并登记每次联系。", code="visits.too_few_tries",
        )  # fmt: skip
    visit.state, visit.done_at, visit.next_at = Visit.State.UNREACHABLE, time.now(), None
    visit.save(update_fields=["state", "done_at", "next_at"])
    closing = replace(by, permissions=by.permissions | {"cases.close"})
    return actions.close(case.pk, by=closing, reason=f"回访联系 {visit.tries} 次均未联系上。{note.strip()[:120]}")


def drop(case: Case) -> None:
    """The case went on without its visit (未回访即办结或重办)."""
    Visit.objects.filter(case=case, state=Visit.State.WAITING).update(
        state=Visit.State.DROPPED, done_at=time.now(), next_at=None
    )


# -- the reporter himself ------------------------------------------------------------------------------


@clause("9.1.2-2")
@verb("visits.answer")
def answer_by_reporter(
    case_id: UUID, *, by: Actor, true_matter: bool | None, contacted: bool | None, solved: bool | None,
    satisfied: bool | None, process: bool | None, words: str = "",
) -> Case:  # fmt: skip
    """What the reporter fills in himself (上报人自填回访), opened by number and code.

    A good answer closes the case like a call. What is not solved or does not satisfy goes before the caller, who
    rings and decides; nothing is redone unseen. In a secret case his words go under the seal; they are no
    `reason`, which the audit would keep.
    """
    if by.kind != "citizen":
        raise NotAllowed("这一页由上报人填写。", remedy="请用「回访」登记电话回访。", code="visits.for_the_reporter")
    case = seen(case_id, by=by)
    visit = Visit.objects.filter(case=case, state=Visit.State.WAITING).first()
    if case.state != "to_call_back" or visit is None:
        raise NotNow("这件事现在不需要填写回访。", "可能已经回访过了。", "如有新的问题请重新反映。", code="visits.none")
    if visit.told:
        raise NotNow("您已经填写过了，工作人员会与您联系。", code="visits.answered")
    if solved is None or satisfied is None:
        raise BadInput({"solved": ["请选择是否解决、是否满意。"]})
    unhappy = not solved or not satisfied
    if unhappy:
        words = given(words, "reason", "请写一下原因，方便我们改进。")[:300]
    if case.secret and words.strip():
        seal_words(case, "回访", words)
        case.save(update_fields=["sealed_text"])
        words = SEALED_WORDS
    if not unhappy:
        calling = replace(by, permissions=frozenset({"cases.call_back"}))
        return actions.call_back(
            case.pk, by=calling, reached=True, true_matter=true_matter, solved=True, satisfied=True,
            satisfied_attitude=process, contacted=contacted, note=words, way="link",
        )  # fmt: skip
    visit.told = {
        "true_matter": true_matter, "contacted": contacted, "solved": solved, "satisfied": satisfied,
        "process": process, "at": time.now().isoformat(),
    }  # fmt: skip
    visit.reason, visit.next_at = words, None
    visit.save(update_fields=["told", "reason", "next_at"])
    return settle(
        case, "visit_answer", by=by, title="上报人填写回访", text=words,
        fields={"解决": "是" if solved else "否", "满意": "是" if satisfied else "否"},
        public_text="已收到您的意见，工作人员会与您联系。",
    )  # fmt: skip


# -- exclusions ----------------------------------------------------------------------------------------


@clause("9.1.2-2")
@verb("visits.ask_exclusion")
def ask_exclusion(
    case_id: UUID, *, by: Actor, ground: str, text: str,
    files: Sequence[UploadedFile] | Sequence[LookedThrough] = (),
) -> Exclusion:  # fmt: skip
    """Ask that a verdict does not count (申请剔除), with evidence; the desk of another unit decides."""
    by.must("visits.exclude")
    case = seen(case_id, by=by)
    if by.unit_id not in case.units:
        raise NotAllowed("只有承办单位可以申请剔除。", code="visits.not_at_work")
    if case.satisfied is not False or case.desk_id is None:
        raise NotNow("只有回访或评价不满意的事件才需要申请剔除。", remedy="请刷新后查看。", code="visits.not_unhappy")
    if ground not in Exclusion.Ground.values:
        raise BadInput({"ground": ["请选择剔除理由。"]})
    text = given(text, "reason", "请写明情况和依据。")
    if not files:
        raise BadInput({"files": ["请附上依据，例如现场照片、文书或通话记录。"]})
    if Exclusion.objects.filter(case=case).exclude(state=Exclusion.State.REFUSED).exists():
        raise NotNow("这件事已经申请过剔除。", remedy="请等待复核。", code="visits.asked_already")
    row = Exclusion.objects.create(
        case=case, ground=ground, reason=text, asked_by_id=by.user_id, asked_unit_id=by.unit_id, asked_at=time.now()
    )
    keep_files(by, case, files, stage="exclusion")
    approvals.ask(
        by, kind=EXCLUSION, obj=(OBJECT, row.pk), number=case.number, title=f"剔除：{case.number}", reason=text,
        unit_id=case.desk_id, permission="visits.review", proposal={"exclusion": str(row.pk)},
    )  # fmt: skip
    settle(case, "ask_exclusion", by=by, title="申请剔除", text=text, fields={"理由": row.get_ground_display()})
    return row


def looked(files: Sequence[UploadedFile]) -> list[LookedThrough]:
    """Evidence looked through before anything is locked."""
    return look_through(files, field="files")


def _row(approval: Approval) -> Exclusion:
    return Exclusion.objects.select_related("case", "asked_unit").get(pk=approval.proposal["exclusion"])


def _lines(approval: Approval) -> list[tuple[str, str]]:
    row = _row(approval)
    return [
        ("事件编号", row.case.number), ("剔除理由", row.get_ground_display()), ("申请单位", str(row.asked_unit)),
        ("附件", "依据见事件页的「照片和附件」"),
    ]  # fmt: skip


def _check(approval: Approval, by: Actor) -> None:
    """Nobody decides for his own unit, nor for one above or below it that works on the case."""
    row = _row(approval)
    at_work = Q(pk__in=[*row.case.units, row.asked_unit_id])
    mine = {*by.above, by.unit_id}
    for unit in OrgUnit.objects.filter(at_work):
        if unit.pk in mine:
            raise NotAllowed(
                "承办单位不能复核自己的剔除申请。", "剔除须由与办理无关的单位复核。",
                "请由派遣台或督查部门复核。", code="visits.own_unit",
            )  # fmt: skip


def _decide(approval: Approval, by: Actor, state: str, title: str) -> None:
    row = _row(approval)
    row.state, row.decided_by_id, row.decided_unit_id = state, by.user_id, by.unit_id
    row.decided_at, row.opinion = time.now(), approval.opinion
    row.save(update_fields=["state", "decided_by", "decided_unit", "decided_at", "opinion"])
    settle(seen(row.case_id, by=by), f"exclusion_{state}", by=by, title=title, text=approval.opinion)


def register_kind() -> None:
    """Make exclusions known to the common approvals page."""
    approvals.register(
        approvals.Kind(
            EXCLUSION,
            "剔除",
            _lines,
            lambda a, by: _decide(a, by, "granted", "同意剔除"),
            _check,
            lambda a, by: _decide(a, by, "refused", "不予剔除"),
        )
    )


def by_the_clock() -> Actor:
    """Who draws by the clock."""
    return system("回访巡查")


__all__ = ["answer_by_reporter", "ask_exclusion", "by_the_clock", "draw_waiting", "drop", "give_up", "load_tables",
           "looked", "most_tries", "note_try", "register_kind"]  # fmt: skip
