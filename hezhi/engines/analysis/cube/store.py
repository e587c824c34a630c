"""The folder of Parquet files (列式存储): one file a month, never changed, replaced by a new one; opened by DuckDB.

Only whoever runs the house may open the folder (0700). Which file is the month's stands in the database, so a file that was
half written when the power went is simply no month's file, and is swept away.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from hezhi.engines.analysis.cube.facts import COLUMNS, KEYS, MEASURES
from hezhi.ground import time
from hezhi.ground.ids import new_id

KINDS = {
    name: "INTEGER" if name in ("x", "y", *MEASURES) else "DATE" if name == "day" else "VARCHAR" for name in COLUMNS
}
JOINED = "concat_ws('|', day::text, " + ", ".join(f"coalesce({name}::text, '-')" for name in KEYS) + ")"
"""All keys of a fact as one text, the same in PostgreSQL and DuckDB."""
MEMORY, THREADS = "512MB", 2
ORDER, GROUP = ("category",), 8192
"""How facts lie in a file, and how many of them are left out or read together."""
SWEPT_AFTER = 3600
"""Seconds after which a file that is no month's any more goes: a reader may have begun with it."""


def folder(cube: str) -> Path:
    """Where the files of a cube lie, for nobody else to open."""
    path = Path(settings.HEZHI_HOME) / "analysis" / cube
    for each in (path.parent, path):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@lru_cache(maxsize=1)
def _database(process: int) -> Any:
    """The one DuckDB of this process, in memory: it may use so much of the machine and nothing of the network."""
    import duckdb  # a tenth of a second to read, and few requests ask

    options: dict[str, Any] = {
        "memory_limit": MEMORY, "threads": THREADS, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
    }  # fmt: skip
    made = duckdb.connect(":memory:", config=options)
    made.execute("set global parquet_metadata_cache = true")  # a file never changes under its name
    return made


@contextmanager
def opened() -> Any:
    """A connection of one's own to it; what is made in it as temporary is gone with it."""
    link = _database(os.getpid()).cursor()
    try:
        yield link
    finally:
        link.close()


def put(cube: str, month: date, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Write a month from pieces of CSV; gives the file's name and how many facts it holds.

    DuckDB reads while the database still tells, through a pipe, so nothing but the file itself is ever on the disk. Facts
    of one matter lie together: a question of it reads their part of the file alone.
    """
    home = folder(cube)
    name = f"{month:%Y-%m}-{new_id().hex}.parquet"
    written = Path(f"{home / name}.part")
    source, into = os.pipe()
    with ThreadPoolExecutor(1) as beside:
        told = beside.submit(_read, source, written)
        try:
            with suppress(BrokenPipeError), open(into, "wb") as out:  # the reader says why it stopped
                for piece in pieces:
                    out.write(piece)
        except BaseException:
            told.exception()
            written.unlink(missing_ok=True)
            raise
        rows = told.result()
    written.chmod(0o600)
    _to_disk(written)
    written.rename(home / name)
    return name, rows


def _read(source: int, written: Path) -> int:
    """Write a file from the rows that come through a pipe; gives how many there were."""
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in KINDS.items())
    rows = f"read_csv('/dev/fd/{source}', header = false, auto_detect = false, columns = {{{columns}}})"
    try:
        with opened() as link:
            done = link.execute(
                f"copy (select * from {rows} order by {', '.join(ORDER)}) to '{written}'"
                f" (format parquet, row_group_size {GROUP})"
            )
            return int(done.fetchone()[0])
    finally:
        os.close(source)


def _to_disk(path: Path) -> None:
    """The database forgets its changes once it holds that a file has them: so the file is on the disk first."""
    for each in (path, path.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def there(cube: str, files: Sequence[str]) -> bool:
    """Whether all these files can be read here: a web server elsewhere may not have them."""
    home = folder(cube)
    return all(os.access(home / name, os.R_OK) for name in files)


def paths(cube: str, files: Sequence[str]) -> list[str]:
    return [str(folder(cube) / name) for name in files]


def limited(where: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """Limits as SQL that DuckDB and Spark understand alike."""
    quoted = [(name, ", ".join("'" + value.replace("'", "''") + "'" for value in values)) for name, values in where]
    return " and ".join(f"{name} in ({values})" for name, values in quoted) or "true"


def answer(
    cube: str,
    files: Sequence[str],
    more: Sequence[Sequence[Any]],
    where: Sequence[tuple[str, tuple[str, ...]]],
    sql: str,
) -> list[tuple[Any, ...]]:
    """Rows of a question to these files, as far as they lie within the limits, together with more facts in hand."""
    names = ", ".join(COLUMNS)
    sources = []
    with opened() as link:
        if files:
            listed = ", ".join(f"'{path}'" for path in paths(cube, files))
            sources.append(f"select {names} from read_parquet([{listed}]) where {limited(where)}")
        if more or not files:
            link.execute(f"create temp table more ({', '.join(f'{name} {kind}' for name, kind in KINDS.items())})")
            _fill(link, more)
            sources.append(f"select {names} from more")
        link.execute(f"create temp view facts as {' union all '.join(sources)}")
        return list(link.execute(sql).fetchall())


def _fill(link: Any, more: Sequence[Sequence[Any]], at_once: int = 200) -> None:
    for start in range(0, len(more), at_once):
        part = more[start : start + at_once]
        places = ", ".join(f"({', '.join('?' * len(COLUMNS))})" for _ in part)
        link.execute(f"insert into more values {places}", [told(value) for row in part for value in row])


def told(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, date)) else str(value)


def digest(cube: str, file: str) -> tuple[int, ...] | None:
    """The sums by which a file is compared with the live rows; None where it cannot be read."""
    path = folder(cube) / file
    hashed = f"('0x' || substr(md5({JOINED}), 1, 7))::bigint"
    sums = ", ".join(f"coalesce(sum({name} * {hashed}), 0)" for name in MEASURES)
    import duckdb

    try:
        with opened() as link:
            found = link.execute(f"select coalesce(sum(n), 0), {sums} from read_parquet('{path}')").fetchone()
    except duckdb.Error:
        return None
    return tuple(int(value) for value in found)


def sweep(cube: str, kept: set[str]) -> int:
    """Take away files that are no month's any more; gives how many."""
    gone = 0
    for path in folder(cube).iterdir():
        if path.name not in kept:
            with suppress(FileNotFoundError):
                if time.now().timestamp() - path.stat().st_mtime > SWEPT_AFTER:
                    path.unlink()
                    gone += 1
    return gone
