"""Filling a database with cases (填充测量库), and growing it: a larger one is a smaller one with more years behind it.

Rows are made by the database in stretches, several at a time; secondary indexes go before and are built after, the longest
first, one on each core. The newest cases, which a measurement works on, can be made anew. `python -m bench fill` shows the pace.
"""

import json
import queue
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench import rows as made
from bench.house import House
from hezhi.ground.time import SHANGHAI, real_now

PACE = 80.0
OPEN = 30_000
HANDS = 2
"""Stretches and indexes made at the same time: as many as the machine for which the figures are told has cores."""
MOST = 100_000
"""Rows of one statement at most."""
KIB = {"cases": 1.85, "words": 0.85, "facts": 0.7, "lives": 2.5}
"""What a case takes with its indexes, by what it is given; a filled database told so."""
SAMPLE = 1000
"""So many cases of a filling are compared with what the product's own function makes of them."""
SPARE_GIB = 8.0
"""The log of the server and what sorting an index needs beside them."""
AT_A_TIME = """
SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB';
SET maintenance_work_mem = '{memory}MB'; SET max_parallel_maintenance_workers = 0;
"""
_KEPT = """
CREATE TABLE IF NOT EXISTS bench_fill.indexes (place text, name text, definition text);
INSERT INTO bench_fill.indexes SELECT tablename, indexname, indexdef FROM pg_indexes
  WHERE tablename = ANY ({tables}) AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT name FROM bench_fill.indexes LOOP EXECUTE format('DROP INDEX %I', r.name); END LOOP;
END $$;
"""


class TooSmall(SystemExit):
    """The disk cannot hold what is wanted."""


@dataclass(frozen=True)
class Wanted:
    """What a database for measuring is to hold: cases, one each `pace` seconds, so many of them still worked on."""

    rows: int
    pace: float = PACE
    open: int = OPEN
    facts: bool = False
    """With the facts of statistics."""
    words: bool = False
    """With the pairs of signs by which the text is searched."""
    lives: int = 0
    """So many of the newest have their steps, order, limit and to-do."""

    def fill(self, ready: House, database: str, *, again: bool = False, fresh: bool = False) -> bool:
        """Make the database, grow the one there is, or keep it when it is the same; gives whether rows were made now.

        `fresh`: the newest cases of one that is kept or grown are made anew, as a measurement has worked on them.
        Raises `TooSmall` when the disk has no room.
        """
        return Filling(ready, database, self).done(again=again, fresh=fresh)


class Filling:
    """One filling of one database."""

    def __init__(self, ready: House, database: str, wanted: Wanted) -> None:
        self.ready, self.database, self.wanted = ready, database, wanted
        self.note = ready.home / f"run/{database}.json"
        self.kept: dict[str, Any] = {}
        self.begun = time.monotonic()

    def done(self, *, again: bool, fresh: bool) -> bool:
        """See what is there, and make what is missing."""
        had = self._had(again=again)
        if had == self.wanted.rows and not fresh:
            return False
        self._check_disk(self.wanted.rows - had)
        if had:
            self.note.unlink()  # a filling that is broken off is not believed
            self._renew_newest(had)
        else:
            self.note.unlink(missing_ok=True)
            self.ready.fresh(self.database)
            self.kept = {"alike": self._alike(), "anchor": real_now().isoformat()}
            self._sql(self._said(made.DRAW))
        if had < self.wanted.rows:
            self._grow(had + 1, self.wanted.rows)
        self._check_sample()
        self.note.write_text(json.dumps(self.kept | {"rows": self.wanted.rows}))
        return True

    def _had(self, *, again: bool) -> int:
        """How many of the wanted cases are there already: nought when others are there, or too many."""
        there = self.ready.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{self.database}'", "postgres")
        self.kept = json.loads(self.note.read_text()) if there and self.note.exists() and not again else {}
        had = int(self.kept.get("rows", 0)) if self.kept.get("alike") == self._alike() else 0
        return had if had <= self.wanted.rows else 0

    def check_room(self) -> None:
        """Raises `TooSmall` when the disk has no room for what is still to be filled."""
        self._check_disk(self.wanted.rows - self._had(again=False))

    def _alike(self) -> list[Any]:
        """What two databases have in common of which one is the other with more years behind it."""
        same = {name: value for name, value in asdict(self.wanted).items() if name not in ("rows", "lives")}
        return [json.loads((self.ready.home / "template.json").read_text()), same, bool(self.wanted.lives)]

    # -- rows ------------------------------------------------------------------------------------------

    def _grow(self, low: int, high: int) -> None:
        tables = "ARRAY[" + ", ".join(f"'{name}'" for name in made.TABLES) + "]"
        self._each([f"ALTER TABLE {name} SET (autovacuum_enabled = off)" for name in made.TABLES])
        self._sql(_KEPT.replace("{tables}", tables))
        stretches = list(self._stretches(low, high))
        self._say(f"{high - low + 1:,} cases in {len(stretches)} stretches")
        self._each([self._stretch(*each) for each in stretches], sizes=[b - a + 1 for a, b in stretches])
        self._say("rows are there")
        self._build_indexes()
        self._each([f"VACUUM (ANALYZE) {name}" for name in made.TABLES])
        self._each([f"ALTER TABLE {name} RESET (autovacuum_enabled)" for name in made.TABLES])
        self._sql("CHECKPOINT")
        self._say("ready")

    def _stretches(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Pieces in which all cases came in one season of two months, and none is large."""
        start = low
        while start <= high:
            end = min(start + MOST - 1, high)
            season = _season(self._moment(start))
            while (
                _season(self._moment(end)) != season
            ):  # so many steps back that the season is the same, found by halving
                end = self._last_of(season, start, end)
            yield start, end
            start = end + 1

    def _last_of(self, season: int, start: int, end: int) -> int:
        while end - start > 1:
            middle = (start + end) // 2
            start, end = (middle, end) if _season(self._moment(middle)) == season else (start, middle)
        return start

    def _moment(self, n: int) -> datetime:
        return datetime.fromisoformat(self.kept["anchor"]) - timedelta(seconds=n * self.wanted.pace)

    def _stretch(self, low: int, high: int) -> str:
        season = _season(self._moment(low))
        text = made.statement(
            words=self.wanted.words, facts=self.wanted.facts, lives=bool(self.wanted.lives) and low <= self.wanted.lives
        )
        parts = [made.AS_SETS, made.PIECES if self.wanted.words else "", text]
        return self._said("".join(parts), low=low, high=high, season=season)

    def _renew_newest(self, had: int) -> None:
        """What is worked on, as it was before the last measurement."""
        many = min(self.wanted.open, had)
        self._each([self._said(made.FORGET, many=many)])
        stretches = list(self._stretches(1, many))
        self._each([self._stretch(*each) for each in stretches])
        self._each([f"VACUUM (ANALYZE) {name}" for name in made.TABLES])
        self._say("the newest made anew")

    def _said(self, text: str, **values: object) -> str:
        known = {
            "anchor": self.kept["anchor"], "pace": f"{self.wanted.pace:.6f}", "open": self.wanted.open, "units": made.UNITS,
            "lives": self.wanted.lives,
        }  # fmt: skip
        for name, value in (known | values).items():
            text = text.replace("{" + name + "}", str(value))
        return text

    # -- indexes ---------------------------------------------------------------------------------------

    def _build_indexes(self) -> None:
        rows = self._sql("SELECT place, definition FROM bench_fill.indexes")
        cost = {"handling_casewords": 9, "handling_case": 3, "handling_step": 2}
        rows.sort(
            key=lambda row: -cost.get(row[0], 1) * (4 if "gin_trgm" in row[1] else 2 if "USING gi" in row[1] else 1)
        )
        self._each([definition for _, definition in rows], sizes=[1] * len(rows))
        self._sql("DROP TABLE bench_fill.indexes")
        self._say(f"{len(rows)} indexes built")

    # -- how it is done ----------------------------------------------------------------------------------

    def _each(self, texts: Sequence[str], sizes: Sequence[int] = ()) -> None:
        """Statements, some at a time, in this order; the first fault ends all."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for n in range(len(texts)):
            waiting.put(n)
        faults: list[BaseException] = []
        done, whole, begun = [0], sum(sizes), time.monotonic()

        def hand() -> None:
            try:
                with self._link() as link:
                    while not faults:
                        n = waiting.get_nowait()
                        _run(link, texts[n])
                        done[0] += sizes[n] if sizes else 0
            except queue.Empty:
                return
            except Exception as fault:
                faults.append(fault)

        hands = [threading.Thread(target=hand) for _ in range(min(HANDS, len(texts)))]
        for each in hands:
            each.start()
        told = begun
        for each in hands:
            while each.is_alive():
                each.join(1)
                if done[0] and time.monotonic() - told > 20:
                    told = time.monotonic()
                    left = (told - begun) * (whole / done[0] - 1)
                    self._say(f"{done[0]:,} of {whole:,}, about {left:.0f} s more")
        if faults:
            raise faults[0]

    def _link(self) -> psycopg.Connection:
        link = psycopg.connect(self.ready.url(self.database, "postgres"), autocommit=True)
        link.execute(AT_A_TIME.replace("{memory}", str(_memory())))
        return link

    def _sql(self, text: str) -> list[tuple]:
        with self._link() as link:
            return _run(link, text)

    def _check_sample(self) -> None:
        """What was put together from parts is what the product would have made of the whole."""
        if not self.wanted.words:
            return
        percent = min(100.0, 100 * SAMPLE / self.wanted.rows)
        many, other = self._sql(made.SAMPLE.replace("{percent}", f"{percent:.6f}"))[0]
        self._say(f"{many:,} cases compared with what the product makes of them, {other:,} differ")
        if other:
            raise RuntimeError(f"{other} of {many} filled cases have other pairs of signs than the product makes")

    def _check_disk(self, more: int) -> None:
        parts = KIB["cases"] + KIB["words"] * self.wanted.words + KIB["facts"] * self.wanted.facts
        lives = min(more, max(0, self.wanted.lives)) * KIB["lives"]
        needed = (more * parts + lives) / 2**20 + min(SPARE_GIB, 0.5 + more * parts / 2**20)
        free = shutil.disk_usage(self.ready.home).free / 2**30
        if needed > free:
            raise TooSmall(
                f"磁盘空间不足:再填充 {more:,} 件约需 {needed:.1f} GiB,{self.ready.home} 所在分区仅剩 {free:.1f} GiB。请清理,或减少 --rows。\n"
                f"Disk too small: {more:,} more cases take about {needed:.1f} GiB, {free:.1f} GiB are free. Free some, or ask for fewer rows."
            )

    def _say(self, what: str) -> None:
        print(f"  {time.monotonic() - self.begun:6.0f} s  {what}", flush=True)


def _run(link: psycopg.Connection, text: str) -> list[tuple]:
    """A statement, or several as one transaction; gives the rows of the last one."""
    done = link.execute(text)  # type: ignore[call-overload]
    while done.nextset():
        pass
    return done.fetchall() if done.description else []


def _season(moment: datetime) -> int:
    """As the product counts it (`handling_season`): two months, from the year 0."""
    local = moment.astimezone(SHANGHAI)
    return (local.year * 12 + local.month - 1) // 2


def _memory() -> int:
    """MB that one hand may sort in: the machine is shared with the server's cache and with others."""
    free = next(
        int(line.split()[1]) // 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemAvailable")
    )
    return max(64, min(2000, free // 6))


__all__ = ["OPEN", "PACE", "Filling", "TooSmall", "Wanted"]
