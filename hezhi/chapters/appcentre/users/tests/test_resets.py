"""No one person takes over an account (重置): password and second factor are reset by two, and the owner hears of it."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from hezhi.chapters.appcentre.users import actions
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.api import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import actor, enter, make_officer, make_user
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.reach.words import load_templates
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3"), pytest.mark.clause("12.3-1")]


@pytest.fixture
def colleague(db):
    """郝月, whose telephone with the second factor was lost."""
    load_templates(by=system("测试"))
    person = make_user("hao.yue", "郝月", work_phone="0532-86001122")
    Authenticator.objects.create(user=person, type="totp", data={"secret": "v1.x"})
    return person


def text_of(response) -> str:
    return response.content.decode()


def desk(user) -> Client:
    return enter(Client(), user)


def ask(admin, person):
    return desk(admin).post(f"/users/accounts/{person.pk}/factor/", {"reason": "手机丢失"})


def new_password(admin, person):
    return desk(admin).post(f"/users/accounts/{person.pk}/password/", {"reason": "忘记口令"})


def decide(user, answer="yes"):
    waiting = Approval.objects.get(state="waiting")
    return desk(user).post(f"/approvals/{waiting.pk}/answer/", {"grant": answer, "opinion": ""})


def has_factor(person) -> bool:
    return Authenticator.objects.filter(user=person).exists()


def told(person) -> list[str]:
    return list(
        Outgoing.objects.filter(user=person, channel="inbox").order_by("created_at").values_list("title", flat=True)
    )


def test_a_second_factor_goes_only_when_a_second_person_has_approved(system_admin, security, auditor, colleague):
    theirs = desk(colleague)
    assert ask(system_admin, colleague).status_code == 302
    assert has_factor(colleague) and not told(colleague)
    page = text_of(desk(security).get(f"/approvals/{Approval.objects.get().pk}/"))
    assert "郝月（hao.yue）" in page and "手机丢失" in page
    assert "由其审批" in text_of(decide(auditor)), "a security administrator is in office"
    assert has_factor(colleague)
    assert decide(security).status_code == 302
    assert not has_factor(colleague)
    assert theirs.get("/account/").status_code == 302, "signed out everywhere"
    assert told(colleague) == ["您的两步验证已被重置"]
    assert {row.channel for row in Outgoing.objects.filter(user=colleague)} == {"inbox", "sms", "shandong_tong"}
    assert AuditEntry.objects.filter(event="users.propose_factor_reset", actor_id=system_admin.pk).exists()
    assert AuditEntry.objects.filter(event="flow.approve", actor_id=security.pk, detail__kind="reset_factor").exists()


def test_the_proposer_and_the_owner_approve_nothing_and_the_auditor_stands_in(system_admin, security, auditor):
    load_templates(by=system("测试"))
    Authenticator.objects.create(user=security, type="totp", data={"secret": "v1.x"})
    ask(system_admin, security)
    for person in (system_admin, security):
        decide(person)
        assert Approval.objects.get().state == "waiting" and has_factor(security)
    assert decide(auditor).status_code == 302
    assert not has_factor(security)


def test_where_nobody_else_could_approve_nothing_is_proposed(system_admin, colleague):
    response = ask(system_admin, colleague)
    assert response.status_code == 422 and "没有第二位" in text_of(response)
    assert has_factor(colleague) and not Approval.objects.exists()


def test_a_no_leaves_the_factor_and_tells_nobody(system_admin, security, colleague):
    ask(system_admin, colleague)
    row = Approval.objects.get()
    desk(security).post(f"/approvals/{row.pk}/answer/", {"grant": "no", "opinion": "本人未到场"})
    assert has_factor(colleague) and not told(colleague)
    assert new_password(system_admin, colleague).status_code == 200, "what was refused bars nothing"


def test_the_owner_is_told_of_a_new_password(system_admin, colleague):
    assert new_password(system_admin, colleague).status_code == 200
    assert told(colleague) == ["您的登录口令已被重置"]
    actions.disable(colleague, by=actor(system_admin), reason="调离")
    actions.enable(colleague, by=actor(system_admin), reason="调回")
    assert told(colleague) == ["您的登录口令已被重置"] * 2


@pytest.mark.parametrize("approved", [False, True])
def test_who_asked_for_the_factor_gives_no_password_for_seven_days(clock, system_admin, security, colleague, approved):
    before = colleague.password
    ask(system_admin, colleague)
    if approved:
        decide(security)
    response = new_password(system_admin, colleague)
    assert response.status_code == 422 and "7 天内" in text_of(response)
    actions.disable(colleague, by=actor(system_admin), reason="调离")
    with pytest.raises(NotAllowed):
        actions.enable(colleague, by=actor(system_admin), reason="换一条路")
    colleague.refresh_from_db()
    assert colleague.password == before
    other = make_officer("xitong.er", Role.objects.get(code="system_admin"), full_name="另一位")
    assert actions.enable(colleague, by=actor(other), reason="另一人办理")
    clock.advance(days=7, seconds=1)
    assert actions.reset_password(colleague, by=actor(system_admin), reason="七天以后")


@pytest.mark.parametrize("way", ["reset", "enable"])
def test_who_gave_a_password_does_not_ask_for_the_factor(system_admin, security, colleague, way):
    by = actor(system_admin)
    if way == "reset":
        actions.reset_password(colleague, by=by)
    else:
        actions.disable(colleague, by=by, reason="调离")
        actions.enable(colleague, by=by)
    response = ask(system_admin, colleague)
    assert response.status_code == 422 and "7 天内给过这个账号新口令" in text_of(response)
    assert not Approval.objects.exists()
    other = make_officer("xitong.er", Role.objects.get(code="system_admin"), full_name="另一位")
    assert ask(other, colleague).status_code == 302


def test_seven_days_after_a_password_the_factor_may_be_asked_for(system_admin, security, colleague, monkeypatch):
    actions.reset_password(colleague, by=actor(system_admin))
    later = time.real_now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(time, "real_now", lambda: later)
    assert actions.propose_factor_reset(colleague, by=actor(system_admin), reason="手机丢失").state == "waiting"
