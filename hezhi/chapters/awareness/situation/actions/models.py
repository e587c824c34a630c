"""Running models (运行模型): by hand or by the clock; each unit hears of what it may see itself, and warnings are fed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hezhi.chapters.awareness.early_warning import api as early_warning
from hezhi.chapters.awareness.situation import queries, rules
from hezhi.chapters.awareness.situation.actions.reports import EDIT, VIEW, reader_in
from hezhi.chapters.awareness.situation.models import Finding, Model
from hezhi.chapters.awareness.situation.queries.around import goes_with
from hezhi.chapters.awareness.situation.queries.counting import DAYS, hot_spots, parts_of
from hezhi.chapters.awareness.situation.rules import Result
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotFound, NotNow


@clause("9.1.4-2-2")
@verb("situation.run_model")
def run_model(model_id: UUID, *, by: Actor) -> Finding:
    """Run a model now (运行模型) on what this person may see."""
    by.must(EDIT)
    return _find(_model(model_id), by, by.unit_id)[0]


@clause("9.1.4-2-2")
@verb("situation.publish_model")
def publish_model(model_id: UUID, *, by: Actor) -> Model:
    """Let a model inform others (发布模型): only when its newest finding of this version may be used.

    A forecast that is worse than «the same as last week» is refused.
    """
    by.must(EDIT)
    model = _model(model_id)
    newest = Finding.objects.filter(model=model, edition=model.edition).order_by("-made_at").first()
    if newest is None:
        raise NotNow("这个模型还没有运行过。", "运行后才知道是否可靠。", "请先运行一次。", code="situation.not_run")
    if not newest.usable:
        raise NotNow(
            f"这个模型还不能发布：{newest.trust}",
            "不可靠的成果不用于预警和决策。",
            "请调整取数范围或方法后再运行。",
            code="situation.not_usable",
        )
    model.state = Model.State.PUBLISHED
    model.next_on = rules.next_run(daily=model.daily, weekly=model.weekly, today=time.today())
    model.save(update_fields=["state", "next_on"])
    return model


@clause("9.1.4-2-2")
@verb("situation.retire_model")
def retire_model(model_id: UUID, *, by: Actor) -> Model:
    """Take a model out of use (停用模型); its findings stay."""
    by.must(EDIT)
    model = _model(model_id)
    model.state, model.next_on = Model.State.RETIRED, None
    model.save(update_fields=["state", "next_on"])
    return model


def _model(model_id: UUID) -> Model:
    found = Model.objects.select_for_update(of=("self",)).select_related("category", "town").filter(pk=model_id).first()
    if found is None:
        raise NotFound("没有找到这个分析模型。", "可能编号有误。", "请回到模型列表。", code="situation.no_model")
    return found


def _find(model: Model, reader: Actor, unit_id: UUID | None) -> tuple[Finding, rules.News | None]:
    """One finding for one reader's part, and what of it may become a warning."""
    last = time.today() - timedelta(days=1)
    first, values = queries.daily(reader, model, last)
    result = _result(model, reader, unit_id, last, first, values)
    finding = Finding.objects.create(
        model=model, edition=model.edition, made_at=time.now(), first=first, last=last, told=result.told[:400],
        trust=result.trust[:300], usable=result.usable, alert=result.alert, content=result.content, unit_id=unit_id,
    )  # fmt: skip
    return finding, result.news if result.usable else None


def _result(model: Model, reader: Actor, unit_id: UUID | None, last: date, first: date, values: list[int]) -> Result:
    if model.method == Model.Method.SHARES:
        now = rules.Period(last - timedelta(days=DAYS - 1), last)
        return rules.explained(rules.shares(parts_of(reader, model, last)), goes_with(first, values, now))
    if model.method == Model.Method.SPOTS:
        return hot_spots(reader, model, last)
    result = rules.apply(model.method, first, values, model.horizon)
    if model.method == Model.Method.FORECAST:
        result = rules.overrun(result, _earlier(model, unit_id, last), last, values)
    return result


def _earlier(model: Model, unit_id: UUID | None, last: date) -> dict[str, Any] | None:
    """The newest forecast for this unit that was made before the week that is looked at."""
    rows = Finding.objects.filter(
        model=model, edition=model.edition, unit=unit_id, usable=True, last__lte=last - timedelta(days=rules.WATCHED)
    )
    return rows.order_by("-last", "-made_at").values_list("content", flat=True).first()


@clause("9.1.4-1", "9.1.4-2-2")
def run_models(by: Actor) -> int:
    """Run the published models whose day has come, for each receiving unit and each that warnings of it go to.

    A unit is told only when something new was found; what warning models ask for becomes a warning in the same
    transaction, made with the rights of the unit that is warned.
    """
    done = 0
    for key in list(Model.objects.filter(state="published", next_on__lte=time.today()).values_list("pk", flat=True)):
        with acting(by, verb="situation.run_models") as deed:
            model = _model(key)
            if model.state != Model.State.PUBLISHED or model.next_on is None or model.next_on > time.today():
                continue
            deed.on(model)
            warned = early_warning.units_warned_of(model.pk)
            units = Unit.objects.filter(pk__in={*model.receivers, *warned}, valid_to__isnull=True)
            for unit in units.select_related("area").order_by("code"):
                done += _inform(model, unit, by)
            model.next_on = rules.next_run(daily=model.daily, weekly=model.weekly, today=time.today())
            model.save(update_fields=["next_on"])
    return done


def _inform(model: Model, unit: Unit, by: Actor) -> int:
    """One unit's finding, with its message and its warnings; nothing where nobody there may see the situation."""
    reader = reader_in(unit)
    if reader is None:
        return 0
    finding, news = _find(model, reader, unit.pk)
    if finding.alert and finding.usable and unit.pk in model.receivers:
        reach.tell(
            by, event="situation.finding", to_unit=unit.pk, permission=VIEW, about=("situation.finding", finding.pk),
            values={"model": model.name, "told": finding.told}, link=f"/situation/models/{model.pk}/",
        )  # fmt: skip
    if news is not None:
        found = early_warning.Discovery(
            model.pk,
            finding.pk,
            unit,
            KINDS[model.method],
            finding.told,
            news.on,
            news.seen,
            news.expected,
            news.chance,
        )
        early_warning.warn_of(found, by=by)
    return 1


KINDS = {"breaks": "突变点", "anomalies": "异常日", "spots": "空间热点", "forecast": "预测越界"}
"""What the discoveries of each method are called (发现)."""
