"""What an analysis would have warned of (试运行): past days once more, each with what had been written down by then.

Whether a warning was right is told by what came after it, with the same method: a break or a strange day that is still
found four weeks later, hot ground that is hot in the next thirty days, a week beyond its forecast that is followed by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from hezhi.chapters.awareness.early_warning.api import DRIFTS
from hezhi.chapters.awareness.situation import queries, rules
from hezhi.chapters.awareness.situation.models import Model
from hezhi.chapters.awareness.situation.queries.counting import hot_spots, touching
from hezhi.chapters.awareness.situation.rules import News, Period, Result
from hezhi.engines.org.api import Actor
from hezhi.ground import time

QUARTER, HALF = 91, 182
QUICK = ("breaks", "anomalies")
"""Quick methods are played again day by day over a quarter, or week by week over half a year; others weekly over a quarter."""
LOOKED_AFTER = {"breaks": 28, "anomalies": 27, "forecast": 7, "spots": 30}
"""Days after the day of a discovery (of its window, for hot ground and forecasts) until it is known whether it was right."""


@dataclass(frozen=True)
class WouldWarn:
    """One warning that would have been raised: on which day, of what, and whether it was right; None while that is open."""

    at: date
    told: str
    news: News
    right: bool | None


@dataclass(frozen=True)
class Tried:
    """What came out of a dry run (试运行结果)."""

    since: date
    runs: int
    usable: int
    warnings: tuple[WouldWarn, ...]

    @property
    def right(self) -> int:
        return sum(1 for each in self.warnings if each.right)

    @property
    def open(self) -> int:
        return sum(1 for each in self.warnings if each.right is None)

    def sentence(self) -> str:
        """«would have run 91 times and warned 4 times, 3 were right, one is open»."""
        span = f"{time.show_day(self.since)}以来按当时已登记的数据重算 {self.runs} 次"
        if not self.usable:
            return f"{span}，数据太少或成果不能采用，一次也不会预警。"
        if not self.warnings:
            return f"{span}，一次也不会预警。"
        later = f"，{self.open} 次还看不出" if self.open else ""
        return f"{span}，会预警 {len(self.warnings)} 次，其中 {self.right} 次事后证实{later}。"


def try_out(by: Actor, model: Model, quiet: timedelta) -> Tried:
    """Play the analysis behind a warning model again, within what this reader may see. No row is touched.

    `quiet` is the warning model's quiet period.
    """
    day = time.today()
    step = 1 if model.daily and model.method in QUICK else 7
    span = HALF if step == 7 and model.method in QUICK else QUARTER
    runs = [day - timedelta(days=n) for n in range(span, -1, -step)]
    found = _results(by, model, runs[0])
    results = {at: found(at) for at in runs}
    warned: list[WouldWarn] = []
    for at, result in results.items():
        news = result.news if result.usable else None
        if news is None or (warned and (at - warned[-1].at < quiet or news.on <= warned[-1].news.on + DRIFTS)):
            continue
        warned.append(WouldWarn(at, result.told, news, _right(model, at, day, result, found)))
    return Tried(runs[0], len(runs), sum(result.usable for result in results.values()), tuple(warned))


Found = Callable[[date], Result]


def _results(by: Actor, model: Model, first: date) -> Found:
    """A run of the model on a day, as it would have been; each day is worked out once."""
    kept: dict[date, Result] = {}
    values = None if model.method == Model.Method.SPOTS else _values(by, model, first)
    ground = touching(by, model) if values is None else None

    def run(at: date) -> Result:
        if at not in kept:
            last = at - timedelta(days=1)
            if values is None:
                kept[at] = hot_spots(by, model, last, time.at_local(at), ground)
            else:
                kept[at] = _of_series(model, at, values(at))
                if model.method == Model.Method.FORECAST:
                    earlier = [day for day, each in kept.items() if each.usable and (at - day).days >= rules.WATCHED]
                    content = kept[max(earlier)].content if earlier else None
                    kept[at] = rules.overrun(kept[at], content, last, values(at)[1])
        return kept[at]

    return run


def _of_series(model: Model, at: date, values: tuple[date, list[int]]) -> Result:
    return rules.apply(model.method, *values, model.horizon) if values[1] else rules.FEW


def _values(by: Actor, model: Model, first: date) -> Callable[[date], tuple[date, list[int]]]:
    """The daily counts that the model would have read on a day: one question, by day and by the day they were written down."""
    begun = first - timedelta(days=model.days)
    rows, moment = queries._measured(by, model, Period(begun, time.today() - timedelta(days=1)))
    days: Any = rows.annotate(
        day=TruncDate(moment, tzinfo=time.SHANGHAI), known=TruncDate("recorded_at", tzinfo=time.SHANGHAI)
    )
    counts = list(days.values_list("day", "known").annotate(n=Count("pk")))

    def read(at: date) -> tuple[date, list[int]]:
        start, told = at - timedelta(days=model.days), dict[date, int]()
        for day, known, n in counts:
            if start <= day < at and known < at:
                told[day] = told.get(day, 0) + n
        begin = min(told, default=at)
        return begin, rules.spread([begin + timedelta(days=n) for n in range((at - begin).days)], told)

    return read


def _right(model: Model, at: date, today: date, result: Result, found: Found) -> bool | None:
    """Whether what came after bears a discovery out; None while not enough has come."""
    news = result.news
    if news is None:
        return None
    begin = news.on if model.method in ("breaks", "anomalies") else at - timedelta(days=1)
    later = begin + timedelta(days=LOOKED_AFTER[model.method] + 1)
    return None if later > today else rules.borne_out(model.method, result, found(later))
