"""Points (考核分数): worked out from facts, given by hand where a person must judge, and worked out again to prove them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import connection

from hezhi.chapters.cases.appraisal import queries, rules
from hezhi.chapters.cases.appraisal.models import Level, Line, Round, RoundState, Score
from hezhi.chapters.cases.statistics.api import catch_up
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import verb
from hezhi.engines.records.files import keep_files
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

OPEN = (RoundState.RUNNING, RoundState.SCORED)
Worked = dict[UUID, dict[str, tuple[int, Decimal | None, Decimal | None]]]


@dataclass(frozen=True)
class Difference:
    """A number that does not come out again (复算不一致)."""

    line: str
    item: str
    stored: str
    again: str


def work_out(round_: Round) -> Worked:
    """Numerator, denominator and points of every counted item of every line, in one statement over the facts."""
    items = queries.rules_in(round_)
    lines = list(Line.objects.filter(round=round_))
    bases = round_.bases or queries.bases_of([line.unit_id for line in lines], round_.last.year)
    found = queries.counted(
        queries.facts_of(round_), round_.level, items, queries.period_of(round_), bases, queries.taken_out(round_)
    )
    worked: Worked = {}
    for line in lines:
        key = line.user_id if round_.level == Level.GRID_MEMBER else line.unit_id
        told = found.get(key) if key else None
        if told is None:
            told = queries.nothing(items, bases.get(str(line.unit_id), {}))
        worked[line.pk] = {
            rule.code: (*told[rule.code], rules.points(rule, *told[rule.code])) for rule in items if rule.counts
        }
    return worked


_DIGEST = """select encode(sha256(coalesce(string_agg(sha256(record_send(f)), ''::bytea order by f.case_id, f.round), ''::bytea)), 'hex')
from appraisal_frozenfact f where f.appraisal_id = %s"""
"""Of the rows as the database itself keeps them: half the time of their texts, and no setting of a connection is in it."""
_DIGEST_OF_TEXTS = """select encode(sha256(convert_to(coalesce(string_agg(md5(f::text), '' order by f.case_id, f.round), ''), 'UTF8')), 'hex')
from appraisal_frozenfact f where f.appraisal_id = %s"""
"""How it was made before; what was frozen then is still proved by it."""


def digest(round_: Round, text: str = _DIGEST) -> str:
    """A digest of the frozen facts, so that a change of one of them would be seen."""
    with connection.cursor() as cursor:
        cursor.execute(text, [round_.pk])
        return str(cursor.fetchone()[0])


def untouched(round_: Round) -> bool:
    """Whether the frozen facts are those whose digest was kept."""
    return round_.digest == digest(round_) or round_.digest == digest(round_, _DIGEST_OF_TEXTS)


def count_all(round_: Round) -> None:
    """Store the points of a round and the totals that follow; what was given by hand stays."""
    items, moment = queries.rules_in(round_), time.now()
    rows = []
    for line, told in work_out(round_).items():
        for rule in items:
            top, whole, gained = told.get(rule.code, (None, None, None))
            rows.append(Score(line_id=line, item=rule.code, numerator=top, denominator=whole, gained=gained))
    Score.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["line", "item"],
        update_fields=["numerator", "denominator", "gained"],
    )
    _sum_up(round_, moment)


def _sum_up(round_: Round, moment: object) -> None:
    items = queries.rules_in(round_)
    full = sum((rule.weight for rule in items if not rule.extra), Decimal(0))
    values: dict[UUID, dict[str, Decimal | None]] = {}
    for score in Score.objects.filter(line__round=round_):
        values.setdefault(score.line_id, {})[score.item] = score.given if score.given is not None else score.gained
    lines = list(Line.objects.filter(round=round_))
    for line in lines:
        line.total = rules.total(items, values.get(line.pk, {}))
        line.grade = rules.grade(line.total, full, round_.template.good, round_.template.fair)
    Line.objects.bulk_update(lines, ["total", "grade"])


@clause("9.1.2-5-4")
@verb("appraisal.recount")
def recount(round_id: UUID, *, by: Actor) -> Round:
    """Work the automatic scores out again while the round runs (重新计分)."""
    by.must("appraisal.manage")
    round_ = queries.round_for(by, round_id)
    if round_.state != RoundState.RUNNING:
        raise NotNow("得分已冻结，不再重新计分。", remedy="可用「复算核对」验证。", code="appraisal.frozen")
    catch_up()
    count_all(round_)
    return round_


@clause("9.1.2-5-5")
def recompute(by: Actor, round_id: UUID) -> tuple[bool, list[Difference]]:
    """Work a frozen round out again from its frozen facts and rules (复算核对); writes nothing.

    Gives whether the facts are untouched (their digest), and every number that does not come out again.
    """
    round_ = queries.round_for(by, round_id)
    if round_.as_of is None:
        raise NotNow("得分还没有冻结。", remedy="请出分后再核对。", code="appraisal.not_frozen")
    worked, found = work_out(round_), []
    scores = {(s.line_id, s.item): s for s in Score.objects.filter(line__round=round_)}
    names = {line.pk: str(line) for line in Line.objects.filter(round=round_).select_related("unit", "user")}
    for line, told in worked.items():
        for item, (top, _, gained) in told.items():
            stored = scores.get((line, item))
            if stored is None or (stored.numerator, stored.gained) != (top, gained):
                was = rules.plain(stored.gained) if stored else "缺"
                found.append(Difference(names[line], item, was, rules.plain(gained)))
    return untouched(round_), found


@clause("9.1.2-5-4")
@verb("appraisal.give")
def give(score_id: UUID, *, by: Actor, value: Decimal, reason: str, files: Sequence[UploadedFile] = ()) -> Score:
    """Give the points of an item by hand (人工评分), with the reason and evidence; of a counted item it is a correction.

    Nobody scores himself, his own unit or one above it.
    """
    by.must("appraisal.score")
    score = Score.objects.select_related("line__round__template", "line__unit").filter(pk=score_id).first()
    if score is None:
        raise NotFound("没有找到这项得分。", code="appraisal.no_score")
    line = queries.line_for(by, score.line_id)
    if line.unit_id in by.above or line.user_id == by.user_id:
        raise NotAllowed("不能给自己或自己的单位评分。", remedy="请由其他考核人员评分。", code="appraisal.own")
    round_ = line.round
    if round_.state not in OPEN:
        raise NotNow(f"任务是「{round_.get_state_display()}」，不能评分。", code="appraisal.state")
    rule = next((each for each in queries.rules_in(round_) if each.code == score.item), None)
    most = (rule.most or rule.weight) if rule else Decimal(0)
    if rule is None or not 0 <= value <= most:
        raise BadInput({"value": [f"请填写 0 到 {rules.plain(most)} 分。"]})
    if len(reason.strip()) < 4:
        raise BadInput({"reason": ["请写明评分依据。"]})
    score.given, score.reason = value, reason.strip()[:500]
    score.given_by_id, score.given_at = by.user_id, time.now()
    score.save()
    keep_files(by, score, list(files))
    _sum_up(round_, time.now())
    return score


def missing(round_: Round) -> list[str]:
    """Items to be scored by hand that nobody has scored yet: «城管局的台账质量»."""
    by_hand = {rule.code: rule.name for rule in queries.rules_in(round_) if not rule.counts}
    rows = Score.objects.filter(line__round=round_, item__in=by_hand, given__isnull=True).select_related(
        "line__unit", "line__user"
    )
    return [f"{row.line}的{by_hand[row.item]}" for row in rows]
