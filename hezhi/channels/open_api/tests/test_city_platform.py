"""9.1.2-1 来源平台: a city's platform, simulated, keeps its number, clock and verdict, and says yes or no."""

from datetime import datetime

import pytest

from hezhi.channels.open_api.tests.city_simulator import CHECK, CitySimulator, Order
from hezhi.channels.open_api.tests.world import told
from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.models import Case, Step
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.chapters.cases.platform import actions
from hezhi.chapters.cases.platform.models import Difference, FollowUp, Request
from hezhi.engines.connect.models import Webhook
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.ground.errors import NotNow

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]
RIGHTS = ("platform.view", "platform.handle", "platform.check")


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=time.SHANGHAI)


@pytest.fixture
def clock():
    """A Thursday morning."""
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def city(clock, district: District) -> CitySimulator:
    traced()
    for code in ("dispatcher", "caller", "duty_chief"):
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *RIGHTS}))
    timing.forget()
    return CitySimulator.connected()


def desk(district: District) -> Actor:
    return district["centre.dispatcher"]


def at_work(district: District, number: str) -> Case:
    """The case of a platform's order, dispatched to the light bureau."""
    case = Case.objects.get(outside_channel="city", outside_number=number)
    handling.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return handling.dispatch(case.pk, by=desk(district), lead_id=district.units["light"].pk)


def answered(district: District, case: Case, words: str = "您好，路灯已修好。") -> Case:
    order = order_of(case.pk, district.units["light"])
    handling.sign(order.pk, by=district["light.handler"])
    handling.reply(order.pk, by=district["light.handler"], text="已更换灯具", public_reply=words)
    handling.review(order.pk, by=district["light.reviewer"])
    case.refresh_from_db()
    return case


def test_our_clock_stands_the_margin_before_the_platforms_and_follows_it(city: CitySimulator, district: District):
    city.send("C-1", here("2026-11-30 17:00"))
    case = at_work(district, "C-1")
    assert case.due_at == here("2026-11-30 11:30"), "four working hours earlier, over the noon break"
    limit = Deadline.objects.get(object_id=case.pk, stage="", state="running")
    assert "提前 4 小时（工作时间）" in limit.latest_why and limit.yellow_at == here("2026-11-27 11:30")
    order = WorkOrder.objects.get(matter_id=case.pk)
    assert order.due_at == case.due_at
    changed = {"outside_due_at": here("2026-11-27 17:00").isoformat()}
    assert city.caller.call("PATCH", "/api/v1/reports/C-1/", changed).status_code == 200
    case.refresh_from_db(), order.refresh_from_db()
    assert case.due_at == order.due_at == here("2026-11-27 11:30")
    city.send("C-2", here("2026-12-30 17:00"))
    assert at_work(district, "C-2").due_at < here("2026-12-10 00:00"), "a late limit of the platform changes nothing"


def test_an_extension_waits_for_the_platform_and_moves_both_clocks(city: CitySimulator, district: District):
    city.send("C-1", here("2026-11-30 17:00"))
    case = at_work(district, "C-1")
    row = actions.ask(case.pk, by=desk(district), kind="extension", reason="需等待备件", until=here("2026-12-08 17:00"))
    assert row.get_state_display() == "待来源平台确认" and ("report.request", "ask_extension") in city.heard()
    case.refresh_from_db()
    assert case.due_at == here("2026-11-30 11:30"), "our clock runs on while the platform thinks"
    with pytest.raises(NotNow, match="还在等待答复"):
        actions.ask(case.pk, by=desk(district), kind="extension", reason="再申请", until=here("2026-12-09 17:00"))
    assert city.asks("C-1")[0]["reason"] == "需等待备件"
    city.decides("C-1", "granted", outside_due_at=here("2026-12-07 17:00").isoformat())
    case.refresh_from_db()
    assert (case.outside_due_at, case.due_at) == (here("2026-12-07 17:00"), here("2026-12-07 11:30"))
    assert order_of(case.pk, district.units["light"]).due_at == case.due_at


def test_a_return_and_a_closing_end_the_case_only_with_the_platforms_yes(city: CitySimulator, district: District):
    city.send("C-1", here("2026-11-30 17:00"))
    city.send("C-2", here("2026-11-30 17:00"), title="另一处路灯")
    back, done = at_work(district, "C-1"), answered(district, at_work(district, "C-2"))
    actions.ask(back.pk, by=desk(district), kind="return", reason="不属本区管辖")
    city.decides("C-1", "granted", text="改派相邻区")
    back.refresh_from_db()
    assert back.state == "void" and "退回来源平台" in Step.objects.filter(case=back).latest("at", "id").title
    actions.ask(done.pk, by=desk(district), kind="close", reason="已答复")
    city.decides("C-2", "refused", text="诉求人称仍不亮")
    done.refresh_from_db()
    assert (done.state, done.redos) == ("redo", 1)
    handling.dispatch(done.pk, by=desk(district), lead_id=district.units["light"].pk)
    order = WorkOrder.objects.get(matter_id=done.pk, round=2)
    handling.sign(order.pk, by=district["light.handler"])
    handling.reply(order.pk, by=district["light.handler"], text="已更换线缆", public_reply="您好，已彻底修好。")
    handling.review(order.pk, by=district["light.reviewer"])
    actions.ask(done.pk, by=desk(district), kind="close", reason="已重办")
    city.decides("C-2", "granted")
    done.refresh_from_db()
    assert done.state == "closed" and city.status("C-2")["state_name"] == "已办结"
    stranger = CitySimulator(type(city.caller)(system="other", source="hotline", scopes=["reports.write"]))
    other = Request.objects.filter(case=done).first()
    answer = stranger.caller.call("POST", f"/api/v1/reports/C-2/requests/{other.pk}/", {"decision": "granted"})
    assert answer.status_code == 404


def test_the_platforms_call_back_closes_and_its_redo_leads_to_the_first_order(city: CitySimulator, district: District):
    city.send("C-1", here("2026-11-30 17:00"))
    case = answered(district, at_work(district, "C-1"))
    assert told(city.follows("C-1", kind="call_back", solved=True, satisfied=True))["did"] == "已办结"
    redo = {
        "kind": "redo", "outside_number": "C-1-R", "text": "三天后又不亮", "outside_due_at": here("2026-12-04 17:00").isoformat(),
    }  # fmt: skip
    assert told(city.follows("C-1", **redo)) == told(city.follows("C-1", **redo)), "told twice, done once"
    case.refresh_from_db()
    assert (case.state, case.redos, FollowUp.objects.filter(case=case).count()) == ("redo", 1, 2)
    assert case.outside_due_at == here("2026-12-04 17:00") and case.due_at <= here("2026-12-04 11:30")
    assert city.status("C-1-R")["number"] == case.number, "the later number finds the first order"


def test_two_lists_differ_where_they_differ_and_each_difference_is_dealt_with(city: CitySimulator, district: District):
    for n in (1, 2, 3):
        city.send(f"C-{n}", here("2026-11-30 17:00"))
    case = answered(district, at_work(district, "C-1"))
    city.orders["C-1"].state, city.orders["C-1"].reply = "已反馈", case.reply
    assert city.compares("2026-11-26") | {"id": ""} == {"id": "", "ours": 3, "theirs": 3, "same": 3, "differences": []}
    city.orders["C-1"].reply = "旧答复"
    city.orders["C-2"].state, city.orders["C-2"].due_at = "已归档", here("2026-12-01 17:00")
    del city.orders["C-3"]
    city.orders["C-9"] = Order("C-9", here("2026-11-30 17:00"))
    found = {d["kind"]: d for d in city.compares("2026-11-26")["differences"]}
    assert set(found) == {"reply", "state", "deadline", "missing_there", "missing_here"}
    rows = {row.kind: row for row in Difference.objects.exclude(sheet__differences=None).order_by("id")}
    by = district["centre.duty_chief"]
    assert actions.act_on(rows["deadline"].pk, by=by).note == "已采用平台时限"
    assert Case.objects.get(outside_number="C-2").outside_due_at == here("2026-12-01 17:00")
    assert actions.act_on(rows["state"].pk, by=by).state == "taken"
    assert Case.objects.get(outside_number="C-2").outside_verdict == "平台状态：已归档"
    sent = Webhook.objects.count()
    actions.act_on(rows["missing_there"].pk, by=by)
    assert Webhook.objects.count() == sent + 1
    with pytest.raises(NotNow, match="没有这件的内容"):
        actions.act_on(rows["missing_here"].pk, by=by)
    assert actions.explain(rows["missing_here"].pk, by=by, text="平台测试件").state == "explained"
    again = told(city.caller.call("GET", f"{CHECK}?first=2026-11-26&last=2026-11-26"))
    assert [each["outside_number"] for each in again["items"]] == ["C-1", "C-2", "C-3"]


def test_a_list_with_words_lets_a_lost_order_be_taken_in(city: CitySimulator, district: District):
    item = {
        "outside_number": "C-7",
        "title": "井盖缺失",
        "text": "路口井盖缺失",
        "outside_due_at": here("2026-11-30 17:00").isoformat(),
    }
    body = {"first": "2026-11-26", "last": "2026-11-26", "items": [item]}
    assert city.caller.call("POST", CHECK, body).status_code == 201
    row = actions.act_on(Difference.objects.get().pk, by=district["centre.duty_chief"])
    case = Case.objects.get(outside_number="C-7")
    assert row.note == f"已补收为 {case.number}" and (case.title, case.outside_due_at) == (
        "井盖缺失",
        here("2026-11-30 17:00"),
    )
    assert row.facts == ""


SECRETS = ("玄鹤题记", "青梧院收礼", "XUANHE-9", "XUANHE-9-R", "银杏回访")


def test_a_secret_order_shows_in_none_of_these_doors(city: CitySimulator, district: District):
    city.send("XUANHE-9", here("2026-11-30 17:00"), title="玄鹤题记", text="青梧院收礼", secret=True)
    case = Case.objects.get(secret=True)
    handling.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(case.pk, by=desk(district), lead_id=district.units["light"].pk)
    case = answered(district, case, "您反映的情况已核实。")
    actions.ask(case.pk, by=desk(district), kind="close", reason="已答复诉求人")
    assert city.asks("XUANHE-9")[0]["reason"] == ""
    city.decides("XUANHE-9", "refused", text="银杏回访：诉求人不满")
    city.follows("XUANHE-9", kind="redo", outside_number="XUANHE-9-R", text="银杏回访：未解决")
    assert city.status("XUANHE-9-R")["number"] == case.number
    city.orders["XUANHE-9"].state, city.orders["XUANHE-9"].reply = "已归档", "青梧院收礼一事已答复"
    found = city.compares("2026-11-26")
    assert [(d["kind"], d["outside_number"]) for d in found["differences"]] == [("state", "")]
    ours = city.caller.call("GET", f"{CHECK}?first=2026-11-26&last=2026-11-26").content.decode()
    assert told(city.caller.call("GET", f"{CHECK}?first=2026-11-26&last=2026-11-26"))["secret"] == 1
    stored = "\n".join(
        str(row) for model in (Request, FollowUp, Difference, Webhook, Step) for row in model.objects.values_list()
    )
    assert [word for word in SECRETS if word in stored + ours] == []
