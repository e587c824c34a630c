"""Writing messages (写消息): rows in the caller's transaction, so a message and its reason live or die together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit, User
from hezhi.engines.reach import rules, words
from hezhi.engines.reach.models import Channel, Outgoing
from hezhi.engines.records.gathering import later
from hezhi.ground import time
from hezhi.ground.ids import new_id


@dataclass(frozen=True)
class Message:
    """Something to tell (要说的话): which event, to whom, about what, by which channels.

    `to_user` is a person of staff; `to_unit` with `permission` are the people who hold it in that unit;
    with neither the receiver is the outside person whom the matter's chapter names at sending time
    (`resolvers.register`). `values` fill the template's places and may hold no personal value. What says
    `not_before` leaves at that moment, not at once.
    """

    event: str
    to_user: UUID | User | None = None
    to_unit: UUID | Unit | None = None
    permission: str = ""
    about: tuple[str, UUID] | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    channels: Sequence[str] = (Channel.INBOX,)
    urgent: bool = False
    link: str = ""
    not_before: datetime | None = None


def tell_all(by: Actor, messages: Sequence[Message]) -> list[Outgoing]:
    """Write the messages to the outbox, all in one statement (群发).

    An event's channel without a text in force is left out: switching a template off stops its messages.
    """
    rows = [row for message in messages for row in _rows(by, message)]
    later(*rows)
    return rows


def _rows(by: Actor, message: Message) -> list[Outgoing]:
    _check(message)
    moment = time.now()
    rows = []
    for channel in dict.fromkeys(message.channels):
        text = words.text_of(message.event, channel)
        if text is None:
            continue
        title, body = rules.worded(*text, message.values)
        rows.append(
            Outgoing(
                id=new_id(),
                event=message.event,
                channel=channel,
                user_id=_key(message.to_user),
                unit_id=_key(message.to_unit),
                permission=message.permission,
                told_by=by.user_id,
                object_type=message.about[0] if message.about else "",
                object_id=message.about[1] if message.about else None,
                title=title,
                text=body,
                link=message.link,
                urgent=message.urgent,
                created_at=moment,
                not_before=message.not_before or moment,
            )
        )
    return rows


def _check(message: Message) -> None:
    """Say at once what a programmer forgot, rather than lose a message later."""
    event = words.events().get(message.event)
    if event is None:
        raise ValueError(f"unknown event: {message.event}")
    strange = set(message.values) - set(event.places)
    if strange:
        raise ValueError(f"{message.event} has no place for {', '.join(sorted(strange))}")
    if message.to_unit and not message.permission:
        raise ValueError("a message to a unit names the permission its readers hold")
    if message.to_user and message.to_unit:
        raise ValueError("a message goes to a person or to a unit, not to both")
    if not message.to_user and not message.to_unit:
        if message.about is None:
            raise ValueError("without a receiver the matter must say whom to tell")
        if Channel.INBOX in message.channels:
            raise ValueError("an outside person has no inbox")


def _key(row: UUID | User | Unit | None) -> UUID | None:
    return row if row is None or isinstance(row, UUID) else row.pk
