"""The whole system stands up, and stands up again (整机运行)."""

import os
import signal

from hezhi.wiring import machine
from hezhi.wiring.launch import answers
from hezhi.wiring.system import wait_until


def test_the_demo_district_answers_on_desk_and_phone(running_system, desk, phone):
    desk.goto("/accounts/login/")
    assert desk.get_by_role("button").count() >= 1
    phone.goto("/c/")
    assert phone.get_by_role("heading").count() >= 1


def test_web_and_worker_killed_with_9_come_back_with_every_case(own_system):
    system = own_system
    before = system.sql("SELECT count(*) FROM handling_case")
    master = system.supervisor.running["web"]
    (page_worker,) = machine.children(master.pid)
    os.kill(page_worker, signal.SIGKILL)  # alone, it comes back as a fork of its master
    wait_until(lambda: answers(f"{system.url}/accounts/login/"), 10)
    assert master.poll() is None and machine.children(master.pid) != [page_worker]
    for name in ("web", "worker"):
        system.supervisor.kill(name)
    assert not answers(f"{system.url}/accounts/login/")
    system.start()
    assert system.sql("SELECT count(*) FROM handling_case") == before
    wait_until(
        lambda: system.sql("SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"), 30
    )


def test_a_database_that_was_killed_is_found_again_without_a_restart_of_the_house(own_system):
    system = own_system
    before = system.sql("SELECT count(*) FROM handling_case")
    pids = {name: process.pid for name, process in system.supervisor.running.items()}
    system.cluster.kill()
    system.cluster.start()
    wait_until(lambda: answers(f"{system.url}/c/"), 60, system._why)
    assert system.sql("SELECT count(*) FROM handling_case") == before
    assert {name: process.pid for name, process in system.supervisor.running.items()} == pids
    assert all(process.poll() is None for process in system.supervisor.running.values())
