"""Rounds of appraisal (考核任务): drawn up, published, frozen when the scores come out, settled."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.urls import reverse

from hezhi.chapters.cases.appraisal import queries, rules
from hezhi.chapters.cases.appraisal.actions import scoring
from hezhi.chapters.cases.appraisal.models import Level, Line, Objection, Round, RoundState, Template
from hezhi.chapters.cases.statistics.api import Fact, StageFacts, catch_up
from hezhi.engines.org.api import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow

DAYS_TO_OBJECT = 5
FULL = Decimal(100)
COLUMNS = [
    field.attname for field in StageFacts._meta.get_fields() if hasattr(field, "attname") and field.attname != "id"
]


@clause("9.1.2-5-3")
@verb("appraisal.make_round")
def make_round(
    *, by: Actor, title: str, template_id: UUID, first: date, last: date, objects: Sequence[tuple[UUID, UUID | None]]
) -> Round:
    """Draw a round up (拟定考核任务): a template, a period, whom it appraises."""
    by.must("appraisal.manage")
    template = Template.objects.filter(pk=template_id, active=True).first()
    if template is None:
        raise BadInput({"template": ["请选择启用的考核模板。"]})
    if last < first:
        raise BadInput({"last": ["考核期止不能早于考核期起。"]})
    if not objects:
        raise BadInput({"objects": ["请至少选择一个考核对象。"]})
    known = {(unit, user) for unit, user, _ in queries.objects_for(template.level)}
    if not set(objects) <= known:
        raise BadInput({"objects": [f"这个模板只考核{template.get_level_display()}。"]})
    round_ = Round.objects.create(
        title=title.strip()[:60], template=template, level=template.level, first=first, last=last, unit_id=by.unit_id,
        made_by_id=by.user_id, made_at=time.now(),
    )  # fmt: skip
    Line.objects.bulk_create([Line(round=round_, unit_id=unit, user_id=user) for unit, user in dict.fromkeys(objects)])
    return round_


@clause("9.1.2-5-3")
@verb("appraisal.publish")
def publish(round_id: UUID, *, by: Actor) -> Round:
    """Publish it (发布考核任务): the appraised are told what counts; the first automatic scores are worked out."""
    round_ = _take(round_id, by, RoundState.DRAFT)
    items = queries.rules_of(round_.template)
    full = sum((rule.weight for rule in items if not rule.extra), Decimal(0))
    if full != FULL:
        raise NotNow(
            f"模板「{round_.template.name}」的权重合计是 {rules.plain(full)} 分，应为 100 分（加分项不计）。",
            remedy="请先在考核模板中调整权重。", code="appraisal.weights",
        )  # fmt: skip
    round_.state, round_.published_at = RoundState.RUNNING, time.now()
    round_.save(update_fields=["state", "published_at"])
    catch_up()
    scoring.count_all(round_)
    _tell(round_, "appraisal.published", by=by, days=f"{round_.first} 至 {round_.last}")
    return round_


@clause("9.1.2-5-4")
@verb("appraisal.freeze")
def freeze(round_id: UUID, *, by: Actor) -> Round:
    """Bring the scores out (出分): facts, rules and bases are frozen as they stand now, and nothing else counts from here on."""
    round_ = _take(round_id, by, RoundState.RUNNING)
    if round_.last >= time.today():
        raise NotNow(
            "考核期还没有结束，不能出分。",
            remedy=f"请在 {round_.last} 之后出分；现在可以查看预估得分。",
            code="appraisal.early",
        )
    while catch_up():
        pass
    items = queries.rules_of(round_.template)
    round_.as_of, round_.scored_at = time.now(), time.now()
    round_.rules = {"template": round_.template.name, "items": [rule.frozen() for rule in items]}
    round_.bases = queries.bases_of([line.unit_id for line in round_.lines.all()], round_.last.year)
    _copy_facts(round_)
    round_.digest = scoring.digest(round_)
    round_.state, round_.objections_until = RoundState.SCORED, time.today() + timedelta(days=DAYS_TO_OBJECT)
    round_.save()
    scoring.count_all(round_)
    _tell(round_, "appraisal.scored", by=by, until=str(round_.objections_until))
    return round_


def _copy_facts(round_: Round) -> None:
    """Every fact of the appraised that can say anything of the period, as rows of the round, in one statement."""
    person = round_.level == Level.GRID_MEMBER
    owners = Line.objects.filter(round=round_).values("user_id" if person else "unit_id")
    mine = Fact.objects.filter(queries.period_of(round_).touched(), **{f"{queries.owner(round_.level)}__in": owners})
    text, values = mine.order_by().values_list(*COLUMNS).query.sql_with_params()
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into appraisal_frozenfact ({columns}, appraisal_id, id) select q.*, %s, gen_random_uuid() from ({text}) q",  # noqa: S608
            [round_.pk, *values],
        )


@clause("9.1.2-5-5")
@verb("appraisal.finish")
def finish(round_id: UUID, *, by: Actor) -> Round:
    """Settle the result (定档), when every objection is reviewed and the time to object is over or waived by all."""
    round_ = _take(round_id, by, RoundState.SCORED)
    if Objection.objects.filter(line__round=round_, state=Objection.State.WAITING).exists():
        raise NotNow("还有异议没有复核，不能定档。", remedy="请复核人员先处理异议。", code="appraisal.objections")
    if round_.objections_until and time.today() <= round_.objections_until:
        raise NotNow(
            f"异议期到 {round_.objections_until} 才结束。", remedy="请在异议期满后定档。", code="appraisal.early"
        )
    missing = scoring.missing(round_)
    if missing:
        raise NotNow(
            f"还有 {len(missing)} 项人工评分没有填写：{'、'.join(missing[:5])}。",
            remedy="请补齐后定档。",
            code="appraisal.missing",
        )
    round_.state, round_.final_at = RoundState.FINAL, time.now()
    round_.save(update_fields=["state", "final_at"])
    return round_


@clause("9.1.2-5-5")
@verb("appraisal.order_units")
def order_units(round_id: UUID, *, by: Actor, on: bool, reason: str) -> Round:
    """Let the units stand by their totals, or not (单位按得分排列), with the reason; people never stand in an order (P14)."""
    by.must("appraisal.manage")
    round_ = queries.round_for(by, round_id)
    if round_.level == Level.GRID_MEMBER:
        raise NotNow(
            "网格员不排名。", "对网格员只看本人的结果和由来。", "请用部门或镇街的考核。", code="appraisal.no_order"
        )
    if not reason.strip():
        raise BadInput({"reason": ["请写明理由。"]})
    round_.ordered = on
    round_.save(update_fields=["ordered"])
    return round_


def _take(round_id: UUID, by: Actor, state: str) -> Round:
    by.must("appraisal.manage")
    queries.round_for(by, round_id)
    round_ = Round.objects.select_for_update(of=("self",)).select_related("template").get(pk=round_id)
    if round_.state != state:
        raise NotNow(
            f"现在不能做这一步：任务是「{round_.get_state_display()}」。",
            remedy="请刷新后查看。",
            code="appraisal.state",
        )
    return round_


def _tell(round_: Round, event: str, *, by: Actor, **values: str) -> None:
    link = reverse("appraisal-round", args=[round_.pk])
    for line in round_.lines.all():
        to = {"to_user": line.user_id} if line.user_id else {"to_unit": line.unit_id, "permission": "appraisal.view"}
        reach.tell(
            by,
            event=event,
            about=("appraisal.round", round_.pk),
            values={"title": round_.title, **values},
            link=link,
            **to,
        )  # type: ignore[arg-type]
