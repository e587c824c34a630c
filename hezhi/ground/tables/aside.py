"""What stands round the table (列表旁的数据), read in one query: counts, options, saved views, columns.

Each small question is compiled by the ORM, then all are sent as one UNION ALL. A list therefore costs the
same number of queries whatever its filters are. Nothing is counted to its end at any price: a count stops
one row behind its cap, and says that there are more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from hezhi.ground.tables.worded import filled, without_moments

CAP = 10_000
Pair = tuple[str, str]
Rows = QuerySet[Any]


@dataclass(frozen=True)
class Tally:
    """A count that may have stopped early: so many, and whether there are more (计数)."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.more else f"{self.number:,}"


NOUGHT = Tally(0)

_PAIRS = "SELECT %s, a::text, b::text FROM ({}) t(a, b)"
_FEW = "SELECT %s, a::text, b::text FROM ({}) t(a, b) WHERE (SELECT count(*) FROM ({}) u) <= <most>"
_COUNT = "SELECT %s, %s, count(*)::text FROM (SELECT 1 FROM ({}) t LIMIT <most>) u"
_COUNTS = "SELECT %s, k::text, count(*)::text FROM (SELECT k FROM ({}) t(k) LIMIT <most>) u GROUP BY k"


def summed(tallies: Iterable[Tally]) -> Tally:
    """All of them together; «more» when one of them has more."""
    told = list(tallies)
    return Tally(sum(each.number for each in told), any(each.more for each in told))


class KeptPairs:
    """Pairs asked for again and again (定句): worded at the first asking, what changes stands in them as `Given`."""

    def __init__(self, build: Callable[[], Rows], most: int = 500, *, few: bool = False) -> None:
        self._build, self._most, self._few = build, most, few

    @cached_property
    def worded(self) -> tuple[str, Sequence[Any]] | None:
        """Text and values; None where no row can ever fit."""
        made = _framed(*_pairs(self._build(), self._most, few=self._few))
        return made and (made[0], without_moments(made[1]))


class Aside:
    """Questions gathered for one query. Answers are texts: (key, label) pairs by name.

    Rows to count are given in branches without overlap: one after the other is read until the cap is
    reached, so that a branch which is dear to read is mostly not read at all.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._values: list[Any] = []
        self._caps: dict[str, int] = {}

    def ask_pairs(self, name: str, pairs: Rows, most: int = 500) -> None:
        """Two columns of a query, `values_list(key, label)`, at most `most` rows."""
        frame, *asked = _pairs(pairs, most, few=False)
        self._add(frame, [name], *asked)

    def ask_few_pairs(self, name: str, pairs: Rows, most: int = 500) -> None:
        """The same, but nothing at all when there are more than `most`."""
        frame, *asked = _pairs(pairs, most, few=True)
        self._add(frame, [name], *asked)

    def ask_kept(self, name: str, kept: KeptPairs, **given: Any) -> None:
        """The same, worded once; the values told now stand in its places."""
        if kept.worded is not None:
            text, values = kept.worded
            self._pieces.append(text)
            self._values += [name, *filled(values, given)]

    def ask_count(self, name: str, key: str, branches: Rows | Sequence[Rows], cap: int | None = None) -> None:
        """How many rows, counted no further than `cap` + 1."""
        most = CAP if cap is None else cap
        self._caps[f"{name}:{key}"] = most
        self._add(_COUNT.replace("<most>", str(int(most + 1))), [name, key], _first(branches, "pk", most + 1))

    def ask_counts(self, name: str, path: str, branches: Rows | Sequence[Rows], cap: int) -> None:
        """How many rows of each value of a column, in one pass over no more than `cap` + 1 rows in all."""
        self._caps[name] = cap
        self._add(_COUNTS.replace("<most>", str(int(cap + 1))), [name], _first(branches, path, cap + 1))

    def answers(self) -> dict[str, list[Pair]]:
        """Everything asked, in one query (or none, when nothing was asked)."""
        found: dict[str, list[Pair]] = defaultdict(list)
        if not self._pieces:
            return found
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"({piece})" for piece in self._pieces), self._values)
            for name, key, label in cursor.fetchall():
                found[name].append((key, label or ""))
        return found

    def tallies(self, found: dict[str, list[Pair]], name: str) -> dict[str, Tally]:
        """The counts asked under a name, by key, each saying whether there are more."""
        told = {key: int(number) for key, number in found.get(name, ())}
        if name in self._caps:  # one pass over all of them
            more = sum(told.values()) > self._caps[name]
            return {key: Tally(number, more) for key, number in told.items()}
        caps = {key: self._caps[f"{name}:{key}"] for key in told}
        return {key: Tally(min(number, caps[key]), number > caps[key]) for key, number in told.items()}

    def _add(self, frame: str, values: list[Any], *asked: Sequence[Rows]) -> None:
        """Each `{}` of the frame stands for rows, told in branches; no rows at all make no question."""
        made = _framed(frame, *asked)
        if made is not None:
            self._pieces.append(made[0])
            self._values += [*values, *made[1]]


def _pairs(pairs: Rows, most: int, *, few: bool) -> tuple[Any, ...]:
    """The frame of a question for pairs, and what stands in it."""
    if not few:
        return _PAIRS, [pairs[:most]]
    return _FEW.replace("<most>", str(int(most))), [pairs[:most]], [pairs.order_by()[: most + 1]]


def _framed(frame: str, *asked: Sequence[Rows]) -> tuple[str, list[Any]] | None:
    texts, told = [], []
    for branches in asked:
        compiled = list(filter(None, map(_compiled, branches)))
        if not compiled:
            return None
        texts.append(compiled[0][0] if len(compiled) == 1 else " UNION ALL ".join(f"({t})" for t, _ in compiled))
        told += [value for _, more in compiled for value in more]
    return frame.format(*texts), told


def _compiled(rows: Rows) -> tuple[str, Sequence[Any]] | None:
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return None


def _first(branches: Rows | Sequence[Rows], path: str, most: int) -> list[Rows]:
    told = [branches] if isinstance(branches, QuerySet) else branches
    return [rows.order_by().values(path)[:most] for rows in told]
