"""Work is given only where somebody can sign for it (签收人): forms, verbs and the table of duties."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case, RoutingRule
from hezhi.chapters.cases.handling.pages import forms
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actions import name_deputy
from hezhi.engines.org.models import Holding, Post, Unit, User
from hezhi.engines.org.testkit import enter, make_user, traced
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.2-2")


def leave(district: District, unit: str, *roles: str) -> None:
    """The posts of a unit stay, their holders are gone."""
    traced()
    rows = Holding.objects.filter(post__unit=district.units[unit], post__role__code__in=roles)
    assert rows.update(valid_to=time.now())


def at_the_town(district: District) -> WorkOrder:
    """An order signed by the first town."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["town1"].pk)
    order = order_of(receipt.id, district.units["town1"])
    actions.sign(order.pk, by=district["town1.town_dispatcher"])
    return order


def test_a_grid_without_a_worker_is_greyed_with_what_to_do_and_refused_by_form_and_verb(district: District) -> None:
    order = at_the_town(district)
    grid, town = district.units["grid11"], enter(Client(), district.people["town1.town_dispatcher"])
    url = reverse("order-do", args=[order.pk, "pass_down"])
    page = town.get(url).content.decode()
    assert f'<option value="{grid.pk}">{grid.name}</option>' in page and forms.NOBODY not in page
    leave(district, "grid11", "grid_worker")
    page = town.get(url).content.decode()
    assert f'<option value="{grid.pk}" disabled>{grid.name}（暂无签收人）</option>' in page
    assert page.count("1 个单位暂无签收人，不能选。请由本单位自行办理，或选择其他下级单位。") == 1
    boxes = [line for line in page.split("<input") if 'name="assist"' in line and str(grid.pk) in line]
    assert len(boxes) == 1 and " disabled" in boxes[0]
    for given in ({"lead": grid.pk}, {"lead": district.units["com1"].pk, "assist": [grid.pk]}):
        refused = town.post(url, given | {"request": "请到现场"})
        told = refused.content.decode()
        assert refused.status_code == 422 and "请到现场" in told
        assert f"{grid.name}暂无签收人，派去没有人办理。请由本单位自行办理" in told
    with pytest.raises(BadInput) as refusal:
        actions.pass_down(order.pk, by=district["town1.town_dispatcher"], lead_id=grid.pk)
    assert "暂无签收人" in refusal.value.fields["lead"][0]
    assert WorkOrder.objects.filter(unit=grid).count() == 0
    assert town.post(url, {"lead": district.units["com1"].pk}).status_code == 302


def test_many_empty_grids_are_left_out_and_counted(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FEW", 0)
    order = at_the_town(district)
    leave(district, "grid11", "grid_worker")
    grid, town = district.units["grid11"], enter(Client(), district.people["town1.town_dispatcher"])
    url = reverse("order-do", args=[order.pk, "pass_down"])
    page = town.get(url).content.decode()
    assert str(grid.pk) not in page and "1 个单位暂无签收人，没有列出。请由本单位自行办理" in page
    assert f"{grid.name}暂无签收人" in town.post(url, {"lead": grid.pk}).content.decode()


def deputy(district: District) -> None:
    """The worker leaves his post to a named deputy, and his own account is closed."""
    traced()
    held = Holding.objects.get(post__unit=district.units["grid11"], post__role__code="grid_worker")
    now = time.now()
    name_deputy(held, make_user("standin", "示例代理"), starts=now, ends=now + timedelta(days=3), reason="休假")
    User.objects.filter(pk=held.user_id).update(is_active=False)


def closed_account(district: District) -> None:
    traced()
    User.objects.filter(login_name="grid11.grid_worker").update(is_active=False)


def ended(district: District) -> None:
    leave(district, "grid11", "grid_worker")


def not_yet(district: District) -> None:
    traced()
    Holding.objects.filter(user__login_name="grid11.grid_worker").update(valid_from=time.now() + timedelta(days=1))


def closed_post(district: District) -> None:
    traced()
    Post.objects.filter(unit=district.units["grid11"]).update(valid_from=time.today() - timedelta(days=2),
                                                              valid_to=time.today())  # fmt: skip


@pytest.mark.parametrize(
    ("happened", "signs"),
    [(deputy, True), (closed_account, False), (ended, False), (not_yet, False), (closed_post, False)],
    ids=["a deputy", "account closed", "holding ended", "begins tomorrow", "post closed"],
)
def test_who_can_sign_is_who_holds_the_post_today_or_stands_in(district: District, happened, signs: bool) -> None:
    order = at_the_town(district)
    happened(district)
    town = enter(Client(), district.people["town1.town_dispatcher"])
    url = reverse("order-do", args=[order.pk, "pass_down"])
    assert ("暂无签收人" in town.get(url).content.decode()) is not signs
    assert town.post(url, {"lead": district.units["grid11"].pk}).status_code == (302 if signs else 422)


def accepted(district: District) -> Case:
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return Case.objects.get(pk=receipt.id)


def test_an_office_without_anybody_is_neither_proposed_nor_given_work_by_any_verb(district: District) -> None:
    case, desk = accepted(district), district["centre.dispatcher"]
    leave(district, "light", "handler")
    light, water = district.units["light"], district.units["water"]
    assert queries.suggested_units(case)[0].unit == district.units["town1"]
    case = Case.objects.get(pk=case.pk)
    assert (light.name, "暂无签收人") in queries.left_out(case)
    browser = enter(Client(), district.people["centre.dispatcher"])
    page = browser.get(reverse("case-do", args=[case.pk, "dispatch"])).content.decode()
    assert f'<option value="{light.pk}" disabled>{light.name}（暂无签收人）</option>' in page
    assert page.count("1 个单位暂无签收人，不能选。如需派给它们，请系统管理员先安排人员。") == 1
    triage = browser.get(reverse("case-triage-one", args=[case.pk])).content.decode()
    assert f'<option value="{light.pk}">' not in triage
    nobody = f"{light.name}暂无签收人"
    with pytest.raises(BadInput, match=nobody):
        actions.dispatch(case.pk, by=desk, lead_id=light.pk)
    actions.dispatch(case.pk, by=desk, lead_id=water.pk)
    for refused in (
        lambda: actions.transfer(case.pk, by=desk, lead_id=light.pk, reason="改派"),
        lambda: actions.add_units(case.pk, by=desk, assist_ids=[light.pk]),
    ):
        with pytest.raises(BadInput, match=nobody):
            refused()
    assert {o.unit_id for o in WorkOrder.objects.filter(matter_id=case.pk)} == {water.pk}


def test_whom_a_report_complains_of_may_be_a_unit_without_anybody(district: District) -> None:
    leave(district, "light", "handler")
    receipt = district.report()
    browser = enter(Client(), district.people["centre.acceptor"])
    url = reverse("case-do", args=[receipt.id, "make_secret"])
    given = {"title": "反映作风", "text": "身份已隐去。", "barred": district.units["light"].pk, "revision": 0}
    assert browser.post(url, given).status_code == 302
    assert Case.objects.get(pk=receipt.id).barred_unit_id == district.units["light"].pk


def test_a_rule_whose_unit_has_nobody_leaves_the_place_to_answer(district: District) -> None:
    traced()
    RoutingRule.objects.update(unit=district.units["house"])
    leave(district, "house", "handler")
    leave(district, "town1", "town_dispatcher")
    case = accepted(district)
    assert queries.suggested_units(case) == []
    assert set(queries.left_out(case)) == {(district.units[u].name, "暂无签收人") for u in ("house", "town1")}
    assert Unit.objects.filter(pk=district.units["house"].pk, valid_to__isnull=True).exists()
