"""One case as its page shows it (事件详情): what this reader may see of it, and do with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from hezhi.chapters.cases.handling.flows import CASE, ORDER, UNDONE
from hezhi.chapters.cases.handling.models import (
    Case,
    Reporter,
    Step,
)
from hezhi.chapters.cases.handling.queries.whistles import unsettled
from hezhi.chapters.cases.handling.rules import own_reply
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow import timing, versions
from hezhi.engines.flow.models import Approval, Deadline, WorkOrder
from hezhi.engines.flow.rules.life_cycle import LifeCycle, Verb, next_verbs
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.limits import Unit as LimitUnit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import NotFound, NotNow
from hezhi.ground.masks import mask
from hezhi.ground.tables.worded import Given, Worded

DESK_ONLY = frozenset({"transfer", "add_unit"})
"""Verbs of the desk that dispatched; a unit passes down or whistles instead."""
DUTY_CHIEF = "duty_chief"
"""The role of the duty chief (值班长), who may open any secret case."""
FROM_THE_REPORTER = ("report", "supplement")
"""Stages whose attachments came from the reporter and may show him."""
LIFTED_FOR = timedelta(minutes=30)
"""How long the attachments of a secret case stay open after the veil was lifted for a purpose."""
BY_UNIT_ONLY = frozenset({"work"})
"""Verbs of the case that are done through its work orders and have no button of their own."""
_SHAPES = [f"{level}__{name}" for level in ("town", "community", "grid") for name in ("shape", "centre")]
"""What a case page never draws of the areas of a case: their outlines are the longest values of all."""


Reads = Callable[[Actor], dict[str, Any]]
"""Annotations of a case that a room above wants to be read with it, for one reader."""


def case_for(actor: Actor, case_id: UUID, also: tuple[Reads, ...] = ()) -> Case:
    """One case that this reader may see, with its names; otherwise «not found», whatever the reason.

    `also` are annotations that come along in the same statement. The cases it was merged into or split from, which few
    have, are read when they are asked for.
    """
    found = _worded_for(actor.rights_alone, also)(case=case_id)
    if not found:
        raise NotFound("没有找到这件事。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="cases.not_found")
    return found[0]


def receipt_for(actor: Actor, case_id: UUID) -> tuple[Case, bool]:
    """The case of a slip (登记回执) and whether the reader may open it: who registered it gets his slip wherever the case lies."""
    own = Case.objects.not_barred_to(actor).filter(pk=case_id, registered_by=actor.user_id).first()
    if own is None:
        return case_for(actor, case_id), True
    return own, Case.objects.visible_to(actor).filter(pk=case_id).exists()


@lru_cache(maxsize=256)
def _worded_for(actor: Actor, also: tuple[Reads, ...]) -> Worded[Case]:
    """The statement of readers with these rights: who gains or loses one asks with another."""
    told = {name: value for reads in also for name, value in reads(actor).items()}
    rows = Case.objects.visible_to(actor).select_related(
        "category", "town", "community", "grid", "lead_unit", "desk", "reporter"
    )
    return Worded(lambda: rows.annotate(**told).defer(*_SHAPES).filter(pk=Given("case")))


@dataclass
class CaseFile:
    """Everything a case page shows (事件详情), read with a fixed number of queries."""

    case: Case
    steps: list[Step]
    orders: list[WorkOrder]
    deadlines: list[Deadline]
    approvals: list[Approval]
    attachments: list[Attachment]
    merged: list[Case]
    parts: list[Case]
    reporter: dict[str, str]
    verbs: list[Verb] = field(default_factory=list)
    order_verbs: dict[UUID, list[Verb]] = field(default_factory=dict)

    @property
    def total(self) -> Deadline | None:
        """The limit that counts now: the running one, or the last."""
        running = [d for d in self.deadlines if d.state in ("running", "paused")]
        counted = running or self.deadlines
        return counted[-1] if counted else None


_STEPS = Worded(lambda: Step.objects.filter(case=Given("case")).select_related("order").order_by("at", "id"))


@lru_cache(maxsize=256)
def _hanging(actor: Actor) -> Worded[Case]:
    hanging = Q(merged_into=Given("case")) | Q(split_from=Given("case"))
    return Worded(lambda: Case.objects.visible_to(actor).filter(hanging).order_by("number"))


MOST_SINCE = 10
"""How many steps are told to somebody whose form was overtaken; a form left open for days needs no more."""


def steps_since(case: Case, revision: int | None) -> list[Step]:
    """What was done on a case since a form with this revision was opened (此后的办理), the last ten, oldest first."""
    many = min(case.revision - revision, MOST_SINCE) if revision is not None else 0
    return list(case.steps.order_by("-at", "-id")[:many])[::-1] if many > 0 else []


def case_file(actor: Actor, case_id: UUID, also: tuple[Reads, ...] = ()) -> CaseFile:
    """The whole file of a case for this reader, in seven queries; `also` as in `case_for`."""
    case = case_for(actor, case_id, also)
    orders = flow.orders_of(case.pk)
    hanging = _hanging(actor.rights_alone)(case=case.pk)
    return CaseFile(
        case=case,
        steps=_STEPS(case=case.pk),
        orders=orders,
        deadlines=flow.deadlines_of(case.pk),
        approvals=flow.approvals_of(case.pk),
        attachments=attachments_for(actor, case),
        merged=[each for each in hanging if each.merged_into_id == case.pk],
        parts=[each for each in hanging if each.split_from_id == case.pk],
        reporter=masked_reporter(case),
        verbs=verbs_for(actor, case),
        order_verbs={o.pk: order_verbs_for(actor, case, o, orders) for o in orders},
    )


def flow_of(case: Case) -> LifeCycle:
    """The flow a case follows (事件类型的流程): the version of its kind that was in force when it came in."""
    return versions.cycle_for(CASE, case.kind, case.recorded_at)


def declared_for(case: Case, code: str) -> Verb:
    """A verb as the flow of this case has it. Raises NotNow when the flow leaves it out."""
    found = next((verb for verb in flow_of(case).verbs if verb.code == code), None)
    if found is None:
        name = next(verb.name for verb in CASE.verbs if verb.code == code)
        raise NotNow(
            f"{case.get_kind_display()}的流程里没有「{name}」。", "这一类事件不办理这个动作。", "请选择页面上列出的下一步。",
            code="cases.verb_left_out",
        )  # fmt: skip
    return found


def verbs_for(actor: Actor, case: Case) -> list[Verb]:
    """The next steps of the case itself that this post may take, in the order of the flow."""
    hidden = BY_UNIT_ONLY if actor.unit_id == case.desk_id else BY_UNIT_ONLY | DESK_ONLY
    return [v for v in next_verbs(flow_of(case), case.state, actor.permissions) if v.code not in hidden]


def order_verbs_for(actor: Actor, case: Case, order: WorkOrder, orders: Sequence[WorkOrder]) -> list[Verb]:
    """The next steps on one work order that this post may take; `orders` are all of the case."""
    if order.round != case.redos + 1:
        return []
    mine = actor.unit_id == order.unit_id or order.unit_id in actor.scope.units
    found = []
    for verb in next_verbs(ORDER, order.state, actor.permissions):
        if verb.code in ("hold", "resume", "withdraw"):
            continue
        if verb.code in ("review", "send_back"):
            if actor.unit_id == order.review_unit_id and actor.user_id != order.replied_by_id:
                found.append(verb)
        elif verb.code == "release":
            upper = actor.unit_id in (case.desk_id, order.issued_by_unit_id)
            if upper and (order.parent_id or order.part == WorkOrder.Part.ASSIST):
                found.append(verb)
        elif verb.code in ("return_order", "dispute"):
            if mine and not order.may_not_return and (verb.code == "return_order" or order.parent_id is None):
                found.append(verb)
        elif verb.code == "take_over":
            if mine and order.holder_id is not None and order.holder_id != actor.user_id:
                found.append(verb)
        elif verb.code == "arrive":
            if mine and order.called and order.arrived_at is None:
                found.append(verb)
        elif verb.code == "conclude":
            if (mine or actor.unit_id == case.lead_unit_id) and unsettled(orders, order):
                found.append(verb)
        elif verb.code in ("agree", "differ"):
            if mine and order.result.get("joint") and order.replied_by_id != actor.user_id:
                found.append(verb)
        elif mine and not (verb.code == "reply" and order.called):
            found.append(verb)
    return found


def has_handled(case: Case, order: WorkOrder) -> bool:
    """Whether anything was handled on this order yet (已处置)."""
    return case.steps.filter(order=order, verb="handle").exists()


URGE_AGAIN = Limit(8, LimitUnit.WORKING_HOURS)


def urging_of(case: Case) -> tuple[datetime | None, bool]:
    """From when the reporter may urge (可以催办的时间), and whether he has done so before; once in a working day."""
    last = case.steps.filter(verb="urge_by_reporter").order_by("-at").values_list("at", flat=True).first()
    return due(last or case.received_at, URGE_AGAIN, timing.timetable().calendar), last is not None


def asked_of_lead(orders: Sequence[WorkOrder]) -> str:
    """What the desk asked of the unit that leads now (办理要求)."""
    leading = (o for o in orders if o.part == WorkOrder.Part.LEAD and o.parent_id is None and o.state in UNDONE)
    return next(leading, WorkOrder()).request


def tries_in_vain(case: Case) -> int:
    """How often the reporter was not reached since the case waits for the call (未联系上次数)."""
    return case.call_backs.filter(reached=False, at__gte=case.state_since).count()


def waiting_return(case: Case, order: WorkOrder) -> Approval | None:
    """The request to give this order back that waits for an answer (待批的退回)."""
    asked = (a for a in flow.approvals_of(case.pk) if a.kind == "return" and a.state == "waiting")
    return next((a for a in asked if a.proposal.get("order") == str(order.pk)), None)


def attachments_for(actor: Actor, case: Case) -> list[Attachment]:
    """The files of a case that this reader may open; those of a secret case only with the veil lifted."""
    return (_OPEN_FILES if case.secret and not has_lifted_veil(actor, case) else _FILES)(case=case.pk)


def _files() -> QuerySet[Attachment]:
    return _files_of(Given("case"))


def _files_of(case_id: Any) -> QuerySet[Attachment]:
    return Attachment.objects.filter(object_id=case_id, removed_at__isnull=True).order_by("uploaded_at")


_FILES = Worded(_files)
_OPEN_FILES = Worded(
    lambda: _files().exclude(visibility=Attachment.Visibility.SECRET).exclude(stage__in=FROM_THE_REPORTER)
)


def brought_by_reporter(case: Case) -> list[Attachment]:
    """The files that the one who reported brought and may see again himself (上报人提交的材料); none of a secret case."""
    told = {"visibility": Attachment.Visibility.REPORTER, "state": Attachment.State.CLEAN}
    return list(_files_of(case.pk).filter(stage__in=FROM_THE_REPORTER, **told))


def may_lift_veil(actor: Actor, case: Case) -> bool:
    """Who may see what reveals the reporter of a secret case: the acceptor of record and the duty chief."""
    if not case.secret:
        return True
    if not actor.may("cases.open_secret"):
        return False
    return actor.role_code == DUTY_CHIEF or case.accepted_by_id in (None, actor.user_id)


def has_lifted_veil(actor: Actor, case: Case) -> bool:
    """Whether this reader has lifted the veil of a secret case just now, with a purpose that stands in the audit."""
    if not may_lift_veil(actor, case):
        return False
    return AuditEntry.objects.filter(
        object_id=case.pk, actor_id=actor.user_id, event="records.read_personal", detail__fields__contains="sealed_text",
        at__gte=time.real_now() - LIFTED_FOR,
    ).exists()  # fmt: skip


def masked_reporter(case: Case) -> dict[str, str]:
    """The reporter as every reader sees him: masked on the server (P9); nothing at all in a secret case."""
    reporter: Reporter | None = getattr(case, "reporter", None)
    if case.secret:
        return {"name": "保密", "phone": "保密", "address": "保密"}
    if reporter is None or reporter.anonymous:
        return {"name": "匿名", "phone": "", "address": ""}
    return {
        "name": mask("name", reporter.name) if reporter.name else "未留姓名",
        "phone": mask("phone", reporter.phone),
        "address": mask("address", reporter.address),
    }


def own_replies(cases: Sequence[UUID]) -> dict[UUID, str]:
    """What was written for each of these joined cases alone (单独答复); empty where the main case's reply is to serve."""
    told: dict[UUID, list[tuple[str, str]]] = {key: [] for key in cases}
    rows = Step.objects.filter(case__in=list(told), verb__in=("merge", "answer_apart")).order_by("id")
    for key, verb, text in rows.values_list("case_id", "verb", "text"):
        told[key].append((verb, text))
    return {key: own_reply(steps) for key, steps in told.items()}


def starting_reply(case: Case) -> str:
    """With which words the own reply of a joined case begins (单独答复): what was written, else the main case's reply."""
    return own_replies([case.pk])[case.pk] or (case.merged_into.reply if case.merged_into else "")
