"""Alarms for the audit administrator (安全告警)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hezhi.engines.org.models import DutyShift, User
from hezhi.engines.org.testkit import actor, make_officer, make_role, traced
from hezhi.engines.records import alarms, audit, integrity, jobs
from hezhi.engines.records.integrity import Finding, Report
from hezhi.engines.records.models import Alarm, AuditCheck, AuditEntry
from hezhi.ground import events, time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.ids import new_id
from hezhi.ground.time import SHANGHAI

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=SHANGHAI)


@pytest.fixture
def at(monkeypatch):
    """Put the machine's own clock, which the audit uses, on a moment."""
    return lambda moment: monkeypatch.setattr(time, "real_now", lambda: moment)


@pytest.fixture
def told(monkeypatch) -> list[Alarm]:
    """What rises as news."""
    heard: list[Alarm] = []
    monkeypatch.setitem(events._listeners, "records.alarm", [lambda alarm: heard.append(alarm)])
    return heard


@pytest.fixture
def auditor(db):
    return actor(
        make_officer("shenji", make_role("audit_admin", ["audit.view"], kind="audit_admin"), full_name="顾明审")
    )


def read(by, values: int = 1) -> None:
    audit.read_of_personal(by, "handling.case", new_id(), [f"f{n}" for n in range(values)], "回访")


# -- reading in bulk -------------------------------------------------------------------------------


def test_thirty_values_in_ten_minutes_are_work_and_one_more_is_an_alarm(officer, at, told):
    for minute in range(10):
        at(NOON + timedelta(minutes=minute))
        read(officer, 3)
    assert alarms.watch_readers() == 0
    read(officer)
    assert alarms.watch_readers() == 1
    [alarm] = told
    assert (alarm.kind, alarm.actor_id, alarm.actor_name) == ("bulk_reading", officer.user_id, "林雨桐")
    assert alarm.detail["values"] == 31
    assert alarms.watch_readers() == 0, "once per occasion"


def test_the_same_many_over_an_hour_are_no_alarm(officer, at):
    for minute in range(0, 60, 3):
        at(NOON + timedelta(minutes=minute))
        read(officer, 5)
        assert alarms.watch_readers() == 0


def test_two_people_are_counted_apart(officer, auditor, at):
    at(NOON)
    read(officer, 20)
    read(auditor, 20)
    assert alarms.watch_readers() == 0


@pytest.mark.parametrize(
    ("minutes", "most"),
    [([], 0), ([0], 1), ([0, 10], 2), ([0, 11], 1), ([0, 1, 2, 12, 13, 14], 3), ([0, 5, 9, 10, 30], 4)],
)
def test_the_most_within_any_ten_minutes(minutes: list[int], most: int):
    reads = [(NOON + timedelta(minutes=m), 1) for m in minutes]
    assert alarms.most_within(reads, timedelta(minutes=10))[0] == most


# -- reading at night ------------------------------------------------------------------------------


def test_reading_at_night_off_duty_is_an_alarm_once_a_night(officer, at, told):
    at(NIGHT)
    read(officer)
    at(NIGHT + timedelta(minutes=20))
    read(officer)
    assert alarms.watch_readers() == 1 and alarms.watch_readers() == 0
    assert [alarm.kind for alarm in told] == ["night_reading"]


def test_who_is_on_duty_at_night_may_read(officer, at):
    traced()
    user = User.objects.get(pk=officer.user_id)
    DutyShift.objects.create(
        unit_id=officer.unit_id,
        user=user,
        rank=1,
        starts_at=NIGHT - timedelta(hours=4),
        ends_at=NIGHT + timedelta(hours=4),
    )
    at(NIGHT)
    read(officer)
    assert alarms.watch_readers() == 0


@pytest.mark.parametrize(("hour", "night"), [(22, False), (23, True), (0, True), (4, True), (5, False), (12, False)])
def test_the_night_is_from_23_to_5_in_shanghai(hour: int, night: bool):
    assert alarms.is_night(NOON.replace(hour=hour, minute=30)) is night


# -- settling --------------------------------------------------------------------------------------


def test_an_alarm_is_settled_once_with_a_note_by_somebody_else(officer, auditor, at):
    at(NIGHT)
    read(officer)
    alarms.watch_readers()
    alarm = Alarm.objects.get()
    with pytest.raises(NotAllowed):
        alarms.settle(alarm, by=officer, note="没事")
    with pytest.raises(NotNow, match="本人"):
        alarms.settle(alarm, by=replace(officer, permissions=frozenset({"audit.view"})), note="没事")
    with pytest.raises(BadInput):
        alarms.settle(alarm, by=auditor, note=" ")
    alarms.settle(alarm, by=auditor, note="应急处置，已核实")
    assert (alarm.seen_by, alarm.note) == ("顾明审", "应急处置，已核实")
    with pytest.raises(NotNow, match="已有人处置"):
        alarms.settle(alarm, by=auditor, note="再来一次")
    assert AuditEntry.objects.filter(event="records.settle_alarm", result="ok").count() == 1


# -- the nightly examination -----------------------------------------------------------------------


@pytest.fixture
def looked(monkeypatch) -> list:
    """From when on each examination looked; nothing is wrong unless a test says so."""
    asked: list = []
    monkeypatch.setattr(
        integrity, "verify", lambda since=None: asked.append(since) or Report(since=since, seals=1, rows=2)
    )
    return asked


def test_once_a_night_the_audit_is_examined(db, looked):
    for hour, done in ((0, 0), (1, 1), (2, 0), (5, 0), (12, 0)):
        with time.frozen_at(NOON.replace(hour=hour, minute=10)):
            assert jobs.check_nightly() == done
    assert looked == [None], "the first time everything"
    with time.frozen_at(NIGHT):
        assert jobs.check_nightly() == 1
    assert looked[-1] == time.at_local(NIGHT.date()) - jobs.DAYS_EXAMINED
    with time.frozen_at(datetime(2026, 12, 1, 3, 0, tzinfo=SHANGHAI)):
        assert jobs.check_nightly() == 1
    assert looked[-1] is None, "and on the first of a month"
    assert AuditCheck.objects.count() == 3 and not Alarm.objects.exists()


def test_an_audit_that_is_not_whole_raises_an_alarm(db, monkeypatch, told):
    finding = Finding("row_missing", "第 7 号审计记录已封存，现在不见了。", seal=1, entry=7)
    monkeypatch.setattr(integrity, "verify", lambda since=None: Report(findings=[finding]))
    with time.frozen_at(NIGHT):
        jobs.check_nightly()
    [alarm] = told
    assert (alarm.kind, alarm.detail["findings"]) == ("integrity", 1)
    assert AuditCheck.objects.get().findings[0]["sentence"].startswith("第 7 号")
