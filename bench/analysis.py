"""Questions of the situation over N cases (态势测量): kept sums, Parquet on DuckDB and PostgreSQL side by side.

    python -m bench analysis --rows 10000000 [--years 5] [--spark]

Cases are made by the database from a real half year of requests (`--real`, a CSV of Boston's 311): its days and hours, its
mix of matters, channels and places, how long each took. Matters, channels and places are ours, given out by rank, so what is
frequent there is frequent here. The database is dropped at the end, unless `--keep`.
"""

import argparse
import csv
import gzip
import io
import json
import os
import statistics
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import psycopg

from bench.house import House, house
from bench.servers import cpu_of
from hezhi.wiring.cluster import OWNER
from hezhi.wiring.places import CHECKOUT

DATABASE = "bench_analysis"
SHARED = Path(os.environ.get("HEZHI_SHARED", CHECKOUT.parent / "shared"))
REAL = SHARED / "data/boston311-2011h2/requests.csv.gz"
HALF = 182
"""Days of a half year: whole weeks, so that a Monday stays a Monday."""
KEPT = ("case_newest", "case_town", "case_community", "case_grid", "case_category")
"""Indexes that a question asked here can use; the others, and what keeps numbers unique, would only cost room and time."""
GOALS = {
    "screen panels, times": 10.0,
    "heat map, times": 4.0,
    "ad hoc, times": 3.0,
    "whole screen, ms": 300.0,
    "export": 0.6,
}

_PREPARE = """
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT indexname FROM pg_indexes WHERE tablename = 'handling_case' AND indexname NOT LIKE '%pkey'
    AND indexname NOT IN (SELECT conname FROM pg_constraint) AND indexname <> ALL ({kept})
  LOOP EXECUTE format('DROP INDEX %I', r.indexname); END LOOP;
END $$;
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT conname FROM pg_constraint WHERE conrelid = 'handling_case'::regclass AND contype = 'u'
  LOOP EXECUTE format('ALTER TABLE handling_case DROP CONSTRAINT %I', r.conname); END LOOP;
END $$;
ALTER TABLE handling_case SET (autovacuum_enabled = false);
CREATE TABLE kept_indexes AS SELECT indexdef FROM pg_indexes WHERE indexname = ANY ({kept});
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT unnest({kept}) AS name LOOP EXECUTE format('DROP INDEX IF EXISTS %I', r.name); END LOOP;
END $$;
CREATE TABLE real (n int, opened timestamptz, took interval, late boolean, matter int, channel int, place int, x float, y float);
CREATE TABLE grids AS SELECT row_number() OVER (ORDER BY md5(code)) - 1 AS n, id, community_id, town_id, district_id,
  ST_X(ST_PointOnSurface(shape)) AS x, ST_Y(ST_PointOnSurface(shape)) AS y
  FROM geo_area WHERE level = 'grid' AND kind = 'basic' AND valid_to IS NULL;
CREATE TABLE kinds AS SELECT row_number() OVER (ORDER BY md5(code)) - 1 AS n, id FROM handling_category
  WHERE active AND NOT EXISTS (SELECT FROM handling_category c WHERE c.parent_id = handling_category.id);
CREATE INDEX ON grids (n); CREATE INDEX ON kinds (n); ANALYZE grids; ANALYZE kinds;
GRANT ALL ON real TO {owner};
"""

_GENERATE = """
SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB';
INSERT INTO handling_case (
  id, number, kind, source, outside_channel, outside_number, outside_verdict, title, text, sealed_text, category_id,
  answers, urgency, appeal, place, point, place_guessed, district_id, town_id, community_id, grid_id, received_at,
  recorded_at, state, state_since, held_from, units, due_at, secret, on_the_spot, reply, closed_at, close_reason, returns,
  redos, urged, satisfied, suggestion, revision)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(({halves} - {half}) * 100000000::bigint + seq), 12, '0'))::uuid, 'A' || {half} || '-' || copy || '-' || r.n,
  (ARRAY['hotline','grid','hotline','online_media','hotline','online_media'])[1 + channel],
  (ARRAY['hotline','grid','citizen','walk_in','online_media','online_media'])[1 + channel], '', '', '', '示例诉求', '示例', '',
  k.id, '{{}}', 'normal', 'help', '', ST_SetSRID(ST_MakePoint(g.x + r.x, g.y + r.y), 4326), false, g.district_id, g.town_id,
  g.community_id, g.id, at, at, CASE WHEN closed THEN 'closed' ELSE 'handling' END, at, '', '{{}}'::uuid[],
  CASE WHEN NOT closed THEN at + interval '5 days' END, (r.n + copy) % 500 = 0, false, '',
  CASE WHEN closed THEN at + took END, '', 0, 0, 0, CASE WHEN closed AND (r.n + copy) % 3 = 0 THEN NOT late END, '{{}}', 0
FROM (SELECT r.*, row_number() OVER (ORDER BY at) AS seq, coalesce(at + took < now(), false) AS closed
      FROM (SELECT r.*, copy, opened - {half} * interval '{days} days' + (copy * 7919 % 3600) * interval '1 second' AS at
        FROM real r, generate_series(1, {copies}) AS copy WHERE copy < {copies} OR r.n <= {rest}) AS r
      WHERE at < now() ORDER BY at) AS r
JOIN grids g ON g.n = (place * 6 + (r.n + copy * 31) % 6) % (SELECT count(*) FROM grids)
JOIN kinds k ON k.n = matter % (SELECT count(*) FROM kinds)
;
"""

_SOME = """
CREATE TEMP TABLE more_cases AS SELECT * FROM handling_case ORDER BY id DESC LIMIT {some};
UPDATE more_cases SET id = gen_random_uuid(), number = 'B' || number;
"""
_COLUMNS = """SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
WHERE table_name = 'handling_case' AND table_schema = 'public' AND is_generated = 'NEVER'"""
SOME, ROUNDS = 20_000, 5

_FINISH = """
SET maintenance_work_mem = '512MB';
DO $$ DECLARE r record; BEGIN FOR r IN SELECT indexdef FROM kept_indexes LOOP EXECUTE r.indexdef; END LOOP; END $$;
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--halves", type=int, default=10, help="over how many half years the cases came")
    parser.add_argument("--times", type=int, default=5, help="how often each question is asked")
    parser.add_argument("--real", type=Path, default=REAL, help="the requests whose distribution is taken")
    parser.add_argument("--spark", action="store_true", help="ask a Spark cluster on this machine too, and compare")
    parser.add_argument("--keep", action="store_true", help="leave the database for another run")


def run(told: argparse.Namespace) -> dict[str, object]:
    """Fill a database, make the kept sums and files, ask every question everywhere, compare every cell."""
    with house() as ready:
        there = ready.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'", "postgres")
        note = ready.home / "run/analysis.txt"
        stamp = f"{told.rows} {told.halves}"
        again = bool(there) and note.exists() and note.read_text() == stamp
        begun = time.perf_counter()
        if not again:
            note.unlink(missing_ok=True)
            fill(ready, told.real, told.rows, told.halves)
            note.write_text(stamp)
        filled = time.perf_counter() - begun
        words = [str(told.times), "spark" if told.spark else "", "again" if again else ""]
        try:
            took = trigger_cost(ready)
            text = ready.python("-m", "bench.squares", *words, database=DATABASE)
        finally:
            _log(ready, "reset")
            if not told.keep:
                ready.cluster.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE);", "postgres")
                note.unlink(missing_ok=True)
    found = json.loads(text[text.rindex("\n{") + 1 :] if "\n{" in text else text)
    found |= {"fill_s": filled, "trigger": took, "whole_s": time.perf_counter() - begun}
    show(found)
    return {"options": {"rows": told.rows, "halves": told.halves, "times": told.times}, **found, "goals": GOALS}


def fill(ready: House, real: Path, rows: int, halves: int) -> None:
    """Cases in the order in which they came, half year by half year."""
    ready.fresh(DATABASE)
    _log(ready, "1GB")
    kept = "ARRAY[" + ", ".join(f"'{name}'" for name in KEPT) + "]::text[]"
    ready.cluster.sql(_PREPARE.replace("{kept}", kept).replace("{owner}", OWNER), DATABASE)
    text, many = _real(real)
    address = ready.url(DATABASE, OWNER)
    with (
        psycopg.connect(address, autocommit=True) as link,
        link.cursor().copy("copy real from stdin (format csv)") as copy,
    ):
        copy.write(text)
    # The newest half year ends today: what was opened last there was opened last here.
    ready.cluster.sql(
        "update real set opened = opened + (select date_trunc('day', now() - max(opened)) from real); analyze real;",
        DATABASE,
    )
    each, begun = rows // halves, time.perf_counter()
    for half in reversed(range(halves)):
        copies, rest = each // many + 1, each % many
        ready.cluster.sql(_GENERATE.format(half=half, halves=halves, days=HALF, copies=copies, rest=rest), DATABASE)
        print(f"half year {halves - half} of {halves} after {time.perf_counter() - begun:.0f} s", flush=True)
    ready.cluster.sql(_FINISH, DATABASE)
    print(f"indexes after {time.perf_counter() - begun:.0f} s", flush=True)
    ready.cluster.sql("vacuum (analyze) handling_case; alter table handling_case reset (autovacuum_enabled);", DATABASE)


def _log(ready: House, size: str) -> None:
    """How much log the server keeps before it writes all to the tables: a filling has no use for gigabytes of it."""
    ready.cluster.sql(
        f"alter system {'reset max_wal_size' if size == 'reset' else f'set max_wal_size = {size!r}'};", "postgres"
    )
    ready.cluster.sql("select pg_reload_conf();", "postgres")


def trigger_cost(ready: House) -> dict[str, float]:
    """What the count costs the intake: CPU of the database a case, with its trigger and without, in one statement of many."""
    with psycopg.connect(ready.url(DATABASE, OWNER), autocommit=True) as link:
        link.execute(_SOME.format(some=SOME))
        told = link.execute(_COLUMNS).fetchone()
        columns = told[0] if told else ""
        cpu: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(ROUNDS):
            for name, word in (("with", "ENABLE"), ("without", "DISABLE")):
                with link.transaction(force_rollback=True):
                    link.execute("SELECT set_config('pghistory.context_id', gen_random_uuid()::text, true),"
                                 " set_config('pghistory.context_metadata', '{}', true)")  # fmt: skip
                    link.execute(f"ALTER TABLE handling_case {word} TRIGGER statistics_count_new")
                    begun = cpu_of(link.info.backend_pid)
                    link.execute(f"INSERT INTO handling_case ({columns}) SELECT {columns} FROM more_cases")
                    cpu[name].append((cpu_of(link.info.backend_pid) - begun) / SOME * 1e6)
        told = {name: statistics.median(each) for name, each in cpu.items()}
    return {
        "rows": SOME,
        "with_us": told["with"],
        "without_us": told["without"],
        "trigger_us": told["with"] - told["without"],
    }


def _real(path: Path) -> tuple[str, int]:
    """The requests as numbers: matter, channel and place by rank, the place within its ward as a shift in degrees."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    ranks = {
        name: {value: rank for rank, (value, _) in enumerate(Counter(row[name] for row in rows).most_common())}
        for name in ("type", "source", "precinct")
    }
    out = io.StringIO()
    writer = csv.writer(out)
    for n, row in enumerate(rows, start=1):
        closed = row["closed_dt"]
        took = datetime.fromisoformat(closed) - datetime.fromisoformat(row["open_dt"]) if closed else None
        x, y = (float(row[name] or 0) * 1000 % 4 / 1000 - 0.002 for name in ("longitude", "latitude"))
        places = (ranks["type"][row["type"]], ranks["source"][row["source"]], ranks["precinct"][row["precinct"]])
        late = row["ontime"] == "OVERDUE"
        writer.writerow([n, f"{row['open_dt']}+08", took and f"{took.total_seconds()} seconds", late, *places, x, y])
    return out.getvalue(), len(rows)


def show(found: dict[str, object]) -> None:
    for name, row in found["questions"].items():  # type: ignore[attr-defined]
        print(
            f"{name:42s} {row['answered']:9s} " + "  ".join(
                f"{who} {row[who]['ms']:7.1f} ({row[who]['cpu_ms'] + row[who]['db_cpu_ms']:.0f})" for who in ("kept", "duckdb", "scan", "spark", "postgres") if who in row
            ) + f"  {row['times']:6.1f} times ({row['cpu_times']:.1f}), equal {row['equal']}",
            flush=True,
        )  # fmt: skip
    for name in ("cases", "screen", "keeping", "export", "trigger", "summary", "by_cpu", "fill_s", "whole_s"):
        print(name, found[name], flush=True)
