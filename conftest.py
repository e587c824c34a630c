"""Fixtures of every test (测试公用夹具). How they work stands in hezhi/ground/testkit and hezhi/wiring/testing.py."""

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from _pytest.nodeid import coerce_node_id
from hypothesis import settings as drawing

from hezhi.ground.testkit.databases import Workshop
from hezhi.ground.time import FrozenClock, frozen_at, real_now
from hezhi.wiring import testing, testrun
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.tests import network

ROOMS_OF_THE_SYSTEM = {"running_system": "journey", "own_system": "fault", "chromium": "browser"}
SHARED = Path(os.environ.get("HEZHI_SHARED", CHECKOUT.parent / "shared"))
ON_A_DATABASE = {"db", "committing_db", "django_db_setup", "database_server"}
GROUPS = ("unit", *testrun.GROUPS)
GROUP = pytest.StashKey[str]()

# A property test draws the same cases in every run: what is red is so by the change at hand. New ones are drawn when asked
# for. No limit of time on a single case: it measures how busy the machine is.
drawing.register_profile("house", deadline=None, derandomize=os.environ.get("HEZHI_DRAW_ANEW") != "1")
drawing.load_profile("house")


# -- time ------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    """The house's clock, stopped on a working Monday at nine, for everything the test makes and asks.

    Name it first, and `usefixtures` where it need not be moved: what a maker stored before the clock stopped is
    dated today, and a test that then asks on another day passes or fails by the calendar.
    """
    with frozen_at("2026-11-23 09:00") as stopped:
        yield stopped


# -- databases -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def database_server() -> tuple[str, str]:
    """Addresses (app role, owner role) of the test server."""
    return testing.database_server()


@pytest.fixture(scope="session")
def workshop(database_server: tuple[str, str]) -> Workshop:
    """Where test databases are made."""
    shop = Workshop(database_server[1])
    shop.sweep()
    return shop


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    """The name of this process's database: several people, each with several workers, on one server."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return f"hzt_{os.environ['HEZHI_TEST_PREFIX']}_{worker}"


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker,
    database_server: tuple[str, str],
    workshop: Workshop,
    database_name: str,
) -> Iterator[None]:
    """Point Django at a fresh copy of the migrated template, as the application's role."""
    from django.db import connections

    for name in testing.worker_database(workshop, database_name):
        _point(connections["default"], database_server[0], name)
        yield
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture
def committing_db(django_db_setup: None, django_db_blocker, workshop: Workshop, database_name: str) -> Iterator[None]:
    """A database of one test's own, for tests that must commit (two people at once, notifications).

    Dropped afterwards: nothing is flushed, because the application's role may not.
    """
    from django.db import connections

    mine = f"{database_name}_own"
    workshop.copy(testing.migrated_template(workshop), mine)
    connection = connections["default"]
    with django_db_blocker.unblock():
        connections.close_all()
        connection.settings_dict["NAME"] = mine
        yield
        connections.close_all()
        connection.settings_dict["NAME"] = database_name
    workshop.drop(mine)


@pytest.fixture(autouse=True)
def no_words_of_another_test() -> None:
    """A process keeps message texts for ten seconds; what another test wrote and rolled back is not in force here."""
    words = sys.modules.get("hezhi.engines.reach.words")
    if words:
        words.forget()


@pytest.fixture
def transactional_db() -> None:
    """pytest-django's flushing database does not work here, by design."""
    pytest.fail("Use the fixture committing_db: the application's role may not TRUNCATE (the audit).", pytrace=False)


def _point(connection, url: str, name: str) -> None:
    """Change the address of Django's connection, also for threads still to come."""
    parts = urlsplit(url)
    connection.close()
    connection.settings_dict.update(
        NAME=name,
        USER=parts.username,
        PASSWORD=parts.password,
        HOST=parts.hostname,
        PORT=str(parts.port),
        CONN_MAX_AGE=0,
    )


# -- the running system ----------------------------------------------------------------------------


def _kept() -> Path:
    return Path(os.environ["HEZHI_TEST_HOME"])


@pytest.fixture(scope="session")
def running_system(database_server: tuple[str, str], database_name: str) -> Iterator:
    """The demo district served by real processes, for this test process; see `hezhi.wiring.system.System`."""
    from hezhi.wiring import system

    with system.running_system(*database_server, f"{database_name}_live", _kept()) as running:
        yield running


@pytest.fixture(scope="session")
def system_to_be_killed(database_server: tuple[str, str]) -> Iterator:
    """The same with a database server of its own, for all tests that kill things, one after the other."""
    from hezhi.wiring import system

    with system.system_with_own_cluster(*database_server, _kept()) as running:
        yield running


@pytest.fixture
def own_system(system_to_be_killed):
    """A system to be killed, whole again whatever the last test left of it."""
    system_to_be_killed.cluster.start()
    system_to_be_killed.start()
    return system_to_be_killed


@pytest.fixture(scope="session")
def empty_cluster() -> Iterator:
    """An empty database server, made once and stopped: to copy it is quicker than to make another."""
    cluster = _small_cluster()
    cluster.start()
    cluster.stop()
    yield cluster
    cluster.remove()


@pytest.fixture
def own_cluster(empty_cluster) -> Iterator:
    """An empty database server of one test's own, to be killed and restarted."""
    cluster = _small_cluster()
    subprocess.run(["cp", "-a", "--reflink=auto", f"{empty_cluster.folder}/.", str(cluster.folder)], check=True)
    cluster.start()
    yield cluster
    cluster.remove()


def _small_cluster():
    from hezhi.wiring.cluster import Cluster
    from hezhi.wiring.places import open_folder

    folder = Path(tempfile.mkdtemp(prefix="own-", dir=open_folder(_kept())))
    folder.chmod(0o711)
    return Cluster(folder, durable=False, settings={"shared_buffers": "'64MB'"})


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """The browser itself, one per test process."""
    from playwright.sync_api import sync_playwright

    from hezhi.ground.testkit import browser

    with sync_playwright() as playwright:
        running = browser.launch(playwright)
        running.devices = playwright.devices
        yield running
        running.close()


@pytest.fixture
def desk(chromium, running_system, request: pytest.FixtureRequest) -> Iterator:
    """An officer's screen of 1440×900 on the running system (a Playwright page)."""
    from hezhi.ground.testkit import browser

    with browser.page_on(chromium, running_system.url, browser.DESK, _shots(request)) as page:
        yield page


@pytest.fixture
def phone(chromium, running_system, request: pytest.FixtureRequest) -> Iterator:
    """A phone on the running system (a Playwright page)."""
    from hezhi.ground.testkit import browser

    with browser.page_on(
        chromium, running_system.url, browser.phone_profile(chromium.devices), _shots(request)
    ) as page:
        yield page


def _shots(request: pytest.FixtureRequest) -> Path:
    return CHECKOUT / "test-results" / re.sub(r"[^\w.-]+", "-", request.node.nodeid)


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock stands still for a test, however busy the machine is.

    What a process keeps for some seconds (dictionaries, texts, flows) is read again on the first look or not at all,
    never by chance in the middle of a count.
    """
    from hezhi.ground import time as house_time

    moment = time.monotonic()
    monkeypatch.setattr(house_time, "_machine", SimpleNamespace(monotonic=lambda: moment, time_ns=time.time_ns))


@pytest.fixture
def ledger(no_time_passes: None):
    """The figures that may not grow: `with ledger.sql("case page", limit=12): …`."""
    from hezhi.ground.testkit.counts import Ledger

    return Ledger(CHECKOUT / "sql-counts.json")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The owner's files beside the project; tests that use them are not collected where there are none."""
    return SHARED


# -- order and summary -----------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]):
    """Name each test's group by what it uses, and run the quick groups first.

    Sorted after everybody else: pytest-django puts whatever needs a database before all that needs none, and then both
    workers would wait for the migrations. In the browser the stories come first: a long one at the end would leave the
    other core with nothing to do.
    """
    if not SHARED.is_dir():
        extra = [item for item in items if "shared" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=extra)
        items[:] = [item for item in items if item not in extra]
    for item in items:
        for fixture, marker in ROOMS_OF_THE_SYSTEM.items():
            if fixture in getattr(item, "fixturenames", ()) and not item.get_closest_marker(marker):
                item.add_marker(marker)
        marked = {mark.name for mark in item.iter_markers()}
        if marked.isdisjoint(GROUPS) and _has_database(item):
            item.add_marker("room")
            marked.add("room")
        if "fault" in marked:
            item.add_marker(pytest.mark.xdist_group("fault"))
        item.stash[GROUP] = next((name for name in reversed(GROUPS[1:]) if name in marked), "unit")
        if getattr(config.option, "loadgroup", False):
            _name_after_its_group(item)
    told = yield
    items.sort(key=lambda item: (GROUPS.index(item.stash[GROUP]), "stories" not in item.path.parts))
    return told


def _name_after_its_group(item: pytest.Item) -> None:
    """Keep the tests of one `xdist_group` on one worker.

    xdist reads the group from the end of a test's name, and writes it there into an attribute that pytest reads no more
    since 9.2; without this each worker made what a group shares, a running system or the world of a registry, for itself.
    """
    groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
    if groups:
        item._id = coerce_node_id(f"{item.nodeid}@{'_'.join(groups)}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was loaded to run the tests is there to stay: the collector of garbage need not look through it each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    gc.enable()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is left goes with the process: pytest would look it all through five times for something that was not ended."""
    gc.freeze()


def _has_database(item: pytest.Item) -> bool:
    return bool(item.get_closest_marker("django_db") or ON_A_DATABASE & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    report.user_properties.append(("group", item.stash[GROUP]))
    clauses = [id_ for mark in item.iter_markers("clause") for id_ in mark.args]
    if clauses and report.when == "call":
        report.user_properties.append(("clauses", clauses))
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    gc.disable()  # until the tests are collected
    session.config.stash[STARTED] = time.monotonic()
    if not hasattr(session.config, "workerinput"):  # once for all workers, before any of them starts a browser
        stack = session.config.stash[NETWORK] = ExitStack()
        os.environ[network.MADE] = stack.enter_context(network.network())


def pytest_unconfigure(config: pytest.Config) -> None:
    if NETWORK in config.stash:
        config.stash[NETWORK].close()


STARTED = pytest.StashKey[float]()
NETWORK = pytest.StashKey[ExitStack]()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """How many tests of each group, and how long they took (added up over the workers)."""
    counts: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            group = dict(getattr(report, "user_properties", ())).get("group")
            if group:
                counts[group] += report.when == "call"
                seconds[group] += report.duration
    parts = [f"{name} {counts[name]} ({seconds[name]:.0f} s)" for name in GROUPS if counts[name]]
    wall = time.monotonic() - config.stash.get(STARTED, time.monotonic())
    terminalreporter.write_line(f"groups: {', '.join(parts)}; {wall:.0f} s in all")
    _note_proofs(terminalreporter)


def _note_proofs(terminalreporter) -> None:
    """Keep, for `hezhi clause`, what this run proved of the standard."""
    proofs: dict[str, dict] = {}
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            for id_ in dict(getattr(report, "user_properties", ())).get("clauses", ()):
                proof = proofs.setdefault(
                    id_, {"at": real_now().isoformat(timespec="seconds"), "passed": 0, "failed": 0}
                )
                proof["passed" if outcome == "passed" else "failed"] += 1
    if proofs:
        path = CHECKOUT / "test-results/clauses.json"
        path.parent.mkdir(exist_ok=True)
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | proofs, indent=1))
