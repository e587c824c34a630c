"""The door of reach (消息触达): tell people, by the verb that gives them reason to know.

    tell(by, event="cases.assigned", to_unit=unit, permission="cases.sign",
         about=("handling.case", case.pk), link=…, values={"number": case.number, …},
         channels=("inbox", "sms"))

The row is written in the caller's transaction: a verb that fails tells nobody. The worker delivers
inbox messages within about a second of the commit.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit, User
from hezhi.engines.reach import resolvers
from hezhi.engines.reach.calling import api as calling
from hezhi.engines.reach.calls import Ring
from hezhi.engines.reach.models import Call, Channel, InboxMessage, LocalCopy, Outgoing
from hezhi.engines.reach.news import tells_screens
from hezhi.engines.reach.outbox import Message, tell_all
from hezhi.engines.reach.ports import CannotSend, Letter, Port, port_for
from hezhi.engines.reach.queries import unread_count
from hezhi.engines.reach.words import events, load_templates

__all__ = [
    "Call", "CannotSend", "Channel", "Letter", "Message", "Port", "Ring", "blank_messages", "calling", "events", "is_connected", "load_templates", "recall", "resolvers", "tell", "tell_all",
    "tells_screens", "unread_count",
]  # fmt: skip


def tell(
    by: Actor,
    *,
    event: str,
    to_user: UUID | User | None = None,
    to_unit: UUID | Unit | None = None,
    permission: str = "",
    about: tuple[str, UUID] | None = None,
    values: Mapping[str, object],
    channels: Sequence[str] = (Channel.INBOX,),
    urgent: bool = False,
    link: str = "",
) -> list[Outgoing]:
    """Tell a person, the holders of a permission in a unit, or (with neither) a matter's reporter (告知).

    One statement for all channels; a channel whose template is missing or off is left out. `about` names
    the row by model label and id; without `to_user` and `to_unit` its resolver names the receiver when
    the message is sent. `urgent` breaks the quiet hours. Raises ValueError for an unknown event, a value
    the event has no place for, or a receiver that cannot be reached by a channel.
    """
    return tell_all(by, [Message(event, to_user, to_unit, permission, about, values, channels, urgent, link)])


def recall(event: str, about: tuple[str, UUID]) -> int:
    """Take back what has not left yet of an event about a matter (撤回未发消息); gives how many. What was sent stays sent."""
    kind, key = about
    waiting = Outgoing.objects.filter(event=event, object_type=kind, object_id=key, state=Outgoing.State.WAITING)
    return waiting.update(state=Outgoing.State.DROPPED)


def blank_messages(about: tuple[str, UUID], *, title: str, text: str) -> int:
    """Put other words in place of all messages to staff about a matter, sent or waiting; gives how many.

    For a matter whose words have become secret since (保密件). What went to the one who reported stays.
    """
    kind, key = about
    told = Outgoing.objects.filter(object_type=kind, object_id=key).exclude(user=None, unit=None)
    ids = list(told.values_list("pk", flat=True))
    new = {"title": title, "text": text}
    for model in (InboxMessage, LocalCopy):
        model._default_manager.filter(outgoing__in=ids).update(**new)
    return told.update(**new)


def is_connected(channel: str) -> bool:
    """Whether messages of this channel really leave the house (已对接); else a page says that they do not."""
    return port_for(channel).connected
