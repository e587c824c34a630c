"""Large imports (大批量导入): a register of people from CSV and xlsx, beside the usual ways on a cut of the same file.

    python -m bench bulk --rows 1000000 --peer-rows 20000

Every run has a fresh copy of the same district with its homes and a few people who are known already. «The insert
alone» is the time the database needs for the rows that were staged: residents, households, where they live, history
and all conditions, the table read from included. Memory is what the process and all it started really hold at its
highest (proportional set size, looked at three times a second); the database's own is not in it.
"""

import argparse
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from bench import people
from bench.house import House, house, load_average
from bench.servers import cpu_below
from hezhi.wiring import machine
from hezhi.wiring.places import CHECKOUT

DATABASE = "bench_bulk"
GOALS = {
    "xlsx: times openpyxl + bulk_create": (8.0, "≥"),
    "csv: times django-import-export": (20.0, "≥"),
    "csv: share of the insert alone": (0.5, "≥"),
    "xlsx: share of the insert alone": (0.5, "≥"),
    "csv: highest memory, MB": (600.0, "≤"),
    "xlsx: highest memory, MB": (1500.0, "≤"),
}


def options(reader: argparse.ArgumentParser) -> None:
    """What can be told on the command line."""
    reader.add_argument("--rows", type=int, default=1_000_000, help="rows of our own file")
    reader.add_argument("--peer-rows", type=int, default=20_000, help="rows of the cut that the peers get")
    reader.add_argument("--shapes", default="csv,xlsx")
    reader.add_argument("--peers", default="bulk_create,import_export", help="«» for none")


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Measure; gives the figures."""
    found: dict[str, dict[str, Any]] = {}
    peers = [name for name in told.peers.split(",") if name]
    with house() as ready:
        for shape in told.shapes.split(","):
            found[f"ours, {shape}"] = _measured(ready, "ours", shape, told.rows)
            for peer in peers:
                found[f"{peer}, {shape}"] = _measured(ready, peer, shape, min(told.peer_rows, told.rows))
        ready.drop(DATABASE)
    ratios = _ratios(found)
    for name, ratio in ratios.items():
        goal, sign = GOALS[name]
        met = ratio >= goal if sign == "≥" else ratio <= goal
        print(f"{name}: {ratio:.2f} (goal {sign} {goal:g}) {'met' if met else 'MISSED'}", flush=True)
    return {
        "options": {"rows": told.rows, "peer rows": told.peer_rows},
        "found": found, "ratios": ratios,
        "goals": {name: {"goal": goal, "sign": sign} for name, (goal, sign) in GOALS.items()},
    }  # fmt: skip


def _measured(ready: House, way: str, shape: str, many: int) -> dict[str, Any]:
    database = ready.fresh(DATABASE)
    homes = _run(ready, database, "furnish", str(max(many // people.A_HOME_HOLDS, 1)))["homes"]
    folder = ready.home / "run"
    early, path = folder / "known.csv", folder / f"people.{shape}"
    people.write_csv(early, people.known(many, homes))
    _run(ready, database, "bulk_create", str(early))
    (people.write_csv if shape == "csv" else people.write_xlsx)(path, people.rows(many, homes))
    ready.sql(database, "VACUUM ANALYZE")
    postmaster = ready.cluster.pid() or 0
    before, load = cpu_below(postmaster), load_average()
    told = _run(ready, database, way, str(path))
    told |= {
        "db_cpu": cpu_below(postmaster) - before, "load": load, "megabytes": path.stat().st_size / 2**20,
        "rate": told["rows"] / told["seconds"],
    }  # fmt: skip
    path.unlink()
    print(
        f"{way} {shape}: {told['rows']:,} rows in {told['seconds']:.1f} s, {told['rate']:,.0f} rows/s, {told['new']:,} new, "
        f"{told['changed']:,} changed, {told['refused']:,} refused, CPU {told['cpu']:.1f} s + database "
        f"{told['db_cpu']:.1f} s, {told['peak_mb']:.0f} MB, load {load:.1f}",
        flush=True,
    )
    for name, seconds in told["steps"].items():
        print(f"    {name} {seconds:.1f} s", flush=True)
    return told


def _run(ready: House, database: str, *words: str) -> dict[str, Any]:
    """One of `bulk_runs` in a process of its own, watched."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bulk_runs", *words], env=ready.environment(database, HEZHI_BULK_FROM_ROWS="1000"),
        cwd=CHECKOUT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    watch = _Watch(process.pid)
    watch.start()
    out, _ = process.communicate()
    watch.over.set()
    watch.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)[:80]} failed")
    return json.loads(out.strip().splitlines()[-1]) | {"peak_mb": watch.peak / 1024, "cpu": watch.cpu}


class _Watch(threading.Thread):
    """Looks at a process and all it started, three times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.over, self.peak, self.cpu = pid, threading.Event(), 0, 0.0

    def run(self) -> None:
        while not self.over.wait(0.33):
            self.peak = max(self.peak, sum(map(_held, _tree(self.pid))))
            self.cpu = max(self.cpu, cpu_below(self.pid))


def _tree(pid: int) -> list[int]:
    return [pid, *[below for child in machine.children(pid) for below in _tree(child)]]


def _held(pid: int) -> int:
    """KB of memory that are this process's own share."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")), 0)


def _ratios(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    ratios: dict[str, float] = {}
    for shape in ("csv", "xlsx"):
        ours = found.get(f"ours, {shape}")
        if ours is None:
            continue
        if peer := found.get(f"import_export, {shape}"):
            ratios[f"{shape}: times django-import-export"] = ours["rate"] / peer["rate"]
        if peer := found.get(f"bulk_create, {shape}"):
            ratios[f"{shape}: times openpyxl + bulk_create"] = ours["rate"] / peer["rate"]
        ratios[f"{shape}: share of the insert alone"] = ours["steps"]["写入"] / ours["seconds"]
        ratios[f"{shape}: highest memory, MB"] = ours["peak_mb"]
    return {name: ratio for name, ratio in ratios.items() if name in GOALS}
