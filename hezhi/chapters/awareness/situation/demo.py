"""The situation in the demo district (演示数据): the weather of a year, two templates with reports, four models with findings, warnings of them; nothing about real places."""

import math
import random
from datetime import date, timedelta

from hezhi.chapters.awareness.early_warning.api import Level, WarningModel
from hezhi.chapters.awareness.situation import actions
from hezhi.chapters.awareness.situation.models import Model, Template, Weather
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.api import Actor, Holding, Unit, actor_of, system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import NotNow

MODELS = (
    ("来件预测（示例）", "安排下两周的值班和承办力量", "forecast"),
    ("来件突变（示例）", "及早发现诉求水平的变化", "breaks"),
    ("变化来源（示例）", "说明增减来自哪些镇街和类别", "shares"),
    ("空间热点（示例）", "看清诉求在哪些社区聚集", "spots"),
)


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    by = _chief()
    if by is None or Template.objects.exists() or not Case.objects.exists():
        return
    towns = list(
        Unit.objects.filter(kind=Unit.Kind.TOWN, valid_to__isnull=True).order_by("code").values_list("pk", flat=True)
    )
    with acting(system("演示数据"), verb="demo.situation", reason="建立演示气象"):
        Weather.objects.bulk_create(invented_weather(time.today() - timedelta(days=YEAR), YEAR + 1))
    with acting(system("演示数据"), verb="demo.situation", reason="建立演示模板和模型"):
        weekly = Template.objects.create(
            name="每周热点（示例）", level="town", days=7, schedule="weekly", receivers=[by.unit_id, *towns[:3]],
            next_on=time.today(),
        )  # fmt: skip
        monthly = Template.objects.create(name="社区月度态势（示例）", level="community", days=30)
        made = [
            Model.objects.create(
                name=name, aim=aim, method=method, days=180, ground="community", daily=True, receivers=[by.unit_id]
            )
            for name, aim, method in MODELS
        ]  # fmt: skip
    actions.run(weekly.pk, by=by)
    actions.run(monthly.pk, by=by)
    for model in made:
        actions.run_model(model.pk, by=by)
        try:
            actions.publish_model(model.pk, by=by)
        except NotNow:
            continue  # what is not good enough stays on trial, and says why
    _warn(made)


YEAR = 400
SOURCE = "演示数据（虚构，不是实测）"
WET = {1: 0.08, 2: 0.1, 3: 0.12, 4: 0.15, 5: 0.2, 6: 0.3, 7: 0.42, 8: 0.4, 9: 0.25, 10: 0.15, 11: 0.15, 12: 0.1}
"""How often it rains in a month, invented."""


def invented_weather(first: date, days: int) -> list[Weather]:
    """Invented days of a place by the sea, the same for the same days; the matters of the demo district know nothing of them."""
    return [_invented(first + timedelta(days=n)) for n in range(days)]


def _invented(day: date) -> Weather:
    dice = random.Random(day.toordinal())  # noqa: S311 - invented weather
    middle = 13.5 - 13 * math.cos((day.timetuple().tm_yday - 25) / 365 * 2 * math.pi) + dice.gauss(0, 2.5)
    rain = round(dice.expovariate(1 / 14), 1) if dice.random() < WET[day.month] else 0.0
    wind = min(9, 2 + int(dice.expovariate(0.8)))
    of = "暴雨" if rain >= 40 else "大风" if wind >= 7 else "高温" if middle > 29 else ""
    return Weather(
        date=day, high=round(middle + 4, 1), low=round(middle - 3.5, 1), rain=rain, wind=wind,
        warned=("yellow" if rain >= 55 else "blue") if of else "", warned_of=of, source=SOURCE,
    )  # fmt: skip


def _warn(made: list[Model]) -> None:
    """Warning models that listen to what the analyses find, and one round by the clock."""
    found = [model for model in made if model.method in ("breaks", "spots")]
    with acting(system("演示数据"), verb="demo.situation", reason="建立演示预警模型"):
        for model in Model.objects.filter(pk__in=[each.pk for each in found], state="published"):
            level = Level.ORANGE if model.method == "spots" else Level.YELLOW
            WarningModel.objects.create(
                name=f"{model.get_method_display()}即报（示例）", level=level, analysis=model, days=3, created_on=time.today(),
                basis="演示", quiet_hours=168,
            )  # fmt: skip
        Model.objects.filter(pk__in=[each.pk for each in found], state="published").update(next_on=time.today())
    actions.run_models(system("分析模型"))


def _chief() -> Actor | None:
    holding = (
        Holding.objects.filter(post__role__code="duty_chief", valid_to__isnull=True).select_related("user").first()
    )
    if holding is None:
        return None
    return actor_of(holding.user, holding.post_id).at(channel="officer", address=None, request_id="demo")
