"""Making reporters nameless when their term is over (到期匿名, P12): tried out, then done, always reported."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from hezhi.chapters.cases.handling.api import MATTER, Case, Reporter
from hezhi.chapters.cases.retention import queries
from hezhi.chapters.cases.retention.actions.washing import Wash
from hezhi.chapters.cases.retention.models import Kind, Run, Term
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
SEALED = "sealed_text"
LEAST = {Kind.REPORTER: 12, Kind.CASE: 36}
MOST_MONTHS = 360
"""Months that a term may have: a case is kept longer than the name of its reporter."""


@clause("12.3-1")
@verb("retention.settle")
def settle_term(*, by: Actor, months: int, basis: str, nightly: bool, kind: str = Kind.REPORTER) -> Term:
    """Settle how long reporters stay named, or cases are kept (核定保存期限), with the basis.

    A year at the least for names, three for cases, and a case never goes before its reporter's name.
    """
    by.must(MANAGE)
    least, other = LEAST[Kind(kind)], queries.term(Kind.REPORTER if kind == Kind.CASE else Kind.CASE)
    if not least <= months <= MOST_MONTHS:
        raise BadInput({"months": [f"保存期限请填 {least} 到 {MOST_MONTHS} 个月。"]})
    if other is not None and (months < other.months if kind == Kind.CASE else months > other.months):
        raise BadInput({"months": [f"事件的期限不能短于上报人信息的期限，现在另一期限是 {other.months} 个月。"]})
    if not basis.strip():
        raise BadInput({"basis": ["请写明依据，例如文件名称和条款。"]})
    return Term.objects.create(
        kind=kind, months=months, basis=basis.strip()[:200], nightly=nightly and kind == Kind.REPORTER,
        set_by_id=by.user_id, set_at=time.now(),
    )  # fmt: skip


@clause("12.3-1")
@verb("retention.try_out")
def try_out(*, by: Actor) -> Run:
    """Count whose term is over (试算), changing nothing; the report is kept."""
    by.must(MANAGE)
    term = settled()
    edge = queries.edge_of(term)
    return keep_run(term, edge, queries.counted(edge), by, trial=True)


def settled(kind: str = Kind.REPORTER) -> Term:
    """The term in force, or a refusal."""
    term = queries.term(kind)
    if term is None:
        raise NotNow("还没有核定保存期限。", "没有期限不作处理。", "请先核定期限和依据。", code="retention.no_term")
    return term


def keep_run(term: Term, edge: datetime, counts: dict[str, Any], by: Actor, *, trial: bool) -> Run:
    """Keep what a trial or a run found."""
    return Run.objects.create(
        kind=term.kind,
        trial=trial,
        edge=edge,
        months=term.months,
        counts=counts,
        by_name=by.name,
        by_id=by.user_id,
        at=time.now(),
    )


@clause("12.3-1")
def run(*, by: Actor, most: int = MOST) -> Run:
    """Make the reporters nameless whose term is over (执行匿名), some hundred at a time, each in a transaction of its own.

    A person must have tried it out on the same day, so that nobody is surprised; the nightly run has its settled term.
    """
    if by.kind != "system":
        by.must(MANAGE)
        today = time.at_local(time.today())
        if not Run.objects.filter(kind=Kind.REPORTER, trial=True, at__gte=today).exists():
            raise NotNow(
                "今天还没有试算。", "先看清会处理多少件再执行。", "请先点「试算」。", code="retention.no_trial"
            )
    term = settled()
    edge = queries.edge_of(term)
    keys = list(queries.due(edge).values_list("pk", flat=True)[:most])
    for key in keys:
        make_nameless(key, by=by, reason=f"保存期满（{term}，{term.basis}）")
    counts = {"total": len(keys), "left": queries.due(edge).count(), "stay": queries.counted(edge)["stay"]}
    with acting(by, verb="retention.run") as deed:
        deed.detail["count"] = len(keys)
        return keep_run(term, edge, counts, by, trial=False)


def make_nameless(case_id: UUID, *, by: Actor, reason: str) -> None:
    """Leave nothing of who told us (到期匿名): not in the reporter's row, not in the words, not in any version of them.

    The matter itself stays and is counted: what, where, when, who dealt with it, how it ended.
    """
    with acting(by, verb="retention.make_nameless", reason=reason) as deed:
        case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
        deed.on(case)
        reporter = Reporter.objects.filter(case=case).first()
        name = reporter.name.strip() if reporter else ""
        wash = Wash(lambda text: cleaned(text, name), by, reason)
        if case.sealed_text:
            anonymise(case, (SEALED,), by=by, reason=reason)
        wash.whole(case)
        blank_messages((MATTER, case.pk), title="已到期事件的消息", text="事件已过保存期限，消息内容不再保留。")
        announce("cases.nameless", case=case, clean=wash.row)
        if reporter is not None:
            anonymise(reporter, REPORTER, by=by, reason=reason)


def cleaned(text: str, name: str) -> str:
    """A text without the reporter's name, and with numbers of persons masked for good."""
    told = text.replace(name, NOBODY) if len(name) > 1 else text
    return mask_text(re.sub(rf"{re.escape(name[:1])}(先生|女士|小姐|师傅|大爷|大妈)", NOBODY, told) if name else told)
