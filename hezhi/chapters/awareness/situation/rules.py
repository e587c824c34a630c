"""Comparing periods (同比、环比、显著性; 9.1.4-2-1): values in, values out."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hezhi.chapters.awareness.early_warning.api import significant
from hezhi.engines.analysis import series, spatial

__all__ = [
    "FEWEST",
    "Around",
    "Compared",
    "Influence",
    "News",
    "Period",
    "Piece",
    "Result",
    "apply",
    "borne_out",
    "change",
    "compared",
    "explained",
    "hot_words",
    "influence_rows",
    "influences",
    "next_day",
    "next_run",
    "overrun",
    "say",
    "shares",
    "spots",
    "spread",
]

FEWEST = 8
"""Below so many in both periods together nothing is said about rising or falling (不足以判断)."""
LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day, both within (统计期)."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """The equally long period just before (环比期)."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def a_year_before(self) -> Period:
        """The same days of the year before (同比期); the 29th of February becomes the 28th."""
        return Period(_a_year_before(self.first), _a_year_before(self.last))


def _a_year_before(day: date) -> date:
    last = calendar.monthrange(day.year - 1, day.month)[1]
    return day.replace(year=day.year - 1, day=min(day.day, last))


@dataclass(frozen=True, slots=True)
class Compared:
    """One line: how many now, before, a year before, and what may be said of it. `trend`: up, down, calm, few."""

    key: str
    now: int
    before: int
    year: int
    trend: str
    chance: float


def compared(
    rows: Mapping[str, tuple[int, int, int]], alike: Mapping[tuple[int, ...], int] | None = None
) -> list[Compared]:
    """Lines from (now, before, a year before), the largest first.

    Up or down only what is beyond chance among all lines together: an exact test of two Poisson rates on each side,
    corrected (Benjamini-Hochberg). `alike` says of all lines how many have which (now, before), where not all are handed over.
    """
    among = alike or Counter((now, before) for now, before, _ in rows.values())
    pairs = list(among)
    chances = [_chance(*pair) for pair in pairs]
    beyond = dict(zip(pairs, significant(chances, among.values()), strict=True))
    chance_of = dict(zip(pairs, chances, strict=True))
    found = []
    for key, (now, before, year) in rows.items():
        few, sure = now + before < FEWEST, beyond[now, before]
        trend = "few" if few else "calm" if not sure else "up" if now > before else "down"
        found.append(Compared(key, now, before, year, trend, chance_of[now, before]))
    return sorted(found, key=lambda line: (-line.now, line.key))


def _chance(now: int, before: int) -> float:
    """How likely two equal rates differ as much or more, on either side."""
    from scipy.special import bdtr, bdtrc  # binom of scipy.stats takes a second and a half to read

    total = now + before
    if not total:
        return 1.0
    low, high = bdtr(now, total, 0.5), bdtrc(now - 1, total, 0.5)
    return float(min(1.0, 2 * min(low, high)))


def change(now: int, before: int) -> str:
    """«+25%», «-10%»; where there was nothing before, nothing can be compared."""
    if not before:
        return "—" if not now else "无可比"
    return f"{(now - before) / before:+.0%}"


def say(line: Compared) -> str:
    """What may be said of a line, in a word."""
    return {"up": "明显上升", "down": "明显下降", "calm": "在正常波动内", "few": "件数少，不足以判断"}[line.trend]


def hot_words(now: Iterable[set[str]], before: Iterable[set[str]], most: int = 20) -> list[tuple[str, int, int]]:
    """Words that many messages of the period share and fewer before: word, messages now, messages before."""
    counts: Counter[str] = Counter(word for words in now for word in words)
    earlier: Counter[str] = Counter(word for words in before for word in words)
    told = [(word, n, earlier[word]) for word, n in counts.items() if n >= LEAST_WORDS]
    return sorted(told, key=lambda row: (-(row[1] ** 2) / (row[1] + row[2] + 1), row[0]))[:most]


def next_day(schedule: str, today: date) -> date | None:
    """When a report is due next: every day, every Monday, every first of the month; None without a schedule."""
    if schedule == "daily":
        return today + timedelta(days=1)
    if schedule == "weekly":
        return today + timedelta(days=7 - today.weekday())
    if schedule == "monthly":
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None


def next_run(*, daily: bool, weekly: bool, today: date) -> date | None:
    """When a published model runs next: tomorrow, next Monday, or only by hand."""
    return next_day("daily" if daily else "weekly" if weekly else "", today)


def spread(days: Sequence[date], counts: Mapping[date, int]) -> list[int]:
    """Counts of each day, nought where nothing came."""
    return [counts.get(day, 0) for day in days]


# -- what a method says in words -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """Something new that a model found (新发现), of which a warning may be made: its day, how many matters, how many were
    to be expected, and how likely by chance."""

    on: date
    seen: int
    expected: float
    chance: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a model found (成果): the sentence, how far it may be trusted, whether it may be used, whether it is news.

    `alert` tells the receivers; only what has `news` may become a warning.
    """

    told: str
    trust: str
    usable: bool
    alert: bool
    content: dict[str, Any] = field(default_factory=dict)
    news: News | None = None


FEW = Result("数据太少，不足以判断。", f"至少需要 {series.LEAST_DAYS} 天、{series.LEAST_SUM} 件。", False, False)
NEWS_DAYS = 14
"""A break or a strange day of the last two weeks is news."""


def apply(method: str, first: date, values: Sequence[int], horizon: int) -> Result:
    """Apply a method to daily counts and say what came out."""
    if not series.enough(values):
        return FEW
    drawn = {"first": first.isoformat(), "values": list(values)}
    made = {"trend": _trend, "breaks": _breaks, "anomalies": _anomalies}
    result = _forecast(first, values, horizon) if method == "forecast" else made[method](first, values)
    return replace(result, content=drawn | result.content)


def _trend(first: date, values: Sequence[int]) -> Result:
    found = series.trend(values)
    week, rows = _week(first, values)
    trust = f"按周合计，Theil–Sen 斜率，Kendall 检验 P = {found.chance:.3f}；一周起伏由 STL 分解，{week}。"
    if not found.sure:
        return Result("没有可以确认的长期趋势。", trust, True, False, {"rows": rows})
    way = "上升" if found.a_week > 0 else "下降"
    told = f"长期{way}：每周{'增加' if found.a_week > 0 else '减少'} {abs(found.a_week):.1f} 件（95% 区间 {found.low:+.1f} 至 {found.high:+.1f}）。"
    return Result(told, trust, True, found.a_week > 0, {"rows": rows})


WEEKDAYS = "一二三四五六日"


def _week(first: date, values: Sequence[int]) -> tuple[str, list[list[Any]]]:
    """What is said of the days of the week, and each with its part, Monday first."""
    found = series.season(values)
    start = first + timedelta(days=len(values) - len(found.days))
    mean = sum(found.days) / len(found.days)
    told = sorted((start + timedelta(days=n)).weekday() for n in range(len(found.days)))
    by_day = {(start + timedelta(days=n)).weekday(): value for n, value in enumerate(found.days)}
    rows = [[f"周{WEEKDAYS[day]}", by_day[day], f"{by_day[day] / mean - 1:+.0%}" if mean else "—"] for day in told]
    said = "各天之间的差别超出偶然" if found.sure else "各天之间的差别可能是偶然"
    return f"{said}（Kruskal–Wallis 检验 P = {found.chance:.3f}）", rows


def _breaks(first: date, values: Sequence[int]) -> Result:
    found = series.breaks(values)
    trust = "先去除一周内的起伏，再找水平的突变（PELT），前后各 28 天作比较并校正；日期可能相差一两天。"
    if not found:
        return Result("没有发现突变。", trust, True, False)
    last = found[-1]
    told = "；".join(
        f"{first + timedelta(days=b.index):%Y-%m-%d} 起由每天 {b.before:.1f} 件变为 {b.after:.1f} 件"
        for b in found[-3:]
    )
    rows = [[(first + timedelta(days=b.index)).isoformat(), round(b.before, 1), round(b.after, 1)] for b in found]
    if last.index < len(values) - NEWS_DAYS:
        return Result(f"{told}。", trust, True, False, {"rows": rows})
    since = values[last.index :]
    news = News(first + timedelta(days=last.index), sum(since), last.before * len(since), last.chance)
    return Result(f"{told}。", trust, True, True, {"rows": rows}, news)


def _anomalies(first: date, values: Sequence[int]) -> Result:
    found = series.anomalies(values)
    trust = "与趋势和一周起伏（STL，稳健）相比，按全部天数校正；只列最近 28 天。"
    if not found:
        return Result("最近 28 天没有异常。", trust, True, False)
    told = "；".join(
        f"{first + timedelta(days=a.index):%m-%d} {a.seen} 件，预计 {a.expected:.0f} 件" for a in found[-5:]
    )
    rows = [[(first + timedelta(days=a.index)).isoformat(), a.seen, round(a.expected, 1)] for a in found]
    last = found[-1]
    if last.index < len(values) - NEWS_DAYS:
        return Result(f"{told}。", trust, True, False, {"rows": rows})
    news = News(first + timedelta(days=last.index), last.seen, last.expected, last.chance)
    return Result(f"{told}。", trust, True, True, {"rows": rows}, news)


def _forecast(first: date, values: Sequence[int], horizon: int) -> Result:
    found = series.forecast(values, horizon)
    start = first + timedelta(days=len(values))
    rows = [
        [(start + timedelta(days=n)).isoformat(), mid, low, high]
        for n, (mid, low, high) in enumerate(zip(found.middle, found.low, found.high, strict=True))
    ]
    told = f"未来 {horizon} 天预计共 {sum(found.middle):.0f} 件，平均每天 {sum(found.middle) / horizon:.1f} 件。"
    better = "好于" if found.beats_naive else "不如"
    trust = (
        f"留出最近 4 周检验：平均每天误差 {found.error:.1f} 件，{better}「与上周同日相同」的 {found.naive:.1f} 件；"
        f"{found.inside:.0%} 的天数落在区间内（应为 80%）。"
    )
    return Result(told, trust, found.beats_naive, False, {"rows": rows, "inside": round(found.inside, 3)})


WATCHED = 7
"""Days that are held against an earlier forecast."""


def overrun(result: Result, before: Mapping[str, Any] | None, last: date, values: Sequence[int]) -> Result:
    """Add to a forecast whether the last week kept within the bounds that an earlier one had told (预测越界).

    So many days on one side of the bounds are held against how many should lie there by chance: a tenth, or more where
    the held-out weeks showed the bounds to be too narrow.
    """
    from scipy.special import bdtrc  # binom of scipy.stats takes a second and a half to read

    told = {date.fromisoformat(day): (mid, low, high) for day, mid, low, high in (before or {}).get("rows", [])}
    days = [last - timedelta(days=n) for n in reversed(range(WATCHED))]
    if not result.usable or len(values) < WATCHED or any(day not in told for day in days):
        return result
    seen = list(values[-WATCHED:])
    share = max(0.1, (1 - float((before or {}).get("inside", 0.8))) / 2)
    over = [day for day, n in zip(days, seen, strict=True) if n > told[day][2]]
    under = [day for day, n in zip(days, seen, strict=True) if n < told[day][1]]
    off, side = (over, "上限") if len(over) >= len(under) else (under, "下限")
    chance = float(min(1.0, 2 * bdtrc(len(off) - 1, WATCHED, share))) if off else 1.0
    expected = sum(told[day][0] for day in days)
    held = f"最近 {WATCHED} 天实际 {sum(seen)} 件，此前预计 {expected:.0f} 件"
    if chance > series.ALPHA:
        return replace(result, told=f"{result.told}{held}，没有越出区间。")
    said = f"{held}，其中 {len(off)} 天越出区间{side}。"
    news = News(off[-1], sum(seen), expected, chance)
    return replace(result, told=f"{said}{result.told}", alert=True, news=news)


def shares(rows: Mapping[str, tuple[int, int]]) -> Result:
    """Where a change comes from (变化来源): each part's share of the whole change, and which are beyond chance."""
    lines = compared({name: (now, before, 0) for name, (now, before) in rows.items()})
    now, before = sum(line.now for line in lines), sum(line.before for line in lines)
    if now + before < FEWEST:
        return FEW
    ranked = sorted(lines, key=lambda line: -abs(line.now - line.before))
    table = [[line.key, line.now, line.before, line.now - line.before, say(line)] for line in ranked]
    sure = [line for line in ranked if line.trend in ("up", "down")]
    whole = f"合计 {now} 件，上期 {before} 件（{change(now, before)}）"
    part = (
        "；".join(f"{line.key} {line.now - line.before:+d} 件" for line in sure[:5]) or "没有哪一部分的变化超出正常波动"
    )
    return Result(
        f"{whole}：{part}。",
        "各部分逐一检验（两个泊松率），并按部分数校正。",
        True,
        any(line.trend == "up" for line in sure),
        {"rows": table},
    )


# -- where it gathers ----------------------------------------------------------------------------------------

TOLD_SPOTS = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of ground: how it is found again, what it is called, what came now and in the period before, what it touches."""

    key: str
    name: str
    now: int
    before: int
    touches: tuple[int, ...]


def spots(pieces: Sequence[Piece], last: date) -> Result:
    """Where matters gather beyond chance (空间热点): Gi* of thirty days, and what was not yet hot in the thirty before."""
    counts = [piece.now for piece in pieces]
    if not spatial.enough(counts):
        few = f"至少需要 {spatial.LEAST_PIECES} 个统计单元、{spatial.LEAST_SUM} 件。"
        return Result("数据太少，不足以判断。", few, False, False)
    touches = [piece.touches for piece in pieces]
    now = spatial.gi_star(counts, touches)
    earlier = [piece.before for piece in pieces]
    before = spatial.gi_star(earlier, touches) if spatial.enough(earlier) else None
    told = sorted((n for n, spot in enumerate(now) if spot.tells), key=lambda n: -now[n].score)
    words = {n: _spot_word(now[n].tells, before, n) for n in told}
    rows = [[pieces[n].name, now[n].count, now[n].around, round(now[n].expected, 1), round(now[n].score, 2), words[n]] for n in told]  # fmt: skip
    content = {
        "rows": rows[:TOLD_SPOTS],
        "spots": [[pieces[n].key, pieces[n].name, now[n].count, words[n]] for n in told],
    }
    trust = (
        f"Getis-Ord Gi*，{len(pieces)} 个统计单元，每个连同相邻单元与全部相比，按单元数校正；"
        f"最近 30 天共 {sum(counts)} 件，地点不明的不计。"
    )
    hot, fresh = [n for n in told if now[n].tells > 0], [n for n in told if words[n] == "新热点"]
    if not hot:
        return Result("没有超出偶然的空间热点。", trust, True, False, content)
    news = None
    if fresh:
        top = fresh[0]
        news = News(last, now[top].around, now[top].expected, min(now[n].chance for n in fresh))
    said = (
        f"热点 {len(hot)} 处，其中新热点 {len(fresh)} 处："
        if before
        else f"热点 {len(hot)} 处（上期件数少，分不出新旧）："
    )
    named = "、".join(pieces[n].name for n in (fresh or hot)[:5])
    return Result(f"{said}{named}{'等' if len(fresh or hot) > 5 else ''}。", trust, True, bool(fresh), content, news)


def _spot_word(tells: int, before: Sequence[spatial.Spot] | None, n: int) -> str:
    if tells < 0:
        return "冷点"
    return "新热点" if before is not None and before[n].tells <= 0 else "热点"


# -- what else was going on -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Around:
    """What was around on a day (城市多源信息): the calendar's word for it, and the weather as far as it is known."""

    day: date
    named: str = ""
    holiday: bool = False
    make_up: bool = False
    high: float | None = None
    low: float | None = None
    rain: float | None = None
    wind: int | None = None
    warned: str | None = None
    """The warning in words, empty for none, None where nobody told."""


HEAVY_RAIN, HOT, COLD, STRONG_WIND = 25.0, 35.0, -5.0, 7
KINDS_OF_DAY: tuple[tuple[str, Callable[[Around], bool | None]], ...] = (
    ("大雨（25 毫米以上）", lambda day: None if day.rain is None else day.rain >= HEAVY_RAIN),
    ("高温（35 ℃以上）", lambda day: None if day.high is None else day.high >= HOT),
    ("严寒（−5 ℃以下）", lambda day: None if day.low is None else day.low <= COLD),
    ("大风（7 级以上）", lambda day: None if day.wind is None else day.wind >= STRONG_WIND),
    ("有气象预警", lambda day: None if day.warned is None else bool(day.warned)),
    ("节假日", lambda day: day.holiday),
    ("调休上班日", lambda day: day.make_up),
)
"""Kinds of days that are held against the others; what the source does not know of a day is neither."""


@dataclass(frozen=True, slots=True)
class Influence:
    """What goes with a kind of day (影响因素): how many of them now and before, what is counted on one and otherwise.

    `beside` is None where there are too few; only what is `sure`, with all kinds of day taken together, may be told.
    """

    name: str
    now: int
    before: int
    beside: series.Beside | None
    sure: bool

    @property
    def added(self) -> float:
        """How much of the change between the periods goes with the number of these days."""
        return (self.now - self.before) * (self.beside.mean - self.beside.usual) if self.beside and self.sure else 0.0

    @property
    def said(self) -> str:
        """What may be said of it, in a word."""
        if self.beside is None:
            return "天数少，不足以判断"
        if not self.sure:
            return "与其他日的差别可能是偶然"
        return "明显偏多" if self.beside.mean > self.beside.usual else "明显偏少"


def influences(values: Sequence[int], around: Sequence[Around], now: Period, before: Period) -> list[Influence]:
    """Daily counts beside what was around on these days: for each kind of day that occurred, whether it goes with more.

    Holidays and weather come together with other things; what is found is no proof of a cause.
    """
    marked = [(name, [kind(day) for day in around]) for name, kind in KINDS_OF_DAY]
    found = [(name, marks, series.beside(values, marks)) for name, marks in marked if any(marks)]
    beyond = iter(significant([each.chance for _, _, each in found if each is not None]))
    return [
        Influence(
            name, _many(marks, around, now), _many(marks, around, before), each, each is not None and next(beyond)
        )
        for name, marks, each in found
    ]


def _many(marks: Sequence[bool | None], around: Sequence[Around], within: Period) -> int:
    return sum(bool(mark) for mark, day in zip(marks, around, strict=True) if within.first <= day.day <= within.last)


def explained(result: Result, found: Sequence[Influence]) -> Result:
    """Add to the sources of a change what goes with the days (天气、节假日): told only what is beyond chance."""
    told = "".join(
        f"{each.name}平均每天 {each.beside.mean:g} 件，前后同星期的其他日 {each.beside.usual:g} 件；"
        f"本期 {each.now} 天、上期 {each.before} 天，约合 {each.added:+.0f} 件。"
        for each in found
        if each.sure and each.beside
    )
    return replace(result, told=f"{result.told}{told}", content=result.content | {"influences": influence_rows(found)})


def influence_rows(found: Sequence[Influence]) -> list[list[Any]]:
    """Influences as they are kept and shown: kind of day, how many now and before, on one, otherwise, what may be said."""
    return [
        [
            each.name, each.now, each.before, each.beside.mean if each.beside else "—", each.beside.usual if each.beside else "—",
            f"{each.said}（P = {each.beside.chance:.3f}）" if each.beside else each.said,
        ]
        for each in found
    ]  # fmt: skip


# -- looking back ---------------------------------------------------------------------------------------------

MOVES = 3
"""A break may lie so many days elsewhere when more days are known."""


def borne_out(method: str, result: Result, later: Result) -> bool:
    """Whether a discovery was right, by the same method's result some weeks later (事后证实).

    A break: still there, in the same direction. A strange day: still strange among the days after it. Hot ground: one of
    the new places is hot again. Beyond a forecast: the next week lies on the same side of it, beyond chance.
    """
    news = result.news
    if news is None:
        return False
    rows = later.content.get("rows", [])
    if method == "spots":
        fresh = {key for key, _, _, word in result.content["spots"] if word == "新热点"}
        return any(key in fresh and word != "冷点" for key, _, _, word in later.content.get("spots", []))
    if method == "breaks":
        up = news.seen > news.expected
        return any(
            abs((date.fromisoformat(day) - news.on).days) <= MOVES and (after > before) == up
            for day, before, after in rows
        )
    if method == "anomalies":
        return any(day == news.on.isoformat() for day, *_ in rows)
    return _again(news, later.content.get("values", [])[-WATCHED:])


def _again(news: News, seen: Sequence[int]) -> bool:
    from scipy.stats import poisson  # half a second to read, and few requests ask

    if len(seen) < WATCHED:
        return False
    many = sum(seen)
    chance = poisson.sf(many - 1, news.expected) if news.seen > news.expected else poisson.cdf(many, news.expected)
    return bool(chance <= series.ALPHA)
