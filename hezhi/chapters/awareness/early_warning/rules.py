"""What makes an event hot, and what is worth a warning (热度、激增、预警条件; 9.1.4-1): values in, values out.

The unit is always a matter at a place. A reporter counts once for a matter, so that one person who calls ten
times does not make a burst; who he is, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

__all__ = [
    "BASE_DAYS", "HALF_LIFE", "Burst", "Condition", "Facts", "Judged", "Quality", "Report", "burst", "chance_of", "compared", "fires", "heat", "judged_right",
    "level_shown", "person_in", "quality", "reporters_within", "significant", "why_burst", "why_heat",
]  # fmt: skip

HALF_LIFE = timedelta(days=3)
BASE_DAYS = 28
ALPHA = 0.05
CALM = 3
"""The highest level (3 yellow) of a warning whose burst lies within chance: never red or orange."""
RED, BLUE = 1, 4
GROWS_BY = 3
"""An event that so many further people report within a week was rightly warned of (dry run)."""
WEEK = timedelta(days=7)
TITLES = ("先生", "女士", "同志", "老师", "某某")


@dataclass(frozen=True, slots=True)
class Report:
    """One message of an event: when it was sent, and a number that is the same for messages of one reporter."""

    at: datetime
    reporter: int


def heat(reports: Iterable[Report], now: datetime) -> float:
    """Distinct reporters, each with his newest message, which counts half after three days (热度)."""
    newest: dict[int, datetime] = {}
    for report in reports:
        if report.at <= now:
            newest[report.reporter] = max(report.at, newest.get(report.reporter, report.at))
    return sum(0.5 ** ((now - at) / HALF_LIFE) for at in newest.values())


def reporters_within(reports: Iterable[Report], now: datetime, window: timedelta) -> int:
    """How many different people reported within the window before now."""
    return len({report.reporter for report in reports if now - window < report.at <= now})


@dataclass(frozen=True, slots=True)
class Burst:
    """How much more a matter is reported than its place usually is (激增): counts, ratio and how likely by chance.

    `seen` people in `days`; `usual` messages of the place and kind in the 28 days before; `ratio` compares the
    rates; `chance` is the probability of as much or more if nothing had changed.
    """

    seen: int
    usual: int
    days: float
    ratio: float
    chance: float

    @property
    def expected(self) -> float:
        """How many the place usually has in this time."""
        return self.usual * self.days / BASE_DAYS


def burst(seen: int, usual: int, days: float) -> Burst:
    """Compare two rates: given all of them, how many fell into the window by chance (exact, two Poisson rates).

    The usual rate is itself known only from 28 days; this test takes that into account.
    """
    from scipy.special import bdtrc  # binom.sf of scipy.stats takes a second and a half to read

    chance = float(bdtrc(seen - 1, seen + usual, days / (days + BASE_DAYS))) if seen else 1.0
    return Burst(seen, usual, days, (seen / days) / (max(usual, 0.5) / BASE_DAYS), chance)


def significant(chances: Sequence[float], times: Iterable[int] | None = None, alpha: float = ALPHA) -> list[bool]:
    """Which of many are beyond chance when all are looked at together (Benjamini-Hochberg).

    `times` says how many have each chance, where equal ones are told once.
    """
    often = list(times) if times is not None else [1] * len(chances)
    many, rank, kept = sum(often), 0, 0
    order = sorted(range(len(chances)), key=lambda n: chances[n])
    for place, n in enumerate(order, 1):
        rank += often[n]
        if chances[n] <= alpha * rank / many:
            kept = place
    found = set(order[:kept])
    return [n in found for n in range(len(chances))]


def why_heat(value: float, reporters: int, messages: int, last: str) -> str:
    """The heat in a sentence."""
    return (
        f"热度 {value:.1f}：共 {messages} 件、{reporters} 人反映，最近一件 {last}；同一人只计一次，每过 3 天分量减半。"
    )


def why_burst(found: Burst, place: str, beyond: bool) -> str:
    """The burst in a sentence."""
    days = f"{found.days:g}"
    said = f"最近 {days} 天 {found.seen} 人反映，{place}此前 28 天"
    if found.usual:
        said += f"同类诉求共 {found.usual} 件，折合 {days} 天 {found.expected:.1f} 件，为平时的 {times(found.ratio)}"
    else:
        said += "没有同类诉求"
    if beyond:
        return f"{said}，超出偶然波动（{chance_of(found.chance)}，已按同时检验的事件数校正）。"
    return f"{said}，仍可能是偶然波动（{chance_of(found.chance)}），不作橙色、红色预警。"


def compared(usual: int, ratio: float) -> str:
    """How many times the usual, or that there was nothing like it before."""
    return times(ratio) if usual else "平时没有"


def times(ratio: float) -> str:
    """«3.2 倍»."""
    return f"{ratio:.1f} 倍" if ratio < 100 else "100 倍以上"


def chance_of(value: float) -> str:
    """How likely it is by chance, in words."""
    return "偶然概率小于 0.0001" if value < 0.0001 else f"偶然概率 {value:.4f}"


# -- the condition of a model --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """What a model asks for (预警条件): everything that is given must hold."""

    level: int
    reporters: int = 0
    heat: float = 0.0
    ratio: float = 0.0
    beyond_chance: bool = True
    days: int = 3
    category: str = ""
    area: str = ""
    words: tuple[str, ...] = ()
    urgent: bool = False
    unresolved_hours: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """How an event stands at a moment: for one window of days."""

    reports: tuple[Report, ...]
    burst: Burst
    beyond: bool
    heat: float
    categories: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    urgent: bool = False
    oldest_open: datetime | None = None


def fires(condition: Condition, facts: Facts, now: datetime) -> list[str] | None:
    """The reasons in words when the condition holds, else None."""
    checks: list[tuple[bool, bool, str]] = [
        (condition.reporters > 0, facts.burst.seen >= condition.reporters,
         f"{facts.burst.days:g} 天内 {facts.burst.seen} 人反映（条件 {condition.reporters} 人）"),
        (condition.heat > 0, facts.heat >= condition.heat, f"热度 {facts.heat:.1f}（条件 {condition.heat:g}）"),
        (condition.ratio > 0, facts.burst.ratio >= condition.ratio,
         f"{_usually(facts.burst)}（条件 {condition.ratio:g} 倍）"),
        (condition.beyond_chance, facts.beyond, "超出偶然波动"),
        (bool(condition.category), _has(facts.categories, condition.category), "属于所设类别"),
        (bool(condition.area), condition.area in facts.areas, "在所设区域"),
        (bool(condition.words), any(word in title for title in facts.titles for word in condition.words),
         f"提到「{'、'.join(condition.words)}」"),
        (condition.urgent, facts.urgent, "有紧急或特急件"),
        (condition.unresolved_hours > 0, _waits(facts.oldest_open, now, condition.unresolved_hours),
         f"最早一件超过 {condition.unresolved_hours} 小时仍未办结"),
    ]  # fmt: skip
    asked = [(holds, why) for given, holds, why in checks if given]
    return [why for _, why in asked] if asked and all(holds for holds, _ in asked) else None


def _usually(found: Burst) -> str:
    return f"为平时的 {times(found.ratio)}" if found.usual else "此前 28 天当地没有同类诉求"


def _has(paths: Iterable[str], category: str) -> bool:
    return any(path == category or path.startswith(f"{category}/") for path in paths)


def _waits(oldest: datetime | None, now: datetime, hours: int) -> bool:
    return oldest is not None and now - oldest >= timedelta(hours=hours)


def level_shown(level: int, beyond: bool) -> int:
    """The level of a warning: what lies within chance is never red or orange."""
    return level if beyond else max(level, CALM)


def person_in(words: Iterable[str], numbers: Mapping[str, bool], staff: Iterable[str]) -> str:
    """The first word that means a person, or nothing: a model is about matters at places, never about somebody.

    `numbers` says of each word whether a number of a person stands in it; `staff` are names of people of the house.
    """
    known = set(staff)
    for word in words:
        if numbers.get(word) or word in known or word.endswith(TITLES):
            return word
    return ""


# -- how good a model is -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """One warning as the unit judged it: hit, miss, late or nothing yet; how many messages it had when raised."""

    verdict: str
    members: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a model was: of what was judged, how much was right; None where nothing was judged."""

    raised: int
    judged: int
    right: int
    late: int
    wrong: int
    precision: float | None
    members: float | None
    false_a_week: float | None
    days: int = field(default=0)


def quality(rows: Sequence[Judged], days: int) -> Quality:
    """Precision (a warning that came too late was right, too), members at the first warning, false alarms a week."""
    told = [row.verdict for row in rows]
    right, late, wrong = told.count("hit"), told.count("late"), told.count("miss")
    judged = right + late + wrong
    return Quality(
        raised=len(rows), judged=judged, right=right, late=late, wrong=wrong,
        precision=(right + late) / judged if judged else None,
        members=float(median(row.members for row in rows)) if rows else None,
        false_a_week=wrong / (max(days, 7) / 7) if judged else None, days=days,
    )  # fmt: skip


def judged_right(reports: Sequence[Report], at: datetime) -> bool:
    """Whether a warning at this moment would have been right: more people reported it within the week after."""
    before = {report.reporter for report in reports if report.at <= at}
    after = {report.reporter for report in reports if at < report.at <= at + WEEK}
    return len(after - before) >= GROWS_BY
