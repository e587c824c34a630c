"""Objections, their review by somebody else, and cases taken out of the count (异议、复核、剔除)."""

from uuid import UUID

from django.urls import reverse

from hezhi.chapters.cases.appraisal import queries
from hezhi.chapters.cases.appraisal.actions import scoring
from hezhi.chapters.cases.appraisal.models import Exclusion, Line, Objection, Round, RoundState, Score
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.api import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow


@clause("9.1.2-5-4")
@verb("appraisal.object_to")
def object_to(line_id: UUID, *, by: Actor, text: str, item: str = "", number: str = "") -> Objection:
    """Object to a score (提出异议), within the days that were told; with a case number, that this case is not one's own."""
    by.must("appraisal.object")
    line = queries.line_for(by, line_id)
    if line.user_id != by.user_id and (line.user_id is not None or line.unit_id != by.unit_id):
        raise NotAllowed("只能对本人或本单位的得分提出异议。", code="appraisal.not_yours")
    round_ = line.round
    if round_.state != RoundState.SCORED or (round_.objections_until and time.today() > round_.objections_until):
        raise NotNow("现在不在异议期。", f"异议期到 {round_.objections_until or '出分后'}。", code="appraisal.no_time")
    text = text.strip()
    if not text:
        raise BadInput({"text": ["请写明异议内容和依据。"]})
    case = None
    if number.strip():
        wanted = queries.facts_of(round_).filter(**_own(line)).values("case")
        case = Case.objects.filter(number=number.strip(), pk__in=wanted).first()
        if case is None:
            raise BadInput({"number": ["这个编号不在本次计分的事件里，请核对。"]})
    objection = Objection.objects.create(
        line=line,
        item=item,
        case_id=case.pk if case else None,
        text=text[:1000],
        asked_by_id=by.user_id,
        asked_at=time.now(),
    )
    if round_.unit_id:
        reach.tell(
            by, event="appraisal.objected", to_unit=round_.unit_id, permission="appraisal.review",
            about=("appraisal.objection", objection.pk), values={"title": round_.title, "unit": str(line)},
            link=reverse("appraisal-objections"),
        )  # fmt: skip
    return objection


def _own(line: Line) -> dict[str, UUID | None]:
    column = queries.owner(line.round.level)
    return {column: line.user_id if column == "worker_id" else line.unit_id}


@clause("9.1.2-5-4")
@verb("appraisal.review")
def review(objection_id: UUID, *, by: Actor, grant: bool, opinion: str) -> Objection:
    """Decide an objection (复核异议): never who raised it, who gave the score, or whose unit it is about.

    Granted with a case named, the case leaves the count and the frozen round is worked out anew.
    """
    by.must("appraisal.review")
    rows = Objection.objects.select_for_update(of=("self",)).filter(line__in=Line.objects.visible_to(by))
    objection = rows.select_related("line__round__template", "line__unit", "line__user").filter(pk=objection_id).first()
    if objection is None:
        raise NotFound("没有找到这份异议。", code="appraisal.no_objection")
    line = objection.line
    gave = Score.objects.filter(line=line, given_by=by.user_id, given_by__isnull=False)
    if objection.item:
        gave = gave.filter(item=objection.item)
    if by.user_id == objection.asked_by_id or line.unit_id in by.above or gave.exists():
        raise NotAllowed(
            "异议由另一个人复核。",
            "提出人、评分人和被考核单位的人不能复核。",
            "请其他复核人员办理。",
            code="appraisal.own_review",
        )
    if objection.state != Objection.State.WAITING or line.round.state != RoundState.SCORED:
        raise NotNow("这份异议已经复核，或任务已定档。", remedy="请刷新后查看。", code="appraisal.reviewed")
    if not opinion.strip():
        raise BadInput({"opinion": ["请写明复核意见。"]})
    objection.state = Objection.State.GRANTED if grant else Objection.State.REFUSED
    objection.reviewed_by_id, objection.reviewed_at, objection.opinion = by.user_id, time.now(), opinion.strip()[:500]
    objection.save()
    if grant and objection.case_id:
        _take_out(line, objection.case_id, f"异议成立：{opinion.strip()}"[:300], by, objection)
    if objection.asked_by_id:
        reach.tell(
            by, event="appraisal.reviewed", to_user=objection.asked_by_id, about=("appraisal.objection", objection.pk),
            values={"title": line.round.title, "decision": objection.get_state_display()},
            link=reverse("appraisal-line", args=[line.pk]),
        )  # fmt: skip
    return objection


@clause("9.1.2-5-4")
@verb("appraisal.exclude")
def exclude(line_id: UUID, *, by: Actor, number: str, reason: str) -> Exclusion:
    """Take a case out of the count of one line (剔除), with the reason; it stays written down who did."""
    by.must("appraisal.manage")
    line = queries.line_for(by, line_id)
    if line.round.state not in scoring.OPEN:
        raise NotNow(f"任务是「{line.round.get_state_display()}」，不能再剔除。", code="appraisal.state")
    if line.unit_id in by.above:
        raise NotAllowed("不能为自己的单位剔除事件。", remedy="请由其他考核人员办理。", code="appraisal.own")
    if len(reason.strip()) < 4:
        raise BadInput({"reason": ["请写明剔除理由。"]})
    case = Case.objects.visible_to(by).filter(number=number.strip()).first()
    if case is None or not queries.facts_of(line.round).filter(case=case, **_own(line)).exists():
        raise BadInput({"number": ["这个编号不在这个对象计分的事件里，请核对。"]})
    return _take_out(line, case.pk, reason.strip()[:300], by, None)


def _take_out(line: Line, case_id: UUID, reason: str, by: Actor, objection: Objection | None) -> Exclusion:
    # Two at once for lines of one round: each would count without what the other takes out.
    Round.objects.select_for_update().get(pk=line.round_id)
    row, _ = Exclusion.objects.get_or_create(
        line=line,
        case_id=case_id,
        defaults={"reason": reason, "objection": objection, "by_id": by.user_id, "at": time.now()},
    )
    scoring.count_all(line.round)
    return row
