"""What is going on, for one reader (态势; 9.1.4-2-1): counts start from the cases he may see, never with a secret one.

Figures come from what is kept of all cases (docs/analysis.md) and are what the list behind them counts at this moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from hezhi.chapters.awareness.early_warning.api import Standing, standings
from hezhi.chapters.awareness.situation import rules
from hezhi.chapters.awareness.situation.models import Finding, Level, Model, Report, Template
from hezhi.chapters.awareness.situation.queries import around
from hezhi.chapters.awareness.situation.rules import Around, Compared, Influence, Period
from hezhi.chapters.cases.handling.api import ENDED, Case, Category, Source
from hezhi.chapters.cases.statistics.api import CASES, NET, WIDE
from hezhi.engines.analysis.cube.asking import ask, ask_top
from hezhi.engines.analysis.cube.questions import Question
from hezhi.engines.analysis.text.segment import is_general_word, segmenter, words
from hezhi.engines.geo import queries as geo
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor
from hezhi.ground import time
from hezhi.ground.errors import NotFound

MOST_TITLES = 6000
HOT_EVENTS = 10
MOST_LINES = 50
"""How many lines of areas a page or a report keeps."""
SQUARES = {True: "500 米方格", False: "2 公里方格"}
"""Squares of the heat map (热力图): the finest net within one town, four by four of it for the whole district."""


@dataclass(frozen=True)
class Asked:
    """A question (查询条件): which ground, which days, which matters."""

    level: str
    period: Period
    category: Category | None = None
    source: str = ""
    town: UUID | None = None


def asked_of(template: Template, today: date) -> Asked:
    """What a template asks on a day: so many days up to yesterday."""
    last = today - timedelta(days=1)
    period = Period(last - timedelta(days=template.days - 1), last)
    return Asked(template.level, period, template.category, template.source)


@dataclass
class Picture:
    """What a question gave (态势): totals, lines by area, category and channel, the days, words, events."""

    asked: Asked
    total: Compared
    overdue: int
    ended: int
    satisfied: int
    rated: int
    areas: list[Compared]
    categories: list[Compared]
    sources: list[Compared]
    names: dict[str, str]
    days: list[date]
    now: list[int]
    before: list[int]
    words: list[tuple[str, int, int]]
    around: list[Around]
    influences: list[Influence]
    weather_of: str


def _within(period: Period, field: str = "received_at") -> Q:
    first, end = time.at_local(period.first), time.at_local(period.last + timedelta(days=1))
    return Q(**{f"{field}__gte": first, f"{field}__lt": end})


def _cases(by: Actor, asked: Asked) -> QuerySet[Case]:
    rows = Case.objects.visible_to(by).filter(secret=False).exclude(state="void")
    if asked.category is not None:
        rows = rows.filter(Q(category=asked.category) | Q(category__path__startswith=f"{asked.category.path}/"))
    if asked.source:
        rows = rows.filter(source=asked.source)
    return rows.filter(town=asked.town) if asked.town else rows


def picture(by: Actor, asked: Asked) -> Picture:
    """Answer a question for a reader: figures from what is kept of all cases, late ones and words from the cases."""
    names: dict[str, str] = {}
    areas = _first(by, asked, asked.level)
    keys = [line.key for line in areas if line.key]
    names |= {
        str(pk): name
        for pk, name in Area.objects.filter(pk__in=keys).values_list(
            "pk", "full_name" if asked.level == "grid" else "name"
        )
    }
    categories = _by_category(by, asked, names)
    sources = _lines(by, asked, "channel")
    names |= dict(Source.choices)
    p = asked.period
    now, before, year, ended, satisfied, rated = (_ask(by, asked) or [(0,) * 6])[0]
    rows = _cases(by, asked)
    late = rows.filter(_within(p), due_at__lt=time.now()).exclude(state__in=ENDED).count()
    days = [p.first + timedelta(days=n) for n in range(p.days)]
    told = {row[0]: row[1:3] for row in _ask(by, asked, "day")}
    return Picture(
        asked=asked, total=rules.compared({"": (now, before, year)})[0], overdue=late, ended=ended, satisfied=satisfied,
        rated=rated, areas=areas, categories=categories, sources=sources, names=names, days=days,
        now=[told.get(day, (0, 0))[0] for day in days],
        before=[told.get(day - timedelta(days=p.days), (0, 0))[1] for day in days], words=_words(rows, p),
        around=around.around(p.first, p.last), influences=_goes_with(by, asked), weather_of=around.sources(p.first, p.last),
    )  # fmt: skip


def _goes_with(by: Actor, asked: Asked) -> list[Influence]:
    """What goes with kinds of days, judged by the half year up to the end of the period."""
    last = min(asked.period.last, time.today() - timedelta(days=1))
    first = min(asked.period.before().first, last - timedelta(days=around.HISTORY - 1))
    whole = replace(question(asked, "day"), spans=((first, last),))
    counts = {row[0]: row[1] for row in ask(CASES, whole, by)}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    begun = min(counts, default=last)
    values = rules.spread([day for day in days if day >= begun], counts)
    return around.goes_with(begun, values, asked.period)


def question(asked: Asked, *by: str, side: int = 1) -> Question:
    """What is asked, as the cube of cases understands it: this period, the one before, the same days of last year."""
    p = asked.period
    where: list[tuple[str, tuple[str, ...]]] = []
    if asked.category is not None:
        below = Q(pk=asked.category.pk) | Q(path__startswith=f"{asked.category.path}/")
        where.append(
            ("category", tuple(sorted(str(pk) for pk in Category.objects.filter(below).values_list("pk", flat=True))))
        )
    if asked.source:
        where.append(("channel", (asked.source,)))
    if asked.town:
        where.append(("town", (str(asked.town),)))
    periods = (p,) if "x" in by else (p, p.before(), p.a_year_before())
    spans = tuple((each.first, each.last) for each in periods)
    return Question(by, spans, tuple(where), "x" in by, side, outcomes=not by)


def _ask(by: Actor, asked: Asked, *keys: str, side: int = 1) -> list[tuple[Any, ...]]:
    return ask(CASES, question(asked, *keys, side=side), by)


def _lines(by: Actor, asked: Asked, key: str) -> list[Compared]:
    return rules.compared({row[0] or "": row[1:4] for row in _ask(by, asked, key)})


def _all(by: Actor, asked: Asked, key: str) -> list[Compared]:
    """Every line, as a map shades it: this period and the one before, and nothing of last year."""
    whole = question(asked, key)
    return rules.compared(
        {row[0] or "": (*row[1:3], 0) for row in ask(CASES, replace(whole, spans=whole.spans[:2]), by)}
    )


def _first(by: Actor, asked: Asked, key: str) -> list[Compared]:
    """The largest lines, as many as a page or a report keeps; what is beyond chance is judged among all."""
    found = ask_top(CASES, question(asked, key), by, MOST_LINES)
    return rules.compared({row[0] or "": row[1:4] for row in found.rows}, found.alike)


def _by_category(by: Actor, asked: Asked, names: dict[str, str]) -> list[Compared]:
    """Lines by the categories one step below what was asked for."""
    depth = len(asked.category.path.split("/")) if asked.category else 0
    found = _ask(by, asked, "category")
    paths = {
        str(pk): path
        for pk, path in Category.objects.filter(pk__in=[row[0] for row in found]).values_list("pk", "path")
    }
    summed: dict[str, tuple[int, int, int]] = {}
    for row in found:
        path = paths.get(row[0], "").split("/")
        code = path[min(depth, len(path) - 1)]
        a, b, c = summed.get(code, (0, 0, 0))
        summed[code] = (a + row[1], b + row[2], c + row[3])
    names |= dict(Category.objects.filter(code__in=summed).values_list("code", "name"))
    return rules.compared(summed)


def _words(rows: QuerySet[Case], period: Period) -> list[tuple[str, int, int]]:
    """Hot words: general words only, so that no name of a person comes out; of many messages the newest."""
    now, before = (
        [
            _general(title)
            for title in rows.filter(_within(p)).order_by("-received_at").values_list("title", flat=True)[:MOST_TITLES]
        ]
        for p in (period, period.before())
    )
    return rules.hot_words(now, before)


EMPTY = frozenset(
    [
        "没有",
        "反映",
        "问题",
        "希望",
        "要求",
        "咨询",
        "投诉",
        "小区",
        "居民",
        "情况",
        "建议",
        "举报",
        "求助",
        "影响",
        "处理",
        "解决",
        "存在",
        "进行",
        "无人",
        "报警",
        "群众",
        "市民",
        "业主",
        "需要",
        "请求",
        "可以",
        "有人",
        "转办",
    ]
)
"""Words of every appeal, which say nothing of what is hot."""


def _general(title: str) -> set[str]:
    """Nouns and verbs of a title that name neither a person nor a place."""
    cutter = segmenter()
    return {
        word
        for word in words(title)
        if len(word) > 1 and word not in EMPTY and cutter.kind(word)[:1] in ("n", "v") and is_general_word(word)
    }


def hot_events(by: Actor, asked: Asked) -> list[Standing]:
    """The hottest events of the period that this reader may see."""
    rows = standings(by).filter(messages__gt=1, last_at__gte=time.at_local(asked.period.first))
    if asked.category is not None:
        rows = rows.filter(category__code=asked.category.path.split("/")[0])
    return list(rows.order_by("-heat")[:HOT_EVENTS])


def area_shapes(by: Actor, asked: Asked) -> dict[str, Any]:
    """The areas of a level with their counts, as GeoJSON for shading."""
    counts = {line.key: line for line in _all(by, asked, asked.level)}
    told: dict[str, Any] = json.loads(
        geo.shapes(asked.level, {"town": 0.0003, "community": 0.0001}.get(asked.level, 0.0))
    )
    for feature in told["features"]:
        line = counts.get(feature["id"])
        feature["properties"]["value"] = line.now if line else 0
        if line and line.trend in ("up", "down"):
            feature["properties"]["name"] += f"（{rules.say(line)}）"
    return told


def cells(by: Actor, asked: Asked) -> dict[str, Any]:
    """How many in each square, as GeoJSON for a heat map that every browser can draw (热力图)."""
    side = 1 if asked.town else WIDE
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [_square(x, y, side)]},
                "properties": {"name": SQUARES[asked.town is not None], "value": n},
            }
            for x, y, n, *_ in _ask(by, asked, "x", "y", side=side)
            if n
        ],
    }


def _square(x: int, y: int, side: int) -> list[list[float]]:
    return ring(x, y, (NET[0] * side, NET[1] * side))


def ring(x: int, y: int, sides: tuple[float, float]) -> list[list[float]]:
    """The outline of a square of a net, by its column and row."""
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return [[round((x + dx) * sides[0], 6), round((y + dy) * sides[1], 6)] for dx, dy in corners]


def list_url(asked: Asked, key: str) -> str:
    """The list of cases behind a line of areas, where the list can be asked for it."""
    return cases_url(asked, **{asked.level: key}) if asked.level in (Level.TOWN, Level.GRID) and key else ""


def cases_url(asked: Asked, **more: object) -> str:
    """The list that counts the same as a figure of this question (清单); `more` narrows it or takes the place of what was asked."""
    given: dict[str, object] = {
        "town": asked.town or "", "source": asked.source, "category": asked.category.pk if asked.category else "",
        "received_from": asked.period.first, "received_to": asked.period.last, "counted": 1,
    }  # fmt: skip
    return f"/r/cases/?{urlencode({name: value for name, value in (given | more).items() if value})}"


def lists_of_kinds(asked: Asked, lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The lists behind lines of categories, by the code that stands in the line."""
    codes = Category.objects.filter(code__in=[line["key"] for line in lines]).values_list("code", "pk")
    return {code: cases_url(asked, category=key) for code, key in codes}


def report_for(by: Actor, report_id: UUID) -> Report:
    """One report that this reader may see; otherwise NotFound."""
    found = Report.objects.visible_to(by).select_related("template", "unit").filter(pk=report_id).first()
    if found is None:
        raise NotFound("没有找到这份态势报告。", "可能不是发给您单位的。", "请回到列表。", code="situation.no_report")
    return found


def due_templates(today: date) -> list[Template]:
    """Templates whose day has come."""
    return list(
        Template.objects.filter(active=True, next_on__lte=today).exclude(schedule="").select_related("category")
    )


def within_area(asked: Asked, town: UUID | None) -> Asked:
    """The same question for one town."""
    return replace(asked, town=town)


def content_of(found: Picture) -> dict[str, Any]:
    """A picture as it is kept in a report: figures, names of areas and kinds, general words."""
    return {
        "total": _line(found.total, {"": "合计"}), "overdue": found.overdue, "ended": found.ended, "satisfied": found.satisfied,
        "rated": found.rated, "days": [f"{day:%m-%d}" for day in found.days], "now": found.now, "before": found.before,
        "areas": [_line(line, found.names) for line in found.areas],
        "categories": [_line(line, found.names) for line in found.categories[:30]],
        "sources": [_line(line, found.names) for line in found.sources],
        "words": [list(row) for row in found.words], "around": around.kept(found.around),
        "influences": rules.influence_rows(found.influences), "weather_of": found.weather_of,
    }  # fmt: skip


def _line(line: Compared, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": line.key, "name": names.get(line.key) or "未确定", "now": line.now, "before": line.before, "year": line.year,
        "trend": line.trend, "said": rules.say(line), "change": rules.change(line.now, line.before),
        "year_change": rules.change(line.now, line.year),
    }  # fmt: skip


# -- what models are fed with --------------------------------------------------------------------------------

MEASURES: dict[str, tuple[str, Q]] = {
    "received": ("received_at", Q()),
    "urgent": ("received_at", ~Q(urgency="normal")),
    "ended": ("closed_at", Q(state="closed")),
    "unsatisfied": ("closed_at", Q(satisfied=False)),
    "redone": ("received_at", Q(redos__gt=0)),
}
"""Each measure (指标): by which moment a case counts, and which cases."""


def _measured(by: Actor, model: Model, period: Period, known: datetime | None = None) -> tuple[QuerySet[Case], str]:
    """A model's cases; with `known` only those that had been written down by then."""
    asked = Asked(Level.TOWN, period, model.category, "", model.town_id)
    moment, meant = MEASURES[model.measure]
    rows = _cases(by, asked).filter(meant).filter(_within(period, moment)).order_by()
    return (rows if known is None else rows.filter(recorded_at__lt=known)), moment


def daily(by: Actor, model: Model, last: date) -> tuple[date, list[int]]:
    """A model's measure for each day up to `last`; it begins with the first day on which anything was counted."""
    period = Period(last - timedelta(days=model.days - 1), last)
    rows, moment = _measured(by, model, period)
    found = rows.annotate(day=TruncDate(moment, tzinfo=time.SHANGHAI)).values("day").annotate(n=Count("pk"))
    counts = dict(found.values_list("day", "n"))
    first = min(counts, default=last)
    return first, rules.spread([first + timedelta(days=n) for n in range((last - first).days + 1)], counts)


def parts(by: Actor, model: Model, last: date) -> dict[str, tuple[int, int]]:
    """A model's measure of the last thirty days and the thirty before, by category within each town."""
    period = Period(last - timedelta(days=29), last)
    counted: dict[str, list[int]] = {}
    for n, part in enumerate((period, period.before())):
        rows, _ = _measured(by, model, part)
        for town, category, number in rows.values_list("town__name", "category__full_name").annotate(n=Count("pk")):
            counted.setdefault(f"{town or '未定位'} {category or '未分类'}", [0, 0])[n] = number
    return {name: (now, before) for name, (now, before) in counted.items()}


def model_for(model_id: UUID) -> Model:
    """One model; otherwise NotFound."""
    found = Model.objects.select_related("category", "town").filter(pk=model_id).first()
    if found is None:
        raise NotFound("没有找到这个分析模型。", "可能编号有误。", "请回到模型列表。", code="situation.no_model")
    return found


def findings(by: Actor, model: Model) -> QuerySet[Finding]:
    """What a model found in this reader's part, newest first."""
    return Finding.objects.visible_to(by).filter(model=model).select_related("unit")
