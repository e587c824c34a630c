"""Who answers a question (应答选择): the smallest roll-up that can, else the Parquet files, else the live rows.

Whoever answers, what is told is what the reader's live rows are at this moment: changes that a roll-up or a file does not hold
yet are added, and what a data scope lets him see outside his area is counted from the live rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from hezhi.engines.analysis.cube import questions, spark, store
from hezhi.engines.analysis.cube.facts import AREAS, COLUMNS, KEYS, MEASURES, Cube, Rollup, months_in, pieces
from hezhi.engines.analysis.cube.keeping import live, rollup_name
from hezhi.engines.analysis.cube.questions import Question
from hezhi.engines.analysis.models import CubeCell, CubeChange, CubePartition
from hezhi.engines.org.actor import Actor

Rows = list[tuple[Any, ...]]
TRIES = 3
IDS = (*AREAS, "category")
"""Keys that the database hands over as text, which is quicker than as a value that is then told as text."""


@dataclass(frozen=True)
class Sight:
    """How far a reader sees, as counting has it: the part told by keys, and the live rows beyond that part.

    `where` is None when nothing of his scope can be told by keys: then everything comes from the live rows.
    """

    where: tuple[tuple[str, tuple[str, ...]], ...] | None
    beyond: QuerySet[Any] | None


def sight(rows: QuerySet[Any], reader: Actor) -> Sight:
    """Divide what a reader may see. The rows' own `visible_to` stays the only rule for all that keys cannot tell."""
    scope = reader.scope
    kinds = (("kind", tuple(sorted(scope.matter_kinds))),) if scope.matter_kinds else ()
    if scope.everything:
        return Sight(kinds, None)
    seen: Any = rows
    if scope.area is None or scope.level not in AREAS:
        return Sight(None, seen.visible_to(reader))
    # Units see their work wherever it lies; a case may have several, so sums by unit would count it twice.
    beyond = seen.visible_to(reader).exclude(**{f"{scope.level}_id": scope.area}) if scope.units else None
    return Sight(((scope.level, (str(scope.area),)), *kinds), beyond)


@dataclass(frozen=True)
class Top:
    """The largest rows of an answer (前若干行), and of all its rows how many have the same figures in the first two spans.

    What is true of all rows together, as a test of many lines at once, is worked out from the second; the rows themselves
    stay in the database.
    """

    rows: Rows
    alike: dict[tuple[int, ...], int]


Run = Callable[[Question, str, tuple[Any, ...]], Any]


def ask(cube: Cube, question: Question, reader: Actor) -> Rows:
    """Answer a question for a reader, in one order and in plain values."""
    told: Rows = _ask(cube, question, reader, _run)
    return told


def ask_top(cube: Cube, question: Question, reader: Actor, most: int) -> Top:
    """The `most` rows with the highest number in the first span; of equal ones those whose keys come first."""

    def run(question: Question, source: str, values: tuple[Any, ...]) -> Top:
        return _run_top(question, source, values, most)

    told: Top | Rows = _ask(cube, question, reader, run)
    return told if isinstance(told, Top) else _top_of(told, question, most)


def _ask(cube: Cube, question: Question, reader: Actor, run: Run) -> Any:
    """What `run` makes of the database's answer, or the rows of the files."""
    seen = sight(cube.rows(), reader)
    if seen.where is None:
        return run(question, *_of_rows(cube, question, seen.beyond))
    asked = question
    for column, values in seen.where:
        asked = asked.only(column, values)
    rollup = fitting(cube, asked)
    if rollup is not None:
        return run(question, *_of_rollup(cube, rollup, question, asked, seen.beyond))
    told = on_files(cube, question, asked, seen.beyond)
    return run(question, *_of_rows(cube, question, visible(cube, reader))) if told is None else told


def answers(cube: Cube, question: Question, reader: Actor) -> str:
    """Who would answer now: the name of a roll-up, «files» or «rows»."""
    seen = sight(cube.rows(), reader)
    if seen.where is None:
        return "rows"
    asked = question
    for column, values in seen.where:
        asked = asked.only(column, values)
    rollup = fitting(cube, asked)
    if rollup is not None:
        return rollup.name
    files = _files(cube, sorted({month for span in asked.spans for month in months_in(span)}))
    return "files" if files is not None and store.there(cube.name, files) else "rows"


def visible(cube: Cube, reader: Actor) -> QuerySet[Any]:
    """The live rows of a cube that a reader may see."""
    rows: Any = cube.rows()
    found: QuerySet[Any] = rows.visible_to(reader)
    return found


def fitting(cube: Cube, question: Question) -> Rollup | None:
    """The first roll-up that tells apart all that is asked."""
    squares = {"x", "y"} & question.needs
    return next(
        (
            rollup for rollup in cube.rollups
            if question.needs <= set(rollup.keys) and (not squares or question.side % rollup.side == 0)
            and ("x" not in rollup.keys or question.placed)
        ),
        None,
    )  # fmt: skip


def on_rows(cube: Cube, question: Question, rows: QuerySet[Any] | None) -> Rows:
    """The same question asked of live rows."""
    return _run(question, *_of_rows(cube, question, rows))


def _of_rows(cube: Cube, question: Question, rows: QuerySet[Any] | None) -> tuple[str, tuple[Any, ...]]:
    return live(cube, cube.rows().none() if rows is None else rows, list(question.spans))


SUMS = ", ".join(f"{name}[upto] - coalesce({name}[below], 0)" for name in MEASURES)
"""What came in a part of a month: the running sum at its last day less that of the day before its first."""


def _of_rollup(
    cube: Cube, rollup: Rollup, question: Question, asked: Question, beyond: QuerySet[Any] | None
) -> tuple[str, tuple[Any, ...]]:
    where, limits = _where(asked)
    told = pieces(question.spans, by_day="day" in question.by)
    columns = [[getattr(piece, name) for piece in told] for name in ("month", "day", "below", "upto")]
    parts = [
        f"select day, {', '.join(KEYS)}, {SUMS}"
        " from unnest(%s::date[], %s::date[], %s::int[], %s::int[]) as piece (month, day, below, upto)"
        f" join {CubeCell._meta.db_table} on rollup = %s and start = month where true{where}"
    ]
    values: list[Any] = [*columns, rollup_name(cube, rollup), *limits]
    text, more = _unmerged(cube, asked)
    parts, values = [*parts, text], [*values, *more]
    if beyond is not None:
        text, outside = live(cube, beyond, list(question.spans))
        parts, values = [*parts, f"({text})"], [*values, *outside]
    return " union all ".join(parts), tuple(values)


def _unmerged(cube: Cube, asked: Question, *, merged: bool = False) -> tuple[str, list[Any]]:
    """Changes that wait: those no roll-up holds, or with `merged` those no file holds."""
    where, limits = _where(asked)
    days = " or ".join("day between %s and %s" for _ in asked.spans)
    text = (
        f"select day, {', '.join((*KEYS, *MEASURES))} from {CubeChange._meta.db_table}"
        f" where cube = %s and ({days}){'' if merged else ' and not merged'}{where}"
    )
    return text, [cube.name, *(day for span in asked.spans for day in span), *limits]


def _where(asked: Question) -> tuple[str, list[Any]]:
    told = "".join(f" and {column} = any(%s)" for column, _ in asked.where)
    return told, [[*values] if column in ("channel", "kind") else _ids(values) for column, values in asked.where]


def _ids(values: tuple[str, ...]) -> list[Any]:
    return [UUID(value) for value in values]


def _run(question: Question, source: str, values: tuple[Any, ...]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(f"{_told(question, source)} select {', '.join(_columns(question))} from told", values)
        return questions.plain(cursor.fetchall(), len(question.by))


def _run_top(question: Question, source: str, values: tuple[Any, ...], most: int) -> Top:
    """The first rows, and after them a row for each pair of figures with how many rows have it."""
    compared = question.figures[: min(2, len(question.spans))]
    columns = _columns(question)
    told = [name if name in compared else "null" for name in columns]
    order = ", ".join(["n0 desc", *(f"by_{name} nulls first" for name in question.by)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_told(question, source)} (select {', '.join(columns)}, null::bigint from told order by {order} limit {most:d})"
            f" union all select {', '.join(told)}, count(*) from told group by {', '.join(compared)}",
            values,
        )
        found = cursor.fetchall()
    keys = len(question.by)
    rows = [row[:-1] for row in found if row[-1] is None]
    alike = {tuple(map(int, row[keys : keys + len(compared)])): row[-1] for row in found if row[-1] is not None}
    return Top(_largest(questions.plain(rows, keys), keys), alike)


def _top_of(rows: Rows, question: Question, most: int) -> Top:
    keys, compared = len(question.by), min(2, len(question.spans))
    return Top(_largest(rows, keys)[:most], dict(Counter(row[keys : keys + compared] for row in rows)))


def _largest(rows: Rows, keys: int) -> Rows:
    """Rows in the order of their keys as rows from large to small; equal ones stay as they are."""
    return sorted(rows, key=lambda row: -row[keys])


def _told(question: Question, source: str) -> str:
    told = questions.sql(question, "postgres").replace("%", "%%")
    return f"with facts ({', '.join(COLUMNS)}) as ({source}), told as ({told})"


def _columns(question: Question) -> list[str]:
    keys = [f"by_{name}{'::text' if name in IDS else ''}" for name in question.by]
    return [*keys, *question.figures]


# -- files -------------------------------------------------------------------------------------------------


def on_files(cube: Cube, question: Question, asked: Question, beyond: QuerySet[Any] | None = None) -> Rows | None:
    """The answer over Parquet, on Spark where a cluster is named; None where a month has no file that can be read here.

    `asked` is the question with the limits of the reader's part, `beyond` his rows outside of it.
    """
    found = held(cube, asked, beyond)
    if found is None or not store.there(cube.name, found[0]):
        return None
    limits = asked.where[len(question.where) :]
    if settings.HEZHI_SPARK:
        rows = spark.answer(cube.name, *found, limits, questions.sql(question, "pyspark"))
    else:
        rows = store.answer(cube.name, *found, limits, questions.sql(question, "duckdb"))
    return questions.plain(rows, len(question.by))


def held(cube: Cube, asked: Question, beyond: QuerySet[Any] | None) -> tuple[list[str], Rows] | None:
    """The files of the months asked, and the facts beside them; None where a month that has facts has no file.

    A file and the changes it holds go over in one commit: so where the files are the same before and after the changes
    were read, both belong together.
    """
    months = sorted({month for span in asked.spans for month in months_in(span)})
    for _ in range(TRIES):
        files = _files(cube, months)
        if files is None:
            return None
        more = _beside(cube, asked, beyond)
        if files == _files(cube, months):
            return files, more
    return None


def _files(cube: Cube, months: list[date]) -> list[str] | None:
    kept = dict(CubePartition.objects.filter(cube=cube.name, month__in=months).values_list("month", "file"))
    name = rollup_name(cube, cube.rollups[0])
    known = CubeCell.objects.filter(rollup=name, start__in=months).values_list("start", flat=True).distinct()
    return None if set(known) - set(kept) else [kept[month] for month in months if month in kept]


def _beside(cube: Cube, asked: Question, beyond: QuerySet[Any] | None) -> Rows:
    """Facts that no file holds, summed as far as the question tells them apart."""
    source, values = _unmerged(cube, asked, merged=True)
    if beyond is not None:
        text, outside = live(cube, beyond, list(asked.spans))
        source, values = f"{source} union all ({text})", [*values, *outside]
    told = [name if name in asked.needs else f"null as {name}" for name in KEYS]
    by = ", ".join(("day", *(name for name in KEYS if name in asked.needs)))
    sums = ", ".join(f"sum({name})::int" for name in MEASURES)
    nonzero = " or ".join(f"sum({name}) <> 0" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"with facts ({', '.join(COLUMNS)}) as ({source})"
            f" select day, {', '.join(told)}, {sums} from facts group by {by} having {nonzero}",
            values,
        )
        return list(cursor.fetchall())
