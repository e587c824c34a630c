"""Comparing periods (同比、环比、显著性; 9.1.4-2-1): values in, values out."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scipy.stats import binom

from hezhi.chapters.awareness.early_warning.api import significant

__all__ = ["FEWEST", "Compared", "Period", "change", "compared", "hot_words", "next_day", "say", "spread"]

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


def compared(rows: Mapping[str, tuple[int, int, int]]) -> list[Compared]:
    """Lines from (now, before, a year before), the largest first.

    Up or down only what is beyond chance among all lines together: an exact test of two Poisson rates on each side,
    corrected (Benjamini-Hochberg).
    """
    keys = list(rows)
    chances = [_chance(rows[key][0], rows[key][1]) for key in keys]
    beyond = significant(chances)
    found = []
    for key, chance, sure in zip(keys, chances, beyond, strict=True):
        now, before, year = rows[key]
        few = now + before < FEWEST
        trend = "few" if few else "calm" if not sure else "up" if now > before else "down"
        found.append(Compared(key, now, before, year, trend, chance))
    return sorted(found, key=lambda line: (-line.now, line.key))


def _chance(now: int, before: int) -> float:
    """How likely two equal rates differ as much or more, on either side."""
    total = now + before
    if not total:
        return 1.0
    low, high = binom.cdf(now, total, 0.5), binom.sf(now - 1, total, 0.5)
    return float(min(1.0, 2 * min(low, high)))


def change(now: int, before: int) -> str:
    """«+25%», «-10%»; where there was nothing before, that is said."""
    if not before:
        return "—" if not now else "上期为 0"
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


def spread(days: Sequence[date], counts: Mapping[date, int]) -> list[int]:
    """Counts of each day, nought where nothing came."""
    return [counts.get(day, 0) for day in days]
