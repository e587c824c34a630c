"""Calls to people (语音、视频呼叫): the one port through which any room rings somebody.

An installation names the class in the setting `CALL_PORT`. Without one, `NoCalls` says so: nothing rings, nothing is
written as if it had.
"""

from dataclasses import dataclass
from functools import cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from hezhi.engines.org.actor import Actor
from hezhi.ground.errors import NotNow

NOT_CONNECTED = "语音和视频通话尚未对接"


@dataclass(frozen=True)
class Ring:
    """Whom to ring, and about what (一次呼叫): a unit, and the person on duty there if one is known."""

    about: tuple[str, UUID]
    title: str
    unit: str
    user_id: UUID | None = None
    video: bool = False


class CallPort(Protocol):
    """Something that can ring people (通话引擎)."""

    name: str
    connected: bool

    def ring(self, by: Actor, ring: Ring) -> str:
        """Begin a call; gives a sentence for the record. Raises NotNow when nobody can be rung."""
        ...


class NoCalls:
    """The port of an installation without a call engine (未对接)."""

    name = NOT_CONNECTED
    connected = False

    def ring(self, by: Actor, ring: Ring) -> str:
        raise NotNow(
            f"{NOT_CONNECTED}，没有呼叫{ring.unit}。", "通话引擎接入后这里可以直接呼叫。", "请先用固话或手机督导，并登记通话情况。",
            code="reach.no_calls",
        )  # fmt: skip


def port() -> CallPort:
    """The call engine of this installation."""
    return _made(getattr(settings, "CALL_PORT", "hezhi.engines.reach.calls.NoCalls"))


@cache
def _made(path: str) -> CallPort:
    made: CallPort = import_string(path)()
    return made


def place(by: Actor, ring: Ring) -> str:
    """Ring somebody (呼叫) through the port; gives the sentence for the record. Raises NotNow."""
    return port().ring(by, ring)
