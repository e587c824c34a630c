"""Keeping roll-ups and files up (保持一致): each round takes what the database wrote down as changed.

The database writes a change with the row itself, in the mover's own transaction. A roll-up takes it and marks it merged
in one transaction, so kept sums and waiting changes together are at every moment what the live rows are. A file of a
month is written whole from one snapshot; the new file and the going of its changes become true in the same commit.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import Max, Min
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.waiting import Ready, Wait

from hezhi.engines.analysis.cube import store
from hezhi.engines.analysis.cube.facts import COLUMNS, KEYS, MEASURES, Cube, Rollup, month_of, months_in, next_month
from hezhi.engines.analysis.models import CubeCell, CubeChange, CubePartition
from hezhi.ground import time

AT_ONCE = 6
"""Months written in one transaction: the first filling of years goes month by month and not in one breath."""
PIECE = 1 << 18
"""Bytes of a COPY that are handed on together."""
MONTH = 31 - 1
"""The place of a month's last day in a row of running sums, counted from nought."""
NAMES = ", ".join(KEYS)
SUMS = ", ".join(f"sum({name})::int" for name in MEASURES)


@contextmanager
def _alone() -> Iterator[None]:
    """One keeper at a time, over one snapshot; readers go on reading.

    The lock is the first statement and takes no snapshot: who waited for it sees what the one before him did.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("set transaction isolation level repeatable read")
        cursor.execute(f"lock table {CubePartition._meta.db_table} in share row exclusive mode")
        yield


# -- roll-ups ----------------------------------------------------------------------------------------------


def absorb(cube: Cube) -> int:
    """Add the waiting changes to the roll-ups; gives how many there were."""
    if not CubeChange.objects.filter(cube=cube.name, merged=False).exists():
        return 0
    with _alone():
        return _absorb(cube)


def _absorb(cube: Cube) -> int:
    changes = CubeChange._meta.db_table
    values: list[Any] = [cube.name]
    with connection.cursor() as cursor:
        cursor.execute(
            f"with taken as (update {changes} set merged = true where cube = %s and not merged"
            f" returning day, {NAMES}, {', '.join(MEASURES)}),"
            f" {_spread(cube, 'taken')} select count(*) from taken",
            values,
        )
        return int(cursor.fetchone()[0])


def _spread(cube: Cube, source: str) -> str:
    """The part of a statement that adds facts to all roll-ups of a cube."""
    cells = CubeCell._meta.db_table
    told = " union all ".join(_sums(cube, rollup, source) for rollup in cube.rollups)
    sets = ", ".join(f"{name} = analysis_cube_added({cells}.{name}, excluded.{name})" for name in MEASURES)
    running = ", ".join(f"analysis_cube_running(days, {name})" for name in MEASURES)
    gathered = ", ".join(f"array_agg({name}) as {name}" for name in MEASURES)
    return (
        f"daily (rollup, start, on_day, {NAMES}, {', '.join(MEASURES)}) as ({told}),"
        f" added as (insert into {cells} (rollup, start, {NAMES}, {', '.join(MEASURES)})"
        f" select rollup, start, {NAMES}, {running} from ("
        f"select rollup, start, {NAMES}, array_agg(on_day) as days, {gathered} from daily group by rollup, start, {NAMES})"
        f" as monthly order by rollup, start, {NAMES}"
        f" on conflict (rollup, start, {NAMES}) do update set {sets} returning 1)"
    )


def _sums(cube: Cube, rollup: Rollup, source: str) -> str:
    """Facts summed by the keys of a roll-up and the day."""
    told = {name: _empty(name) for name in KEYS} | {name: _kept(name, rollup.side) for name in rollup.keys}
    by = ", ".join(str(place + 2) for place in range(len(KEYS) + 2))
    return (
        f"select '{rollup_name(cube, rollup)}'::varchar, date_trunc('month', day)::date, extract(day from day)::int,"
        f" {', '.join(told[name] for name in KEYS)}, {SUMS}"
        f" from {source} where {' and '.join(_there(name) for name in rollup.keys)} group by {by}"
        f" having {' or '.join(f'sum({name}) <> 0' for name in MEASURES)}"
    )


def _there(key: str) -> str:
    """A sum of squares leaves out what has no place; every other sum keeps what is unknown under an empty key."""
    return "x is not null" if key == "x" else "true"


def _kept(name: str, side: int) -> str:
    return f"(floor({name} / {side}.0) * {side})::int" if name in ("x", "y") and side > 1 else name


def _empty(name: str) -> str:
    kind = "int" if name in ("x", "y") else "varchar" if name in ("channel", "kind") else "uuid"
    return f"null::{kind}"


def rollup_name(cube: Cube, rollup: Rollup) -> str:
    return f"{cube.name}:{rollup.name}"


def tidy(cube: Cube) -> int:
    """Take away sums that came to nothing; gives how many."""
    nothing = {f"{name}__{MONTH}": 0 for name in MEASURES}  # running sums: nothing by the last day, nothing on any
    return CubeCell.objects.filter(rollup__startswith=f"{cube.name}:", **nothing).delete()[0]


def rebuild(cube: Cube) -> int:
    """Make all roll-ups again from the live rows (重建), and let every file be written anew; gives the number of facts.

    Month by month over one snapshot, so that no step is larger than a month.
    """
    with _alone(), connection.cursor() as cursor:
        CubeChange.objects.filter(cube=cube.name).delete()
        CubeCell.objects.filter(rollup__startswith=f"{cube.name}:").delete()
        CubePartition.objects.filter(cube=cube.name).delete()
        return sum(_made(cube, month, cursor) for month in _of_rows(cube))


def _of_rows(cube: Cube) -> list[date]:
    ends = cube.rows().aggregate(first=Min(cube.moment), last=Max(cube.moment))
    if ends["first"] is None:
        return []
    return months_in((time.local(ends["first"]).date(), time.local(ends["last"]).date()))


def _made(cube: Cube, month: date, cursor: Any) -> int:
    text, values = live(cube, cube.rows(), [(month, next_month(month) - timedelta(days=1))])
    cursor.execute(
        f"with live ({', '.join(COLUMNS)}) as materialized ({text}), {_spread(cube, 'live')} select count(*) from live",
        values,
    )
    return int(cursor.fetchone()[0])


def live(cube: Cube, rows: Any, spans: list[tuple[date, date]] | None) -> tuple[str, tuple[Any, ...]]:
    """The statement that reads live rows as facts, with its values."""
    text, values = cube.facts(rows, spans).query.sql_with_params()
    return text, tuple(values)


# -- files -------------------------------------------------------------------------------------------------


def write(cube: Cube, most: int = AT_ONCE) -> int:
    """Write the files of the months in which something changed (更新分区); gives how many were written.

    What became secret or was erased is no longer in a file written now; until then its change takes it out of every answer.
    """
    waiting = _months(cube)
    if not waiting:
        store.sweep(cube.name, set(CubePartition.objects.filter(cube=cube.name).values_list("file", flat=True)))
        return 0
    with _alone():
        _absorb(cube)
        for month in waiting[:most]:
            _write(cube, month)
    return len(waiting[:most])


def _months(cube: Cube) -> list[date]:
    """Months with changes that no file holds, the newest first, and months whose rows no file has held yet."""
    changed = set(CubeChange.objects.filter(cube=cube.name).values_list("day", flat=True).distinct())
    known = set(CubeCell.objects.filter(rollup=rollup_name(cube, cube.rollups[0])).values_list("start", flat=True))
    kept = set(CubePartition.objects.filter(cube=cube.name).values_list("month", flat=True))
    return sorted({month_of(day) for day in changed} | (known - kept), reverse=True)


def _write(cube: Cube, month: date) -> None:
    span = (month, next_month(month) - timedelta(days=1))
    text, values = live(cube, cube.rows(), [span])
    file, rows = store.put(cube.name, month, _copied(text, values))
    gone = CubeChange.objects.filter(cube=cube.name, day__range=span)
    upto = gone.order_by("-id").values_list("id", flat=True).first() or 0
    gone.delete()
    CubePartition.objects.update_or_create(
        cube=cube.name, month=month, defaults={"file": file, "rows": rows, "upto": upto, "written_at": time.now()}
    )


def _copied(text: str, values: tuple[Any, ...]) -> Iterator[bytes]:
    """Rows as the database's own COPY gives them, in pieces, without a row ever becoming an object here.

    The library waits for the socket anew for each row; what has come already is taken here by its own words at once.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    told = psycopg.ClientCursor(raw).mogrify(text, values)
    with raw.cursor() as cursor, cursor.copy(f"copy ({told}) to stdout (format csv)"):
        while raw.pgconn.transaction_status == TransactionStatus.ACTIVE:
            yield raw.wait(_come(raw.pgconn))


def _come(link: Any) -> Generator[Wait, Ready, bytes]:
    """The rows of a COPY that have come, at least one and at most a piece full; perhaps none at its end.

    Raises what the database says when it breaks off.
    """
    rows: list[bytes] = []
    size = 0
    while size < PIECE:
        many, row = link.get_copy_data(1)
        if many > 0:
            rows.append(row)
            size += many
        elif many < 0:
            _ended(link)
            break
        elif rows:
            break
        else:
            while not (yield Wait.R):
                pass
            link.consume_input()
    return b"".join(rows)


def _ended(link: Any) -> None:
    """Take what the database says at the end of a COPY."""
    while result := link.get_result():
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


# -- is it true --------------------------------------------------------------------------------------------


def differing(cube: Cube, months: list[date] | None = None) -> list[date]:
    """Months whose file, with the changes it waits for, is not what the live rows are (一致性核对): none, when all is well.

    Compared are the number of facts and four sums over a digest of all keys of each fact. A file that cannot be read differs.
    """
    found = []
    with _alone():
        for part in CubePartition.objects.filter(cube=cube.name).order_by("month"):
            if months is not None and part.month not in months:
                continue
            span = (part.month, next_month(part.month) - timedelta(days=1))
            text, values = live(cube, cube.rows(), [span])
            wanted = _digest(f"({text}) as live ({', '.join(COLUMNS)})", values)
            changes = f"(select * from {CubeChange._meta.db_table} where cube = %s and day between %s and %s) as c"
            waiting = _digest(changes, (cube.name, *span))
            held = store.digest(cube.name, part.file)
            if held is None or tuple(a + b for a, b in zip(held, waiting, strict=True)) != wanted:
                found.append(part.month)
    return found


def _digest(source: str, values: tuple[Any, ...]) -> tuple[int, ...]:
    hashed = f"('x' || substr(md5({store.JOINED}), 1, 7))::bit(28)::int::bigint"
    sums = ", ".join(f"coalesce(sum({name} * {hashed}), 0)" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(f"select coalesce(sum(n), 0), {sums} from {source}", values)
        return tuple(int(value) for value in cursor.fetchone())


def mend(cube: Cube, months: list[date]) -> None:
    """Let these months be written anew."""
    CubePartition.objects.filter(cube=cube.name, month__in=months).delete()
