"""Alarms reach the audit administrators (告警通知)."""

import pytest

from hezhi.chapters.operations.security_log.events import EVENT, auditors
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_officer, make_role, make_unit, traced
from hezhi.engines.reach import words
from hezhi.engines.reach.models import MessageTemplate, Outgoing
from hezhi.engines.records import alarms
from hezhi.engines.records.models import Alarm
from hezhi.ground.ids import new_id


@pytest.fixture
def template(db, monkeypatch) -> None:
    """The words of the message, as an installation has them."""
    monkeypatch.setitem(words.events(), EVENT, words.Event(EVENT, "安全告警", ("kind",)))
    traced()
    MessageTemplate.objects.update_or_create(
        code=EVENT,
        channel="inbox",
        defaults={"id": new_id(), "title": "安全告警", "text": "{kind}，请核查。", "active": True},
    )
    words.forget()
    yield
    words.forget()


@pytest.fixture
def people(db):
    audit = make_role("audit_admin", ["audit.view"], kind=Role.Kind.AUDIT_ADMIN)
    return {
        "one": make_officer("shenji.yi", audit, make_unit("centre"), full_name="顾明审"),
        "two": make_officer("shenji.er", audit, make_unit("north"), full_name="何清鉴"),
        "officer": make_officer("linyutong", make_role("acceptor", ["cases.view"]), full_name="林雨桐"),
    }


def test_every_audit_administrator_is_told_in_whichever_unit_and_nobody_else(template, people):
    assert set(auditors()) == {people["one"], people["two"]}
    alarms.raise_alarm(Alarm.Kind.BULK_READING, "x", actor_id=people["officer"].pk, detail={})
    told = Outgoing.objects.filter(event=EVENT)
    assert {row.user_id for row in told} == {people["one"].pk, people["two"].pk}
    assert {row.text for row in told} == {"短时间大量查看个人信息，请核查。"}


def test_who_the_alarm_is_about_is_not_told(template, people):
    alarms.raise_alarm(Alarm.Kind.NIGHT_READING, "x", actor_id=people["one"].pk, detail={})
    assert [row.user_id for row in Outgoing.objects.filter(event=EVENT)] == [people["two"].pk]


def test_an_alarm_stands_even_where_nobody_can_be_told(db, monkeypatch):
    monkeypatch.delitem(words.events(), EVENT, raising=False)
    assert alarms.raise_alarm(Alarm.Kind.INTEGRITY, "x", detail={}) is not None
    assert Alarm.objects.count() == 1 and not Outgoing.objects.exists()
