"""A colleague signs beside the decider of a request about a case, or decides in his place (会签、委托)."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import Approval
from hezhi.engines.org import actions as org
from hezhi.engines.org.actor import actor_of, system
from hezhi.engines.org.models import User
from hezhi.engines.org.testkit import enter, make_officer
from hezhi.engines.reach.api import load_templates
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.2-2")]


@pytest.fixture
def district(clock, db) -> District:
    return build()


@pytest.fixture
def chief(district: District) -> User:
    return district.people["centre.duty_chief"]


@pytest.fixture
def colleague(chief: User) -> User:
    """The other duty chief."""
    post = chief.holdings.get().post
    return make_officer("centre.duty_chief.two", post.role, post.unit, full_name="另一值班长")


@pytest.fixture
def case(district: District) -> Case:
    """A case at work, for which more days are asked."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    actions.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
    actions.ask_extension(receipt.id, by=district["light.handler"], days=3, reason="等待配件")
    return case_of(receipt)


@pytest.fixture
def asked(case: Case) -> Approval:
    return Approval.objects.get(object_id=case.pk)


def page_of(client: Client, case: Case) -> str:
    return client.get(f"/cases/{case.pk}/").content.decode()


def desk(user: User) -> Client:
    return enter(Client(), user)


def test_a_colleague_signs_before_the_extension_is_granted(case, asked, chief, colleague) -> None:
    load_templates(by=system("测试"))
    at_desk, beside = desk(chief), desk(colleague)
    assert f"/approvals/{asked.pk}/cosigners/" in page_of(at_desk, case)
    url = f"/approvals/{asked.pk}/"
    back = at_desk.post(f"{url}cosigners/", {"person": str(colleague.pk)})
    assert (back.status_code, back["Location"]) == (302, f"/cases/{case.pk}/")
    assert Outgoing.objects.filter(event="flow.approval_waiting", user=colleague, link=url).exists()
    assert "另一值班长未签" in page_of(at_desk, case)
    refused = at_desk.post(f"/cases/approvals/{asked.pk}/", {"grant": "yes"})
    assert refused.status_code == 422 and "还有会签人未签：另一值班长" in refused.content.decode()

    assert asked.title in beside.get("/approvals/").content.decode()
    assert beside.get(url)["Location"] == f"/cases/{case.pk}/"
    assert f"{url}cosign/" in page_of(beside, case)
    assert beside.post(f"{url}cosign/").status_code == 302
    assert "另一值班长已签" in page_of(at_desk, case) and f"{url}cosign/" not in page_of(beside, case)
    before = case.due_at
    assert at_desk.post(f"/cases/approvals/{asked.pk}/", {"grant": "yes"}).status_code in (204, 302)
    assert Case.objects.get(pk=case.pk).due_at > before


def test_a_signature_that_does_not_come_is_not_waited_for(case, asked, chief, colleague) -> None:
    at_desk, url = desk(chief), f"/approvals/{asked.pk}/"
    at_desk.post(f"{url}cosigners/", {"person": str(colleague.pk)})
    assert "不再等另一值班长会签" in page_of(at_desk, case)
    assert at_desk.post(f"{url}cosigners/{colleague.pk}/drop/").status_code == 302
    actions.decide(asked.pk, by=actor_of(chief), grant=True)
    assert Approval.objects.get().state == "approved"


def test_the_duty_chief_who_goes_away_names_who_decides(case, asked, chief, colleague) -> None:
    at_desk = desk(chief)
    assert f"/approvals/{asked.pk}/delegate/" in page_of(at_desk, case)
    assert at_desk.post(f"/approvals/{asked.pk}/delegate/", {"person": str(colleague.pk)}).status_code == 302
    asked.refresh_from_db()
    assert asked.delegated_to == colleague
    assert "委托另一值班长审批" in page_of(at_desk, case)
    assert asked.title in desk(colleague).get("/approvals/").content.decode()
    actions.decide(asked.pk, by=actor_of(colleague), grant=True)


def test_who_was_named_decides_in_another_post_too(district, case, asked, chief) -> None:
    named = district.people["centre.dispatcher"]
    Approval.objects.filter(pk=asked.pk).update(delegated_to=named)
    by = actor_of(named)
    assert not by.may(asked.permission), "the post alone would not let him"
    assert [row.pk for row in flow.approvals_waiting(by)] == [asked.pk]
    at_desk = desk(named)
    assert f"/cases/approvals/{asked.pk}/" in page_of(at_desk, case)
    assert at_desk.post(f"/cases/approvals/{asked.pk}/", {"grant": "yes"}).status_code in (204, 302)
    assert Approval.objects.get().decided_by == named


def test_nobody_else_names_colleagues_and_no_stranger_is_named(district, case, asked, chief, colleague) -> None:
    stranger = district.people["centre.acceptor"]
    for who in ("light.handler", "centre.acceptor", "water.handler"):
        for way in ("delegate", "cosigners"):
            answer = desk(district.people[who]).post(f"/approvals/{asked.pk}/{way}/", {"person": str(colleague.pk)})
            assert answer.status_code == 404
    at_desk = desk(chief)
    assert at_desk.post(f"/approvals/{asked.pk}/delegate/", {"person": str(stranger.pk)}).status_code == 422
    asked.refresh_from_db()
    assert (asked.delegated_to, asked.cosigners) == (None, [])
    assert desk(colleague).post(f"/approvals/{asked.pk}/cosign/").status_code == 403, "he was not asked"


def test_who_may_not_see_the_case_is_not_asked(case, asked, chief, colleague, monkeypatch) -> None:
    from hezhi.engines.flow import approvals

    room = approvals.hosts()[asked.object_type]
    blind = approvals.Host(
        room.name, room.address, lambda rows, by: {row.pk for row in rows} if by.user_id == chief.pk else set()
    )
    monkeypatch.setitem(approvals._hosts, asked.object_type, blind)
    at_desk = desk(chief)
    assert at_desk.post(f"/approvals/{asked.pk}/cosigners/", {"person": str(colleague.pk)}).status_code == 422


def test_a_chief_on_leave_is_not_waited_for(case, asked, chief, colleague, district) -> None:
    desk(chief).post(f"/approvals/{asked.pk}/cosigners/", {"person": str(colleague.pk)})
    deputy = district.people["centre.dispatcher"]
    with acting(system("人事"), verb="org.name_deputy"):
        org.name_deputy(
            colleague.holdings.get(), deputy, starts=time.now(), ends=time.now() + timedelta(days=3), reason="休假"
        )
    with pytest.raises(NotNow, match=deputy.full_name):
        actions.decide(asked.pk, by=actor_of(chief), grant=True)
    assert desk(deputy).post(f"/approvals/{asked.pk}/cosign/").status_code == 302
    actions.decide(asked.pk, by=actor_of(chief), grant=True)
