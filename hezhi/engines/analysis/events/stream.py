"""One pass over all messages: each joins an event or opens one (事件流).

How a message finds its event:

1. A term weighs (1 + ln tf) · (ln(n / (df + 0.5)) + 1), counted over the messages in the window as they
   come, on top of the everyday language of `background`; a term in over a fifth of them weighs nothing. Both
   sides of a comparison use today's counts.
2. The strongest terms of each bag are looked up in the index. A lookup reads the newest messages only, so
   its cost has a bound. The messages met most are compared exactly.
3. Score of two messages = a share of the cosine of the titles + the cosine of the texts. Of each cosine the part
   that everyday language makes counts less than the part that names and rare words make, and both together count
   more than either alone: one place has many matters, and one matter many places. The score fades with the time
   between the two, and is less where both titles name areas and share none. Score of an event = mean of its two
   best members (a missing one counting a little less than the threshold) and of its newest ones, half and half:
   one good neighbour does not carry a message into an event that is about something else.
4. At the threshold or above the message joins, else it opens a new event. When a second event is good too, and the
   members of both are alike among themselves, joining the two is proposed.

Nearly the same text about two named places stays two events, and the likeness is only told. What people
put together or took apart is given to the stream as `regroup` and `keep_apart`, and never undone by it.

Memory is flat: the index holds the messages of the window and no more than `capacity` of them; the
oldest leave. A message older than the window joins nothing: it is told as late, with the event it
resembles. All state is plain numbers and follows from the rows alone: `recall` them in their order, and
the stream answers as before.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.events.background import background
from hezhi.engines.analysis.events.kept import LOUDEST, TEXT, TITLE, Kept
from hezhi.engines.analysis.events.terms import BITS, Bag, Terms
from hezhi.engines.analysis.text.places import may_be_one

__all__ = ["Decision", "Settings", "Stream"]

_WIDE = TITLE + TEXT
_LOUD = np.concatenate([[0.0], 1 + np.log(np.arange(1, LOUDEST + 1))]).astype(np.float32)
_BAGS = np.array([0, TITLE])
_HALF, _ONE, _TINY = np.float32(0.5), np.float32(1), np.float32(1e-9)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers of the stream, chosen on the shared half of the messages with known events."""

    join: float = 0.302
    """Score of an event from which a message joins it."""
    merge: float = 0.342
    merge_share: float = 0.6
    """A second event over `merge`, and over this share of the best, may be proposed to be joined with it …"""
    linked: float = 0.312
    """… when two messages, one of each, score as much on average."""
    link: int = 6
    """So many of the newest members of each are looked at for that."""
    title_weight: float = 0.58
    everyday: float = 0.7
    """What a shared term of everyday language (one of `background`) counts beside a rare one, as names are."""
    both: float = 0.8
    """What is added for sharing names and everyday language, times the lesser of the two."""
    lasting: float = 0.8
    """What is left of a score when years lie between two messages …"""
    fades: float = 45 * 86400.0
    """… and in so many seconds two thirds of the way are gone."""
    other_area: float = 0.42
    """What is left of a score when the titles name different areas."""
    copy: float = 0.55
    """Cosine of texts from which two messages are one text; with different places they stay apart."""
    too_common: float = 0.2
    background: int = 4000
    """So many messages of everyday language are counted before the first one comes."""
    asked: int = 6
    """Terms of each bag that are looked up."""
    posted: int = 14
    """Terms of each bag that can be looked up later."""
    depth: int = 20
    """How many of the newest messages with a term are read."""
    compared: int = 14
    members: int = 2
    missing: float = 0.85
    """What a best member that is not there counts, as a share of the threshold."""
    best_share: float = 0.54
    """The share of the best members in an event's score; the rest is the mean of the newest."""
    newest: int = 4
    nearest: int = 4
    """Of so many of the nearest events the newest members are compared, whether met or not."""
    window: float = 180 * 86400.0
    """How long a message can be joined, in seconds."""
    capacity: int = 60_000


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a message went, and what a person should look at."""

    event: Any
    """Its key, as the caller gave it."""
    opened: bool
    """True when the event is new."""
    score: float
    kept: Kept
    late: bool = False
    """Older than the window: it stands alone, whatever it resembles."""
    merge: tuple[Any, float] | None = None
    """A second event that seems to be the same one, and its score."""
    alike: Any = None
    """An event of nearly the same text about another place, or the one a late message resembles."""
    closed: tuple[Any, ...] = ()
    """Events whose last message has left the window."""


class Stream:
    """The messages in the window and the events they stand in."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._room = min(self.settings.capacity, 4096)
        self._terms = np.zeros((self._room, _WIDE), np.int32)
        self._loud = np.zeros((self._room, _WIDE), np.uint8)
        self._df = background(self.settings.background) + _HALF
        self._dense = np.zeros(1 << BITS, np.float32)
        self._per = 2 * self.settings.posted
        self._head = array("q", [-1]) * (1 << BITS)
        self._before = array("q", [-1]) * (self._room * self._per)
        self._next = 0
        self._low = 0
        self._newest = float("-inf")
        self._event: dict[int, Hashable] = {}
        self._members: dict[Hashable, list[int]] = defaultdict(list)
        self._everyday = background(self.settings.background) > 0
        self._sent = np.zeros(self._room, np.float64)
        self._areas: dict[int, frozenset[str]] = {}
        self._places: dict[int, frozenset[str]] = {}
        self._apart: dict[Hashable, set[Hashable]] = defaultdict(set)

    def __len__(self) -> int:
        return self._next - self._low

    # -- what people decide ------------------------------------------------------------------------

    def keep_apart(self, one: Hashable, other: Hashable) -> None:
        """Two events that a person holds to be different: joining them is not proposed again."""
        self._apart[one].add(other)
        self._apart[other].add(one)

    def hold_apart(self, pairs: Iterable[tuple[Hashable, Hashable]]) -> None:
        """All pairs of events held apart, in place of those known."""
        self._apart.clear()
        for one, other in pairs:
            self.keep_apart(one, other)

    def regroup(self, events: Sequence[Hashable]) -> None:
        """The event of each message in the window, oldest first, in place of what the stream had found."""
        self._event = dict(zip(range(self._low, self._next), events, strict=True))
        self._members.clear()
        for number, event in self._event.items():
            self._members[event].append(number)

    def merge(self, into: Hashable, other: Hashable) -> None:
        """All messages of one event stand in the other from now on."""
        moved = self._members.pop(other, [])
        for at in moved:
            self._event[at] = into
        self._members[into] = sorted(self._members[into] + moved)
        for third in self._apart.pop(other, set()):
            self._apart[third].discard(other)
            self.keep_apart(into, third)

    def members(self, event: Hashable) -> tuple[int, ...]:
        """The messages of an event that are in the window, by the order in which they came."""
        return tuple(self._members.get(event, ()))

    # -- one message -------------------------------------------------------------------------------

    def add(self, terms: Terms, at: float, fresh: Hashable) -> Decision:
        """Join a message (sent `at`, in seconds) to its event, or open the event `fresh` with it."""
        late = at < self._newest - self.settings.window
        closed = () if late else self._age(at)
        query, kept = self._query(terms)
        scores, alike = self._events(query, kept, at)
        best = scores[0] if scores else (0.0, None)
        if late:
            near = best[1] if best[0] >= self.settings.join else None
            return Decision(fresh, True, best[0], kept, late=True, alike=near)
        if best[0] < self.settings.join:
            self._insert(kept, at, fresh)
            return Decision(fresh, True, best[0], kept, alike=alike, closed=closed)
        score, event = self._respecting(scores)
        self._insert(kept, at, event)
        return Decision(event, False, score, kept, merge=self._second(scores, score, event), alike=alike, closed=closed)

    def recall(self, kept: Kept, at: float, event: Hashable) -> None:
        """Put back a message as it was kept, without asking where it belongs; oldest first."""
        self._age(at)
        self._insert(kept, at, event)

    # -- finding -----------------------------------------------------------------------------------

    def _weights(self, terms: npt.NDArray[np.int32]) -> Floats:
        count = np.float32(len(self) + 1 + self.settings.background)
        df = self._df.take(terms)
        weights = np.log(count / df)
        weights += _ONE
        weights[df > self.settings.too_common * count] = 0
        return weights

    def _query(self, terms: Terms) -> tuple[tuple[Floats, Floats], Kept]:
        """The message's terms by weight, and their weights at unit length."""
        bags, weights = [], []
        for bag, most in ((terms.title, TITLE), (terms.text, TEXT)):
            often = np.minimum(bag.often, LOUDEST)
            own = self._weights(bag.terms) * _LOUD[often]
            order = np.argsort(-own, kind="stable")[:most]
            own = own[order]
            bags.append(Bag(bag.terms[order], often[order]))
            unit: Floats = np.asarray(own / np.sqrt(own @ own + _TINY), np.float32)
            weights.append(unit)
        return (weights[0], weights[1]), Kept(bags[0], bags[1], terms.places, terms.areas)

    def _candidates(self, query: tuple[Floats, Floats], kept: Kept) -> list[int]:
        """The messages that share most of the strongest terms."""
        s = self.settings
        met: dict[int, float] = {}
        head, before, per, size, low = self._head, self._before, self._per, len(self._before), self._low * self._per
        for bag, weights, share in ((kept.title, query[0], s.title_weight), (kept.text, query[1], 1.0)):
            asked = 0
            for term, weight in zip(bag.terms.tolist(), weights.tolist(), strict=True):
                entry = head[term]
                if entry < low:
                    continue
                worth = weight * weight * share
                left = s.depth
                while entry >= low and left:
                    at = entry // per
                    met[at] = met.get(at, 0.0) + worth
                    entry = before[entry % size]
                    left -= 1
                asked += 1
                if asked == s.asked:
                    break
        if len(met) <= s.compared:
            return list(met)
        return sorted(met, key=met.__getitem__, reverse=True)[: s.compared]

    def _compare(
        self, query: tuple[Floats, Floats], kept: Kept, at: float, others: Sequence[int]
    ) -> tuple[Floats, Floats]:
        """How alike messages are by their terms and times, and the cosine of the texts alone."""
        s = self.settings
        dense = self._dense
        dense[kept.title.terms] = query[0]
        dense[kept.text.terms] = query[1]
        slots = np.array(others) % self._room
        terms = self._terms.take(slots, 0)
        weights = self._weights(terms)
        weights *= _LOUD.take(self._loud.take(slots, 0))
        shared = dense.take(terms)
        shared *= weights
        cosines = np.add.reduceat(shared, _BAGS, 1)
        shared *= self._everyday.take(terms)
        everyday = np.add.reduceat(shared, _BAGS, 1)
        weights *= weights
        length = np.sqrt(np.add.reduceat(weights, _BAGS, 1) + _TINY)
        cosines /= length
        everyday /= length
        dense[kept.title.terms] = 0
        dense[kept.text.terms] = 0
        share = np.float32(s.title_weight)
        common = everyday[:, 0] * share + everyday[:, 1]
        rare = cosines[:, 0] * share + cosines[:, 1] - common
        alike = rare + np.float32(s.everyday) * common + np.float32(s.both) * np.minimum(rare, common)
        gone = np.exp(np.abs(self._sent.take(slots) - at) / -s.fades)
        alike *= (s.lasting + (1 - s.lasting) * gone).astype(np.float32)
        return alike, cosines[:, 1]

    def _events(
        self, query: tuple[Floats, Floats], kept: Kept, at: float
    ) -> tuple[list[tuple[float, Hashable, float]], Hashable | None]:
        """Events by score (score, event, its best member's), and the event of a copy about another place."""
        others = self._candidates(query, kept)
        if not others:
            return [], None
        scores, copied = self._scores(kept, others, *self._compare(query, kept, at, others))
        met: dict[Hashable, dict[int, float]] = {}
        for i in np.argsort(-scores, kind="stable").tolist():
            met.setdefault(self._event[others[i]], {})[others[i]] = float(scores[i])
        self._meet_newest(query, kept, at, met)
        ranked = [(self._score(own), event, own[0]) for event, own in ((e, list(m.values())) for e, m in met.items())]
        ranked.sort(key=lambda found: -found[0])
        return ranked, None if copied is None else self._event[copied]

    def _meet_newest(
        self, query: tuple[Floats, Floats], kept: Kept, at: float, met: dict[Hashable, dict[int, float]]
    ) -> None:
        """Compare the newest members of the nearest events too, where the index did not lead to them."""
        s = self.settings
        near = list(met)[: s.nearest]
        others = [one for event in near for one in self._members[event][-s.newest :] if one not in met[event]]
        if others:
            scores, _ = self._scores(kept, others, *self._compare(query, kept, at, others))
            for one, score in zip(others, scores.tolist(), strict=True):
                met[self._event[one]][one] = score

    def _score(self, members: list[float]) -> float:
        """Score of an event from those of its members, which are put in order by it."""
        s = self.settings
        if len(members) == 1:
            return (members[0] + s.join * s.missing * (s.members - 1)) / s.members
        members.sort(reverse=True)
        best = members[: s.members]
        top = (sum(best) + s.join * s.missing * (s.members - len(best))) / s.members
        all_ = members[: s.newest]
        return s.best_share * top + (1 - s.best_share) * sum(all_) / len(all_)

    def _scores(self, kept: Kept, others: Sequence[int], scores: Floats, text: Floats) -> tuple[Floats, int | None]:
        """Scores of messages, and the newest one that is a copy about another place."""
        s = self.settings
        copied = None
        for i, other in enumerate(others):
            if kept.areas and (areas := self._areas.get(other)) and not areas & kept.areas:
                scores[i] *= s.other_area
            if (
                text[i] >= s.copy
                and kept.places
                and (places := self._places.get(other))
                and _differ(kept.places, places)
            ):
                scores[i] = 0
                copied = other if copied is None else max(copied, other)
        return scores, copied

    def _respecting(self, scores: list[tuple[float, Hashable, float]]) -> tuple[float, Hashable]:
        """The best event; among events that a person took apart, the one with the nearest member."""
        score, event, nearest = scores[0]
        apart = self._apart.get(event)
        if apart:
            for other_score, other, other_nearest in scores[1:]:
                if other in apart and other_nearest > nearest:
                    score, event, nearest = other_score, other, other_nearest
        return score, event

    def _second(
        self, scores: list[tuple[float, Hashable, float]], score: float, event: Hashable
    ) -> tuple[Hashable, float] | None:
        s = self.settings
        held = self._apart.get(event, ())
        for other_score, other, _ in scores[:3]:
            if other == event or other in held or other_score <= max(s.merge, s.merge_share * score):
                continue
            if self._likeness(event, other) >= s.linked:
                return other, other_score
        return None

    def _likeness(self, one: Hashable, other: Hashable) -> float:
        """The mean score of two messages, one of each event, over the newest of both."""
        few = self.settings.link
        left, right = self._members[one][-few:], self._members[other][-few:]
        total = 0.0
        for number in left:
            query, kept = self._as_query(number)
            at = float(self._sent[number % self._room])
            scores, _ = self._scores(kept, right, *self._compare(query, kept, at, right))
            total += float(scores.sum())
        return total / (len(left) * len(right))

    def _as_query(self, at: int) -> tuple[tuple[Floats, Floats], Kept]:
        """A message of the window as it would ask now."""
        slot, bags, weights = at % self._room, [], []
        for start, end in ((0, TITLE), (TITLE, _WIDE)):
            there = self._loud[slot, start:end] > 0
            terms, often = self._terms[slot, start:end][there], self._loud[slot, start:end][there]
            own = self._weights(terms) * _LOUD[often]
            bags.append(Bag(terms, often.astype(np.int32)))
            weights.append(np.asarray(own / np.sqrt(own @ own + _TINY), np.float32))
        nobody: frozenset[str] = frozenset()
        places, areas = self._places.get(at, nobody), self._areas.get(at, nobody)
        return (weights[0], weights[1]), Kept(bags[0], bags[1], places, areas)

    # -- the window --------------------------------------------------------------------------------

    def _insert(self, kept: Kept, at: float, event: Hashable) -> None:
        if len(self) == self._room:
            self._grow()
        number, slot = self._next, self._next % self._room
        self._terms[slot] = 0
        self._loud[slot] = 0
        head, before, size = self._head, self._before, len(self._before)
        entry = number * self._per
        for bag, start in ((kept.title, 0), (kept.text, TITLE)):
            end = start + len(bag.terms)
            self._terms[slot, start:end] = bag.terms
            self._loud[slot, start:end] = bag.often
            self._df[bag.terms] += 1
            for term in bag.terms[: self.settings.posted].tolist():
                before[entry % size] = head[term]
                head[term] = entry
                entry += 1
        self._event[number] = event
        self._members[event].append(number)
        self._sent[slot] = at
        if kept.areas:
            self._areas[number] = kept.areas
        if kept.places:
            self._places[number] = kept.places
        self._newest = max(self._newest, at)
        self._next += 1

    def _grow(self) -> None:
        """Twice the room, until the capacity is reached."""
        room = min(self.settings.capacity, self._room * 2)
        alive = np.arange(self._low, self._next)
        terms, loud = np.zeros((room, _WIDE), np.int32), np.zeros((room, _WIDE), np.uint8)
        terms[alive % room] = self._terms[alive % self._room]
        loud[alive % room] = self._loud[alive % self._room]
        before = array("q", [-1]) * (room * self._per)
        size = len(self._before)
        for entry in range(self._low * self._per, self._next * self._per):
            before[entry % len(before)] = self._before[entry % size]
        sent = np.zeros(room, np.float64)
        sent[alive % room] = self._sent[alive % self._room]
        self._terms, self._loud, self._sent, self._before, self._room = terms, loud, sent, before, room

    def _age(self, at: float) -> tuple[Hashable, ...]:
        """Let go of what has left the window, or must make room; gives the events that are closed by it."""
        oldest = max(self._newest, at) - self.settings.window
        closed = []
        while len(self) and (self._sent[self._low % self._room] < oldest or len(self) >= self.settings.capacity):
            event = self._forget()
            if event is not None:
                closed.append(event)
        return tuple(closed)

    def _forget(self) -> Hashable | None:
        number, slot = self._low, self._low % self._room
        self._df[self._terms[slot][self._loud[slot] > 0]] -= 1
        event = self._event.pop(number)
        self._areas.pop(number, None)
        self._places.pop(number, None)
        self._low += 1
        members = self._members[event]
        members.remove(number)
        if members:
            return None
        del self._members[event]
        return event


def _differ(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether no place of the one may be a place of the other."""
    others = tuple(other)
    return not any(may_be_one(a, b) for a in one for b in others)
