"""Invented calendars, receipts, holds and limits for the property tests of the time rules."""

from datetime import date, timedelta

from hypothesis import strategies as st

from hezhi.engines.flow.rules.calendar import OFFICE_HOURS, Calendar, FirstDay, Season, hours, shipped_calendar
from hezhi.engines.flow.rules.clocks import Extension, Pause
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.ground.time import at_local

CHINA = shipped_calendar()
AUTUMN = date(2026, 9, 14)
"""Before 中秋节 and 国庆节 of 2026, with their make-up days: the hardest weeks of the year."""

MOST = {Unit.MINUTES: 120, Unit.HOURS: 40, Unit.DAYS: 6, Unit.WORKING_MINUTES: 120, Unit.WORKING_HOURS: 20}
RULES = st.builds(FirstDay, st.booleans(), st.booleans(), st.booleans())
HOURS = st.sampled_from([OFFICE_HOURS, hours("09:00-17:00"), hours("00:00-24:00"), hours("08:00-11:30", "14:00-18:00")])
SUMMER = Season((6, 1), (9, 30), hours("08:30-12:00", "14:00-18:00"))


@st.composite
def calendars(draw):
    """China's calendar with some days turned over, in every custom of the first day."""
    turned = draw(st.sets(st.integers(0, 40), max_size=4))
    days = {AUTUMN + timedelta(days=n): not CHINA.works(AUTUMN + timedelta(days=n)) for n in turned}
    return Calendar(
        days={**CHINA.days, **days},
        hours=draw(HOURS),
        seasons=draw(st.sampled_from([(), (SUMMER,)])),
        first_day=draw(RULES),
        last_day_moves=draw(st.booleans()),
        names=CHINA.names,
    )


moments = st.builds(
    lambda day, step: at_local(AUTUMN + timedelta(days=day)) + timedelta(minutes=5 * step),
    st.integers(0, 30),
    st.integers(0, 287) | st.integers(0, 47).map(lambda half_hour: 6 * half_hour),
)


def at_edges(steps):
    """Numbers of five minutes; half of the time whole half hours, so that edges meet edges."""
    return steps | steps.map(lambda step: step // 6 * 6)


@st.composite
def limits(draw, units=tuple(Unit)):
    unit = draw(st.sampled_from(units))
    amount = draw(st.integers(1, MOST.get(unit, 5)))
    return Limit(amount * 5 if unit in (Unit.MINUTES, Unit.WORKING_MINUTES) else amount, unit)


@st.composite
def pauses(draw, start, at_most=2, lasting=False):
    """Holds that may overlap each other and may begin before the receipt."""
    found = []
    for _ in range(draw(st.integers(0, at_most))):
        begin = start + timedelta(minutes=5 * draw(at_edges(st.integers(-100, 1500))))
        found.append(Pause(begin, begin + timedelta(minutes=5 * draw(at_edges(st.integers(0, 700)))), "等待补充材料"))
    if lasting and draw(st.integers(0, 4)) == 0:
        found.append(Pause(start + timedelta(minutes=5 * draw(at_edges(st.integers(0, 1500)))), None, "等待法院判决"))
    return tuple(found)


@st.composite
def extensions(draw, limit):
    """At most two; a limit in calendar days is only extended by its own kind, so that all stays on five minutes."""
    units = (Unit.DAYS,) if limit.unit is Unit.DAYS else tuple(unit for unit in Unit if unit is not Unit.DAYS)
    return tuple(Extension(draw(limits(units)), "情况复杂") for _ in range(draw(st.integers(0, 2))))


@st.composite
def terms(draw, lasting=False):
    """Start, limit, calendar, holds and extensions."""
    start, limit = draw(moments), draw(limits())
    return start, limit, draw(calendars()), draw(pauses(start, lasting=lasting)), draw(extensions(limit))
