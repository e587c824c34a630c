"""The worker and what it does when it, or its database, dies (后台进程与故障)."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from hezhi.engines.org.actor import system
from hezhi.engines.reach.api import tell
from hezhi.engines.reach.models import Delivery, InboxMessage, LocalCopy, Outgoing
from hezhi.engines.reach.tests import world
from hezhi.engines.records.acting import acting
from hezhi.ground.testkit.databases import with_name
from hezhi.wiring import jobs
from hezhi.wiring.cluster import OWNER, Cluster
from hezhi.wiring.jobs import Round
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.worker_tasks import MARKS, slow
from hezhi.wiring.worker import first_goes

VALUES = {"number": "SJ26112200001", "title": "路灯不亮"}


class Process:
    """A worker process of its own, with its log."""

    def __init__(self, url: str, log: Path, home: Path | None = None) -> None:
        self.url, self.log = url, log
        self.home = {"HEZHI_HOME": str(home)} if home else {}
        self.running: subprocess.Popen | None = None

    def start(self, *options: str) -> "Process":
        env = os.environ | {"DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "hezhi.wiring.tests.worker_house"}
        env |= self.home
        with self.log.open("a") as out:
            self.running = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *options], cwd=CHECKOUT, env=env, stdout=out, stderr=out
            )
        return self

    def end(self, number: int = signal.SIGKILL) -> int:
        self.running.send_signal(number)
        return self.running.wait(30)

    def why(self) -> str:
        return "the worker's log ends:\n" + "\n".join(self.log.read_text().splitlines()[-25:])


@pytest.fixture
def worker(committing_db: None, database_server: tuple[str, str], tmp_path: Path) -> Iterator[Process]:
    """A worker, not yet started, for a database of the test's own, with the test's tables."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(with_name(database_server[1], name), autocommit=True) as owner:
        owner.execute(MARKS)
    process = Process(with_name(database_server[0], name), tmp_path / "worker.log")
    yield process
    if process.running and process.running.poll() is None:
        process.end()
    # The server notices a killed client a moment later, and the database cannot be dropped before.
    wait_until(lambda: not count("pg_stat_activity", "datname = current_database() AND pid <> pg_backend_pid()"), 20)


def count(table: str, where: str = "true") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}")
        return cursor.fetchone()[0]


def until(condition: Callable[[], object], process: Process, seconds: float = 90) -> None:
    wait_until(condition, seconds, process.why)


# -- in the verb's own transaction -----------------------------------------------------------------


@pytest.mark.django_db
def test_a_job_of_a_verb_that_fails_never_was() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        slow.defer(number=1, seconds=0)
        assert count("procrastinate_jobs") == 1
        raise RuntimeError
    assert count("procrastinate_jobs") == 0


@pytest.mark.django_db
def test_a_job_of_a_dead_worker_is_given_back_and_one_that_kills_workers_is_ended(settings) -> None:
    settings.WORKER_HEARTBEAT_SECONDS = 0.001
    for number in (1, 2):
        slow.defer(number=number, seconds=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET attempts = 4 WHERE args->>'number' = '2'")
    assert jobs.sweep() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts FROM procrastinate_jobs ORDER BY args->>'number'")
        assert cursor.fetchall() == [("todo", 1), ("failed", 5)]
    assert jobs.sweep() == 0


@pytest.mark.django_db
def test_the_job_of_a_living_worker_is_left_alone(settings) -> None:
    settings.WORKER_HEARTBEAT_SECONDS = 30
    slow.defer(number=1, seconds=0)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [cursor.fetchone()[0]])
    assert jobs.sweep() == 0
    standing = jobs.standing()
    assert (standing.workers, standing.running, standing.waiting) == (1, 1, 0)


@pytest.mark.django_db
def test_waiting_jobs_can_be_done_without_a_worker() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE marks (number int PRIMARY KEY); CREATE TEMP TABLE starts (number int)")
    slow.defer(number=7, seconds=0)
    assert jobs.work_off() == 1
    assert (count("marks"), count("procrastinate_jobs", "status = 'succeeded'")) == (1, 1)


def test_a_round_is_done_by_one_worker_at_a_time(committing_db: None, database_server: tuple[str, str]) -> None:
    done = Round("试", "hezhi.wiring.jobs.sweep", 1)
    with psycopg.connect(with_name(database_server[0], connection.settings_dict["NAME"]), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('hezhi.round'), hashtext(%s))", [done.path])
        assert (jobs.run_round(done), _rounds_held()) == (0, 1)
    wait_until(lambda: _rounds_held() == 0, 5)
    jobs.run_round(done)
    assert _rounds_held() == 0


def _rounds_held() -> int:
    return count("pg_locks", "locktype = 'advisory' AND classid = hashtext('hezhi.round')::oid")


@pytest.mark.usefixtures("clock")  # some rounds work at night only
@pytest.mark.parametrize("round_", jobs.ROUNDS, ids=lambda round_: round_.path)
@pytest.mark.django_db
def test_every_round_is_there_and_does_nothing_in_an_empty_house(round_: Round) -> None:
    assert jobs.run_round(round_) == 0


@pytest.mark.django_db
def test_a_round_with_a_heap_is_rung_for_when_something_lies_there() -> None:
    assert jobs.rung(jobs.ROUNDS) == []
    world.with_words()
    told = {"event": "cases.assigned", "values": VALUES, "channels": ["inbox", "sms"], "urgent": True}
    tell(world.clock(), to_user=world.user("人员", work_phone="13812340000"), **told)
    with acting(system("测试"), verb="tests.ring"):
        pass
    assert {round_.path.rpartition(".")[2] for round_ in jobs.rung(jobs.ROUNDS)} == {
        "deliver_inbox",
        "deliver_outside",
        "seal",
    }
    Outgoing.objects.update(not_before="2199-01-01T00:00Z")
    assert [round_.path.rpartition(".")[2] for round_ in jobs.rung(jobs.ROUNDS)] == ["seal"]


def test_after_a_start_what_people_wait_for_goes_first_and_the_rest_one_by_one() -> None:
    first = {round_.path.rpartition(".")[2]: seconds for round_, seconds in first_goes(jobs.ROUNDS, calm=20).items()}
    assert first["deliver_inbox"] == first["seal"] == first["catch_up"] == 0
    later = sorted(seconds for seconds in first.values() if seconds)
    assert later[0] == 20 and later[-1] < 40
    assert min(b - a for a, b in itertools.pairwise(later)) > 0.4


@pytest.mark.fault
def test_rounds_that_rest_keep_no_line_to_the_database(worker: Process) -> None:
    worker.start("--calm", "0")
    until(lambda: count("procrastinate_workers"), worker)
    time.sleep(3)  # by then all have gone once
    until(lambda: count("pg_stat_activity", "datname = current_database()") < len(jobs.ROUNDS) / 2, worker)


# -- killed ----------------------------------------------------------------------------------------


@pytest.mark.fault
def test_a_worker_killed_in_the_middle_loses_no_job_and_doubles_no_effect(worker: Process) -> None:
    for number in range(16):
        slow.defer(number=number, seconds=0.4)
    worker.start()
    until(lambda: count("marks") >= 4, worker)
    worker.end(signal.SIGKILL)
    cut = count("procrastinate_jobs", "status = 'doing'")
    assert cut, "killed between two jobs: nothing was in the middle"
    worker.start()
    until(lambda: count("procrastinate_jobs", "status = 'succeeded'") == 16, worker)
    assert count("marks") == 16
    assert count("starts") <= 16 + cut


@pytest.mark.fault
def test_asked_to_stop_the_worker_finishes_what_runs_and_takes_nothing_new(worker: Process) -> None:
    for number in range(8):
        slow.defer(number=number, seconds=1)
    worker.start()
    until(lambda: count("starts"), worker)
    assert worker.end(signal.SIGTERM) == 0
    assert count("procrastinate_jobs", "status = 'doing'") == 0
    assert count("marks") == count("starts") < 8
    assert count("procrastinate_workers") == 0


@pytest.mark.fault
def test_no_message_is_lost_or_doubled_when_the_sender_is_killed(worker: Process) -> None:
    world.with_words()
    with transaction.atomic():
        for n in range(100):
            tell(
                world.clock(), event="cases.assigned", to_user=world.user(f"人员{n}", work_phone=f"1381234{n:04d}"),
                values=VALUES, channels=["inbox", "sms"], urgent=True,
            )  # fmt: skip
    worker.start()
    until(lambda: LocalCopy.objects.count() > 20, worker)
    worker.end(signal.SIGKILL)
    assert LocalCopy.objects.count() < 100, "killed too late: nothing was in the middle"
    # What the dead one had taken comes up when its lease ends; the test does not wait three minutes.
    Outgoing.objects.filter(state="waiting").update(not_before="2020-01-01T00:00Z")
    worker.start()
    until(lambda: not Outgoing.objects.filter(state="waiting").exists(), worker)
    assert LocalCopy.objects.count() == 100
    assert InboxMessage.objects.count() == 100
    assert Delivery.objects.filter(ok=True).count() == Outgoing.objects.filter(state="sent").count() == 200


@pytest.mark.fault
def test_the_worker_outlives_its_database(own_system: System, tmp_path: Path) -> None:
    assert own_system.cluster is not None
    cluster = own_system.cluster
    own_system.supervisor.kill("worker")
    cluster.sql(MARKS, role=OWNER)
    process = Process(cluster.url(), tmp_path / "worker.log", own_system.home).start()
    try:
        _defer_by_sql(cluster, 1)
        wait_until(lambda: cluster.sql("SELECT count(*) FROM marks") == "1", 90, process.why)
        cluster.kill()
        cluster.start()
        _defer_by_sql(cluster, 2)
        wait_until(lambda: cluster.sql("SELECT count(*) FROM marks") == "2", 90, process.why)
        assert process.running.poll() is None
        assert process.end(signal.SIGTERM) == 0
    finally:
        if process.running.poll() is None:
            process.end()


def _defer_by_sql(cluster: Cluster, number: int) -> None:
    cluster.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES"
        f" ('default', 'tests.slow', '{{\"number\": {number}, \"seconds\": 0}}')"
    )
