"""`python -m bench [intake|list|push|bulk|text|statistics|cases|analysis|year|soak|jobs|all] [options]`: measure, print, keep the JSON, write docs/figures.md."""

import argparse
import importlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench import figures
from bench.house import load_average, machine
from hezhi.ground.time import real_now
from hezhi.wiring.places import CHECKOUT

BENCHES = ("intake", "list", "push", "bulk", "text", "statistics", "cases", "analysis")
LONG = ("year", "soak", "jobs")
"""Run by name alone: a year takes hours, a load run wants the machine for itself, the jobs want a browser."""
MODULES = {
    "intake": "bench.intake",
    "list": "bench.lists",
    "push": "bench.push",
    "bulk": "bench.bulk",
    "text": "bench.text",
    "statistics": "bench.statistics",
    "cases": "bench.cases",
    "year": "bench.year",
    "soak": "bench.soak",
    "jobs": "bench.jobs",
    "analysis": "bench.analysis",
}
KEPT = CHECKOUT / "bench/results"
VERSIONS = (
    "Django",
    "djangorestframework",
    "psycopg",
    "granian",
    "gunicorn",
    "django-import-export",
    "openpyxl",
    "numpy",
    "scipy",
    "scikit-learn",
    "rjieba",
    "ibis-framework",
    "duckdb",
    "pyspark",
)


def main() -> None:
    reader = argparse.ArgumentParser("python -m bench", description=__doc__)
    kinds = reader.add_subparsers(dest="bench")
    kinds.add_parser("all", help="every bench with its usual options")
    kinds.add_parser("figures", help="write docs/figures.md from the kept JSON")
    for name in (*BENCHES, *LONG):
        importlib.import_module(MODULES[name]).options(kinds.add_parser(name))
    told = reader.parse_args()
    chosen = BENCHES if told.bench in (None, "all") else () if told.bench == "figures" else (told.bench,)
    for name in chosen:
        given = told if told.bench == name else reader.parse_args([name])
        _measure(name, given)
    figures.write(KEPT, CHECKOUT / "docs/figures.md")


def _measure(name: str, told: argparse.Namespace) -> None:
    before = load_average()
    print(f"{name}: load {before:.1f} before the start", flush=True)
    result = importlib.import_module(MODULES[name]).run(told)
    KEPT.mkdir(exist_ok=True)
    whole = {
        "bench": name,
        "at": real_now().isoformat(timespec="minutes"),
        "machine": machine(),
        "versions": {package: number for package in VERSIONS if (number := _version(package))},
        "load": {"before": before, "after": load_average()},
        **result,
    }
    path: Path = KEPT / f"{name}.json"
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def _version(package: str) -> str:
    """The version that is installed here, or nothing: not every bench needs every stack."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
