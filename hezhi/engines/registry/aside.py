"""What stands round the table (列表旁的数据), read in one query: counts, options, saved views, columns.

Each small question is compiled by the ORM, then all are sent as one UNION ALL. A list therefore costs the
same number of queries whatever its filters are, and a count never reads more than 10,001 rows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

CAP = 10_000
Pair = tuple[str, str]


class Aside:
    """Questions gathered for one query. Answers are texts: (key, label) pairs by name."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._values: list[Any] = []

    def ask_pairs(self, name: str, pairs: QuerySet[Any], most: int = 500) -> None:
        """Two columns of a query, `values_list(key, label)`, at most `most` rows."""
        self._add("SELECT %s, a::text, b::text FROM ({}) t(a, b)", [name], pairs[:most])

    def ask_count(self, name: str, key: str, rows: QuerySet[Any], cap: int = CAP) -> None:
        """How many rows, counted no further than `cap` + 1."""
        counted = rows.order_by().values("pk")[: cap + 1]
        self._add("SELECT %s, %s, (SELECT count(*) FROM ({}) t)::text", [name, key], counted)

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

    def _add(self, frame: str, values: list[Any], rows: QuerySet[Any]) -> None:
        try:
            sql, more = rows.query.sql_with_params()
        except EmptyResultSet:
            return
        self._pieces.append(frame.format(sql))
        self._values += [*values, *more]


def capped(count: int, cap: int = CAP) -> str:
    """«1,234», or «10,000+» when there are more than were counted."""
    return f"{cap:,}+" if count > cap else f"{count:,}"
