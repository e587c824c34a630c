"""Whom a matter means (外部接收人): the chapter that keeps the sealed phone opens it at sending time.

reach asks by the kind of row the message is about; the answer goes straight to the port and is written
nowhere but masked.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Receiver:
    """An address and how to speak to its owner (接收人): never logged, never stored."""

    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    channel: str = ""
    """By which channel he wants to be told instead of the message's own (自选渠道); empty for its own."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What is filled in only when the message leaves (如验证码): the outbox keeps the empty place."""


Resolver = Callable[[UUID, str], Receiver | None]
_resolvers: dict[str, Resolver] = {}


def register(object_type: str, resolver: Resolver) -> None:
    """Have `resolver(object_id, channel)` name the receiver of messages about rows of this kind.

    It answers None when there is nobody to tell (anonymous, wants no answer, erased meanwhile).
    """
    _resolvers[object_type] = resolver


Wish = Callable[[UUID, str], bool]
_wishes: dict[str, Wish] = {}


def wishes(object_type: str, wish: Wish) -> None:
    """Have `wish(object_id, event)` say whether the outside person wants to hear of this event at all (告知意愿)."""
    _wishes[object_type] = wish


def is_wanted(object_type: str, object_id: UUID, event: str) -> bool:
    """Whether the outside person of a matter wants to hear of this event; so long as no chapter says otherwise."""
    wish = _wishes.get(object_type)
    return wish is None or wish(object_id, event)


Declining = Callable[[Collection[UUID]], Collection[UUID]]
_declining: dict[str, Declining] = {}


def declines(event: str, function: Declining) -> None:
    """Have `function(users)` say who of these people of staff does not want to hear of this event (不接收).

    Only for what nobody has to know for his work; asked when the message is delivered, so the last word counts.
    """
    _declining[event] = function


def decliners(event: str, users: Collection[UUID]) -> Collection[UUID]:
    """Who of these people does not want to hear of this event; nobody, so long as no chapter says otherwise."""
    function = _declining.get(event)
    return function(users) if function is not None and users else ()


def receiver_of(object_type: str, object_id: UUID, channel: str) -> Receiver | None:
    """The outside receiver of a message; raises LookupError when no chapter answers for this kind."""
    return _resolvers[object_type](object_id, channel)
