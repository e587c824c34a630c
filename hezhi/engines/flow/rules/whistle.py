"""吹哨报到: a lower unit calls others to the spot; they arrive in time and settle the matter together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hezhi.engines.flow.rules.ruling import YES, Ruling, no

__all__ = ["Called", "Presence", "Whistle", "gathered", "may_conclude", "may_write", "presence"]


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


CAME = (Presence.ARRIVED, Presence.LATE)


@dataclass(frozen=True, slots=True)
class Called:
    """A unit that was called (被吹哨单位): until when, and whether it came.

    `excused` when its part was taken off it, `agreed` when it has put its name to the joint result.
    """

    unit: str
    due: datetime | None = None
    arrived_at: datetime | None = None
    excused: bool = False
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Whistle:
    """One call (一次吹哨): whom, and the joint result (联合处置结果)."""

    units: tuple[Called, ...]
    result: str = ""


def presence(called: Called, at: datetime) -> Presence:
    """Whether this unit has come, is late, still awaited, or stayed away."""
    if called.excused:
        return Presence.EXCUSED
    if called.arrived_at is not None and called.arrived_at <= at:
        return Presence.LATE if called.due and called.arrived_at > called.due else Presence.ARRIVED
    return Presence.ABSENT if called.due and at > called.due else Presence.AWAITED


def gathered(whistle: Whistle, at: datetime) -> Ruling:
    """Have those come who will come (到齐)? Nobody is awaited any more, and somebody is there.

    A unit that stayed away past the limit is on record as absent and holds nobody up.
    """
    awaited = _named(called for called in whistle.units if presence(called, at) is Presence.AWAITED)
    if awaited:
        return no(f"报到时限未到，{awaited}尚未报到", "请等其报到，或免去其报到")
    if not _present(whistle, at):
        return no("没有单位报到，不能形成联合处置结果", "请重新吹哨，或报上级协调")
    return YES


def may_write(whistle: Whistle, at: datetime) -> Ruling:
    """May the joint result be put before the units (填写联合处置结果)? They are gathered, and it says what each one did."""
    ready = gathered(whistle, at)
    if not ready:
        return ready
    if not whistle.result.strip():
        return no("还没有填写联合处置结果", "请写明各单位做了什么、结果如何")
    unnamed = _named(called for called in _present(whistle, at) if not _told(whistle.result, called.unit))
    return no(f"没有写明{unnamed}做了什么", "请逐个写明到场单位做了什么、结果如何") if unnamed else YES


def may_conclude(whistle: Whistle, at: datetime) -> Ruling:
    """Does the joint result stand (形成联合处置结果)? It may be written, and each unit on the spot agrees."""
    ready = may_write(whistle, at)
    if not ready:
        return ready
    silent = _named(called for called in _present(whistle, at) if not called.agreed)
    return no(f"{silent}尚未确认联合处置结果", "请提醒其确认；有不同意见的，请写入结果") if silent else YES


def _present(whistle: Whistle, at: datetime) -> list[Called]:
    return [called for called in whistle.units if presence(called, at) in CAME]


def _told(result: str, unit: str) -> bool:
    """Whether some line names the unit and says more than its name."""
    return any(unit in line and line.strip(" \t:：，,。") != unit for line in result.splitlines())


def _named(units: Iterable[Called]) -> str:
    return "、".join(called.unit for called in units)
