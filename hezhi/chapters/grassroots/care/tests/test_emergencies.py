"""The list of an emergency (应急名单, P7): one area, named readers, no strict programme, destroyed at the close."""

from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator

from hezhi.chapters.grassroots.care import actions, jobs
from hezhi.chapters.grassroots.care.actions import emergencies
from hezhi.chapters.grassroots.care.models import EmergencyEntry, EmergencyList, PlanStep
from hezhi.engines.org.actor import Scope, system
from hezhi.engines.org.models import SignInFailure
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.3-2-6")


@pytest.fixture(autouse=True)
def shown(office, factor):
    """The duty leader's second factor: the code its phone shows."""
    office.shown = factor(office.people["chief"])
    return office.shown


def opened(office, **more):
    told = {
        "incident": "TF-2026-03", "title": "台风转移", "area": office.areas["community"], "readers": [office.people["neighbour"].pk],
        "code": office.shown(),
    } | more  # fmt: skip
    return actions.open_emergency(by=office["chief"], **told)


def test_a_named_rescuer_reads_the_list_of_one_area(office, at):
    office.file("alone")
    office.file("alone", office.resident("楚听澜", community=None, town=office.areas["town2"]))
    row = opened(office)
    page = at("neighbour").get(f"/care/emergencies/{row.pk}/").content.decode()
    assert "池向晚" in page and "19900002222" in page and "楚听澜" not in page and "独居和失依" not in page


def test_nobody_of_a_strict_programme_is_on_it(office):
    office.file("mental")
    opened(office)
    assert not EmergencyEntry.objects.exists()


@pytest.mark.parametrize("part", ["worker", "leader", "admin", "protector"])
def test_who_is_not_named_finds_nothing(office, part):
    row = opened(office)
    with pytest.raises(NotFound):
        actions.read_emergency(row.pk, by=office[part])


@pytest.mark.parametrize("demo", [False, True])
def test_the_second_factor_is_asked_for_again_in_the_demonstration_too(office, settings, at, demo):
    settings.DEMO = demo
    office.file("alone")
    with pytest.raises(BadInput, match="验证码不对"):
        opened(office, code="000000")
    assert SignInFailure.objects.count() == 1 and not EmergencyList.objects.exists()
    told = {
        "incident": "TF-2026-03", "title": "台风转移", "area": office.areas["community"].name,
        "readers": office.people["neighbour"].login_name,
    }  # fmt: skip
    assert at("chief").post("/care/emergencies/new/", told).status_code == 422, "the form asks for it"
    assert at("chief").post("/care/emergencies/new/", told | {"code": office.shown()}).status_code == 302
    assert EmergencyList.objects.count() == 1


def test_the_second_of_two_at_once_hears_that_the_list_is_open(office, monkeypatch):
    opened(office)
    monkeypatch.setattr(emergencies, "_asked_rightly", lambda *told: None)  # both looked before either wrote
    monkeypatch.setattr(emergencies, "must_prove", lambda *told: None)
    with pytest.raises(NotNow, match="已经启动"):
        opened(office)
    assert EmergencyList.objects.count() == 1


def test_without_a_second_factor_no_list_opens(office):
    Authenticator.objects.all().delete()
    with pytest.raises(NotNow, match="第二因素"):
        opened(office, code="123456")


def test_only_the_duty_leader_opens_it(office):
    with pytest.raises(NotAllowed):
        actions.open_emergency(
            by=office["supervisor"], incident="1", title="x", area=office.areas["community"],
            readers=[office.people["worker"].pk], code=office.shown(),
        )  # fmt: skip


def test_at_the_close_it_is_destroyed_and_each_person_is_told_afterwards(office, at):
    file = office.file("alone")
    row = opened(office)
    actions.read_emergency(row.pk, by=office["neighbour"])
    row = actions.close_emergency(row.pk, by=office["chief"])
    assert row.destroyed == 1 and not EmergencyEntry.objects.exists()
    assert "告知本人或监护人" in PlanStep.objects.get(file=file).text
    assert "池向晚" not in at("neighbour").get(f"/care/emergencies/{row.pk}/").content.decode()
    assert AuditEntry.objects.get(event="care.close_emergency").detail["destroyed"] == 1
    assert AuditEntry.objects.filter(event="care.read_emergency", object_id=row.pk).exists()
    with pytest.raises(NotNow):
        actions.close_emergency(row.pk, by=office["chief"])


def test_supervisor_and_protection_officer_hear_of_it_at_once(office):
    office.file("alone")
    opened(office)
    told = Outgoing.objects.filter(event="care.emergency_opened")
    assert {row.user_id for row in told} == {office.people["supervisor"].pk, office.people["protector"].pk}
    assert all(row.urgent for row in told)


def test_a_list_that_nobody_ends_is_destroyed_after_three_days(office):
    file = office.file("alone")
    row = opened(office)
    with time.frozen_at(time.now() + timedelta(hours=71)):
        assert jobs.end_emergencies(system("test")) == 0 and EmergencyEntry.objects.exists()
    with time.frozen_at(time.now() + timedelta(hours=73)):
        assert jobs.end_emergencies(system("test")) == 1 and jobs.end_emergencies(system("test")) == 0
    row.refresh_from_db()
    assert row.closed_at is not None and row.destroyed == 1 and not EmergencyEntry.objects.exists()
    assert "告知本人或监护人" in PlanStep.objects.get(file=file).text


def test_nobody_opens_the_list_of_an_area_that_is_not_his(office):
    near = Scope(level="town_id", area=office.areas["town2"].pk)
    by = replace(office["chief"], scope=near)
    with pytest.raises(NotAllowed, match="辖区"):
        actions.open_emergency(
            by=by, incident="1", title="x", area=office.areas["community"], readers=[office.people["worker"].pk],
            code=office.shown(),
        )  # fmt: skip
