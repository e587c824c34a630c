"""`hezhi doctor` finds the faults it is there for (体检)."""

import json
import os
import shutil
from collections import namedtuple
from uuid import UUID

import psycopg
import pytest

from hezhi.ground.testkit.databases import with_name
from hezhi.wiring import doctor

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def link_as(django_db_setup, database_server, database_name):
    """A connection to this test's database as the application or as the owner."""
    opened = []

    def connect(who):
        opened.append(psycopg.connect(with_name(database_server[who == "owner"], database_name)))
        return opened[-1]

    yield connect
    for link in opened:
        link.rollback()
        link.close()


def test_a_fresh_database_is_healthy(link_as):
    link = link_as("app")
    assert [look(link).state for look in (doctor.database, doctor.tables, doctor.roles)] == ["good"] * 3


def test_an_application_that_could_empty_the_audit_is_a_fault(link_as):
    finding = doctor.roles(link_as("owner"))
    assert finding.state == "bad" and "审计记录不受保护" in finding.what and "DATABASE_OWNER_URL" in finding.mend


def test_a_queue_without_a_worker_is_a_fault(link_as):
    finding = doctor.queue(link_as("app"))
    assert finding.state == "bad" and "没有任务进程在运行" in finding.what


def test_a_job_left_by_a_dead_worker_is_worth_a_look(link_as):
    link = link_as("app")
    link.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    link.execute("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'doing')")
    assert "1 项任务中断" in doctor.queue(link).what


def test_a_migration_that_was_not_applied_is_a_fault(link_as):
    link = link_as("app")
    link.execute("DELETE FROM django_migrations WHERE app = 'geo'")
    finding = doctor.tables(link)
    assert finding.state == "bad" and "geo." in finding.what and "./run" in finding.mend


def test_the_clock_agrees_with_the_database(link_as):
    assert doctor.clocks(link_as("app")).state in ("good", "look")


def _sign_ins(link, *addresses, relayed=False):
    for number, address in enumerate(addresses):
        link.execute(
            "INSERT INTO records_auditentry (at, actor_kind, actor_id, actor_name, post_title, channel, address, request_id,"
            " event, object_type, result, reason, purpose, detail, mac) VALUES (now(), 'user', %s, '', '', 'officer', %s, '',"
            " 'users.sign_in', '', 'ok', '', '', %s, '')",
            [UUID(int=number), address, json.dumps({"relayed": True} if relayed else {})],
        )


def test_visitors_who_all_come_from_one_address_are_worth_a_look(link_as):
    link = link_as("app")
    assert doctor.addresses(link).state == "good"
    _sign_ins(link, "10.0.0.1", "10.0.0.1")
    assert doctor.addresses(link).state == "good", "two may share a desk"
    _sign_ins(link, "10.0.0.1", "10.0.0.1", "10.0.0.1")
    finding = doctor.addresses(link)
    assert finding.state == "look" and "10.0.0.1" in finding.what and "HEZHI_TRUSTED_PROXIES" in finding.mend
    _sign_ins(link, "10.0.0.2")
    assert doctor.addresses(link).state == "good"


def test_a_proxy_that_nobody_named_is_worth_a_look(link_as):
    link = link_as("app")
    _sign_ins(link, "10.0.0.1", "10.0.0.2")
    _sign_ins(link, "192.0.2.7", relayed=True)
    finding = doctor.addresses(link)
    assert finding.state == "look" and "192.0.2.7" in finding.what and "HEZHI_TRUSTED_PROXIES" in finding.mend


@pytest.mark.parametrize(("free", "state"), [(50, "good"), (5, "look"), (0.5, "bad")])
def test_the_disk_is_judged_by_what_is_left(monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100 * doctor.GB, 0, int(free * doctor.GB)))
    assert doctor.disk().state == state


def test_a_key_that_others_can_read_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("HEZHI_HOME", str(tmp_path))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/field.key").write_text("secret")
    os.chmod(tmp_path / "keys/field.key", 0o644)
    assert doctor.keys().state == "bad"
    os.chmod(tmp_path / "keys/field.key", 0o400)
    assert doctor.keys().state == "good"


def test_without_a_database_the_rest_is_examined_all_the_same(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody:x@127.0.0.1:1/none")
    found = {finding.subject: finding for finding in doctor.examine()}
    assert found["数据库"].state == "bad" and "连接失败" in found["数据库"].what
    assert {"Python", "磁盘", "中文字体"} <= set(found)
