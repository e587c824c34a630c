"""A database server and a demo district for measuring only (测量环境), apart from everything else on the machine.

The server is durable like a real one (fsync on): figures of a careless server would be worth nothing.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from hezhi.wiring import frontend
from hezhi.wiring.cluster import APP, OWNER, Cluster
from hezhi.wiring.places import CHECKOUT, home, open_folder
from hezhi.wiring.prepare import Preparation, clean_environment

TEMPLATE = "bench_template"
SERVER = {
    "shared_buffers": "'1GB'",
    "maintenance_work_mem": "'512MB'",
    # A new index is written and synced as a file, not to the log as well; what a statement writes is logged as ever.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "'8GB'",
}


@dataclass(frozen=True)
class House:
    """The bench's server and data folder."""

    cluster: Cluster
    home: Path

    def url(self, database: str, role: str = APP) -> str:
        return self.cluster.url(role, database)

    def environment(self, database: str, **more: str) -> dict[str, str]:
        """What our processes need to run over a database of this server, without the owner's address."""
        chosen = clean_environment() | {
            "DATABASE_URL": self.url(database),
            "HEZHI_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "hezhi.wiring.settings",
            "PYTHONPATH": str(CHECKOUT),
        }
        chosen.pop("DATABASE_OWNER_URL", None)
        return chosen | more

    def sql(self, database: str, statement: str, *values: object, role: str = OWNER) -> list[tuple]:
        """Rows of a statement, sent as the owner."""
        with psycopg.connect(self.url(database, role), autocommit=True) as link:
            done = link.execute(statement, values or None)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

    def drop(self, name: str) -> None:
        """Let a database go; a million people take gigabytes."""
        self.cluster.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE);', "postgres")

    def fresh(self, name: str) -> str:
        """A new copy of the demo district under this name."""
        self.drop(name)
        self.cluster.sql(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE {TEMPLATE};', "postgres")
        (self.home / "audit/head.json").unlink(missing_ok=True)  # the witness of another database's audit
        return name

    def manage(self, database: str, *words: str, text: str | None = None, **more: str) -> str:
        """Run one of the house's own commands over a database; gives what it printed."""
        return self.python("manage.py", *words, database=database, text=text, **more)

    def python(self, *words: str, database: str, text: str | None = None, loud: bool = False, **more: str) -> str:
        """Run Python in the environment of our processes; gives what it printed. `loud`: its log is ours."""
        done = subprocess.run(
            [sys.executable, *words], env=self.environment(database, **more), cwd=CHECKOUT, input=text,
            stdout=subprocess.PIPE, stderr=None if loud else subprocess.PIPE, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout}\n{done.stderr or ''}")
        return done.stdout


@contextmanager
def house() -> Iterator[House]:
    """The bench's server, started if need be and stopped again by whoever started it.

    Raises `SystemExit` when another bench is at work in this folder: two at once would measure each other, and share one
    witness of the audit.
    """
    folder = open_folder(home() / "bench")
    with (folder / "bench.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"{folder} 里另有测量在运行,请等它结束。\nAnother bench is at work in {folder}.") from None
        yield from _opened(folder)


def _opened(folder: Path) -> Iterator[House]:
    cluster = Cluster(folder, durable=True, settings=SERVER)
    started = cluster.start()
    ready = House(cluster, folder)
    try:
        _furnish(ready)
        yield ready
    finally:
        if started:
            cluster.stop()


def _furnish(ready: House) -> None:
    """The demo district as a template, made anew when tables or tables' contents have changed."""
    if os.environ.get("HEZHI_BENCH_AS_IS") == "1":  # go on with the tables as they stand, while code changes
        return
    wanted = frontend.digest([*sorted((CHECKOUT / "hezhi").glob("**/migrations/*.py"))])[:16]
    note = ready.home / "template.json"
    if note.exists() and json.loads(note.read_text()) == wanted:
        return
    for name in ("keys", "files", "log", "run"):
        (ready.home / name).mkdir(exist_ok=True)
    ready.cluster.sql(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE);", "postgres")
    ready.cluster.sql(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER} TEMPLATE template1;", "postgres")
    environment = clean_environment() | {
        "DATABASE_URL": ready.url(TEMPLATE),
        "DATABASE_OWNER_URL": ready.url(TEMPLATE, OWNER),
        "HEZHI_HOME": str(ready.home),
        "HEZHI_DEMO": "1",
    }
    frontend.build()
    steps = Preparation(ready.home, environment)
    steps.migrate()
    steps.furnish()
    steps.load_demo("--few", "40")
    steps.collect_static()
    note.write_text(json.dumps(wanted))


def machine() -> dict[str, object]:
    """What a figure was measured on."""
    model = next((line.split(":")[1].strip() for line in _read("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) // 2**20 for line in _read("/proc/meminfo") if line.startswith("MemTotal"))
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": memory}


def load_average() -> float:
    """Processes that wanted a core in the last minute: ours and everybody else's."""
    return os.getloadavg()[0]


def _read(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
