"""Asks the questions of the situation of everybody who can answer: `python -m bench.squares 5 [spark] [again]` prints JSON."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from bench.asking import holder  # sets Django up
from bench.servers import cpu_below
from hezhi.chapters.awareness.situation import queries
from hezhi.chapters.awareness.situation.queries import Asked
from hezhi.chapters.awareness.situation.rules import Period
from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.statistics.api import CASES
from hezhi.engines.analysis.cube import asking, keeping, questions, spark, store
from hezhi.engines.analysis.cube.facts import months_in
from hezhi.engines.analysis.cube.questions import Question
from hezhi.engines.analysis.models import CubePartition
from hezhi.engines.org.actor import actor_of
from hezhi.ground import time as clock
from hezhi.ground.testkit.spark import cluster

SPANS = {"week": 7, "quarter": 90, "year": 365}
PANELS = {"areas": "town", "communities": "community", "grids": "grid", "categories": "category", "channels": "channel",
          "days": "day", "totals": "", "heat map": "xy"}  # fmt: skip
HAND = {"town": "town_id", "community": "community_id", "grid": "grid_id", "category": "category_id", "channel": "source",
        "day": "(received_at at time zone 'Asia/Shanghai')::date"}  # fmt: skip


def timed(work: Callable[[], Any], times: int) -> tuple[dict[str, float], Any]:
    """Some runs: the middle of the wall time, and the CPU of one run, ours and the database server's with its helpers."""
    server = _parent(connection.connection.info.backend_pid)
    walls, told = [], None
    used, other = time.process_time(), cpu_below(server)
    for _ in range(times):
        begun = time.perf_counter()
        told = work()
        walls.append((time.perf_counter() - begun) * 1000)
    ours, theirs = (time.process_time() - used) / times * 1000, (cpu_below(server) - other) / times * 1000
    return {"ms": statistics.median(walls), "cpu_ms": ours, "db_cpu_ms": theirs}, told


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def quick(work: Callable[[], Any], least: int) -> tuple[dict[str, float], Any]:
    """The same for what takes some milliseconds: often enough for the clock of the CPU, which counts hundredths of a second.

    Once beforehand: a question is put into the words of a database once and kept.
    """
    work()
    found, told = timed(work, least)
    return timed(work, max(least, min(40, int(400 / max(found["ms"], 1))))) if found["ms"] < 100 else (found, told)


def by_hand(question: Question, most: int = 0) -> Callable[[], list[tuple]]:
    """The same question as somebody who knows SQL and the indexes would write it on the table of cases; the first rows only."""
    ranges = [(clock.at_local(a), clock.at_local(b + timedelta(days=1))) for a, b in question.spans]
    within = [f"received_at >= '{a:%Y-%m-%d %H:%M%z}' and received_at < '{b:%Y-%m-%d %H:%M%z}'" for a, b in ranges]
    if "x" in question.by:
        keys = [
            f"floor(floor(st_{axis}(point) / {side}) / {question.side})::int"
            for axis, side in (("x", 0.0056), ("y", 0.0045))
        ]
    elif set(question.by) & {"month", "year"}:
        keys = [
            HAND.get(name, f"date_trunc('{name}', received_at at time zone 'Asia/Shanghai')::date")
            for name in question.by
        ]
    else:
        keys = [HAND[name] for name in question.by]
    counts = [f"count(*) filter (where {each})" for each in within]
    outcomes = ("state = 'closed'", "satisfied", "satisfied is not null") if question.outcomes else ()
    more = [f"count(*) filter (where {within[0]} and {what})" for what in outcomes]
    quoted = [(HAND[name], ", ".join(f"'{value}'" for value in values)) for name, values in question.where]
    limits = "".join(f" and {column} in ({values})" for column, values in quoted)
    group = f" group by {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    text = (
        f"select {', '.join([*keys, *counts, *more])} from handling_case where ({' or '.join(f'({w})' for w in within)})"
        f" and not secret and state <> 'void'{limits}{' and point is not null' if question.placed else ''}{group}"
        f"{f' order by {len(keys) + 1} desc, 1 nulls first limit {most}' if most else ''}"
    )

    def ask() -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return questions.plain(cursor.fetchall(), len(keys))

    return ask


def scan(question: Question) -> Callable[[], Any]:
    """The limit: DuckDB reads the columns a question needs from its files and does nothing with them."""
    months = sorted({month for span in question.spans for month in months_in(span)})
    files = ", ".join(f"'{path}'" for path in store.paths("cases", asking._files(CASES, months) or []))
    columns = ", ".join(f"max({name})" for name in sorted({"day", "n", *question.needs}))

    def read() -> Any:
        with store.opened() as link:
            return link.execute(f"select {columns} from read_parquet([{files}])").fetchall()

    return read


CPU = ("cpu_ms", "db_cpu_ms")
SLOW = 2000
"""Milliseconds from which a question by hand is asked once: its own time is far above what disturbs it."""
LINES = ("areas", "communities", "grids")
"""Panels that show the first lines of a ranking."""


def asked_of(days: int, last: date, **more: Any) -> Asked:
    return Asked("town", Period(last - timedelta(days=days - 1), last), **more)


def fixed(last: date) -> dict[str, Question]:
    """Every panel of the screen, for a week, a quarter and a year; the map needs every grid, with the period before."""
    found = {}
    for span, days in SPANS.items():
        for name, key in PANELS.items():
            by, side = (("x", "y"), queries.WIDE) if key == "xy" else ((key,) if key else (), 1)
            found[f"{name}, {span}"] = queries.question(asked_of(days, last), *by, side=side)
        whole = found[f"grids, {span}"]
        found[f"grids of the map, {span}"] = replace(whole, spans=whole.spans[:2])
    return found


def ad_hoc(last: date) -> dict[str, Question]:
    """Questions that no kept sum can answer."""
    top = Category.objects.filter(parent=None).order_by("code")[0]
    year = ((last - timedelta(days=364), last),)
    everything = ((last - timedelta(days=1800), last),)
    return {
        "month × town × channel × matter, a year": Question(("month", "town", "channel", "category"), year),
        "grids of one kind of matter, a quarter": queries.question(asked_of(90, last, category=top), "grid"),
        "matters of one channel, a year": queries.question(asked_of(365, last, source="citizen"), "category"),
        "squares of one channel, a year": Question(("x", "y"), year, (("channel", ("citizen",)),), placed=True),
        "year × town × matter × channel, all": Question(("year", "town", "category", "channel"), everything),
    }


def export(month: date) -> dict[str, float]:
    """Rows a second of one month: our file, and the same rows by bare binary COPY, thrown away."""
    span = (month, months_in((month, month + timedelta(days=40)))[1] - timedelta(days=1))
    text, values = keeping.live(CASES, CASES.rows(), [span])
    raw: Any = connection.connection
    told = psycopg.ClientCursor(raw).mogrify(text, values)

    def bare() -> None:
        with raw.cursor() as cursor, cursor.copy(f"copy ({told}) to stdout (format binary)") as copy:
            for _ in copy:
                pass

    def ours() -> int:
        name, rows = store.put("bench", month, keeping._copied(text, values))
        (store.folder("bench") / name).unlink()
        return rows

    pairs = [(timed(bare, 1)[0], timed(ours, 1)) for _ in range(5)]
    limit = statistics.median(each["ms"] for each, _ in pairs)
    mine = statistics.median(each["ms"] for _, (each, _) in pairs)
    rows = pairs[0][1][1]
    cpu = [
        statistics.median(sum(pair[name] for name in CPU) for pair in side)
        for side in zip(*((a, b[0]) for a, b in pairs), strict=True)
    ]
    return {
        "rows": rows, "bare_ms": limit, "ours_ms": mine, "rows_a_second": rows / mine * 1000, "share": limit / mine,
        "bare_cpu_ms": cpu[0], "ours_cpu_ms": cpu[1],
    }  # fmt: skip


def keep_up() -> dict[str, float]:
    """Kept sums and files made from nothing, with how long it took."""
    begun = time.perf_counter()
    keeping.rebuild(CASES)
    made = time.perf_counter()
    months = 0
    while done := keeping.write(CASES):
        months += done
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze) analysis_cubecell")
    return {"rebuild_s": made - begun, "files_s": time.perf_counter() - made, "months": months}


def compare(question: Question, times: int, hand_times: int, most: int) -> dict[str, Any]:
    """One question, of everybody who can answer it; equal cell by cell or not. `most`: the screen shows so many lines."""
    rollup = asking.fitting(CASES, question)
    row: dict[str, Any] = {"answered": rollup.name if rollup else "files"}
    row["duckdb"], held = quick(lambda: asking.on_files(CASES, question, question), times)
    row["scan"], _ = timed(scan(question), times)
    hand = by_hand(question, most)
    row["postgres"], base = timed(hand, 1)
    if row["postgres"]["ms"] < SLOW:
        row["postgres"], base = timed(hand, hand_times)
    if most:
        base = by_hand(question)()
    answers = [held, [line for line in base if any(line[len(question.by) :])]]
    if most:
        row["kept"], top = quick(lambda: asking.ask_top(CASES, question, CHIEF, most), times)
        answers.append(held if top == asking._top_of(held, question, most) else [])
    elif rollup is not None:
        row["kept"], kept = quick(lambda: asking.ask(CASES, question, CHIEF), times)
        answers.append(kept)
    asked = row["kept"] if rollup else row["duckdb"]
    row["times"] = row["postgres"]["ms"] / asked["ms"]
    row["cpu_times"] = sum(row["postgres"][name] for name in CPU) / max(sum(asked[name] for name in CPU), 0.1)
    row["equal"] = all(answer == answers[0] for answer in answers)
    row["answer"] = held
    return row


def with_spark(found: dict[str, dict[str, Any]], asked: dict[str, Question]) -> None:
    """The same questions once more on a cluster of this machine."""
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as told:
        settings.HEZHI_SPARK, settings.HEZHI_SPARK_OPTIONS = told
        try:
            for name, question in asked.items():
                found[name]["spark"], far = timed(lambda q=question: asking.on_files(CASES, q, q), 1)
                found[name]["equal"] = found[name]["equal"] and far == found[name]["answer"]
        finally:
            spark.leave()
            settings.HEZHI_SPARK = ""


def main() -> None:
    times, far, again = int(sys.argv[1]), sys.argv[2] == "spark", sys.argv[3] == "again"
    told: dict[str, Any] = {"keeping": {} if again and CubePartition.objects.exists() else keep_up()}
    with connection.cursor() as cursor:
        cursor.execute("select count(*), pg_total_relation_size('handling_case'), pg_total_relation_size('analysis_cubecell'),"
                       " (select count(*) from analysis_cubecell) from handling_case")  # fmt: skip
        told["cases"] = dict(zip(("cases", "table_bytes", "sums_bytes", "sums"), cursor.fetchone(), strict=True))
    files = [path for path in store.folder("cases").iterdir() if path.suffix == ".parquet"]
    told["cases"]["files_bytes"] = sum(path.stat().st_size for path in files)
    last = clock.today() - timedelta(days=1)
    asked = fixed(last) | ad_hoc(last)
    found: dict[str, dict[str, Any]] = {}
    for name, question in asked.items():
        most = queries.MOST_LINES if name.partition(",")[0] in LINES else 0
        found[name] = compare(question, times, 3, most)
        print(name, {k: v for k, v in found[name].items() if k != "answer"}, file=sys.stderr, flush=True)
    if far:
        with_spark(found, asked)
    told["export"] = export((last - timedelta(days=70)).replace(day=1))
    panels = [f"{name}, week" for name in ("areas", "categories", "channels", "days", "totals", "areas", "heat map")]
    told["screen"] = {
        "engine_ms": sum(found[name]["kept"]["ms"] for name in panels),
        "picture": timed(lambda: queries.picture(CHIEF, asked_of(7, last)), times)[0],
    }
    for row in found.values():
        del row["answer"]
    told["questions"] = found
    kept = {name: row for name, row in found.items() if "kept" in row}
    told["summary"] = {
        "screen panels, times": min(row["times"] for name, row in kept.items() if not name.startswith("heat")),
        "heat map, times": min(row["times"] for name, row in kept.items() if name.startswith("heat")),
        "ad hoc, times": min(row["times"] for name, row in found.items() if "kept" not in row),
        "whole screen, ms": told["screen"]["engine_ms"], "export": told["export"]["share"],
        "all equal": all(row["equal"] for row in found.values()),
    }  # fmt: skip
    export_cpu = told["export"]["bare_cpu_ms"] / told["export"]["ours_cpu_ms"]
    told["by_cpu"] = {
        "screen panels, times": min(row["cpu_times"] for name, row in kept.items() if not name.startswith("heat")),
        "heat map, times": min(row["cpu_times"] for name, row in kept.items() if name.startswith("heat")),
        "ad hoc, times": min(row["cpu_times"] for name, row in found.items() if "kept" not in row),
        "whole screen, ms": sum(found[name]["kept"][part] for name in panels for part in CPU), "export": export_cpu,
    }  # fmt: skip
    print("\n" + json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    connection.ensure_connection()
    CHIEF = actor_of(holder("duty_chief", kind="centre"))
    main()
