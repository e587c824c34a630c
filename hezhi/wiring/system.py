"""A whole running system for tests (测试用运行系统): the demo district, real processes, a port of its own.

The demo district is loaded once per state of the code and copied for each use; `python -m hezhi.wiring.system`
loads it ahead.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from hezhi.ground.testkit.databases import Workshop, digest_of, with_name
from hezhi.wiring import frontend, machine
from hezhi.wiring.cluster import APP, OWNER, Cluster
from hezhi.wiring.launch import answers, parts
from hezhi.wiring.places import CHECKOUT, open_folder
from hezhi.wiring.prepare import Preparation, clean_environment
from hezhi.wiring.supervisor import Supervisor
from hezhi.wiring.testing import database_server, migrated_template

KEPT = 2


@dataclass
class System:
    """A running installation with the demo district. `supervisor.kill("web" | "worker" | "stream")` is kill -9."""

    url: str
    home: Path
    environment: dict[str, str]
    supervisor: Supervisor
    cluster: Cluster | None = None

    def start(self, *names: str) -> None:
        """Start (again) these processes, or all, and wait until the page answers."""
        self.supervisor.start(*names)
        if "web" in self.supervisor.running:
            wait_until(lambda: answers(f"{self.url}/accounts/login/"), 90, self._why)

    def sql(self, statement: str, *values: object) -> list[tuple]:
        """Rows of a statement sent as the owner, to look behind the pages."""
        with psycopg.connect(self.environment["DATABASE_OWNER_URL"], autocommit=True) as link:
            done = link.execute(statement, values)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

    def _why(self) -> str:
        return f"the page does not answer; web.log ends: {machine.tail(self.supervisor.log_of('web'), 12)}"


def wait_until(condition: Callable[[], object], seconds: float, why: Callable[[], str] = lambda: "in vain") -> None:
    """Look ten times a second until the condition holds; fail after so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s: {why()}"
        time.sleep(0.1)


@contextlib.contextmanager
def running_system(app_url: str, owner_url: str, database: str, kept: Path) -> Iterator[System]:
    """A system over a copy of the demo district in a database of the given server."""
    workshop = Workshop(owner_url)
    with _only_one(kept):
        home, template = _demo(workshop, app_url, kept)
    workshop.copy(template, database)
    try:
        with _serving(home, _urls(app_url, owner_url, database)) as system:
            yield system
    finally:
        workshop.drop(database)


@contextlib.contextmanager
def system_with_own_cluster(app_url: str, owner_url: str, kept: Path) -> Iterator[System]:
    """A system whose database server is its own too, to be killed and restarted (`system.cluster`)."""
    with _only_one(kept):
        home, template = _demo(Workshop(owner_url), app_url, kept)
        base = Cluster(home / "cluster", durable=False, settings={"shared_buffers": "'64MB'"})
        if not (home / "run/base").exists():
            _make_base(base, with_name(owner_url, template))
            (home / "run/base").touch()
    folder = open_folder(Path(tempfile.mkdtemp(prefix="own-", dir=kept)))
    folder.chmod(0o711)
    subprocess.run(["cp", "-a", "--reflink=auto", f"{base.folder}/.", str(folder)], check=True)
    cluster = Cluster(folder, durable=False, settings=base.settings)
    try:
        cluster.start()
        with _serving(home, {"DATABASE_URL": cluster.url(APP), "DATABASE_OWNER_URL": cluster.url(OWNER)}) as system:
            system.cluster = cluster
            yield system
    finally:
        cluster.remove()


def _demo(workshop: Workshop, app_url: str, kept: Path) -> tuple[Path, str]:
    """The demo district of this state of the code: its data folder (keys, files) and its template database."""
    digest = code_digest()
    home = _demo_home(kept, f"demo-{digest}")
    if not (home / "run/whole").exists():  # what the database encrypts opens only with the keys of its folder
        workshop.drop(f"hz_demo_{digest}")
    template = workshop.template(
        "demo",
        digest,
        lambda url: _furnish(home, _urls(app_url, workshop.owner_url, url.rpartition("/")[2])),
        migrated_template(workshop),
    )
    (home / "run/whole").touch()
    return home, template


def code_digest() -> str:
    """Changes with any module of the house and with what it is built from; tests do not count."""
    hezhi = CHECKOUT / "hezhi"
    code = [path for path in hezhi.glob("**/*") if path.suffix in {".py", ".toml", ".json", ".csv", ".html", ".sql"}]
    asked = [path for path in code if not {"tests", "testkit", "static"} & set(path.relative_to(hezhi).parts)]
    return digest_of([*asked, CHECKOUT / "requirements/base.txt"])


@contextlib.contextmanager
def _only_one(kept: Path) -> Iterator[None]:
    """One process at a time prepares the demo district."""
    open_folder(kept)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _demo_home(kept: Path, name: str) -> Path:
    """The data folder (keys, files, accounts) that belongs to one state of the demo; old ones go."""
    home, kind = open_folder(kept / name), name.partition("-")[0]
    for old in sorted(kept.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        if old != home:
            shutil.rmtree(old, ignore_errors=True)
    for part in ("keys", "files", "log", "run"):
        (home / part).mkdir(exist_ok=True)
    return home


def _urls(app_url: str, owner_url: str, database: str) -> dict[str, str]:
    return {"DATABASE_URL": with_name(app_url, database), "DATABASE_OWNER_URL": with_name(owner_url, database)}


def _environment(home: Path, urls: dict[str, str]) -> dict[str, str]:
    house = {"HEZHI_HOME": str(home), "HEZHI_DEMO": "1", "DJANGO_SETTINGS_MODULE": "hezhi.wiring.tests.system_house"}
    return clean_environment() | urls | house


def _furnish(home: Path, urls: dict[str, str]) -> None:
    frontend.build()
    steps = Preparation(home, _environment(home, urls))
    # The template is migrated, and loading the demo furnishes what an installation needs.
    # An even sample of the demo's messages: the same district and people, a quarter of the minutes.
    steps.load_demo("--few", "150")
    steps.collect_static()


def _make_base(base: Cluster, template_url: str) -> None:
    """A stopped server with a copy of the demo district, to be copied as a folder for each test."""
    base.remove()
    base.start()
    try:
        fill(base, template_url)
    finally:
        base.stop()


def fill(cluster: Cluster, template_url: str) -> None:
    """Copy what a template holds into the empty database of another server; quicker than to migrate there."""
    dump = cluster.folder / "template.dump"
    dumping = [
        machine.program("pg_dump"),
        "-Fc",
        "--no-comments",
        "-T",
        "spatial_ref_sys",
        "-f",
        str(dump),
        template_url,
    ]
    subprocess.run(dumping, check=True, cwd="/")
    restoring = [machine.program("pg_restore"), "--exit-on-error", "-d", cluster.url(OWNER), str(dump)]
    subprocess.run(restoring, check=True, cwd="/")
    dump.unlink()


@contextlib.contextmanager
def _serving(original: Path, urls: dict[str, str]) -> Iterator[System]:
    """Processes over a copy of the demo's data folder; page files are collected once and shared."""
    home = Path(tempfile.mkdtemp(prefix="hezhi-system-"))
    shutil.copytree(original, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cluster"))
    environment = _environment(home, urls)
    frontend.build()
    Preparation(home, environment).collect_static()
    port = _two_ports(home)
    environment |= {"HEZHI_PORT": str(port), "HEZHI_STREAM_PORT": str(port + 1)}
    served = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
    processes = parts(port, web_workers="1")  # each costs its start, and one test asks one thing at a time
    system = System(
        f"http://127.0.0.1:{port}", home, environment, Supervisor(processes, home / "log", served, CHECKOUT)
    )
    try:
        system.start()
        yield system
    finally:
        for name in tuple(system.supervisor.running):  # its database is thrown away: nothing need be finished
            system.supervisor.kill(name)
        keep = os.environ.get("HEZHI_KEEP_LOGS")
        if keep:
            shutil.copytree(home / "log", Path(keep) / home.name, dirs_exist_ok=True)
        shutil.rmtree(home, ignore_errors=True)


def _two_ports(home: Path) -> int:
    port = machine.free_port(str(home))
    while not machine.is_free(port + 1):
        port = machine.free_port(f"{home}{port}")
    return port


def prepare_demo() -> None:
    """Load the demo district of this state of the code, unless it is there."""
    app_url, owner_url = database_server()
    kept = Path(os.environ["HEZHI_TEST_HOME"])
    with _only_one(kept):
        _demo(Workshop(owner_url), app_url, kept)


if __name__ == "__main__":
    prepare_demo()
