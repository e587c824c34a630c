"""Calls to people (语音、视频呼叫): the one port through which any room rings somebody.

An installation names the class in the setting `CALL_PORT`: the media server Janus (`calling.janus`), or `NoCalls`, which
says that none is meant to be here. Nothing rings without an engine that answers, and nothing is written as if it had.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from hezhi.ground.errors import NotNow

NOT_CONNECTED = "语音和视频通话尚未对接"


@dataclass(frozen=True)
class Ring:
    """Whom to ring, and about what (一次呼叫): a unit, the people there who may answer, the page on which they do."""

    about: tuple[str, UUID]
    title: str
    unit_id: UUID
    unit: str
    people: tuple[UUID, ...] = ()
    video: bool = False
    page: str = ""


@dataclass(frozen=True)
class Health:
    """How an engine is (通话引擎状况): `sentence` says it to an officer, `mend` to who runs the machine."""

    ok: bool
    sentence: str
    mend: str = ""


@dataclass(frozen=True)
class Seat:
    """What one page needs to enter a call (入会凭据), good for a few minutes and one entry."""

    room: str
    me: str
    session_token: str = field(repr=False)
    room_token: str = field(repr=False)
    pin: str = field(repr=False)
    relays: list[dict[str, Any]] = field(default_factory=list, repr=False)


class CallPort(Protocol):
    """Something that can carry calls (通话引擎)."""

    name: str

    def health(self) -> Health:
        """How the engine is just now."""
        ...

    def admit(self, room: str, user: UUID) -> Seat:
        """A seat in a call for one person; the room is made when it does not stand. Raises NotNow."""
        ...

    def close(self, room: str) -> None:
        """End the room of a call; whoever is inside is put out. Raises nothing."""
        ...


class NoCalls:
    """The port of an installation without a call engine (未对接)."""

    name = NOT_CONNECTED

    def health(self) -> Health:
        """There is none, by choice."""
        return Health(False, NOT_CONNECTED, "在 HEZHI_CALL_PORT 中指定通话引擎。")

    def admit(self, room: str, user: UUID) -> Seat:
        """Nobody can enter what is not there."""
        raise no_calls(self.health())

    def close(self, room: str) -> None:
        """There is nothing to end."""


def port() -> CallPort:
    """The call engine of this installation."""
    return _made(settings.CALL_PORT)


@cache
def _made(path: str) -> CallPort:
    made: CallPort = import_string(path)()
    return made


def must_work(unit: str) -> None:
    """Refuse in words when the engine does not answer (未接通说明)."""
    health = port().health()
    if not health.ok:
        raise no_calls(health, unit)


def no_calls(health: Health, unit: str = "") -> NotNow:
    """The letter of an engine that is not there."""
    return NotNow(
        f"{health.sentence}，没有呼叫{unit}。", "音视频服务恢复后可以直接呼叫。", "请先用固话或手机督导，并登记通话情况。",
        code="reach.no_calls",
    )  # fmt: skip
