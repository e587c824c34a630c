"""处理不了 on the grid worker's phone (9.1.2-2): one tap, and the unit that passed the order down has it to answer."""

import pytest
from django.test import Client
from django.urls import reverse

from hezhi.channels.gridworker import pages
from hezhi.channels.gridworker.pages import CANNOT
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer
from hezhi.engines.reach.models import Outgoing

pytestmark = pytest.mark.clause("9.1.2-2")
WHY = "需要专业车辆，网格内没有"
TAP = "处理不了，请上级办"


@pytest.fixture
def district(district: District) -> District:
    """With a dispatcher in the community, as in each of them."""
    dispatcher = Role.objects.get(code="town_dispatcher")
    made = make_officer("com1.town_dispatcher", dispatcher, district.units["com1"], "示例社区派遣员")
    district.people[made.login_name] = made
    return district


def in_the_grid(district: District, *, signed: bool) -> WorkOrder:
    """An order passed down two levels: from the town to the community to the grid."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["town1"].pk)
    for unit, lower in (("town1", "com1"), ("com1", "grid11")):
        upper = order_of(receipt.id, district.units[unit])
        actions.pass_down(upper.pk, by=district[f"{unit}.town_dispatcher"], lead_id=district.units[lower].pk)
    order = order_of(receipt.id, district.units["grid11"])
    if signed:
        actions.sign(order.pk, by=district["grid11.grid_worker"])
    return order


@pytest.mark.parametrize(("signed", "typed", "reason"), [(False, "", CANNOT), (True, WHY, WHY)], ids=["one tap", "why"])
def test_one_tap_puts_it_before_the_unit_above_whose_dispatcher_takes_it_back(
    district: District, signed: bool, typed: str, reason: str
) -> None:
    order = in_the_grid(district, signed=signed)
    phone = enter(Client(), district.people["grid11.grid_worker"])
    page = reverse("grid-order", args=[order.pk])
    assert TAP in phone.get(page).content.decode()
    told = phone.post(reverse("grid-step", args=[order.pk, "cannot"]), {"reason": typed}, follow=True).content.decode()
    above = district.units["com1"]
    assert f"已请{above.name}处理，等待确认" in told and reason in told and TAP not in told

    asked = Approval.objects.get(kind="return")
    assert (asked.unit, asked.reason, asked.state) == (above, reason, "waiting")
    todo = ToDo.objects.get(object_id=asked.pk, done_at__isnull=True)
    assert (todo.unit, todo.permission) == (above, "cases.transfer")
    assert Outgoing.objects.filter(event="cases.approval_waiting", unit=above).exists()
    answering = district["com1.town_dispatcher"]
    assert asked in flow.approvals_waiting(answering), "somebody who exists answers"
    assert asked not in flow.approvals_waiting(district["grid11.grid_worker"])

    desk = enter(Client(), district.people["com1.town_dispatcher"])
    assert reason in desk.get(reverse("case-approvals")).content.decode()
    decide = reverse("approval-decide", args=[asked.pk])
    assert desk.get(decide).status_code == 200
    assert desk.post(decide, {"grant": "yes", "opinion": "收回"}).status_code == 302
    order.refresh_from_db()
    upper = order_of(order.matter_id, above)
    assert (order.state, upper.state) == ("returned", "handling")
    assert ToDo.objects.filter(object_id=upper.pk, unit=above, permission="cases.reply", done_at__isnull=True).exists()
    assert TAP not in phone.get(page).content.decode()


def test_a_second_tap_and_a_tap_by_a_neighbour_change_nothing(district: District) -> None:
    order = in_the_grid(district, signed=True)
    url = reverse("grid-step", args=[order.pk, "cannot"])
    phone, neighbour = (enter(Client(), district.people[f"grid{n}1.grid_worker"]) for n in (1, 2))
    assert neighbour.post(url, {}).status_code == 404
    assert phone.get(url).status_code == 302 and not Approval.objects.exists(), "only by POST"
    phone.post(url, {})
    told = phone.post(url, {}, follow=True).content.decode()
    assert "已有一份同样的申请" in told and Approval.objects.count() == 1


def test_when_the_unit_above_says_no_the_worker_hears_it_and_may_ask_again(district: District) -> None:
    order = in_the_grid(district, signed=True)
    phone = enter(Client(), district.people["grid11.grid_worker"])
    phone.post(reverse("grid-step", args=[order.pk, "cannot"]), {})
    desk = enter(Client(), district.people["com1.town_dispatcher"])
    asked = Approval.objects.get()
    desk.post(reverse("approval-decide", args=[asked.pk]), {"grant": "no", "opinion": "请先到现场看看"})
    assert Outgoing.objects.filter(event="cases.approval_decided", unit=district.units["grid11"]).exists()
    page = phone.get(reverse("grid-order", args=[order.pk])).content.decode()
    assert TAP in page and "请先到现场看看" in page


def test_the_to_dos_tell_of_places_to_look_at_and_only_then(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, url = enter(Client(), district.people["grid11.grid_worker"]), reverse("grid-home")
    assert "场所检查" not in phone.get(url).content.decode()
    monkeypatch.setattr(pages, "places_waiting", lambda by: (7, 1))
    page = phone.get(url).content.decode()
    assert "1 处逾期未整改" in page and "7 处到期应检查" in page and f'href="{reverse("grid-places")}"' in page


def test_what_was_typed_on_the_phone_stays_to_be_copied_when_a_colleague_was_quicker(district: District) -> None:
    order = in_the_grid(district, signed=True)
    phone = enter(Client(), district.people["grid11.grid_worker"])
    url = reverse("grid-step", args=[order.pk, "handle"])
    actions.reply(order.pk, by=district["grid11.grid_worker"], text="已处理")
    late = phone.post(url, {"text": WHY, "on_site": "yes"})
    assert late.status_code == 422 and WHY in late.content.decode() and "现在不能办理" in late.content.decode()
    assert phone.post(url, {}).status_code == 302
