"""Making reporters nameless when their term is over (到期匿名, P12): tried out, then done, always reported."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models

from hezhi.chapters.cases.handling.api import MATTER, Case, Reporter, forget_words
from hezhi.chapters.cases.handling.models import CallBack, Rating, Step
from hezhi.chapters.cases.retention import queries
from hezhi.chapters.cases.retention.models import Run, Term
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.reach.api import blank_messages
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.erasure import anonymise
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.events import announce
from hezhi.ground.masks import mask_text

MANAGE = "retention.manage"
MOST = 500
NOBODY = "某人"
REPORTER = ("name", "phone", "address", "platform_reference", "follow_digest")
CASE_TEXTS = ("title", "text", "reply")
ORDER_TEXTS = ("reply", "public_reply", "request")
SEALED = "sealed_text"


@clause("12.3-1")
@verb("retention.settle")
def settle_term(*, by: Actor, months: int, basis: str, nightly: bool) -> Term:
    """Settle how long reporters stay named (核定保存期限), with the basis; a year at the least."""
    by.must(MANAGE)
    if not 12 <= months <= 120:
        raise BadInput({"months": ["保存期限请填 12 到 120 个月。"]})
    if not basis.strip():
        raise BadInput({"basis": ["请写明依据，例如文件名称和条款。"]})
    return Term.objects.create(
        months=months, basis=basis.strip()[:200], nightly=nightly, set_by_id=by.user_id, set_at=time.now()
    )


@clause("12.3-1")
@verb("retention.try_out")
def try_out(*, by: Actor) -> Run:
    """Count whose term is over (试算), changing nothing; the report is kept."""
    by.must(MANAGE)
    term = _term()
    edge = queries.edge_of(term)
    return _report(term, edge, queries.counted(edge), by, trial=True)


def _term() -> Term:
    term = queries.term()
    if term is None:
        raise NotNow("还没有核定保存期限。", "没有期限不作匿名处理。", "请先核定期限和依据。", code="retention.no_term")
    return term


def _report(term: Term, edge: datetime, counts: dict[str, Any], by: Actor, *, trial: bool) -> Run:
    return Run.objects.create(
        trial=trial, edge=edge, months=term.months, counts=counts, by_name=by.name, by_id=by.user_id, at=time.now()
    )


@clause("12.3-1")
def run(*, by: Actor, most: int = MOST) -> Run:
    """Make the reporters nameless whose term is over (执行匿名), some hundred at a time, each in a transaction of its own.

    A person must have tried it out on the same day, so that nobody is surprised; the nightly run has its settled term.
    """
    if by.kind != "system":
        by.must(MANAGE)
        today = time.local(time.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        if not Run.objects.filter(trial=True, at__gte=today).exists():
            raise NotNow(
                "今天还没有试算。", "先看清会处理多少件再执行。", "请先点「试算」。", code="retention.no_trial"
            )
    term = _term()
    edge = queries.edge_of(term)
    keys = list(queries.due(edge).values_list("pk", flat=True)[:most])
    for key in keys:
        make_nameless(key, by=by, reason=f"保存期满（{term}，{term.basis}）")
    counts = {"total": len(keys), "left": queries.due(edge).count(), "stay": queries.counted(edge)["stay"]}
    with acting(by, verb="retention.run") as deed:
        deed.detail["count"] = len(keys)
        return _report(term, edge, counts, by, trial=False)


def make_nameless(case_id: UUID, *, by: Actor, reason: str) -> None:
    """Leave nothing of who told us (到期匿名): not in the reporter's row, not in the words, not in any version of them.

    The matter itself stays and is counted: what, where, when, who dealt with it, how it ended.
    """
    with acting(by, verb="retention.make_nameless", reason=reason) as deed:
        case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
        deed.on(case)
        reporter = Reporter.objects.filter(case=case).first()
        name = reporter.name.strip() if reporter else ""
        if case.sealed_text:
            anonymise(case, (SEALED,), by=by, reason=reason)
        _clean(case, CASE_TEXTS, name, by, reason)
        forget_words(case.pk)
        _clean_answers(case, name, by, reason)
        orders: list[models.Model] = list(WorkOrder.objects.filter(matter_id=case.pk))
        requests: list[models.Model] = list(Approval.objects.filter(object_id=case.pk))
        for row in orders:
            _clean(row, ORDER_TEXTS, name, by, reason)
        for row in requests:
            _clean(row, ("title", "reason", "opinion"), name, by, reason)
        _clean_to_dos([case.pk, *(row.pk for row in [*orders, *requests])], name)
        blank_messages((MATTER, case.pk), title="已到期事件的消息", text="事件已过保存期限，消息内容不再保留。")
        _clean_beside(case, name)
        announce("cases.nameless", case=case, clean=lambda row, fields: _clean(row, fields, name, by, reason))
        if reporter is not None:
            anonymise(reporter, REPORTER, by=by, reason=reason)


def cleaned(text: str, name: str) -> str:
    """A text without the reporter's name, and with numbers of persons masked for good."""
    told = text.replace(name, NOBODY) if len(name) > 1 else text
    return mask_text(re.sub(rf"{re.escape(name[:1])}(先生|女士|小姐|师傅|大爷|大妈)", NOBODY, told) if name else told)


def _clean(row: models.Model, fields: tuple[str, ...], name: str, by: Actor, reason: str) -> None:
    """Blank the named fields and all their versions, and write the cleaned words anew; untouched where nothing is found.

    The versions are looked at too: a name that an officer has taken out since must not stay in history.
    """
    fresh = {field: cleaned(getattr(row, field), name) for field in fields}
    versions = type(row)._default_manager.none()
    event = getattr(type(row), "versions", None)
    if event is not None:
        versions = event.rel.related_model.objects.filter(pgh_obj_id=row.pk)
    dirty = [
        field for field in fields
        if fresh[field] != getattr(row, field)
        or any(cleaned(text, name) != text for text in versions.values_list(field, flat=True).distinct())
    ]  # fmt: skip
    if not dirty:
        return
    anonymise(row, dirty, by=by, reason=reason)
    for field in dirty:
        setattr(row, field, fresh[field])
    row.save(update_fields=dirty)


def _clean_answers(case: Case, name: str, by: Actor, reason: str) -> None:
    """What was asked besides (补充询问) is answered in the reporter's own words: no version keeps them as they were."""
    if case.answers:
        fresh = _without(case.answers, name)
        anonymise(case, ("answers",), by=by, reason=reason)
        case.answers = fresh
        case.save(update_fields=["answers"])


def _without(told: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: cleaned(value, name) if isinstance(value, str) else value for key, value in told.items()}


def _clean_to_dos(ids: list[UUID], name: str) -> None:
    for todo in ToDo.objects.filter(object_id__in=ids):
        if cleaned(todo.title, name) != todo.title:
            ToDo.objects.filter(pk=todo.pk).update(title=cleaned(todo.title, name))


def _clean_beside(case: Case, name: str) -> None:
    """The same in what has no history: steps with what was filled in, call-backs, ratings."""
    for step in Step.objects.filter(case=case).exclude(fields={}):
        fresh_fields = _without(step.fields, name)
        if fresh_fields != step.fields:
            Step.objects.filter(pk=step.pk).update(fields=fresh_fields)
    for model, fields in ((Step, ("text", "public_text")), (CallBack, ("reason", "note")), (Rating, ("text",))):
        for row in model._default_manager.filter(case=case):
            fresh = {field: cleaned(getattr(row, field), name) for field in fields}
            changed = [field for field in fields if fresh[field] != getattr(row, field)]
            if changed:
                model._default_manager.filter(pk=row.pk).update(**{field: fresh[field] for field in changed})
