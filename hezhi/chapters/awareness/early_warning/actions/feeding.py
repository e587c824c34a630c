"""What came in goes into the event stream (入流): every case that is not secret, once, in its order; and what must go, goes.

The history of cases is the outbox: it was written in the transaction of the case itself. Numbers rise, but a long
transaction may put one in late, so the last minutes are looked at again, and every night all of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from hezhi.chapters.awareness.early_warning.models import Feed, Standing
from hezhi.chapters.cases.handling.api import MATTER, Case, queries
from hezhi.engines.analysis import actions as stream
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal
from hezhi.engines.org.api import Actor
from hezhi.ground import time
from hezhi.ground.clauses import clause

AT_ONCE = 200
LOOKED_AGAIN = 5000
WINDOW = timedelta(days=180)


@clause("9.1.4-1")
def feed(by: Actor) -> int:
    """Take in what came since the last round, so many at once; gives how many cases were read."""
    with transaction.atomic():  # a trace is left by what is taken in, not by each look that finds nothing
        state = _locked()
        fresh = list(queries.arrived(state.seen)[:AT_ONCE])
        if fresh:
            _take([case for _, case in fresh], by)
            state.seen = fresh[-1][0]
        else:
            _look_again(state, by)
        state.save()
    return len(fresh)


def _locked() -> Feed:
    """The one row, locked; a fresh one begins where the window begins."""
    known = Feed.objects.select_for_update().filter(pk=1).first()
    if known is None:
        begin = queries.settled(queries.last_arrived(), before=time.real_now() - WINDOW)
        Feed.objects.bulk_create([Feed(pk=1, seen=begin, settled=begin)], ignore_conflicts=True)
        known = Feed.objects.select_for_update().get(pk=1)
    return known


def _take(case_ids: Sequence[UUID], by: Actor) -> int:
    incoming = [
        stream.Incoming(MATTER, each.id, each.title, each.text, each.at, each.area, each.unit_id)
        for each in queries.arrivals(case_ids)
    ]
    return len(stream.take_in(incoming, by=by)) if incoming else 0


def _look_again(state: Feed, by: Actor) -> None:
    """What a longer transaction put in below the last number since; then the minutes that are over are done with."""
    if state.settled >= state.seen:
        return
    late = [case for _, case in queries.arrived(state.settled, state.seen)[:LOOKED_AGAIN]]
    known = set(EventMessage.objects.filter(source=MATTER, key__in=late).values_list("key", flat=True))
    missing = [case for case in late if case not in known]
    if missing:
        _take(missing, by)
    state.settled = max(state.settled, queries.settled(state.seen))


NEAR_METRES, NEAR_DAYS = 300, timedelta(days=7)


@clause("9.1.4-1")
def propose_near(by: Actor, days: float = 3) -> int:
    """Events told in other words, of one kind at one place within a week, are proposed to be one (同类同地归并建议).

    Only proposed: two burst pipes in one street are two events until a person says otherwise. Of a heap each event
    is proposed to be one with the oldest. Gives how many are new.
    """
    now = time.now()
    near = queries.near_pairs(now - timedelta(days=days), now, metres=NEAR_METRES, apart=NEAR_DAYS)
    keys = {key for one, other, _ in near for key in (one, other)}
    rows = EventMessage.objects.filter(source=MATTER, key__in=keys).order_by("at").values_list("key", "event_id", "at")
    event_of = {key: event for key, event, _ in rows}
    age = {event: n for n, event in enumerate(dict.fromkeys(event for _, event, _ in rows))}
    told: dict[UUID, tuple[UUID, float]] = {}
    for one, other, metres in near:
        if one in event_of and other in event_of and event_of[one] != event_of[other]:
            older, newer = sorted((event_of[one], event_of[other]), key=lambda event: age[event])
            if newer not in told or age[older] < age[told[newer][0]]:
                told[newer] = (older, 1 - metres / (2 * NEAR_METRES))
    pairs = [(newer, _oldest(newer, told), score) for newer, (_, score) in told.items()]
    known = EventProposal.objects.filter(kind="near", state="waiting").values_list("one_id", "other_id")
    fresh = {(one, other) for one, other, _ in pairs} - {pair for a, b in known for pair in ((a, b), (b, a))}
    return stream.propose([pair for pair in pairs if pair[:2] in fresh], by=by) if fresh else 0


def _oldest(event: UUID, told: dict[UUID, tuple[UUID, float]]) -> UUID:
    while event in told:
        event = told[event][0]
    return event


@clause("9.1.4-1")
def compare(by: Actor) -> int:
    """Once a night: cases of the window that are missing go in, members whose case is gone or secret go out (夜间比对)."""
    state = Feed.objects.filter(pk=1).first()
    if state is None or state.compared_on == time.today():
        return 0
    mine = EventMessage.objects.filter(source=MATTER, key=OuterRef("pk"))
    since = time.now() - WINDOW
    missing = list(
        Case.objects.filter(~Exists(mine), received_at__gt=since, secret=False, recorded_at__lt=time.now() - timedelta(hours=1))
        .exclude(state="void")
        .order_by("received_at")
        .values_list("pk", flat=True)[:LOOKED_AGAIN]
    )  # fmt: skip
    for start in range(0, len(missing), AT_ONCE):
        _take(missing[start : start + AT_ONCE], by)
    lawful = Case.objects.filter(pk=OuterRef("key"), secret=False).exclude(state="void")
    gone = EventMessage.objects.filter(~Exists(lawful), source=MATTER).values_list("key", flat=True)[:LOOKED_AGAIN]
    for key in list(gone):
        forget_case(key, by=by, reason="来件已清除、作废或设为保密件")
    Feed.objects.filter(pk=1).update(compared_on=time.today())
    return len(missing) + len(gone)


def forget_case(case_id: UUID, *, by: Actor, reason: str) -> int:
    """Take a case out of the stream with all its words (清除): it became secret, was erased, or was entered by mistake.

    What is left of its event is named anew; an event without members goes, and its standing with it.
    """
    event = EventMessage.objects.filter(source=MATTER, key=case_id).values_list("event_id", flat=True).first()
    if event is None:
        return 0
    gone = stream.forget(MATTER, case_id, by=by, reason=reason)
    if not Event.objects.filter(pk=event, messages__isnull=False).exists():
        Standing.objects.filter(event=event).delete()
    return gone
