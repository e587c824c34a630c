"""Messages enter the stream; people put its grouping right, and can take it back (事件归并).

What a person joined or split is respected ever after: messages are never moved by the stream, two events
held apart are not proposed again, and the state the stream is rebuilt from is the rows people wrote.
The caller decides what may enter: never a secret case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from hezhi.engines.analysis.events.kept import packed
from hezhi.engines.analysis.events.stream import Decision
from hezhi.engines.analysis.events.terms import area_codes, terms_of
from hezhi.engines.analysis.events.titles import LONGEST as TITLES
from hezhi.engines.analysis.events.titles import Member, name_of, without_names
from hezhi.engines.analysis.gazetteer import gazetteer
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal, EventsApart, Regrouping, ordered
from hezhi.engines.analysis.rules import names_anew
from hezhi.engines.analysis.state import lock, memory_of, stamp
from hezhi.engines.analysis.text.duplicates import digest
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.erasure import anonymise
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ids import new_id
from hezhi.ground.masks import mask_text
from hezhi.ground.text import shorten

__all__ = [
    "REGROUP",
    "Incoming",
    "answer",
    "belong",
    "forget",
    "join",
    "merge",
    "propose",
    "rename",
    "split",
    "take_in",
    "undo",
]

REGROUP = "events.regroup"
LONGEST_TITLE = 120
NOT_REALLY = "没有找到这个事件。", "可能已被清除，或不在您的管辖范围。", "请刷新列表后再试。"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message of any channel (来件): what it says, when it was sent, where it lies."""

    source: str
    key: UUID
    title: str
    text: str
    at: datetime
    area: Area | None = None
    unit_id: UUID | None = None


# -- the stream ------------------------------------------------------------------------------------


def take_in(messages: Sequence[Incoming], *, by: Actor) -> list[EventMessage]:
    """Join each message to its event or open one, in the order given; a message known already is left out."""
    with acting(by, verb="analysis.take_in") as deed:
        state = lock()
        fresh = _unknown(messages)
        memory = memory_of(state)
        areas = gazetteer().areas
        terms = terms_of([(m.title, m.text) for m in fresh], lambda title: area_codes(title) | areas(title))
        found = [memory.stream.add(t, m.at.timestamp(), new_id()) for m, t in zip(fresh, terms, strict=True)]
        opened = [(m, d) for m, d in zip(fresh, found, strict=True) if d.opened]
        Event.objects.bulk_create([_event(m, d) for m, d in opened])
        rows = EventMessage.objects.bulk_create([_row(m, d) for m, d in zip(fresh, found, strict=True)])
        memory.rows.extend(row.pk for row in rows if row.alive)
        EventMessage.objects.filter(pk__in=memory.aged()).update(alive=False, terms=b"")
        closed = {event for decision in found for event in decision.closed}
        Event.objects.filter(pk__in=closed - {d.event for d in found if not d.late}, state="open").update(
            state="closed"
        )
        _propose(found)
        _name_anew(rows)
        memory.stamp = stamp(state)
        deed.detail |= {"messages": len(fresh), "opened": len(opened), "closed": len(closed)}
    return rows


def _unknown(messages: Sequence[Incoming]) -> list[Incoming]:
    asked = {(m.source, m.key): m for m in reversed(messages)}
    rows = EventMessage.objects.filter(key__in=[key for _, key in asked])
    known = set(rows.values_list("source", "key"))
    once = dict.fromkeys((m.source, m.key) for m in messages)
    return [asked[name] for name in once if name not in known]


def _event(message: Incoming, decision: Decision) -> Event:
    state = Event.State.CLOSED if decision.late else Event.State.OPEN
    return Event(id=decision.event, title=without_names(_title(message.title)), state=state, opened_at=message.at)


def _title(title: str) -> str:
    return shorten(mask_text(title.strip()) or "（无标题）", LONGEST_TITLE)


def _row(message: Incoming, decision: Decision) -> EventMessage:
    kept, area = decision.kept, message.area
    row = EventMessage(
        source=message.source, key=message.key, title=_title(message.title), at=message.at, event_id=decision.event,
        score=round(decision.score, 4), fingerprint=digest(message.title, message.text), unit_id=message.unit_id,
        alive=not decision.late, terms=b"" if decision.late else packed(kept),
        places=sorted(kept.places), areas=sorted(kept.areas),
    )  # fmt: skip
    for level, key in (area.ancestors() if area else {}).items():
        setattr(row, f"{level}_id", key)
    return row


def _propose(found: Iterable[Decision]) -> None:
    """Keep what the stream noticed; two events are proposed once, whatever was answered."""
    kinds = EventProposal.Kind
    told: dict[tuple[Any, Any], tuple[str, float]] = {}
    for decision in found:
        if decision.merge and decision.merge[0] != decision.event:
            told.setdefault(ordered(decision.event, decision.merge[0]), (kinds.MERGE, decision.merge[1]))
        if decision.alike is not None and decision.alike != decision.event:
            kind = kinds.LATE if decision.late else kinds.COPY
            told.setdefault(ordered(decision.event, decision.alike), (kind, decision.score))
    moment = time.now()
    EventProposal.objects.bulk_create(
        [
            EventProposal(kind=kind, one_id=one, other_id=other, score=round(score, 4), at=moment)
            for (one, other), (kind, score) in told.items()
        ],
        ignore_conflicts=True,
    )


def _name_anew(rows: Sequence[EventMessage]) -> None:
    """Events that grew much get the title of what is their most central message now."""
    added: dict[UUID, int] = defaultdict(int)
    for row in rows:
        added[row.event_id] += 1
    grown = Event.objects.filter(pk__in=added, named_by_person=False).annotate(size=Count("messages"))
    for event in grown:
        if names_anew(event.size - added[event.pk], event.size):
            _name(event, list(event.messages.order_by("at", "id")))


def _name(event: Event, members: Sequence[EventMessage]) -> None:
    title = name_of([Member(row.title, time.local(row.at).date()) for row in members]).title
    if title != event.title:
        event.title = shorten(title, LONGEST_TITLE)
        event.save(update_fields=["title", "named_by_person"])


@verb("analysis.propose")
def propose(pairs: Sequence[tuple[UUID, UUID, float]], *, by: Actor, reason: str = "") -> int:
    """Keep what somebody else than the stream noticed (归并建议): two events that lie close and are of one kind.

    `pairs` are two events and how near they are (0 to 1). What is held apart, was proposed before or no longer
    lives is left out. Gives how many are new.
    """
    told = {ordered(one, other): score for one, other, score in pairs if one != other}
    living = set(
        Event.objects.filter(pk__in={key for pair in told for key in pair})
        .exclude(state=Event.State.MERGED)
        .values_list("pk", flat=True)
    )
    known = set(EventProposal.objects.filter(one__in=living).values_list("one_id", "other_id"))
    known |= set(EventsApart.objects.filter(one__in=living).values_list("one_id", "other_id"))
    rows = [
        EventProposal(
            kind=EventProposal.Kind.NEAR, one_id=pair[0], other_id=pair[1], score=round(score, 4), at=time.now()
        )
        for pair, score in told.items()
        if pair not in known and living.issuperset(pair)
    ]
    return len(EventProposal.objects.bulk_create(rows, ignore_conflicts=True))


def belong(source: str, units: Mapping[UUID, UUID | None]) -> None:
    """Keep whose each message is in step with its owner's row (归属单位): who works on it sees its event."""
    for unit in set(units.values()):
        keys = [key for key, new in units.items() if new == unit]
        EventMessage.objects.filter(source=source, key__in=keys).update(unit_id=unit)


@verb("analysis.forget")
def forget(source: str, key: UUID, *, by: Actor, reason: str = "") -> int:
    """Erase a message from the stream (清除): its owner's row was erased. Gives how many rows went."""
    state = lock()
    rows = list(EventMessage.objects.filter(source=source, key=key))
    events = {row.event_id for row in rows}
    titles = {row.title for row in rows}
    for row in rows:
        row.delete()
    _unname(titles, events, by, reason or "来件已清除，不再留存其标题")
    for event in Event.objects.filter(pk__in=events):
        left = list(event.messages.order_by("at", "id"))
        if not left and not event.merged.exists() and not event.regroupings.exists():
            event.delete()
    if rows:
        stamp(state)
    return len(rows)


def _unname(titles: set[str], events: set[UUID], by: Actor, reason: str) -> None:
    """Events that bear or once bore the title of what was erased lose it, history included, and are named anew.

    A name that a person gave goes as well: he may have taken it from the message.
    """
    titles |= {shorten(title, TITLES) for title in titles}
    bore = Q(title__in=titles) | Q(version__title__in=titles) | Q(pk__in=events, named_by_person=True)
    for event in Event.objects.filter(bore).distinct():
        anonymise(event, ("title",), by=by, reason=reason)
        left = list(event.messages.order_by("at", "id"))
        if left:
            event.named_by_person = False
            _name(event, left)
        else:
            Event.objects.filter(pk=event.pk).update(title="（来件已清除）")


# -- people ----------------------------------------------------------------------------------------


@verb("analysis.merge")
def merge(event: Event, other: Event, *, by: Actor, reason: str = "") -> Regrouping:
    """All messages of `other` go into `event` (合并事件). Raises NotFound, NotNow when one is merged already."""
    state = _begin(by)
    into, gone = _mine(by, event.pk, other.pk)
    return _move(Regrouping.Kind.MERGE, into, list(gone.messages.all()), state, by, reason)


@verb("analysis.join")
def join(event: Event, messages: Sequence[int], *, by: Actor, reason: str = "") -> Regrouping:
    """Messages of other events go into this one (移入事件)."""
    state = _begin(by)
    (into,) = _mine(by, event.pk)
    return _move(Regrouping.Kind.JOIN, into, _rows(by, messages, outside=into), state, by, reason)


@verb("analysis.split")
def split(event: Event, messages: Sequence[int], *, by: Actor, reason: str = "") -> Regrouping:
    """Some messages of an event become an event of their own, held apart from it from now on (拆出)."""
    state = _begin(by)
    (old,) = _mine(by, event.pk)
    rows = [row for row in _rows(by, messages) if row.event_id == old.pk]
    if not rows or len(rows) == old.messages.count():
        raise BadInput({"messages": "请选择要拆出的消息，并至少留下一件。"}, meaning="没有拆分。")
    first = min(rows, key=lambda row: (row.at, row.pk))
    into = Event.objects.create(title=without_names(first.title), opened_at=first.at)
    EventsApart.objects.create(**dict(zip(("one_id", "other_id"), ordered(old.pk, into.pk), strict=True)))
    return _move(Regrouping.Kind.SPLIT, into, rows, state, by, reason)


@verb("analysis.undo")
def undo(regrouping: Regrouping, *, by: Actor, reason: str = "") -> Regrouping:
    """Put the messages back where they were (撤销归并). Raises NotNow when they have been moved again since."""
    state = _begin(by)
    row = Regrouping.objects.select_for_update().get(pk=regrouping.pk)
    _mine(by, row.event_id)
    moved = {int(pk): UUID(event) for pk, event in row.moved.items()}
    rows = list(EventMessage.objects.filter(pk__in=moved))
    if row.undone_at or any(message.event_id != row.event_id for message in rows):
        raise NotNow("这一步已经撤销，或其中的消息后来又调整过。", "没有改动。", "请按现在的归并情况重新调整。")
    Event.objects.filter(pk__in=set(moved.values()), state="merged").update(state="open", merged_into=None)
    for message in rows:
        message.event_id, message.by_person = moved[message.pk], True
    EventMessage.objects.bulk_update(rows, ["event", "by_person"])
    row.undone_at = time.now()
    row.save(update_fields=["undone_at"])
    olds = set(moved.values())
    if row.kind == Regrouping.Kind.SPLIT:
        _together(row.event_id, olds)
    pairs = Q(one__in=olds, other=row.event_id) | Q(other__in=olds, one=row.event_id)
    EventProposal.objects.filter(pairs, state="accepted").update(state="waiting")
    _settle({row.event_id, *olds}, into=next(iter(olds), None))
    stamp(state)
    return row


@verb("analysis.answer")
def answer(proposal: EventProposal, *, same: bool, by: Actor, reason: str = "") -> EventProposal:
    """Say whether two events are one (确认归并建议): yes merges them, no holds them apart."""
    state = _begin(by)
    row = EventProposal.objects.select_for_update().get(pk=proposal.pk)
    if row.state != EventProposal.State.WAITING:
        raise NotNow("这条建议已经处理过。", "没有改动。", "请刷新列表。")
    one, other = _mine(by, row.one_id, row.other_id)
    row.state = EventProposal.State.ACCEPTED if same else EventProposal.State.REFUSED
    row.save(update_fields=["state"])
    if same:
        into, gone = sorted((one, other), key=lambda event: (event.opened_at, str(event.pk)))
        _move(Regrouping.Kind.MERGE, into, list(gone.messages.all()), state, by, reason)
    else:
        EventsApart.objects.get_or_create(one_id=row.one_id, other_id=row.other_id)
        stamp(state)
    return row


@verb("analysis.rename")
def rename(event: Event, title: str, *, by: Actor, reason: str = "") -> Event:
    """Give an event a title of one's own (事件命名); the stream leaves it alone from now on."""
    by.must(REGROUP)
    (row,) = _mine(by, event.pk)
    if not title.strip() or len(title.strip()) > LONGEST_TITLE:
        raise BadInput({"title": f"请填写标题，最多 {LONGEST_TITLE} 个字。"}, meaning="标题没有改。")
    row.title, row.named_by_person = title.strip(), True
    row.save(update_fields=["title", "named_by_person"])
    return row


def _begin(by: Actor) -> Any:
    by.must(REGROUP)
    return lock()


def _mine(by: Actor, *keys: UUID) -> list[Event]:
    """Living events that this person may see, locked, in the order asked for."""
    if len(set(keys)) != len(keys):
        raise BadInput({"event": "请选择另一个事件。"}, meaning="没有改动。")
    seen = set(Event.objects.visible_to(by).filter(pk__in=keys).values_list("pk", flat=True))
    rows = {row.pk: row for row in Event.objects.select_for_update().filter(pk__in=seen)}
    if len(rows) != len(keys):
        raise NotFound(*NOT_REALLY, code="analysis.no_event")
    if any(row.state == Event.State.MERGED for row in rows.values()):
        raise NotNow("其中有事件已经并入别的事件。", "没有改动。", "请打开并入后的事件再操作。")
    return [rows[key] for key in keys]


def _rows(by: Actor, messages: Sequence[int], outside: Event | None = None) -> list[EventMessage]:
    rows = EventMessage.objects.visible_to(by).filter(pk__in=messages)
    found = [row for row in rows if outside is None or row.event_id != outside.pk]
    if not found:
        raise BadInput({"messages": "请选择消息。"}, meaning="没有改动。")
    return found


def _move(kind: str, into: Event, rows: list[EventMessage], state: Any, by: Actor, reason: str) -> Regrouping:
    """Move messages and write down from where, so that it can be undone."""
    olds = {row.event_id for row in rows}
    done = Regrouping.objects.create(
        kind=kind, event=into, moved={str(row.pk): str(row.event_id) for row in rows}, at=time.now(),
        by_name=by.name, reason=reason,
    )  # fmt: skip
    for row in rows:
        row.event, row.by_person = into, True
    EventMessage.objects.bulk_update(rows, ["event", "by_person"])
    if kind != Regrouping.Kind.SPLIT:
        _together(into.pk, olds)
    _settle({into.pk, *olds}, into=into.pk)
    stamp(state)
    return done


def _together(event: UUID, others: set[UUID]) -> None:
    """What a person put together is no longer held apart."""
    EventsApart.objects.filter(Q(one=event, other__in=others) | Q(other=event, one__in=others)).delete()


def _settle(events: set[UUID], *, into: UUID | None) -> None:
    """State, first day and title of events that changed their members; an empty one has gone into another."""
    for event in Event.objects.filter(pk__in=events):
        members = list(event.messages.order_by("at", "id"))
        if members:
            event.state = Event.State.OPEN if any(row.alive for row in members) else Event.State.CLOSED
            event.merged_into, event.opened_at = None, members[0].at
            if not event.named_by_person:
                names = [Member(row.title, time.local(row.at).date()) for row in members]
                event.title = shorten(name_of(names).title, LONGEST_TITLE)
        else:
            event.state, event.merged_into_id = Event.State.MERGED, into
        event.save()
    over = Q(one__state="merged") | Q(other__state="merged")
    EventProposal.objects.filter(over, Q(one__in=events) | Q(other__in=events), state="waiting").update(state="over")
