"""Killed in the middle of a burst (故障): nothing that was taken in is lost, nothing is there twice.

Outer systems report with their keys, each repeating what it got no answer for, as they are told to. In the
middle the web is killed, or the database server ends at once. Afterwards every report stands there exactly
once: case, step, limit, to-do, reporter, history, audit row and attachment.
"""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.faults.clerk import Clerk

pytestmark = pytest.mark.fault

CALLERS, EACH = 4, 12
PATIENCE = 120.0


class Burst:
    """Callers that report and attach one file to each report, repeating what was not answered."""

    def __init__(self, system: System, key: str) -> None:
        self.system, self.key = system, key
        self.answered, self.repeated = 0, 0
        self.lock = threading.Lock()
        (self.lon, self.lat), *_ = system.sql(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(shape) p FROM geo_area WHERE level = 'grid'"
            " AND valid_to IS NULL ORDER BY code LIMIT 1) q"
        )
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def caller(self, name: int) -> None:
        for n in range(EACH):
            number = f"{name}-{n}"
            body = json.dumps(
                {
                    "text": f"门前路灯不亮，第{number}盏", "outside_number": number, "lon": self.lon, "lat": self.lat,
                    "crs": "EPSG:4326", "name": "示例甲", "phone": "19900001111",
                }
            ).encode()  # fmt: skip
            self.until_taken("POST", "/api/v1/reports/", body, "application/json", number)
            note = f"第{number}盏的说明".encode()
            self.until_taken("PUT", f"/api/v1/reports/{number}/files/0/?name=note.txt", note, "text/plain", "")

    def until_taken(self, method: str, path: str, body: bytes, kind: str, idempotency: str) -> None:
        """Send and repeat the very same until it is answered well."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        headers |= {"Idempotency-Key": idempotency} if idempotency else {}
        until = time.monotonic() + PATIENCE
        while True:
            request = urllib.request.Request(f"{self.system.url}{path}", body, headers, method=method)
            try:
                with self.opener.open(request, timeout=20) as reply:
                    assert reply.status in (200, 201)
                    with self.lock:
                        self.answered += 1
                    return
            except urllib.error.HTTPError as error:
                assert error.code >= 500, (path, error.code, error.read()[:300])
            except OSError:
                pass
            assert time.monotonic() < until, f"{path} was not taken in {PATIENCE} s: {self.system._why()}"
            self.repeated += 1
            time.sleep(0.2)

    def run(self, fault: Callable[[], None]) -> None:
        """All callers at once; the fault falls when a third has been answered."""
        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [pool.submit(self.caller, name) for name in range(CALLERS)]
            wait_until(lambda: self.answered > CALLERS * EACH * 2 / 3 or any(c.done() for c in callers), PATIENCE)
            fault()
            for caller in callers:
                caller.result()
        assert self.repeated, "the fault fell beside the burst: nobody had to repeat anything"


def assert_each_exactly_once(system: System, channel: str) -> None:
    """Every report of the burst stands there once, whole, with everything that belongs to it."""
    count = CALLERS * EACH
    rows = system.sql(
        """
        SELECT count(*), count(DISTINCT outside_number), count(DISTINCT number),
          count(*) FILTER (WHERE (SELECT count(*) FROM handling_step s WHERE s.case_id = c.id) = 1),
          count(*) FILTER (WHERE (SELECT count(*) FROM handling_reporter r WHERE r.case_id = c.id) = 1),
          count(*) FILTER (WHERE (SELECT count(*) FROM flow_deadline d WHERE d.object_id = c.id) = 1),
          count(*) FILTER (WHERE (SELECT count(*) FROM flow_todo t WHERE t.object_id = c.id AND done_at IS NULL) = 1),
          count(*) FILTER (WHERE (SELECT count(*) FROM records_auditentry a
                                  WHERE a.object_id = c.id AND a.event = 'cases.report') = 1),
          count(*) FILTER (WHERE (SELECT count(*) FROM records_attachment f
                                  WHERE f.object_id = c.id AND removed_at IS NULL) = 1)
        FROM handling_case c WHERE outside_channel = %s
        """,
        channel,
    )
    assert rows == [(count,) * 9], "cases, numbers outside, numbers, steps, reporters, limits, to-dos, audit, files"


def page_of(system: System, path: str) -> tuple[int, str]:
    """Status and text of a page, whatever the status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        # Whoever was signed in has a session, and that stands in the database.
        request = urllib.request.Request(f"{system.url}{path}", headers={"Cookie": f"sessionid={'a' * 32}"})
        with opener.open(request, timeout=20) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_web_killed_in_a_burst_loses_and_doubles_nothing(own_system: System, clerk: Clerk) -> None:
    def kill() -> None:
        own_system.supervisor.kill("web")
        own_system.start("web")

    Burst(own_system, clerk("make_key", "burst-web")).run(kill)
    assert_each_exactly_once(own_system, "burst-web")


def test_the_database_ended_at_once_in_a_burst_loses_and_doubles_nothing(own_system: System, clerk: Clerk) -> None:
    assert own_system.cluster is not None
    cluster, told = own_system.cluster, []

    def restart() -> None:
        cluster.stop("immediate")
        told.append(page_of(own_system, "/c/follow/"))
        told.append(page_of(own_system, "/"))
        cluster.start()

    pids = {name: process.pid for name, process in own_system.supervisor.running.items()}
    Burst(own_system, clerk("make_key", "burst-database")).run(restart)
    assert_each_exactly_once(own_system, "burst-database")
    for status, text in told:
        assert status in (200, 302, 503), text[:400]
        if status == 503:
            assert "数据库" in text and "稍后" in text, "the page says what happened and what to do"
    assert any(status == 503 for status, _ in told), "one of the pages needs the database"
    assert pids == {name: process.pid for name, process in own_system.supervisor.running.items()}, "nobody restarted"
