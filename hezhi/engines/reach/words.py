"""The words of messages (消息用语): which events there are, their default texts, and the texts in force.

Events and their places stand in `messages.toml`, the texts in `MessageTemplate`, where officers change
them. A process reads the texts at most every ten seconds, so a verb pays one statement for a message
and a changed text is in force ten seconds later everywhere.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as clock_time
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import rules
from hezhi.engines.reach.models import Channel, MessageTemplate, QuietHours
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import BadInput

KEPT_SECONDS = 10.0
_FILE = Path(__file__).with_name("messages.toml")


@dataclass(frozen=True)
class Event:
    """Something people are told of (事由): its code, its name, and what its words may be filled with."""

    code: str
    name: str
    places: tuple[str, ...]
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@cache
def _told() -> dict[str, Any]:
    """The file of the default texts, read once (默认模板)."""
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def events() -> dict[str, Event]:
    """All events by code, in the order of the file."""
    told = _told()["events"]
    return {
        code: Event(
            code,
            line["name"],
            tuple(line["places"]),
            {channel: (line[channel][0], line[channel][1]) for channel in Channel.values if channel in line},
        )
        for code, line in told.items()
    }


def check(code: str, title: str, text: str) -> None:
    """Refuse words that cannot be sent (模板校验): an unknown place, a stray brace, a personal number."""
    event = events().get(code)
    places: Collection[str] = event.places if event else ()
    fields = {name: rules.template_faults(words, places) for name, words in (("title", title), ("text", text))}
    if any(fields.values()):
        raise BadInput({name: faults for name, faults in fields.items() if faults}, code="reach.bad_template")


def load_templates(*, by: Actor) -> int:
    """Write the default texts and quiet hours that are missing (载入默认模板); gives the number of new texts.

    What officers changed or switched off stays as it is. Ids are the same in every installation.
    """
    quiet = _told()["quiet_hours"]
    known = set(MessageTemplate.objects.values_list("code", "channel"))
    new = [
        MessageTemplate(id=_id(event.code, channel), code=event.code, channel=channel, title=title, text=text)
        for event in events().values()
        for channel, (title, text) in event.texts.items()
        if (event.code, channel) not in known
    ]
    silent = set(QuietHours.objects.values_list("channel", flat=True))
    hours = [
        QuietHours(channel=channel, starts=clock_time.fromisoformat(span[0]), ends=clock_time.fromisoformat(span[1]))
        for channel, span in quiet.items()
        if channel not in silent
    ]
    if new or hours:
        with acting(by, verb="reach.load_templates") as deed:
            MessageTemplate.objects.bulk_create(new)
            QuietHours.objects.bulk_create(hours)
            deed.detail |= {"templates": len(new), "quiet_hours": len(hours)}
    forget()
    return len(new)


def _id(code: str, channel: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"hezhi:message:{code}:{channel}")


# -- the texts in force ----------------------------------------------------------------------------


class _Kept:
    """What this process last read, and when (on a clock that never goes back)."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], tuple[str, str]] = {}
        self.read_at = float("-inf")


_kept = _Kept()


def text_of(code: str, channel: str) -> tuple[str, str] | None:
    """Title and text in force for an event on a channel; None when there is none or it is switched off."""
    if time.monotonic() - _kept.read_at > KEPT_SECONDS:
        rows = MessageTemplate.objects.filter(active=True).values_list("code", "channel", "title", "text")
        _kept.texts = {(code, channel): (title, text) for code, channel, title, text in rows}
        _kept.read_at = time.monotonic()
    return _kept.texts.get((code, channel))


def forget() -> None:
    """Read the texts afresh at the next message: called by whoever changes one."""
    _kept.read_at = float("-inf")


def silence(moment: datetime) -> dict[str, datetime]:
    """Channels that keep quiet at this moment, each with the end of its silence."""
    hours = QuietHours.objects.filter(active=True)
    ends = {row.channel: rules.quiet_until(moment, row.starts, row.ends) for row in hours}
    return {channel: end for channel, end in ends.items() if end}
