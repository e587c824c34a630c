"""What is counted (指标口径, 9.1.2-4): measures over facts, and rates of two measures; conditions only, no reading.

The definitions follow the practice of 数字化城管: 应处置 are the cases whose limit falls in the period or that were
handled in it, each counted once; a hold and a granted extension move the limit; a case that was returned has left
its unit; what is void leaves all counts. A rate over nothing has no value, which is not a hundred per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from django.db.models import F, Q

from hezhi.ground import time

FEW = 10
"""A share of fewer than this many is shown with the mark «样本少»."""


MOMENTS = ("ended_at", "accept_due", "dispatch_due", "sign_due", "handle_due", "check_due", "close_due", "rated_at")
"""The moments after which a fact that has ended says nothing more; the last of them is stored as `settled_at`."""
FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""Where the last moment of a round stands that has not ended."""


def settled(moments: Mapping[str, datetime | None]) -> datetime:
    """The last moment of a round, far away while it has not ended."""
    known = [moment for moment in moments.values() if moment is not None]
    return max(known) if moments["ended_at"] is not None else FAR


@dataclass(frozen=True)
class Period:
    """From one moment up to and without another (统计期间), seen from `as_of`: a limit after it is not missed yet."""

    start: datetime
    end: datetime
    as_of: datetime

    @classmethod
    def of_days(cls, first: date, last: date, now: datetime) -> Period:
        """The whole days from first to last, as they stand now."""
        end = time.at_local(last + timedelta(days=1))
        return cls(time.at_local(first), end, min(end, now))

    @property
    def days(self) -> tuple[date, date]:
        """First and last day."""
        return time.local(self.start).date(), time.local(self.end - timedelta(seconds=1)).date()

    def within(self, name: str) -> Q:
        """The moment of this name lies in the period."""
        return Q(**{f"{name}__gte": self.start, f"{name}__lt": self.end})

    def touched(self) -> Q:
        """Facts that can say anything of the period: begun before its end, and with some moment in or after it."""
        return Q(began_at__lt=self.end, settled_at__gte=self.start)


Condition = Callable[[Period], Q]


@dataclass(frozen=True)
class Measure:
    """One thing that is counted (计数项): its name, what it means, and the condition of a fact in a period."""

    code: str
    name: str
    means: str
    parts: tuple[Condition, ...]
    """Conditions that must hold together; measures share them, so that each is asked of a fact once (`PARTS`)."""

    def of(self, period: Period) -> Q:
        """The condition in this period."""
        whole = Q()
        for part in self.parts:
            whole &= part(period)
        return whole


@cache
def _stage(due: str, done: str) -> Condition:
    """Should be done: the limit falls in the period, or it was done in it (应…)."""
    return lambda p: p.within(due) | p.within(done)


def _both(*conditions: Condition) -> Condition:
    def all_of(period: Period) -> Q:
        whole = Q()
        for each in conditions:
            whole &= each(period)
        return whole

    return all_of


@cache
def _done(name: str) -> Condition:
    """Done by the moment from which it is seen."""
    return lambda p: Q(**{f"{name}__lt": p.end, f"{name}__lte": p.as_of})


@cache
def _on_time(due: str, done: str) -> Condition:
    """Done no later than its limit; without a limit nothing can be late."""
    return lambda _: Q(**{f"{due}__isnull": True}) | Q(**{f"{done}__lte": F(due)})


@cache
def _late(due: str, done: str) -> Condition:
    return lambda _: Q(**{f"{done}__gt": F(due)})


def _waiting_late(due: str, done: str) -> Condition:
    """The limit is over and it was not done by the moment from which it is seen."""
    return lambda p: Q(**{f"{due}__lt": p.as_of}) & (Q(**{f"{done}__isnull": True}) | Q(**{f"{done}__gt": p.as_of}))


@cache
def _plain(**told: object) -> Condition:
    return lambda _: Q(**told)


def _to_close(period: Period) -> Q:
    """The limit to close falls in the period, or the round ended in it, closed or to be redone."""
    return period.within("close_due") | (period.within("ended_at") & Q(outcome__in=("closed", "redone")))


def _not_refused(_: Period) -> Q:
    return ~Q(outcome="not_accepted")


@cache
def _in(name: str) -> Condition:
    return lambda p: p.within(name)


_REPORTED = _both(_in("received_at"), _plain(round=1))
_TO_ACCEPT = _both(_stage("accept_due", "accepted_at"), _plain(round=1))
_TO_DISPATCH = _stage("dispatch_due", "dispatched_at")
_TO_SIGN = _stage("sign_due", "signed_at")
_TO_HANDLE = _stage("handle_due", "handled_at")
_TO_CHECK = _stage("check_due", "checked_at")

MEASURES: Mapping[str, Measure] = {
    measure.code: measure
    for measure in (
        Measure("reported", "上报数", "期内收到的事件，每件只计一次，作废的不计", (_REPORTED,)),
        Measure("valid", "有效上报数", "期内收到且没有不予受理的", (_REPORTED, _not_refused)),
        Measure("on_the_spot", "自行处置数", "期内收到、当场处理的", (_REPORTED, _plain(on_the_spot=True))),
        Measure("to_accept", "应受理数", "受理时限落在期内，或在期内受理的", (_TO_ACCEPT,)),
        Measure("accepted", "受理数", "应受理中到期末已受理的", (_TO_ACCEPT, _done("accepted_at"))),
        Measure("accepted_on_time", "按时受理数", "受理时间不晚于受理时限的",
                (_TO_ACCEPT, _done("accepted_at"), _on_time("accept_due", "accepted_at"))),
        Measure("accepted_right", "准确受理数", "已受理、后来没有改为不予受理的",
                (_TO_ACCEPT, _done("accepted_at"), _not_refused)),
        Measure("to_dispatch", "应派遣数", "派遣时限落在期内，或在期内派遣的", (_TO_DISPATCH,)),
        Measure("dispatched", "派遣数", "应派遣中到期末已派遣的", (_TO_DISPATCH, _done("dispatched_at"))),
        Measure("dispatched_on_time", "按时派遣数", "首次派遣不晚于派遣时限的",
                (_TO_DISPATCH, _done("dispatched_at"), _on_time("dispatch_due", "dispatched_at"))),
        Measure("dispatched_right", "准确派遣数", "派遣后主办单位没有退回的",
                (_TO_DISPATCH, _done("dispatched_at"), _plain(returns=0))),
        Measure("returned", "退回数", "应派遣中主办单位退回过的", (_TO_DISPATCH, _plain(returns__gt=0))),
        Measure("to_sign", "应签收数", "签收时限落在期内，或在期内签收的", (_TO_SIGN,)),
        Measure("signed", "签收数", "应签收中到期末已签收的", (_TO_SIGN, _done("signed_at"))),
        Measure("signed_on_time", "按时签收数", "签收不晚于签收时限的",
                (_TO_SIGN, _done("signed_at"), _on_time("sign_due", "signed_at"))),
        Measure("to_handle", "应处置数", "处置时限落在期内，或在期内处置的，各计一次", (_TO_HANDLE,)),
        Measure("handled", "处置数", "应处置中到期末已处置的", (_TO_HANDLE, _done("handled_at"))),
        Measure("handled_on_time", "按期处置数", "处置不晚于时限的；延期、挂账已顺延时限",
                (_TO_HANDLE, _done("handled_at"), _on_time("handle_due", "handled_at"))),
        Measure("handled_late", "超期处置数", "已处置但晚于时限的",
                (_TO_HANDLE, _done("handled_at"), _late("handle_due", "handled_at"))),
        Measure("waiting_late", "超期待处置数", "时限已过、到期末仍未处置的",
                (_TO_HANDLE, _waiting_late("handle_due", "handled_at"))),
        Measure("extended", "延期数", "应处置中批准过延期的", (_TO_HANDLE, _plain(extensions__gt=0))),
        Measure("held", "挂账数", "应处置中挂起过的", (_TO_HANDLE, _plain(holds__gt=0))),
        Measure("sent_back", "审签退回数", "应处置中反馈被审签退回过的", (_TO_HANDLE, _plain(send_backs__gt=0))),
        Measure("to_check", "应核查数", "回访时限落在期内，或在期内回访的", (_TO_CHECK,)),
        Measure("checked", "核查数", "应核查中到期末已回访的", (_TO_CHECK, _done("checked_at"))),
        Measure("checked_on_time", "按期核查数", "回访不晚于回访时限的",
                (_TO_CHECK, _done("checked_at"), _on_time("check_due", "checked_at"))),
        Measure("to_close", "应结案数", "结案时限落在期内，或在期内办结、返工的", (_to_close,)),
        Measure("closed", "结案数", "应结案中到期末已办结的",
                (_to_close, _done("ended_at"), _plain(outcome="closed"))),
        Measure("closed_on_time", "按期结案数", "办结不晚于结案时限的",
                (_to_close, _done("ended_at"), _plain(outcome="closed"), _on_time("close_due", "ended_at"))),
        Measure("closed_late", "超期结案数", "已办结但晚于结案时限的",
                (_to_close, _done("ended_at"), _plain(outcome="closed"), _late("close_due", "ended_at"))),
        Measure("reworked", "返工数", "应结案中重办的", (_to_close, _done("ended_at"), _plain(outcome="redone"))),
        Measure("rated", "有效评价数", "期内回访或自行评价时说了是否满意的", (_in("rated_at"), _plain(satisfied__isnull=False))),
        Measure("satisfied", "满意数", "有效评价中满意的", (_in("rated_at"), _plain(satisfied=True))),
    )
}  # fmt: skip
"""All that may be counted. None of it counts people: no register, no resident, no reporter (P1)."""

PARTS: tuple[Condition, ...] = tuple(dict.fromkeys(part for measure in MEASURES.values() for part in measure.parts))
"""Every condition once. A fact is told by a number with a bit for each that holds of it, its pattern."""
NEEDS: Mapping[str, int] = {
    code: sum(1 << PARTS.index(part) for part in measure.parts) for code, measure in MEASURES.items()
}
"""The bits that a measure needs: it counts a fact whose pattern has them all."""


def counted(patterns: Mapping[int, int], codes: Iterable[str]) -> dict[str, int]:
    """Measures from how many facts have each pattern."""
    return {
        code: sum(many for pattern, many in patterns.items() if pattern & NEEDS[code] == NEEDS[code]) for code in codes
    }


@dataclass(frozen=True)
class Rate:
    """A share of one measure in another (比率)."""

    code: str
    name: str
    numerator: str
    denominator: str
    better: str = "high"

    @property
    def means(self) -> str:
        """«按期处置数 ÷ 应处置数»."""
        return f"{MEASURES[self.numerator].name} ÷ {MEASURES[self.denominator].name}"


RATES: Mapping[str, Rate] = {
    rate.code: rate
    for rate in (
        Rate("handled", "处置率", "handled", "to_handle"),
        Rate("handled_on_time", "按期处置率", "handled_on_time", "to_handle"),
        Rate("waiting_late", "超期待处置率", "waiting_late", "to_handle", "low"),
        Rate("extended", "延期率", "extended", "to_handle", "low"),
        Rate("held", "挂账率", "held", "to_handle", "low"),
        Rate("reworked", "返工率", "reworked", "to_close", "low"),
        Rate("closed", "结案率", "closed", "to_close"),
        Rate("closed_on_time", "按期结案率", "closed_on_time", "to_close"),
        Rate("dispatched_on_time", "按期派遣率", "dispatched_on_time", "to_dispatch"),
        Rate("dispatched_right", "准确派遣率", "dispatched_right", "to_dispatch"),
        Rate("returned", "退回率", "returned", "to_dispatch", "low"),
        Rate("accepted_on_time", "按时受理率", "accepted_on_time", "to_accept"),
        Rate("accepted_right", "准确受理率", "accepted_right", "accepted"),
        Rate("signed_on_time", "按时签收率", "signed_on_time", "to_sign"),
        Rate("valid", "有效上报率", "valid", "reported"),
        Rate("checked_on_time", "按期核查率", "checked_on_time", "to_check"),
        Rate("satisfied", "满意率", "satisfied", "rated"),
    )
}


@dataclass(frozen=True)
class Stage:
    """A stage whose working time is measured (环节): when it was done, and where its seconds stand."""

    code: str
    name: str
    done: str


STAGES = (
    Stage("work_accept", "受理", "accepted_at"),
    Stage("work_dispatch", "派遣", "dispatched_at"),
    Stage("work_sign", "签收", "signed_at"),
    Stage("work_handle", "处置", "handled_at"),
    Stage("work_check", "核查", "checked_at"),
    Stage("work_total", "全程", "ended_at"),
)


def share(part: int, whole: int) -> Decimal | None:
    """A share in per cent with one decimal; None over nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def change(now: int | Decimal | None, before: int | Decimal | None) -> Decimal | None:
    """By how many per cent a number grew; None where there was nothing before."""
    if now is None or not before:
        return None
    return ((Decimal(now) - Decimal(before)) * 100 / Decimal(before)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def hours(seconds: float | None) -> str:
    """Working time in words: working hours with one decimal, minutes below an hour."""
    if seconds is None:
        return "—"
    if seconds < 3600:
        return f"{round(seconds / 60)} 分钟"
    return f"{Decimal(seconds / 3600).quantize(Decimal('0.1'), ROUND_HALF_UP)} 小时"


# -- periods to compare with ---------------------------------------------------------------------------


def before(first: date, last: date) -> tuple[date, date]:
    """The period just before (环比): the calendar month before a month, else as many days."""
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and (first.year, first.month) == (last.year, last.month):
        end = first - timedelta(days=1)
        return end.replace(day=1), end
    span = last - first
    end = first - timedelta(days=1)
    return end - span, end


def year_before(first: date, last: date) -> tuple[date, date]:
    """The same days a year ago (同比); the end of February stays the end of February."""
    whole_end = (last + timedelta(days=1)).day == 1
    start = _back(first)
    end = _back(last + timedelta(days=1)) - timedelta(days=1) if whole_end else _back(last)
    return start, end


def _back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def last_period(rhythm: str, today: date) -> tuple[date, date]:
    """The last whole day, week (Monday to Sunday) or month before today (上一周期)."""
    if rhythm == "daily":
        return today - timedelta(days=1), today - timedelta(days=1)
    if rhythm == "weekly":
        end = today - timedelta(days=today.weekday() + 1)
        return end - timedelta(days=6), end
    end = today.replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end
