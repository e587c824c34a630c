"""Whom a matter means (外部接收人): the chapter that keeps the sealed phone opens it at sending time.

reach asks by the kind of row the message is about; the answer goes straight to the port and is written
nowhere but masked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True)
class Receiver:
    """An address and how to speak to its owner (接收人): never logged, never stored."""

    address: str = field(repr=False)
    name: str = field(default="", repr=False)


Resolver = Callable[[UUID, str], Receiver | None]
_resolvers: dict[str, Resolver] = {}


def register(object_type: str, resolver: Resolver) -> None:
    """Have `resolver(object_id, channel)` name the receiver of messages about rows of this kind.

    It answers None when there is nobody to tell (anonymous, wants no answer, erased meanwhile).
    """
    _resolvers[object_type] = resolver


def receiver_of(object_type: str, object_id: UUID, channel: str) -> Receiver | None:
    """The outside receiver of a message; raises LookupError when no chapter answers for this kind."""
    return _resolvers[object_type](object_id, channel)
