"""Two people at one case (同时办理): the second learns what the first did, keeps his words, and can send them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.engines.org.testkit import enter
from hezhi.ground import time

WORDS = "请核对灯杆编号后抓紧修复"


def accepted(district: District) -> Case:
    """A case that waits for dispatch."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return Case.objects.get(pk=receipt.id)


def open_form(client: Client, case: Case, verb: str) -> tuple[str, dict[str, Any]]:
    """The address of a step and what its opened form carries along."""
    url = reverse("case-do", args=[case.pk, verb])
    return url, {"revision": client.get(url).context["form"]["revision"].value()}


@pytest.mark.clause("9.1.2-2")
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "dialog"])
def test_the_second_of_two_people_sees_what_changed_and_a_second_press_goes_through(
    district: District, htmx: bool
) -> None:
    desk = enter(Client(headers={"HX-Request": "true"} if htmx else {}), district.people["centre.dispatcher"])
    case = accepted(district)
    url, opened = open_form(desk, case, "dispatch")
    actions.urge(case.pk, by=district["centre.duty_chief"], text="请尽快派遣")
    given = opened | {"lead": district.units["light"].pk, "assist": [district.units["water"].pk], "request": WORDS}

    refused = desk.post(url, given)
    told = refused.content.decode()
    assert refused.status_code == 422 and "刚刚被同事办理过" in told and WORDS in told
    step = case.steps.get(verb="urge")
    assert [s.pk for s in refused.context["meanwhile"]] == [step.pk], "only what happened since the form was opened"
    assert f"{step.unit_name} {step.by_name} 催办" in told and time.show(step.at)[-5:] in told
    assert Case.objects.get(pk=case.pk).state == "to_dispatch"

    again = given | {"revision": refused.context["form"]["revision"].value()}
    assert again["revision"] != given["revision"]
    assert desk.post(url, again).status_code == (204 if htmx else 302)
    assert Case.objects.get(pk=case.pk).lead_unit_id == district.units["light"].pk
    assert order_of(case.pk, district.units["light"]).request == WORDS


@pytest.mark.clause("9.1.2-2")
def test_a_step_that_is_not_possible_any_more_says_so_and_shows_the_words_to_copy(district: District) -> None:
    desk = enter(Client(), district.people["centre.dispatcher"])
    case = accepted(district)
    url, opened = open_form(desk, case, "dispatch")
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["water"].pk)
    late = desk.post(url, opened | {"lead": district.units["light"].pk, "request": WORDS})
    told = late.content.decode()
    assert late.status_code == 422 and "现在不能派遣" in told and "待签收" in told and WORDS in told
    assert [s.verb for s in late.context["meanwhile"]] == ["dispatch"] and 'name="revision"' not in told
    part = desk.post(
        url, opened | {"lead": district.units["light"].pk, "request": WORDS}, headers={"HX-Request": "true"}
    )
    assert "<main" not in part.content.decode() and WORDS in part.content.decode()


@pytest.mark.clause("9.1.2-2")
def test_an_answer_overtaken_by_a_colleague_on_the_same_order_is_not_lost(district: District) -> None:
    desk = enter(Client(), district.people["light.handler"])
    case = accepted(district)
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order, by = order_of(case.pk, district.units["light"]), district["light.handler"]
    actions.sign(order.pk, by=by)
    url = reverse("order-do", args=[order.pk, "handle"])
    revision = desk.get(url).context["form"]["revision"].value()
    actions.reply(order.pk, by=by, text="已修好", public_reply="已修好", finding="true", contacted=True, solved=True)
    late = desk.post(url, {"revision": revision, "text": WORDS})
    told = late.content.decode()
    assert late.status_code == 422 and WORDS in told and "现在不能处置" in told and "待审签" in told
    assert [s.verb for s in late.context["meanwhile"]] == ["reply"]


@pytest.mark.clause("9.1.2-2")
@pytest.mark.parametrize("revision", ["", "-5", "99", "many"])
def test_a_form_without_a_usable_revision_is_answered_too(district: District, revision: str) -> None:
    desk = enter(Client(), district.people["centre.dispatcher"])
    case = accepted(district)
    given = {"lead": district.units["light"].pk, "revision": revision}
    assert desk.post(reverse("case-do", args=[case.pk, "dispatch"]), given).status_code in (302, 422)
