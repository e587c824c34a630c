"""Questions (问题): Ibis expressions written once, told in the language of whoever answers.

They ask a relation `facts` with the columns of `facts.COLUMNS`. Whether it is live rows, roll-ups, Parquet files on
DuckDB or on Spark, is nothing to them. Ibis is read on the first question: a start does not pay for it (decision 0060).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from hezhi.engines.analysis.cube.facts import COLUMNS, KEYS, MEASURES, Span

DIALECTS = {"postgres": "PostgresCompiler", "duckdb": "DuckDBCompiler", "pyspark": "PySparkCompiler"}
WHOLE = ("x", "y", "n", "ended", "happy", "rated")


@dataclass(frozen=True)
class Question:
    """What is asked: told apart by which keys, for which spans, where which columns have which values.

    An answer row is the keys, the number in each span, and with `outcomes` what of the first span ended, was rated well and
    was rated at all.
    `by` holds names of `KEYS`, «day», «month» or «year»; `side` joins so many squares of the net into one.
    """

    by: tuple[str, ...]
    spans: tuple[Span, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    placed: bool = False
    """Only what has a place on the map."""
    side: int = 1
    outcomes: bool = True

    @property
    def figures(self) -> list[str]:
        """The names of the figures of an answer row, in their order."""
        return [*(f"n{place}" for place in range(len(self.spans))), *(MEASURES[1:] if self.outcomes else ())]

    @property
    def needs(self) -> set[str]:
        """The keys without which it cannot be answered."""
        placed = {"x", "y"} if self.placed else set()
        return placed | ({*self.by, *(column for column, _ in self.where)} & set(KEYS))

    def only(self, column: str, values: tuple[str, ...]) -> Question:
        """The same question of part of the facts."""
        return replace(self, where=(*self.where, (column, values)))


def expression(question: Question) -> Any:
    """The question as an Ibis expression."""
    import ibis

    kinds = {name: "int32" if name in WHOLE else "date" if name == "day" else "string" for name in COLUMNS}
    facts = ibis.table(kinds, name="facts")
    within = [_within(facts, span) for span in question.spans]
    rows = facts.filter(ibis.or_(*within), *(facts[name].isin(values) for name, values in question.where))
    if question.placed:
        rows = rows.filter(rows.x.notnull())
    named = rows.mutate(**{f"by_{name}": _key(rows, name, question.side) for name in question.by})
    figures = {
        f"n{place}": named.n.sum(where=_within(named, span)).coalesce(0) for place, span in enumerate(question.spans)
    }
    first = _within(named, question.spans[0])
    if question.outcomes:
        figures |= {name: named[name].sum(where=first).coalesce(0) for name in MEASURES[1:]}
    by = [f"by_{name}" for name in question.by]
    told = named.group_by(by).aggregate(**figures) if by else named.aggregate(**figures)
    told = told.select(*by, *figures)
    return told.filter(ibis.or_(*(told[name] != 0 for name in figures)))


def _within(rows: Any, span: Span) -> Any:
    return (rows.day >= span[0]) & (rows.day <= span[1])


def _key(rows: Any, name: str, side: int) -> Any:
    if name in ("x", "y") and side > 1:
        return (rows[name] / side).floor().cast("int32")
    if name in ("month", "year"):
        return rows.day.truncate("M" if name == "month" else "Y")
    return rows[name]


@lru_cache(maxsize=512)
def sql(question: Question, dialect: str) -> str:
    """The question in the words of a database; worked out once (about ten milliseconds)."""
    from importlib import import_module

    module = import_module(f"ibis.backends.sql.compilers.{dialect}")
    compiler = getattr(module, DIALECTS[dialect])()
    told: str = compiler.to_sqlglot(expression(question)).sql(dialect=compiler.dialect)
    return told


def plain(rows: list[tuple[Any, ...]], keys: int) -> list[tuple[Any, ...]]:
    """Answers alike whoever gave them: keys as text, day or whole number, figures as whole numbers, in one order.

    A column of an answer is of one kind, so what the database hands over as it should be is not touched value by value.
    """
    told = rows if _is_plain(rows, keys) else [
        (*(_plain(value) for value in row[:keys]), *(int(value) for value in row[keys:])) for row in rows
    ]  # fmt: skip
    if not keys:
        return list(told)
    head = itemgetter(*range(keys))
    try:
        return sorted(told, key=head)
    except TypeError:  # where something is unknown, it comes first
        return sorted(told, key=lambda row: tuple((value is not None, value) for value in row[:keys]))


def _is_plain(rows: list[tuple[Any, ...]], keys: int) -> bool:
    for place in range(len(rows[0]) if rows else 0):
        kind = type(next((row[place] for row in rows if row[place] is not None), 0))
        if kind not in ((str, int, date) if place < keys else (int,)):
            return False
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):  # PostgreSQL's beginning of a month is a moment of the session's zone
        return value.date()
    return value if value is None or isinstance(value, (date, int)) else str(value)
