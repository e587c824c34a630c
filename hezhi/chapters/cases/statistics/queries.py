"""Reads of the figures (统计查询, 9.1.2-4), always starting from who reads: his scope narrows every number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Min,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case, Category, Kind, Source, Urgency
from hezhi.chapters.cases.handling.models import Moved
from hezhi.chapters.cases.statistics import rules
from hezhi.chapters.cases.statistics.models import Fact
from hezhi.chapters.cases.statistics.rules import MEASURES, RATES, STAGES, Period, share
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit
from hezhi.ground import time

LEVELS = ("district", "town", "community", "grid")
DIMENSIONS = {
    "area": "区域", "unit": "主办单位", "source": "渠道", "kind": "事件类型", "category": "类别", "urgency": "紧急程度",
}  # fmt: skip
VIEWS = {"then": "按当时网格", "now": "按现在网格"}
TREND = ("reported", "handled", "closed")
SHOWN = ("reported", "to_handle", "handled_on_time", "waiting_late", "closed", "reworked", "rated", "satisfied")
LONGEST_BY_DAY = 100
HOT = 10


@dataclass(frozen=True)
class Asked:
    """What is asked for (统计条件): the days, the conditions, and by what it is broken down."""

    first: date
    last: date
    by: str = "area"
    view: str = "then"
    area: Area | None = None
    unit: UUID | None = None
    source: str = ""
    kind: str = ""
    urgency: str = ""
    category: str = ""

    def period(self, now: datetime) -> Period:
        """The days as moments."""
        return Period.of_days(self.first, self.last, now)

    def condition(self) -> Q:
        """The chosen conditions; those of the reader come on top."""
        found = Q()
        if self.area is not None:
            found &= Q(**{self.column(self.area.level): self.area})
        if self.unit:
            found &= Q(lead_unit=self.unit)
        for name in ("source", "kind", "urgency"):
            if value := getattr(self, name):
                found &= Q(**{name: value})
        if self.category:
            found &= Q(category_path=self.category) | Q(category_path__startswith=f"{self.category}/")
        return found

    def column(self, level: str) -> str:
        """The column of an area's level; a grid as it was then, or as it is now."""
        return "grid_now" if level == "grid" and self.view == "now" else level

    @property
    def below(self) -> str:
        """The level that an area is broken down into."""
        at = self.area.level if self.area else "district"
        return LEVELS[min(LEVELS.index(at) + 1, len(LEVELS) - 1)]

    def query(self, **more: Any) -> str:
        """The same question as the query of an address."""
        told = {
            "from": self.first.isoformat(), "to": self.last.isoformat(), "by": self.by, "view": self.view,
            "area": self.area.pk if self.area else "", "unit": self.unit or "", "source": self.source,
            "kind": self.kind, "urgency": self.urgency, "category": self.category,
        } | more  # fmt: skip
        return urlencode({name: value for name, value in told.items() if value not in ("", None)})

    def words(self) -> str:
        """The conditions as a sentence for a report."""
        told = [self.area.full_name or self.area.name if self.area else "全部可见范围"]
        if self.unit:
            told.append(str(Unit.objects.filter(pk=self.unit).first() or ""))
        labels: tuple[tuple[Any, str], ...] = ((Source, self.source), (Kind, self.kind), (Urgency, self.urgency))
        told += [choices(value).label for choices, value in labels if value]
        if self.category:
            category = Category.objects.filter(path=self.category).first()
            told.append(category.full_name if category else self.category)
        return "；".join(told)


@dataclass(frozen=True)
class Cell:
    """One figure with the address of its cases."""

    value: int
    line_url: str = ""
    code: str = ""

    @property
    def url(self) -> str:
        """The address, written when it is shown: a page counts far more figures than it shows."""
        return f"{self.line_url}&measure={self.code}" if self.line_url else ""


@dataclass
class Line:
    """One line of a table (一行): its name and its figures by measure."""

    key: str
    name: str
    cells: dict[str, Cell] = field(default_factory=dict)
    more: bool = False

    def __getitem__(self, code: str) -> int:
        return self.cells[code].value

    def rate(self, code: str) -> Decimal | None:
        """The share that a rate gives on this line."""
        rate = RATES[code]
        return share(self[rate.numerator], self[rate.denominator])

    @property
    def on_time(self) -> str:
        """按期处置率, as shown."""
        return _shown(self.rate("handled_on_time"))

    @property
    def happy(self) -> str:
        """满意率, as shown."""
        return _shown(self.rate("satisfied"))


def _shown(value: Decimal | None) -> str:
    return "—" if value is None else f"{value}%"


@dataclass(frozen=True)
class RateLine:
    """A rate with what it is made of, now and in the periods it is compared with."""

    rate: rules.Rate
    part: Cell
    whole: Cell
    value: Decimal | None
    before: Decimal | None
    year_before: Decimal | None

    @property
    def few(self) -> bool:
        """Whether it rests on so few that it says little (样本少)."""
        return 0 < self.whole.value < rules.FEW


@dataclass(frozen=True)
class StageLine:
    """How long a stage took in working time (环节用时)."""

    name: str
    many: int
    mean: str
    median: str
    slow: str
    url: str
    mean_hours: float


def up_to() -> datetime:
    """Up to which moment every change stands in the figures (统计截至)."""
    oldest: datetime | None = Moved.objects.aggregate(at=Min("at"))["at"]
    return oldest or time.now()


def facts(by: Actor, asked: Asked) -> QuerySet[Any, Any]:
    """The facts of the question that this reader may see."""
    found: QuerySet[Any, Any] = Fact.objects.visible_to(by).counted().filter(asked.condition())
    return found


def cases_url(asked: Asked, code: str, **more: Any) -> str:
    """The address of the cases behind a figure."""
    return f"{reverse('statistics-cases')}?{asked.query(measure=code, **more)}"


# -- one reading of the facts --------------------------------------------------------------------------


Patterns = dict[int, int]
"""How many facts have each pattern (`rules.PARTS`)."""


@dataclass(frozen=True)
class Tally:
    """What one reading of the facts of a period gives (一次统计): by line and pattern, by category, by day, by stage."""

    patterns: dict[str, Patterns] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    steps: dict[str, dict[int, int]] = field(default_factory=dict)
    stages: dict[str, tuple[int, float | None, float | None, float | None]] = field(default_factory=dict)

    def all(self) -> Patterns:
        """The patterns of all lines together."""
        found: Patterns = {}
        for patterns in self.patterns.values():
            for pattern, many in patterns.items():
                found[pattern] = found.get(pattern, 0) + many
        return found


_COUNTS = """
with f as materialized ({facts})
select 'line' part, key::text as name, pattern as at, count(*)::float8 n, null::float8 mean, null::float8 half, null::float8 most
from f group by key, pattern
union all select 'category', path, null, count(*), null, null, null from f
where pattern & {reported} = {reported} and path <> '' group by path"""
_STEPS = """
union all select 'step', '{name}', {name}_step, count(*), null, null, null from f
where {name}_step between 1 and {many} group by {name}_step"""
_STAGE = """
union all select 'stage', '{name}', null, n, mean, p[1], p[2] from (select count({name}_in) n, avg({name}_in)::float8 mean,
percentile_cont(array[0.5, 0.9]) within group (order by {name}_in) p from f) q"""


def tally(by: Actor, asked: Asked, key: Any = None, steps: Sequence[date] = (), *, stages: bool = False) -> Tally:
    """Read the facts that this reader may see once, and count all that is asked of them in that one statement.

    Each fact is told by its pattern, so a condition is asked of it once and not once for every measure that rests on
    it. `steps` are the days on which the steps of a trend begin.
    """
    period, text = asked.period(time.now()), _COUNTS
    columns = {"key": Value("") if key is None else key, "pattern": _pattern(period), "path": F("category_path")}
    if steps:
        columns |= {f"{name}_step": step for name, step in _steps_of(period, steps).items()}
        text += "".join(_STEPS.format(name=name, many=len(steps)) for name in TREND)
    if stages:
        columns |= {f"{s.code}_in": Choice(When(_timed(s, period), then=F(s.code))) for s in STAGES}
        text += "".join(_STAGE.format(name=stage.code) for stage in STAGES)
    rows = facts(by, asked).filter(period.touched()).order_by().annotate(**columns).values_list(*columns)
    inner, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(text.replace("{facts}", inner).replace("{reported}", str(rules.NEEDS["reported"])), values)
        return _read(cursor.fetchall())


def _pattern(period: Period) -> Any:
    """A bit for each condition that holds of a fact, as the database works it out."""
    bits: list[Any] = [
        Choice(When(part(period), then=Value(1 << n)), default=Value(0)) for n, part in enumerate(rules.PARTS)
    ]
    nothing: Any = Value(0, BigIntegerField())
    return reduce(lambda one, other: one + other, bits, nothing)


def _steps_of(period: Period, steps: Sequence[date]) -> dict[str, Any]:
    """In which step of a trend a fact was received, handled and closed, from one on."""
    starts = [*map(time.at_local, steps), period.end]
    bounds = Value(starts, ArrayField(DateTimeField()))

    def step(name: str) -> Func:
        return Func(name, bounds, function="width_bucket", output_field=IntegerField())

    return {
        "reported": Choice(When(round=1, then=step("received_at"))),
        "handled": step("handled_at"),
        "closed": Choice(When(outcome="closed", then=step("ended_at"))),
    }


def _read(rows: list[Any]) -> Tally:
    found = Tally()
    for part, name, at, many, mean, half, most in rows:
        if part == "line":
            found.patterns.setdefault(name or "", {})[at] = int(many)
        elif part == "category":
            found.categories[name] = int(many)
        elif part == "step":
            found.steps.setdefault(name, {})[at] = int(many)
        else:
            found.stages[name] = (int(many), mean, half, most)
    return found


def total(by: Actor, asked: Asked) -> Line:
    """All measures of the whole question."""
    return _line("", "合计", tally(by, asked).all(), asked)


def _line(
    key: str, name: str, patterns: Patterns, asked: Asked, codes: Sequence[str] = tuple(MEASURES), **more: Any
) -> Line:
    told = rules.counted(patterns, codes)
    url = f"{reverse('statistics-cases')}?{asked.query(**more)}"
    return Line(key, name, {code: Cell(value, url, code) for code, value in told.items()})


def rates(now: Line, before: Line, year: Line) -> list[RateLine]:
    """Every rate, with what it is made of."""
    return [
        RateLine(
            rate, now.cells[rate.numerator], now.cells[rate.denominator], now.rate(code), before.rate(code),
            year.rate(code),
        )
        for code, rate in RATES.items()
    ]  # fmt: skip


# -- broken down ---------------------------------------------------------------------------------------


def _key(asked: Asked) -> Any:
    """By what the facts are grouped."""
    if asked.by == "area":
        return F(f"{asked.column(asked.below)}_id")
    if asked.by == "unit":
        return F("lead_unit_id")
    if asked.by == "category":
        depth = len(asked.category.split("/")) if asked.category else 0
        return _Head("category_path", depth + 1)
    return F(asked.by)


class _Head(Func):
    """`array_to_string((string_to_array(path, '/'))[1:n], '/')`."""

    def __init__(self, column: str, depth: int) -> None:
        super().__init__(column, output_field=TextField())
        self.template = f"array_to_string((string_to_array(%(expressions)s, '/'))[1:{int(depth)}], '/')"


def breakdown(by: Actor, asked: Asked) -> list[Line]:
    """The figures line by line."""
    return _lines(asked, tally(by, asked, _key(asked)))


def _lines(asked: Asked, told: Tally) -> list[Line]:
    """The lines, the largest first; each leads to its cases, and an area or category further down."""
    names = _names(asked, list(told.patterns))
    lines = [
        _line(key, names.get(key, NAMELESS[asked.by]), patterns, asked, SHOWN, value=key or "none")
        for key, patterns in told.patterns.items()
    ]
    counting = [line for line in lines if any(line[code] for code in SHOWN)]
    return sorted(counting, key=lambda line: (-line[SHOWN[0]], line.name))


NAMELESS = {
    "area": "未定位",
    "unit": "未派遣",
    "category": "未分类",
    "source": "其他",
    "kind": "其他",
    "urgency": "其他",
}


def _names(asked: Asked, keys: Sequence[Any]) -> Mapping[str, str]:
    found = [key for key in keys if key]
    if asked.by == "area":
        return {str(pk): name for pk, name in Area.objects.filter(pk__in=found).values_list("pk", "name")}
    if asked.by == "unit":
        return {str(pk): name for pk, name in Unit.objects.filter(pk__in=found).values_list("pk", "name")}
    if asked.by == "category":
        return dict(Category.objects.filter(path__in=found).values_list("path", "name"))
    choices: Any = {"source": Source, "kind": Kind, "urgency": Urgency}[asked.by]
    return dict(choices.choices)


def narrowed(asked: Asked, value: str) -> Q:
    """The condition of one line of the breakdown."""
    if not value:
        return Q()
    if asked.by == "category":
        if value == "none":
            return Q(category_path="")
        return Q(category_path=value) | Q(category_path__startswith=f"{value}/")
    column = {"area": asked.column(asked.below), "unit": "lead_unit"}.get(asked.by, asked.by)
    return Q(**{f"{column}__isnull": True}) if value == "none" else Q(**{column: value})


def behind(by: Actor, asked: Asked, code: str, value: str = "") -> QuerySet[Any, Any]:
    """The facts behind a figure, by the very definition that counted it; an unknown measure is every fact."""
    period = asked.period(time.now())
    stage = next((s for s in STAGES if s.code == code), None)
    wanted = _timed(stage, period) if stage else MEASURES[code].of(period)
    return facts(by, asked).filter(period.touched()).filter(wanted).filter(narrowed(asked, value))


def cases_behind(by: Actor, rows: QuerySet[Any], page: int, size: int = 50) -> list[tuple[Any, Case | None]]:
    """One page of facts with their cases; a case is read again with the reader in hand."""
    shown = list(rows.order_by("-began_at", "case_id", "round")[(page - 1) * size : page * size])
    wanted = Case.objects.visible_to(by).filter(pk__in=[fact.case_id for fact in shown]).select_related("lead_unit")
    known = {case.pk: case for case in wanted.defer("text", "sealed_text", "reply")}
    return [(fact, known.get(fact.case_id)) for fact in shown]


# -- over time, by stage, what grows -------------------------------------------------------------------


@dataclass(frozen=True)
class Trend:
    """Numbers along the days or months of the period (趋势)."""

    names: tuple[str, ...]
    days: tuple[str, ...]
    lines: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> list[tuple[str, tuple[int, ...]]]:
        """Day by day, for the table."""
        return [(day, tuple(line[n] for line in self.lines)) for n, day in enumerate(self.days)]


def _steps(asked: Asked) -> list[tuple[date, str]]:
    """On which days the steps of the trend begin, and how they are shown: days, or months when the period is long."""
    if (asked.last - asked.first).days < LONGEST_BY_DAY:
        days = [asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)]
        return [(day, f"{day.month}-{day.day}") for day in days]
    found, at = [], asked.first
    while at <= asked.last:
        found.append((at, f"{at.year}-{at.month:02d}"))
        at = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
    return found


def _trend(shown: Sequence[str], told: Tally) -> Trend:
    """Received, handled and closed by day; by month when the period is long."""
    lines = (tuple(told.steps.get(name, {}).get(n, 0) for n in range(1, len(shown) + 1)) for name in TREND)
    return Trend(("上报", "处置", "办结"), tuple(shown), tuple(lines))


def _timed(stage: rules.Stage, period: Period) -> Q:
    return Q(**{f"{stage.code}__isnull": False}) & period.within(stage.done)


def _stages(asked: Asked, told: Tally) -> list[StageLine]:
    """Working time of each stage done in the period: mean, median, and what nine of ten stayed below."""
    return [
        StageLine(
            stage.name, many, rules.hours(mean), rules.hours(half), rules.hours(most), cases_url(asked, stage.code),
            round((mean or 0) / 3600, 1),
        )
        for stage, (many, mean, half, most) in ((stage, told.stages[stage.code]) for stage in STAGES)
    ]  # fmt: skip


@dataclass(frozen=True)
class HotLine:
    """A category that many report (高频类别), and how it grew since the period before."""

    name: str
    now: Cell
    before: int
    growth: Decimal | None


def _hot(asked: Asked, now: Mapping[str, int], past: Mapping[str, int]) -> list[HotLine]:
    """The categories reported most, with the growth since the period before."""
    top = sorted(now, key=lambda path: (-now[path], path))[:HOT]
    names = dict(Category.objects.filter(path__in=top).values_list("path", "full_name"))
    deeper = replace(asked, by="category")
    return [
        HotLine(
            names.get(path, path), Cell(now[path], f"{reverse('statistics-cases')}?{replace(deeper, category=path).query()}", "reported"),
            past.get(path, 0), rules.change(now[path], past.get(path, 0)),
        )
        for path in top
    ]  # fmt: skip


# -- all of it ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Everything about the chosen days (统计结果)."""

    now: Line
    before: Line
    year: Line
    rates: list[RateLine]
    lines: list[Line]
    trend: Trend
    stages: list[StageLine]
    hot: list[HotLine]


def whole(by: Actor, asked: Asked) -> Figures:
    """All figures of a question: three readings of the facts, one for each period that is looked at."""
    steps = _steps(asked)
    now = tally(by, asked, _key(asked), [at for at, _ in steps], stages=True)
    before, year = (
        tally(by, replace(asked, first=first, last=last))
        for first, last in (rules.before(asked.first, asked.last), rules.year_before(asked.first, asked.last))
    )
    total, earlier, last_year = (_line("", "合计", each.all(), asked) for each in (now, before, year))
    return Figures(
        total, earlier, last_year, rates(total, earlier, last_year), _lines(asked, now),
        _trend([name for _, name in steps], now), _stages(asked, now), _hot(asked, now.categories, before.categories),
    )  # fmt: skip


# -- what may be chosen --------------------------------------------------------------------------------


def areas_for(by: Actor, chosen: Area | None) -> list[Area]:
    """The areas this reader may choose: from his own down, along the line of the one chosen."""
    if by.scope.everything:
        top = Q(level="town")
    elif by.scope.area:
        top = Q(pk=by.scope.area)
    else:
        return []
    if chosen is not None:
        line = [key for key in chosen.ancestors().values() if key]
        top |= Q(parent__in=line) | Q(pk__in=line)
    rows = Area.objects.filter(top, valid_to__isnull=True).exclude(level="district").defer("shape", "centre")
    return sorted(rows, key=lambda area: (LEVELS.index(area.level), area.code))


def units_for(by: Actor) -> QuerySet[Unit]:
    """The units that lead cases, within what the reader sees."""
    kinds = (Unit.Kind.DEPARTMENT, Unit.Kind.TOWN, Unit.Kind.CENTRE, Unit.Kind.OUTSIDE)
    rows = Unit.objects.filter(kind__in=kinds, valid_to__isnull=True).order_by("kind", "order", "code")
    return rows if by.scope.everything else rows.filter(pk__in=[*by.scope.units, *by.above])
