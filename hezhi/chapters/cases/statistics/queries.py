"""Reads of the figures (统计查询, 9.1.2-4), always starting from who reads: his scope narrows every number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Aggregate, Avg, Count, F, FloatField, Func, Min, Q, QuerySet, TextField
from django.db.models.functions import TruncDay, TruncMonth
from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case, Category, Kind, Source, Urgency
from hezhi.chapters.cases.statistics import rules
from hezhi.chapters.cases.statistics.models import Fact, Mark
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
    url: str = ""


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
    oldest: datetime | None = Mark.objects.aggregate(at=Min("at"))["at"]
    return oldest or time.now()


def facts(by: Actor, asked: Asked) -> QuerySet[Any, Any]:
    """The facts of the question that this reader may see."""
    found: QuerySet[Any, Any] = Fact.objects.visible_to(by).counted().filter(asked.condition())
    return found


def cases_url(asked: Asked, code: str, **more: Any) -> str:
    """The address of the cases behind a figure."""
    return f"{reverse('statistics-cases')}?{asked.query(measure=code, **more)}"


def count(rows: QuerySet[Any, Any], period: Period, codes: Sequence[str]) -> dict[str, int]:
    """These measures over these facts, in one statement."""
    return rows.filter(period.touched()).aggregate(**_counts(period, codes))


def _counts(period: Period, codes: Sequence[str]) -> dict[str, Count]:
    return {code: Count("pk", filter=MEASURES[code].of(period)) for code in codes}


def total(by: Actor, asked: Asked) -> Line:
    """All measures of the whole question."""
    told = count(facts(by, asked), asked.period(time.now()), list(MEASURES))
    return Line("", "合计", {code: Cell(value, cases_url(asked, code)) for code, value in told.items()})


def compared(by: Actor, asked: Asked) -> tuple[Line, Line]:
    """The same of the period before (环比) and of a year before (同比)."""
    found = []
    for first, last in (rules.before(asked.first, asked.last), rules.year_before(asked.first, asked.last)):
        found.append(total(by, replace(asked, first=first, last=last)))
    return found[0], found[1]


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


def breakdown(by: Actor, asked: Asked, codes: Sequence[str] = SHOWN) -> list[Line]:
    """The figures line by line, the largest first; each leads to its cases, and an area or category further down."""
    period = asked.period(time.now())
    rows = facts(by, asked).filter(period.touched()).order_by().annotate(key=_key(asked)).values("key")
    told: list[dict[str, Any]] = list(rows.annotate(**_counts(period, codes)))
    counted = [row for row in told if any(row[code] for code in codes)]
    names = _names(asked, [row["key"] for row in counted])
    lines = []
    for row in counted:
        key = "" if row["key"] is None else str(row["key"])
        cells = {code: Cell(row[code], cases_url(asked, code, value=key or "none")) for code in codes}
        lines.append(Line(key, names.get(key, NAMELESS[asked.by]), cells))
    return sorted(lines, key=lambda line: (-line[codes[0]], line.name))


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


TREND_MOMENTS = {"reported": "received_at", "handled": "handled_at", "closed": "ended_at"}


def trend(by: Actor, asked: Asked) -> Trend:
    """Received, handled and closed by day; by month when the period is long."""
    period, rows = asked.period(time.now()), facts(by, asked)
    by_day = (asked.last - asked.first).days < LONGEST_BY_DAY
    places = _days(asked) if by_day else _months(asked)
    cut: Any = TruncDay if by_day else TruncMonth
    lines = []
    for code in TREND:
        name = TREND_MOMENTS[code]
        wanted = period.within(name) & (
            Q(round=1) if code == "reported" else Q(outcome="closed") if code == "closed" else Q()
        )
        told = rows.filter(wanted).order_by().annotate(at=cut(name, tzinfo=time.SHANGHAI)).values("at")
        found = {time.local(row["at"]).date(): row["n"] for row in told.annotate(n=Count("pk"))}
        lines.append(tuple(found.get(day, 0) for day in places))
    shown = tuple(f"{d.month}-{d.day}" if by_day else f"{d.year}-{d.month:02d}" for d in places)
    return Trend(("上报", "处置", "办结"), shown, tuple(lines))


def _days(asked: Asked) -> list[date]:
    return [asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)]


def _months(asked: Asked) -> list[date]:
    found, at = [], asked.first.replace(day=1)
    while at <= asked.last:
        found.append(at)
        at = (at + timedelta(days=32)).replace(day=1)
    return found


class _At(Aggregate):
    """A percentile of a column among chosen rows."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) within group (order by %(expressions)s)"
    output_field = FloatField()


def _timed(stage: rules.Stage, period: Period) -> Q:
    return Q(**{f"{stage.code}__isnull": False}) & period.within(stage.done)


def stages(by: Actor, asked: Asked) -> list[StageLine]:
    """Working time of each stage done in the period: mean, median, and what nine of ten stayed below."""
    period = asked.period(time.now())
    told: dict[str, Any] = {}
    for stage in STAGES:
        wanted = _timed(stage, period)
        told[f"{stage.code}_n"] = Count("pk", filter=wanted)
        told[f"{stage.code}_mean"] = Avg(stage.code, filter=wanted)
        told[f"{stage.code}_median"] = _At(stage.code, share="0.5", filter=wanted)
        told[f"{stage.code}_slow"] = _At(stage.code, share="0.9", filter=wanted)
    found = facts(by, asked).filter(period.touched()).aggregate(**told)
    return [
        StageLine(
            stage.name, found[f"{stage.code}_n"], rules.hours(found[f"{stage.code}_mean"]),
            rules.hours(found[f"{stage.code}_median"]), rules.hours(found[f"{stage.code}_slow"]),
            cases_url(asked, stage.code), round((found[f"{stage.code}_mean"] or 0) / 3600, 1),
        )
        for stage in STAGES
    ]  # fmt: skip


@dataclass(frozen=True)
class HotLine:
    """A category that many report (高频类别), and how it grew since the period before."""

    name: str
    now: Cell
    before: int
    growth: Decimal | None


def hot(by: Actor, asked: Asked) -> list[HotLine]:
    """The categories reported most, with the growth since the period before."""
    first, last = rules.before(asked.first, asked.last)
    now, past = (
        dict(
            facts(by, each).filter(MEASURES["reported"].of(each.period(time.now()))).exclude(category_path="").order_by()
            .values_list("category_path").annotate(n=Count("pk"))
        )
        for each in (asked, replace(asked, first=first, last=last))
    )  # fmt: skip
    top = sorted(now, key=lambda path: (-now[path], path))[:HOT]
    names = dict(Category.objects.filter(path__in=top).values_list("path", "full_name"))
    whole = replace(asked, by="category")
    return [
        HotLine(
            names.get(path, path), Cell(now[path], cases_url(replace(whole, category=path), "reported")),
            past.get(path, 0), rules.change(now[path], past.get(path, 0)),
        )
        for path in top
    ]  # fmt: skip


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
