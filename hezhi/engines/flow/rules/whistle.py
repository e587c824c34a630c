"""吹哨报到: a lower unit calls others to the spot; they arrive in time and settle the matter together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.ruling import YES, Ruling, no
from hezhi.engines.flow.rules.working_time import Calendar, due

__all__ = ["Arrival", "Called", "Presence", "Whistle", "arrivals", "may_conclude"]


class Presence(StrEnum):
    """Whether a called unit has come."""

    ARRIVED = "arrived"
    """按时报到."""
    LATE = "late"
    """超时报到."""
    AWAITED = "awaited"
    """尚在时限内."""
    ABSENT = "absent"
    """超时未报到."""
    EXCUSED = "excused"
    """已免于报到."""


@dataclass(frozen=True, slots=True)
class Called:
    """A unit that was called (被吹哨单位). `agreed` when it has put its name to the joint result."""

    unit: str
    arrived_at: datetime | None = None
    excused: bool = False
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Whistle:
    """One call (一次吹哨): when, how soon to arrive, whom, and the joint result (联合处置结果)."""

    called_at: datetime
    arrival: Limit
    units: tuple[Called, ...]
    result: str = ""

    def arrival_due(self, calendar: Calendar) -> datetime | None:
        """Until when the called units should have arrived (报到时限)."""
        return due(self.called_at, self.arrival, calendar)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one called unit stands at a moment."""

    unit: str
    presence: Presence


def arrivals(whistle: Whistle, calendar: Calendar, at: datetime) -> list[Arrival]:
    """Who has come, who is late, who is still awaited, who stayed away."""
    limit = whistle.arrival_due(calendar)
    return [Arrival(called.unit, _presence(called, limit, at)) for called in whistle.units]


def _presence(called: Called, limit: datetime | None, at: datetime) -> Presence:
    if called.excused:
        return Presence.EXCUSED
    if called.arrived_at is not None and called.arrived_at <= at:
        return Presence.LATE if limit and called.arrived_at > limit else Presence.ARRIVED
    return Presence.ABSENT if limit and at > limit else Presence.AWAITED


def may_conclude(whistle: Whistle, calendar: Calendar, at: datetime) -> Ruling:
    """May the joint result be recorded (形成联合处置结果)?

    Nobody is still awaited, somebody came, the result is written, and each unit on the spot agrees.
    A unit that stayed away past the limit is on record as absent and holds nobody up.
    """
    found = {arrival.unit: arrival.presence for arrival in arrivals(whistle, calendar, at)}
    awaited = _named(found, Presence.AWAITED)
    if awaited:
        return no(f"报到时限未到，{awaited}尚未报到", "请等其报到，或免去其报到")
    present = [called for called in whistle.units if found[called.unit] in (Presence.ARRIVED, Presence.LATE)]
    if not present:
        return no("没有单位报到，不能形成联合处置结果", "请重新吹哨，或报上级协调")
    if not whistle.result.strip():
        return no("还没有填写联合处置结果", "请写明各单位做了什么、结果如何")
    return _agreed(present)


def _agreed(present: Sequence[Called]) -> Ruling:
    silent = "、".join(called.unit for called in present if not called.agreed)
    return no(f"{silent}尚未确认联合处置结果", "请提醒其确认；有不同意见的，请写入结果") if silent else YES


def _named(found: dict[str, Presence], presence: Presence) -> str:
    return "、".join(unit for unit, state in found.items() if state is presence)
