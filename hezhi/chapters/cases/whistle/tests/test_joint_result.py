"""9.1.2-2 吹哨报到: one joint result that each unit on the spot agrees to; a missed arrival is heard of; a grid's call is answered."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions, jobs
from hezhi.chapters.cases.handling.models import Step
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.engines.flow.models import ToDo, WorkOrder
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer, traced
from hezhi.engines.reach.delivery import deliver_inbox
from hezhi.engines.reach.models import InboxMessage, Outgoing
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
MORE = {
    "town_dispatcher": {"whistle.view"}, "grid_worker": {"cases.whistle"}, "dispatcher": {"whistle.view"},
    "handler": {"cases.whistle"},
}  # fmt: skip
WATER, LIGHT, HOUSE = "示例区水务局", "示例区城市管理局", "示例区住建局"
JOINT = f"{WATER}：抽排积水，疏通雨水口。\n{LIGHT}：拉设围挡。"


@pytest.fixture
def clock():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, clock) -> District:
    district = build()
    traced()
    for code, rights in MORE.items():
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *rights}))
    return district


def at_work(district: District, unit: str = "town1", who: str = "town1.town_dispatcher"):
    """A case whose lead is at work."""
    receipt = district.report("道路积水，需要多部门到场")
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0102"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units[unit].pk)
    order = order_of(receipt.id, district.units[unit])
    actions.sign(order.pk, by=district[who])
    return receipt, order


def whistled(district: District, *units: str):
    """A case whose town has called these units within two hours; its order and theirs."""
    receipt, order = at_work(district)
    called = [district.units[unit].pk for unit in units]
    town = district["town1.town_dispatcher"]
    actions.whistle(order.pk, by=town, unit_ids=called, hours=2, request="请到现场会商")
    return receipt, order, *(order_of(receipt.id, district.units[unit]) for unit in units)


def waits(order: WorkOrder) -> list[tuple[str, str]]:
    rows = ToDo.objects.filter(object_id=order.pk, done_at__isnull=True).select_related("unit")
    return [(row.step, row.unit.name) for row in rows]


def told(event: str) -> list[str]:
    return sorted(str(row.unit) for row in Outgoing.objects.filter(event=event, channel="inbox"))


def state(order: WorkOrder) -> str:
    order.refresh_from_db()
    return order.state


def test_one_joint_result_is_written_by_the_caller_and_agreed_to_by_all_who_came(district: District, clock) -> None:
    receipt, order, water, light, house = whistled(district, "water", "light", "house")
    town = district["town1.town_dispatcher"]
    actions.arrive(water.pk, by=district["water.handler"])
    actions.arrive(light.pk, by=district["light.handler"])
    with pytest.raises(NotNow, match=f"{HOUSE}尚未报到"):
        actions.conclude(order.pk, by=town, text=JOINT)
    clock.move_to(time.now() + timedelta(hours=3))
    desk, officer = (enter(Client(), district.people[who]) for who in ("town1.town_dispatcher", "water.handler"))
    alone = officer.post(f"/cases/orders/{water.pk}/do/reply/", {"reply": "已抽排"})
    assert alone.status_code == 422 and "不单独反馈" in alone.content.decode()
    jobs.watch_orders()
    assert waits(order) == [("conclude", "东1街道办事处")], "nobody is awaited any more: the caller is asked to write"
    address = f"/cases/orders/{order.pk}/do/conclude/"
    assert f"{address}" in desk.get(f"/cases/{receipt.id}/").content.decode()
    assert f"{WATER}：\n{LIGHT}：" in desk.get(address).content.decode(), "a line for each unit on the spot"
    lacking = desk.post(address, {"joint": f"{WATER}：抽排积水。\n{LIGHT}："})
    assert lacking.status_code == 422 and f"没有写明{LIGHT}做了什么" in lacking.content.decode()
    assert desk.post(address, {"joint": JOINT}).status_code == 302
    assert {state(water), state(light)} == {"to_review"} and state(house) == "to_sign"
    assert waits(water) == [("agree", WATER)] and waits(light) == [("agree", LIGHT)] and waits(order) == []
    assert told("cases.joint_to_agree") == sorted([WATER, LIGHT])
    with pytest.raises(NotAllowed):
        actions.review(water.pk, by=district["water.reviewer"])
    with pytest.raises(NotAllowed, match="由示例区水务局办理"):
        actions.agree(water.pk, by=district["light.handler"])
    with pytest.raises(NotNow, match="还没有办完"):
        actions.reply(order.pk, by=town, text="办完", public_reply="办完")
    form = officer.get(f"/cases/orders/{water.pk}/do/agree/").content.decode()
    assert "抽排积水，疏通雨水口" in form, "who agrees reads what he agrees to"
    assert officer.post(f"/cases/orders/{water.pk}/do/agree/", {"text": "属实"}).status_code == 302
    assert (state(water), state(house)) == ("done", "to_sign"), "one name is still missing"
    page = desk.get(f"/cases/{receipt.id}/").content.decode()
    assert "联合处置结果：已确认" in page and "联合处置结果：待确认" in page
    actions.agree(light.pk, by=district["light.handler"])
    assert (state(light), state(house), house.end_reason) == ("done", "released", "超时未报到")
    assert waits(order) == [("handle", "东1街道办事处")] and told("cases.joint_stands") == ["东1街道办事处"]
    steps = list(Step.objects.filter(case=receipt.id, verb__in=("conclude", "agree")).order_by("at", "id"))
    assert [s.verb for s in steps] == ["conclude", "agree", "agree"]
    assert steps[0].text == JOINT and steps[0].fields == {"待确认单位": f"{WATER}、{LIGHT}", "未到场单位": HOUSE}
    assert [s.fields for s in steps[1:]] == [{}, {"联合处置结果": "已形成，到场单位都已确认"}]
    assert "超时未到" in desk.get(f"/cases/{receipt.id}/").content.decode(), (
        "who was let go after its limit stays absent"
    )
    actions.reply(order.pk, by=town, text="办完", public_reply="办完")
    assert case_of(receipt).state == "to_review"


def test_a_unit_states_its_difference_and_the_result_is_written_anew_for_all(district: District, clock) -> None:
    receipt, order, water, light = whistled(district, "water", "light")
    town = district["town1.town_dispatcher"]
    for each, who in ((water, "water.handler"), (light, "light.handler")):
        actions.arrive(each.pk, by=district[who])
    assert waits(order) == [("conclude", "东1街道办事处")]
    actions.conclude(order.pk, by=town, text=JOINT)
    actions.agree(water.pk, by=district["water.handler"])
    officer = enter(Client(), district.people["light.handler"])
    url = f"/cases/orders/{light.pk}/do/differ/"
    assert officer.post(url, {"reason": ""}).status_code == 422
    assert officer.post(url, {"reason": "围挡由街道拉设"}).status_code == 302
    assert state(light) == "handling" and waits(order) == [("conclude", "东1街道办事处")]
    assert told("cases.joint_differs") == ["东1街道办事处"]
    page = enter(Client(), district.people["town1.town_dispatcher"]).get(f"/cases/{receipt.id}/").content.decode()
    assert "有不同意见：围挡由街道拉设" in page
    better = f"{WATER}：抽排积水。\n{LIGHT}：到场会商，围挡由街道拉设。"
    actions.conclude(order.pk, by=town, text=better)
    assert (state(water), state(light)) == ("to_review", "to_review"), "new words need every name anew"
    assert water.reply == better and water.reviewed_at is None and water.ended_at is None
    actions.agree(light.pk, by=district["light.handler"])
    assert state(water) == "to_review" and waits(order) == []
    actions.agree(water.pk, by=district["water.handler"])
    assert (state(water), state(light), waits(order)) == ("done", "done", [("handle", "东1街道办事处")])
    with pytest.raises(NotNow, match="没有等待联合处置结果"):
        actions.conclude(order.pk, by=town, text=better)
    clock.move_to(time.now() + timedelta(minutes=1))
    actions.whistle(order.pk, by=town, unit_ids=[district.units["house"].pk], hours=2, request="请到场")
    house = order_of(receipt.id, district.units["house"])
    actions.arrive(house.pk, by=district["house.handler"])
    actions.conclude(order.pk, by=town, text=f"{HOUSE}：查看地下室。")
    assert (state(water), water.reply) == ("done", better), "what was settled by an earlier result stays settled"


def test_who_comes_late_is_written_in_before_the_result_stands(district: District, clock) -> None:
    _, order, water, light = whistled(district, "water", "light")
    town = district["town1.town_dispatcher"]
    actions.arrive(water.pk, by=district["water.handler"])
    clock.move_to(time.now() + timedelta(hours=3))
    actions.conclude(order.pk, by=town, text=f"{WATER}：抽排积水。")
    actions.arrive(light.pk, by=district["light.handler"])
    assert waits(order) == [("conclude", "东1街道办事处")]
    actions.agree(water.pk, by=district["water.handler"])
    assert (state(light), waits(order)) == ("handling", [("conclude", "东1街道办事处")]), "it does not stand yet"
    actions.conclude(order.pk, by=town, text=JOINT)
    for each, who in ((water, "water.handler"), (light, "light.handler")):
        assert state(each) == "to_review"
        actions.agree(each.pk, by=district[who])
    assert waits(order) == [("handle", "东1街道办事处")]


def test_a_unit_that_is_released_holds_up_no_joint_result(district: District) -> None:
    receipt, order, water, light = whistled(district, "water", "light")
    town = district["town1.town_dispatcher"]
    for each, who in ((water, "water.handler"), (light, "light.handler")):
        actions.arrive(each.pk, by=district[who])
    actions.conclude(order.pk, by=town, text=JOINT)
    actions.agree(water.pk, by=district["water.handler"])
    actions.differ(light.pk, by=district["light.handler"], reason="没有拉设围挡")
    actions.release(light.pk, by=town, reason="确未参与处置")
    assert waits(order) == [("handle", "东1街道办事处")] and told("cases.joint_stands") == ["东1街道办事处"]
    assert Step.objects.get(case=receipt.id, verb="release").fields["联合处置结果"].startswith("已形成")


def test_nobody_agrees_to_his_own_words_and_the_leading_unit_may_write_for_a_grid(district: District) -> None:
    receipt, order = at_work(district)
    grid, town = district.units["grid11"], district["town1.town_dispatcher"]
    actions.pass_down(order.pk, by=town, lead_id=grid.pk)
    below = order_of(receipt.id, grid)
    actions.sign(below.pk, by=district["grid11.grid_worker"])
    called = [district.units["water"].pk]
    actions.whistle(below.pk, by=district["grid11.grid_worker"], unit_ids=called, hours=1, request="请到场")
    water = order_of(receipt.id, district.units["water"])
    actions.arrive(water.pk, by=district["water.handler"])
    with pytest.raises(NotAllowed):
        actions.conclude(below.pk, by=district["water.handler"], text=f"{WATER}：已堵漏。")
    actions.conclude(below.pk, by=town, text=f"{WATER}：已堵漏。")
    twice = make_officer("town1.both", Role.objects.get(code="handler"), district.units["water"], "示例兼职")
    WorkOrder.objects.filter(pk=water.pk).update(replied_by=twice)
    from hezhi.engines.org.actor import actor_of

    with pytest.raises(NotAllowed, match="不能确认自己填写"):
        actions.agree(water.pk, by=actor_of(twice))
    phone = enter(Client(), district.people["water.handler"])
    assert "已堵漏" in phone.get(f"/m/orders/{water.pk}/").content.decode()
    assert phone.post(f"/m/orders/{water.pk}/agree/", {"text": ""}).status_code == 302
    assert state(water) == "done" and waits(below) == [("handle", grid.name)]


def test_a_missed_arrival_is_told_once_to_the_called_the_caller_and_the_centre_and_is_counted(
    district: District, clock
) -> None:
    _, order, water, light = whistled(district, "water", "light")
    actions.arrive(light.pk, by=district["light.handler"])
    clock.move_to(water.arrival_due_at)
    assert jobs.watch_orders() == 0, "the last minute still counts"
    clock.move_to(water.arrival_due_at + timedelta(minutes=1))
    assert (jobs.watch_orders(), jobs.watch_orders()) == (1, 0)
    assert told("cases.arrival_missed") == sorted([WATER, "东1街道办事处", "示例区社会治理中心"])
    assert told("cases.sign_late") == [], "a called unit signs by arriving"
    said = Outgoing.objects.filter(event="cases.arrival_missed", channel="inbox")
    deliver_inbox()
    heard = set(InboxMessage.objects.filter(title__startswith="超时未报到").values_list("user__login_name", flat=True))
    desk = {"centre.acceptor", "centre.dispatcher", "centre.duty_chief"}
    assert heard == {"water.handler", "town1.town_dispatcher", *desk}
    assert all(f"{WATER}应于" in row.text and "东1街道办事处就事件" in row.text for row in said)
    assert waits(order) == [("conclude", "东1街道办事处")]
    board = enter(Client(), district.people["town1.town_dispatcher"]).get("/whistle/board/")
    rows = {
        row["unit__name"]: (row["calls"], row["in_time"], row["late"], row["absent"]) for row in board.context["rows"]
    }
    assert rows == {WATER: (1, 0, 0, 1), LIGHT: (1, 1, 0, 0)}
    assert "超时未到" in board.content.decode()
    clock.move_to(time.now() + timedelta(hours=1))
    actions.arrive(water.pk, by=district["water.handler"])
    board = enter(Client(), district.people["town1.town_dispatcher"]).get("/whistle/board/")
    assert {r["unit__name"]: (r["late"], r["absent"]) for r in board.context["rows"]}[WATER] == (1, 0)


def test_a_called_unit_sees_by_when_it_is_awaited_until_it_has_come(district: District, clock) -> None:
    receipt, _, water = whistled(district, "water")
    desk = enter(Client(), district.people["water.handler"])
    actions.sign(water.pk, by=district["water.handler"])
    todo = ToDo.objects.get(object_id=water.pk, done_at__isnull=True)
    assert todo.due_at == water.arrival_due_at, "signing for it is not yet coming"
    pages = (f"/cases/{receipt.id}/", f"/m/orders/{water.pk}/")
    assert all("前到场" in desk.get(url).content.decode() for url in pages)
    assert "剩 2 小时" in desk.get("/cases/orders/").content.decode()
    actions.arrive(water.pk, by=district["water.handler"])
    assert not any("前到场" in desk.get(url).content.decode() for url in pages)
    water.refresh_from_db()
    assert ToDo.objects.get(object_id=water.pk, done_at__isnull=True).due_at == water.due_at


def test_where_nobody_came_the_caller_goes_on_alone(district: District, clock) -> None:
    _, order, water = whistled(district, "water")
    town = district["town1.town_dispatcher"]
    with pytest.raises(NotNow, match="还没有办完"):
        actions.reply(order.pk, by=town, text="自行处置", public_reply="已处置")
    clock.move_to(time.now() + timedelta(hours=3))
    with pytest.raises(NotNow, match="没有单位报到"):
        actions.conclude(order.pk, by=town, text=f"{WATER}：没有到场。")
    actions.reply(order.pk, by=town, text="自行处置", public_reply="已处置")
    assert (state(water), water.end_reason) == ("released", "超时未报到")


def of_a_grid(district: District, unit: str):
    """The order of a unit that a grid worker has called."""
    receipt, order = at_work(district)
    actions.pass_down(order.pk, by=district["town1.town_dispatcher"], lead_id=district.units["grid11"].pk)
    below = order_of(receipt.id, district.units["grid11"])
    actions.sign(below.pk, by=district["grid11.grid_worker"])
    called = [district.units[unit].pk]
    actions.whistle(below.pk, by=district["grid11.grid_worker"], unit_ids=called, hours=1, request="请到场")
    return receipt, order_of(receipt.id, district.units[unit])


def test_a_grid_worker_writes_the_joint_result_on_the_phone(district: District) -> None:
    receipt, water = of_a_grid(district, "water")
    grid = order_of(receipt.id, district.units["grid11"])
    phone = enter(Client(), district.people["grid11.grid_worker"])
    page = f"/g/orders/{grid.pk}/"
    actions.arrive(water.pk, by=district["water.handler"])
    assert f"{page}conclude/" in phone.get(page).content.decode()
    assert f"{WATER}：" in phone.get(f"{page}conclude/").content.decode()
    assert phone.post(f"{page}conclude/", {"joint": f"{WATER}："}).status_code == 422
    assert phone.post(f"{page}conclude/", {"joint": f"{WATER}：已堵漏。"}).status_code == 302
    assert state(water) == "to_review" and water.reply == f"{WATER}：已堵漏。"


def test_what_a_unit_called_by_a_grid_asks_for_is_decided_above_the_grid(district: District) -> None:
    _, called = of_a_grid(district, "water")
    asked = actions.ask_return(called.pk, by=district["water.handler"], reason="不属本单位职责")
    assert asked.unit == district.units["town1"], "the next unit upward where somebody may answer"
    town = enter(Client(), district.people["town1.town_dispatcher"])
    assert town.post(f"/cases/approvals/{asked.pk}/", {"grant": "yes"}).status_code == 302
    assert state(called) == "returned"
    _, other = of_a_grid(district, "light")
    actions.arrive(other.pk, by=district["light.handler"])
    units = [district.units["house"].pk]
    wanted = actions.ask_help(other.pk, by=district["light.handler"], unit_ids=units, reason="需要专业意见")
    assert wanted.unit == district.units["town1"]
    actions.decide(wanted.pk, by=district["town1.town_dispatcher"], grant=True)


def test_a_called_unit_that_gives_its_order_back_leaves_the_joint_result_to_the_others(district: District) -> None:
    _, order, water, light = whistled(district, "water", "light")
    town = district["town1.town_dispatcher"]
    actions.arrive(light.pk, by=district["light.handler"])
    asked = actions.ask_return(water.pk, by=district["water.handler"], reason="不属本单位职责")
    actions.decide(asked.pk, by=town, grant=True)
    assert waits(order) == [("conclude", "东1街道办事处")], "nobody else is awaited: the caller is asked to write"
    actions.conclude(order.pk, by=town, text=f"{LIGHT}：拉设围挡。")
    actions.agree(light.pk, by=district["light.handler"])
    assert waits(order) == [("handle", "东1街道办事处")]


def test_the_joint_result_stands_when_the_last_unit_without_a_name_gives_its_order_back(district: District) -> None:
    _, order, water, light = whistled(district, "water", "light")
    town = district["town1.town_dispatcher"]
    actions.arrive(water.pk, by=district["water.handler"])
    actions.arrive(light.pk, by=district["light.handler"])
    actions.conclude(order.pk, by=town, text=JOINT)
    actions.agree(light.pk, by=district["light.handler"])
    actions.differ(water.pk, by=district["water.handler"], reason="本单位不负责此处")
    asked = actions.ask_return(water.pk, by=district["water.handler"], reason="不属本单位职责")
    actions.decide(asked.pk, by=town, grant=True)
    assert told("cases.joint_stands") == ["东1街道办事处"]
    assert waits(order) == [("handle", "东1街道办事处")]


def test_a_unit_never_decides_what_it_asks_itself_the_desk_does(district: District) -> None:
    own = of_a_town_by_a_grid(district)
    asked = actions.ask_return(own.pk, by=district["town1.town_dispatcher"], reason="不属本单位职责")
    assert asked.unit == district.units["centre"]
    actions.decide(asked.pk, by=district["centre.dispatcher"], grant=True)
    assert state(own) == "returned"


def of_a_town_by_a_grid(district: District) -> WorkOrder:
    """The order of a town that a grid of its own has called, in a case that a department leads."""
    receipt, order = at_work(district, "light", "light.handler")
    actions.whistle(
        order.pk, by=district["light.handler"], unit_ids=[district.units["grid11"].pk], hours=2, request="请到场"
    )
    grid = order_of(receipt.id, district.units["grid11"])
    actions.arrive(grid.pk, by=district["grid11.grid_worker"])
    actions.whistle(
        grid.pk, by=district["grid11.grid_worker"], unit_ids=[district.units["town1"].pk], hours=2, request="请到场"
    )
    with pytest.raises(BadInput):
        actions.conclude(grid.pk, by=district["grid11.grid_worker"], text=" ")
    return order_of(receipt.id, district.units["town1"])


def test_a_joint_result_that_waits_for_a_name_waits_for_it_after_a_hold_too(district: District) -> None:
    receipt, order, water = whistled(district, "water")
    town = district["town1.town_dispatcher"]
    actions.arrive(water.pk, by=district["water.handler"])
    actions.conclude(order.pk, by=town, text=f"{WATER}：抽排积水，疏通雨水口。")
    asked = actions.ask_hold(receipt.id, by=town, reason="等待潮位回落")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    assert state(water) == "on_hold"
    actions.resume(receipt.id, by=town)
    assert (state(water), waits(water)) == ("to_review", [("agree", WATER)])
    actions.agree(water.pk, by=district["water.handler"])
    assert state(water) == "done"


@pytest.mark.parametrize("how", ["done", "released", "returned"])
def test_who_is_asked_to_agree_is_asked_still_when_the_last_one_below_has_ended(district: District, how: str) -> None:
    receipt, order = at_work(district, "light", "light.handler")
    town, light = district["town1.town_dispatcher"], district["light.handler"]
    actions.whistle(order.pk, by=light, unit_ids=[district.units["town1"].pk], hours=2, request="请到场")
    called = order_of(receipt.id, district.units["town1"])
    actions.arrive(called.pk, by=town)
    actions.pass_down(called.pk, by=town, lead_id=district.units["grid11"].pk)
    grid = order_of(receipt.id, district.units["grid11"])
    actions.sign(grid.pk, by=district["grid11.grid_worker"])
    actions.conclude(order.pk, by=light, text="东1街道办事处：清理路面。")
    assert waits(called) == [("agree", "东1街道办事处")]
    with pytest.raises(NotNow, match="还没有办完"):
        actions.agree(called.pk, by=town)
    if how == "released":
        actions.release(grid.pk, by=town, reason="已由街道办理")
    elif how == "returned":
        asked = actions.ask_return(grid.pk, by=district["grid11.grid_worker"], reason="不属本网格")
        actions.decide(asked.pk, by=town, grant=True)
    else:
        actions.reply(grid.pk, by=district["grid11.grid_worker"], text="已清理")
        actions.review(grid.pk, by=district["town1.reviewer"])
    assert waits(called) == [("agree", "东1街道办事处")]
    actions.agree(called.pk, by=town)
    assert waits(order) == [("handle", LIGHT)]
