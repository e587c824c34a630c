"""Daily counts of matters at places, and what may be said of them (时间序列; 9.1.4-2-2): values in, values out.

Every method is a kept library's (statsmodels, ruptures, scipy); here it is fed, tested against chance and put into
plain values. Counts go through the square root, which gives busy and quiet days the same spread.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = [
    "LEAST_DAYS", "Anomaly", "Beside", "Break", "Forecast", "Season", "Trend", "anomalies", "beside", "breaks", "enough",
    "forecast", "season", "trend",
]  # fmt: skip

WEEK = 7
LEAST_DAYS, LEAST_SUM = 42, 60
"""Below six weeks or sixty matters nothing is said (不足以判断)."""
ALPHA = 0.05
HELD_OUT = 4
"""Weeks that are forecast from what lay before them, to know how good the forecast is."""
LOOKED = 28
"""Days on each side of a break that are compared."""
INSIDE = 0.8
CHANCE = 0.5
"""How far roots of counts spread by chance alone; what is calmer was fitted too closely."""
STIFF = 35
"""How slowly the weekly season may change (STL), so that a strange day does not bend it."""


def enough(values: Sequence[int]) -> bool:
    """Whether so many days and matters are there that something may be said."""
    return len(values) >= LEAST_DAYS and sum(values) >= LEAST_SUM


@dataclass(frozen=True, slots=True)
class Forecast:
    """The days to come: middle, and between what bounds eight of ten should lie; how good it was on held-out weeks.

    `error` and `naive` are mean absolute errors a day, of this forecast and of «the same as last week»; `inside` is
    the share of held-out days that lay within the bounds.
    """

    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    error: float
    naive: float
    inside: float

    @property
    def beats_naive(self) -> bool:
        return self.error < self.naive


def forecast(values: Sequence[int], days: int) -> Forecast:
    """Forecast by exponential smoothing with a weekly season (预测), tried on the last four weeks."""
    held = np.array(values[-HELD_OUT * WEEK :], dtype=float)
    told, low, high, naive = [], [], [], []
    for week in range(HELD_OUT):
        end = len(values) - (HELD_OUT - week) * WEEK
        middle, under, over = _ahead(values[:end], WEEK)
        told += list(middle)
        low += list(under)
        high += list(over)
        naive += list(values[end - WEEK : end])
    middle, under, over = _ahead(values, days)
    inside = np.mean((held >= np.array(low)) & (held <= np.array(high)))
    return Forecast(
        _plain(middle), _plain(under), _plain(over), float(np.mean(np.abs(held - told))),
        float(np.mean(np.abs(held - naive))), float(inside),
    )  # fmt: skip


def _ahead(values: Sequence[int], days: int) -> tuple[Any, Any, Any]:
    fitted, n = _fitted(tuple(values)), len(values)
    frame = fitted.get_prediction(start=n, end=n + days - 1).summary_frame(alpha=1 - INSIDE)
    spread = float(np.var(fitted.resid))
    middle, low, high = (np.maximum(frame[name].to_numpy(), 0) for name in ("mean", "pi_lower", "pi_upper"))
    return middle**2 + spread, low**2, high**2


@lru_cache(maxsize=2 * (HELD_OUT + 1))
def _fitted(values: tuple[int, ...]) -> Any:
    """The smoothing that fits these days best; who plays past weeks one by one asks four times in five for one of those before."""
    # Takes a second to read; only jobs and one page ask.
    from pandas import Series
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    roots = Series(np.sqrt(np.array(values, dtype=float)))
    with (
        warnings.catch_warnings()
    ):  # a flat series has no best fit; its reliability is measured on the last weeks anyway
        warnings.simplefilter("ignore")
        return ETSModel(roots, error="add", seasonal="add", seasonal_periods=WEEK).fit(disp=False, maxiter=1000)


@dataclass(frozen=True, slots=True)
class Break:
    """A day from which the level was another one (突变点): its index, the rates a day before and after, the chance."""

    index: int
    before: float
    after: float
    chance: float


def breaks(values: Sequence[int]) -> list[Break]:
    """Days on which the level jumped (变点), beyond chance among all that were found, oldest first."""
    import ruptures
    from scipy import stats

    parts = _parts(values)
    calm = np.sqrt(np.array(values, dtype=float)) - parts.seasonal
    spread = max(1.4826 * float(np.median(np.abs(np.diff(calm)))) / np.sqrt(2), CHANCE / 2) ** 2
    # PELT with squared differences: the compiled form of it, which finds the same days a thousand times quicker.
    search = ruptures.KernelCPD(kernel="linear", min_size=WEEK).fit(calm.reshape(-1, 1))
    ends = search.predict(pen=8 * spread * np.log(len(values)))
    found = []
    for index in map(int, ends[:-1]):
        before, after = values[max(0, index - LOOKED) : index], values[index : index + LOOKED]
        a, b = sum(before), sum(after)
        share = len(after) / (len(before) + len(after))
        chance = 2 * min(stats.binom.cdf(b, a + b, share), stats.binom.sf(b - 1, a + b, share))
        found.append(Break(index, a / len(before), b / len(after), float(min(1.0, chance))))
    return [each for each, sure in zip(found, _beyond([b.chance for b in found]), strict=True) if sure]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day out of the ordinary (异常日): its index, what came, what was to be expected, the chance."""

    index: int
    seen: int
    expected: float
    chance: float


def anomalies(values: Sequence[int], last: int = 28) -> list[Anomaly]:
    """Days of the last weeks that lie off trend and weekly season beyond chance, among all days looked at."""
    from scipy import stats  # half a second to read, and few requests ask

    parts = _parts(values)
    off = np.asarray(parts.resid)
    spread = max(1.4826 * float(np.median(np.abs(off - np.median(off)))), CHANCE)
    chances = 2 * stats.norm.sf(np.abs(off) / spread)
    beyond = _beyond(list(chances))
    plain = np.maximum(np.asarray(parts.trend) + np.asarray(parts.seasonal), 0) ** 2
    first = max(0, len(values) - last)
    return [
        Anomaly(n, values[n], float(plain[n]), float(chances[n])) for n in range(first, len(values)) if beyond[n]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """Where it goes in the long run (趋势): change a week with its bounds (95 %), the chance, and whether it is beyond it."""

    a_week: float
    low: float
    high: float
    chance: float

    @property
    def sure(self) -> bool:
        return self.chance <= ALPHA


def trend(values: Sequence[int]) -> Trend:
    """Slope of the weekly sums after Theil and Sen, tested by Kendall's rank correlation."""
    from scipy import stats  # half a second to read, and few requests ask

    whole = len(values) // WEEK
    weeks = np.array(values[len(values) - whole * WEEK :]).reshape(whole, WEEK).sum(axis=1)
    slope, _, low, high = stats.theilslopes(weeks, np.arange(whole))
    chance = stats.kendalltau(np.arange(whole), weeks).pvalue
    return Trend(float(slope), float(low), float(high), 1.0 if np.isnan(chance) else float(chance))


@dataclass(frozen=True, slots=True)
class Season:
    """The week apart from the trend (季节分解): what each place in the week holds a day, lately, and whether the days of the
    week differ beyond chance. `days` begins with the place of the last seven days' first."""

    days: tuple[float, ...]
    chance: float

    @property
    def sure(self) -> bool:
        return self.chance <= ALPHA


def season(values: Sequence[int]) -> Season:
    """Trend, week and rest are taken apart (STL); days of the week are compared without the trend (Kruskal and Wallis)."""
    from scipy import stats  # half a second to read, and few requests ask

    parts = _parts(values)
    level = np.asarray(parts.trend)[-WEEK:]
    days = np.maximum(level + np.asarray(parts.seasonal)[-WEEK:], 0) ** 2
    calm = np.sqrt(np.array(values, dtype=float)) - np.asarray(parts.trend)
    groups = [calm[n::WEEK] for n in range(WEEK)]
    chance = float(stats.kruskal(*groups).pvalue) if np.ptp(calm) > 0 else 1.0
    return Season(_plain(days), chance)


LEAST_MARKED, LEAST_SPELLS = 5, 3
"""So many days of a kind, in so many spells, and nothing is said of fewer: one long rain is one event."""
AROUND = 4
"""Weeks on each side from which the same weekday is taken."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Days of a kind held against the others (对照): how many there are, the mean of one, the mean of the same weekday
    around them, and how likely so much would be by chance."""

    days: int
    mean: float
    usual: float
    chance: float


def beside(values: Sequence[int], marked: Sequence[bool | None]) -> Beside | None:
    """Compare marked days with days that are not; None where there are too few. What is unknown (None) is on neither side.

    Each day is held against the other unmarked days of the same weekday four weeks before and after, as a difference of
    roots; the differences of both kinds of day are compared (Mann and Whitney, both sides).
    """
    from scipy import stats  # half a second to read, and few requests ask

    marked = [mark if mark is None else bool(mark) for mark in marked]
    spells = sum(1 for n, mark in enumerate(marked) if mark and not (n and marked[n - 1]))
    if not enough(values) or sum(map(bool, marked)) < LEAST_MARKED or spells < LEAST_SPELLS:
        return None
    sides: dict[bool, list[tuple[int, float]]] = {True: [], False: []}
    for day, mark in enumerate(marked):
        around = [day + WEEK * n for n in range(-AROUND, AROUND + 1) if n]
        peers = [values[other] for other in around if 0 <= other < len(values) and marked[other] is False]
        if mark is not None and len(peers) > 1:
            sides[mark].append((values[day], float(np.mean(peers))))
    if len(sides[True]) < LEAST_MARKED or len(sides[False]) < LEAST_DAYS // 2:
        return None
    apart = [[np.sqrt(seen) - np.sqrt(usual) for seen, usual in sides[side]] for side in (True, False)]
    chance = float(stats.mannwhitneyu(*apart, alternative="two-sided").pvalue)
    mean, usual = (float(np.mean([pair[n] for pair in sides[True]])) for n in (0, 1))
    return Beside(len(sides[True]), round(mean, 1), round(usual, 1), chance)


def _parts(values: Sequence[int]) -> Any:
    """Trend, weekly season and rest of the roots (STL, robust)."""
    from statsmodels.tsa.seasonal import STL

    return STL(np.sqrt(np.array(values, dtype=float)), period=WEEK, seasonal=STIFF, robust=True).fit()


def _beyond(chances: Sequence[float]) -> list[bool]:
    from scipy import stats  # half a second to read, and few requests ask

    return list(stats.false_discovery_control(np.clip(chances, 0, 1)) <= ALPHA) if chances else []


def _plain(values: Any) -> tuple[float, ...]:
    return tuple(round(float(v), 1) for v in values)
