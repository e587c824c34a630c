"""The stream in memory, and how it follows the rows (事件流的内存状态).

One process at a time writes: whoever does holds the row of `StreamState` to the end of his transaction.
Its stamp tells whether this process's memory still is what stands in the tables. When only people have
regrouped meanwhile, the grouping is read again; otherwise, as at the start, everything in the window.
"""

from __future__ import annotations

from collections import deque
from uuid import UUID

from django.db import transaction

from hezhi.engines.analysis.events.kept import unpacked
from hezhi.engines.analysis.events.stream import Settings, Stream
from hezhi.engines.analysis.models import Event, EventMessage, EventsApart, StreamState
from hezhi.ground.ids import new_id

__all__ = ["SETTINGS", "Memory", "lock", "memory_of", "rebuilt", "stamp"]

SETTINGS = Settings()
AT_ONCE = 2000


class Memory:
    """A stream and the rows of its messages, oldest first."""

    def __init__(self) -> None:
        self.stream = Stream(SETTINGS)
        self.rows: deque[int] = deque()
        self.stamp: UUID | None = None

    def aged(self) -> list[int]:
        """Take off the rows whose messages have left the stream."""
        return [self.rows.popleft() for _ in range(len(self.rows) - len(self.stream))]


_memory: Memory | None = None
"""Made by the first who asks: the words it starts from cost every process a third of a second."""


def lock() -> StreamState:
    """Wait for one's turn to write the grouping; the turn ends with the transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the stream is locked for a transaction")
    StreamState.objects.bulk_create([StreamState(id=1)], ignore_conflicts=True)
    return StreamState.objects.select_for_update().get(id=1)


def stamp(state: StreamState) -> UUID:
    """Say that the grouping is another one now; memories made before are stale."""
    state.stamp = new_id()
    state.save(update_fields=["stamp"])
    return state.stamp


def memory_of(state: StreamState) -> Memory:
    """This process's memory, made equal to the rows. Ask with the lock held; set its stamp when done."""
    global _memory
    if _memory is None or _memory.stamp != state.stamp:
        _memory = _regrouped(_memory) if _memory and _memory.stamp else rebuilt()
    _memory.stamp = None  # until the transaction has come to its end
    return _memory


def rebuilt() -> Memory:
    """A memory made from the rows in the window alone (重建)."""
    memory = Memory()
    rows = EventMessage.objects.filter(alive=True).order_by("id")
    for row in rows.iterator(AT_ONCE):
        kept = unpacked(bytes(row.terms), frozenset(row.places), frozenset(row.areas))
        memory.stream.recall(kept, row.at.timestamp(), row.event_id)
        memory.rows.append(row.pk)
    memory.stream.hold_apart(_apart())
    return memory


def _regrouped(old: Memory) -> Memory:
    """The same messages with today's grouping, or all anew when the messages are others."""
    rows = list(EventMessage.objects.filter(alive=True).order_by("id").values_list("id", "event_id"))
    if [pk for pk, _ in rows] != list(old.rows):
        return rebuilt()
    old.stream.regroup([event for _, event in rows])
    old.stream.hold_apart(_apart())
    return old


def _apart() -> list[tuple[UUID, UUID]]:
    """Pairs held apart, told of the events into which they have gone meanwhile."""
    into = dict(Event.objects.filter(state=Event.State.MERGED).values_list("id", "merged_into_id"))

    def living(event: UUID) -> UUID:
        while event in into:
            event = into[event]
        return event

    pairs = EventsApart.objects.values_list("one_id", "other_id")
    return [(living(one), living(other)) for one, other in pairs if living(one) != living(other)]
