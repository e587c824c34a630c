"""9.1.2-3 督办: five kinds on one engine, told by who opens, answers, climbs, closes, and who may not."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.mediation.api import Dispute
from hezhi.chapters.cases.retention import queries as terms
from hezhi.chapters.cases.supervision import actions, jobs, queries, rules
from hezhi.chapters.cases.supervision.actions.turning import ORDER
from hezhi.chapters.cases.supervision.models import Campaign, Matter, Rung, Step, WatchRule
from hezhi.engines.flow import approvals
from hezhi.engines.flow.calendar_change import Moved
from hezhi.engines.flow.jobs import watch as watch_limits
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.registry.models import SavedView
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.events import announce


def here(text: str) -> datetime:
    """A moment as the clock on the wall here tells it."""
    return datetime.fromisoformat(text).replace(tzinfo=time.SHANGHAI)


def part(matter: Matter, unit) -> WorkOrder:
    return WorkOrder.objects.get(matter_id=matter.pk, unit=unit)


def open_todos(unit) -> set[str]:
    return set(
        ToDo.objects.filter(unit=unit, done_at__isnull=True, step__startswith="supervise").values_list(
            "step", flat=True
        )
    )


@pytest.fixture
def late(november, case) -> Case:
    """The case eight working days after it came: three beyond its limit."""
    november.move_to(here("2026-12-08 15:00"))
    return case


# -- by the clock --------------------------------------------------------------------------------------


@pytest.mark.clause("9.1.2-3-1")
def test_the_round_opens_an_overdue_case_once_and_says_why(district, late, as_):
    assert jobs.watch() >= 1
    matter = Matter.objects.get(case=late, kind="overdue")
    assert matter.rung.name == "黄牌" and "一般事项超期 2 个工作日" in matter.why and "系统自动发起" in matter.why
    assert matter.units == [district.units["light"].pk, district.units["water"].pk]
    assert open_todos(district.units["light"]) == {"supervise_sign"}
    jobs.watch()
    jobs.watch()
    assert Matter.objects.filter(case=late).count() == 1
    page = as_("office.supervisor").get(f"/supervision/{matter.pk}/").content.decode()
    assert "一般事项超期 2 个工作日" in page and "示例区城市管理局" in page
    beside = as_("centre.dispatcher").get(f"/cases/{late.pk}/").content.decode()
    assert matter.number in beside


@pytest.mark.clause("9.1.2-3-1")
def test_a_supervision_that_was_closed_is_not_opened_again_for_the_same_limit(district, late):
    jobs.watch()
    matter = Matter.objects.get(case=late)
    actions.cancel(matter.pk, by=district["office.supervisor"], text="所督时限有误")
    jobs.watch()
    assert Matter.objects.filter(case=late).count() == 1


@pytest.mark.clause("9.1.2-3-1")
def test_the_ladder_climbs_by_working_time_to_the_numbered_sheet_and_the_circular(district, late, november, as_):
    jobs.watch()
    matter = Matter.objects.get(case=late)
    november.move_to(here("2026-12-09 09:00"))
    jobs.watch()
    matter.refresh_from_db()
    assert matter.rung.name == "黄牌"
    for day, rung in (("2026-12-10", "红牌"), ("2026-12-14", "督办单"), ("2026-12-18", "通报")):
        november.move_to(here(f"{day} 09:00"))
        jobs.watch()
        matter.refresh_from_db()
        assert matter.rung.name == rung, (day, matter.rung.name, matter.next_at)
    assert matter.sheet_number == "督〔2026〕1 号" and matter.next_at is None
    told = Step.objects.filter(matter=matter, verb="climb").values_list("text", flat=True)
    assert all("仍未反馈" in text for text in told) and len(told) == 3
    assert Outgoing.objects.filter(event="supervision.climbed", unit=district.units["water"]).exists()
    sheet = as_("office.supervisor").get(f"/supervision/{matter.pk}/print/").content.decode()
    assert "督〔2026〕1 号" in sheet and "盖章处" in sheet and "示例区水务局" in sheet


@pytest.mark.clause("9.1.2-3-1")
def test_a_calendar_that_moves_a_units_limit_moves_the_next_rung_behind_it(district, case):
    matter = actions.supervise(case.pk, by=district["office.supervisor"], text="请抓紧", days=2)
    order = part(matter, district.units["light"])
    later = order.due_at + timedelta(days=9)
    assert matter.next_at is not None and matter.next_at < later
    traced()
    moved = Moved(order.pk, (ORDER, order.pk), "total", order.issued_at, order.due_at, later, None)
    announce("flow.limits_moved", moved=[moved])
    order.refresh_from_db(), matter.refresh_from_db()
    assert (order.due_at, matter.due_at, matter.next_at) == (later, later, later)


@pytest.mark.clause("9.1.2-3-1")
def test_an_answer_stops_the_ladder_and_a_case_that_is_done_does_too(district, late, november):
    jobs.watch()
    matter = Matter.objects.get(case=late)
    asked = actions.ask_resource(
        part(matter, district.units["water"]).pk, by=district["water.handler"], reason="需要泵车"
    )
    for unit in ("light", "water"):
        actions.answer(part(matter, district.units[unit]).pk, by=district[f"{unit}.handler"], text="已更换灯具")
    matter.refresh_from_db()
    assert (matter.state, matter.next_at) == ("to_review", None)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"  # the answer has settled it
    assert open_todos(district.units["centre"]) == {"supervise_review"}
    traced()
    Case.objects.filter(pk=late.pk).update(state="closed", closed_at=time.now())
    jobs.watch()
    matter.refresh_from_db()
    assert matter.case_ended_at and open_todos(district.units["centre"]) == {"supervise_close"}


@pytest.mark.clause("9.1.2-3-3")
def test_important_matters_open_by_rule_but_not_those_from_before_the_rule(district, november):
    receipt = district.report()
    traced()
    Case.objects.filter(pk=receipt.id).update(urgency="critical")
    WatchRule.objects.filter(kind="key").update(valid_from="2026-11-27")
    jobs.watch()
    assert not Matter.objects.filter(kind="key").exists()
    WatchRule.objects.filter(kind="key").update(valid_from="2026-11-26")
    jobs.watch()
    assert "特急" in Matter.objects.get(kind="key", case=receipt.id).why


# -- by hand -------------------------------------------------------------------------------------------


@pytest.mark.clause("9.1.2-3-2")
def test_a_leader_instructs_from_the_phone_and_the_task_goes_to_its_end(district, as_):
    leader = as_("office.leader")
    assert "交办任务" in leader.get("/supervision/lead/").content.decode()
    sent = leader.post("/supervision/lead/new/", {"text": "节前完成全区供水管网排查。", "days": "3"})
    assert sent.status_code == 302
    matter = Matter.objects.get(kind="assigned")
    assert matter.units == [] and "批示交办" in matter.why
    assert open_todos(district.units["centre"]) | open_todos(district.units["office"]) == {"supervise_split"}
    supervisor = as_("office.supervisor")
    light, water = district.units["light"], district.units["water"]
    split = supervisor.post(
        f"/supervision/{matter.pk}/do/add_unit/",
        {"units": [str(light.pk), str(water.pk)], "request": "各自排查", "days": "3", "revision": str(matter.revision)},
    )
    assert split.status_code == 302, split.content.decode()[-900:]
    for unit in ("light", "water"):
        order, handler = part(matter, district.units[unit]), as_(f"{unit}.handler")
        assert handler.get("/").content.decode().count("签收督办") == 1
        assert handler.post(f"/supervision/parts/{order.pk}/do/sign/", {"text": "立即安排"}).status_code == 302
        assert handler.post(f"/supervision/parts/{order.pk}/do/answer/", {"text": "已排查完毕"}).status_code == 302
    back = part(matter, water)
    supervisor.post(f"/supervision/parts/{back.pk}/do/send_back/", {"reason": "没有附上排查清单"})
    matter.refresh_from_db()
    assert matter.state == "open" and matter.next_at is not None
    as_("water.handler").post(f"/supervision/parts/{back.pk}/do/answer/", {"text": "清单已附"})
    refused = supervisor.post(f"/supervision/{matter.pk}/do/close/", {"text": "已落实"})
    assert refused.status_code == 422 and "尚未认可" in refused.content.decode()
    for unit in (light, water):
        supervisor.post(f"/supervision/parts/{part(matter, unit).pk}/do/accept/", {"text": "属实"})
    assert supervisor.post(f"/supervision/{matter.pk}/do/close/", {"text": "已落实"}).status_code == 302
    matter.refresh_from_db()
    assert (
        matter.state == "closed"
        and not ToDo.objects.filter(done_at__isnull=True, step__startswith="supervise").exists()
    )
    told = Outgoing.objects.filter(user=district.people["office.leader"]).values_list("event", flat=True)
    assert "supervision.ended" in told


@pytest.mark.clause("9.1.2-3-3")
def test_from_the_case_page_a_supervisor_opens_and_a_second_one_is_told(district, case, as_):
    supervisor = as_("office.supervisor")
    assert "发起督办" in supervisor.get(f"/cases/{case.pk}/").content.decode()
    form = supervisor.get(f"/supervision/case/{case.pk}/").content.decode()
    assert "超期跟踪督办" not in form  # it is not late
    sent = {
        "kind": "key", "text": "重点投诉，请专人负责", "units_at_work": [str(district.units["light"].pk)], "days": "2",
        "rung": str(Rung.objects.get(code="red").pk),
    }  # fmt: skip
    assert supervisor.post(f"/supervision/case/{case.pk}/", sent).status_code == 302
    again = as_("office.second").post(f"/supervision/case/{case.pk}/", sent)
    assert again.status_code == 422 and "已在「重点事件督办」" in again.content.decode()
    assert "重点投诉，请专人负责" in again.content.decode()  # what was typed is still there
    assert Matter.objects.get(case=case).rung.code == "red"


@pytest.mark.clause("9.1.2-3-2")
def test_two_people_at_once_do_not_write_over_each_other(district, case):
    matter = actions.supervise(case.pk, by=district["office.supervisor"], text="请抓紧")
    actions.note(matter.pk, by=district["office.second"], text="已电话了解", revision=matter.revision)
    with pytest.raises(NotNow, match="刚刚被同事办理"):
        actions.climb(matter.pk, by=district["office.supervisor"], text="仍未动工", revision=matter.revision)


@pytest.mark.clause("9.1.2-3-1")
def test_nobody_accepts_or_closes_a_matter_about_his_own_unit(district, case):
    by, own = district["office.supervisor"], district["light.supervisor"]
    matter = actions.supervise(case.pk, by=by, text="请抓紧")
    order = part(matter, district.units["light"])
    actions.answer(order.pk, by=district["light.handler"], text="已修好")
    for attempt in (
        lambda: actions.accept(order.pk, by=own),
        lambda: actions.send_back(order.pk, by=own, reason="再看"),
        lambda: actions.close(matter.pk, by=own, text="好了"),
        lambda: actions.cancel(matter.pk, by=own, text="不必了"),
    ):
        with pytest.raises(NotAllowed, match="您所在的单位"):
            attempt()
    assert {v.code for v in queries.matter_file(own, matter.pk).verbs}.isdisjoint({"close", "cancel"})
    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.filter(pk=matter.pk).update(closed_unit=district.units["light"])


@pytest.mark.clause("12.3-1")
def test_an_open_supervision_or_dispute_keeps_an_old_case_from_being_erased(district, case, november):
    watched, disputed, plain = (district.report() for _ in range(3))
    matter = actions.supervise(watched.id, by=district["office.supervisor"], text="请抓紧")
    traced()
    dispute = Dispute.objects.create(
        number="JF1", case_id=disputed.id, name="渗水", on=time.today(), address="和安路", category="0201",
        due_on=time.today(), mediator_org="示例", registered_at=time.now(), state="referred",
    )  # fmt: skip
    Case.objects.filter(pk__in=[watched.id, disputed.id, plain.id]).update(state="closed", closed_at=time.now())
    november.move_to(time.now() + timedelta(days=3000))

    def goes() -> set:
        return {kind: {row.pk for row in terms.due(time.now(), kind)} for kind in ("reporter", "case")}.values()

    assert all(ids == {plain.id} for ids in goes())
    actions.cancel(matter.pk, by=district["office.second"], text="已无必要")
    assert all(ids == {plain.id, watched.id} for ids in goes())
    Dispute.objects.filter(pk=dispute.pk).update(state="closed")
    assert all(ids == {plain.id, watched.id, disputed.id} for ids in goes())


@pytest.mark.clause("9.1.2-3-2")
def test_more_time_and_help_are_asked_for_and_granted_by_somebody_else(district, case, november):
    matter = actions.supervise(case.pk, by=district["office.supervisor"], text="请抓紧", days=2)
    order = part(matter, district.units["light"])
    handler = district["light.handler"]
    before = order.due_at
    asked = actions.ask_extension(order.pk, by=handler, days=5, reason="配件未到")
    helped = actions.ask_resource(order.pk, by=handler, reason="需高空作业车一台")
    with pytest.raises(NotAllowed):
        approvals.settle(asked, by=district["light.supervisor"], grant=True, opinion="")
    with CaptureQueriesContext(connection) as sent:
        approvals.settle(asked, by=district["office.second"], grant=True, opinion="同意")
    locked = [query["sql"] for query in sent if "FOR UPDATE" in query["sql"]]
    assert "supervision_matter" in locked[0], "in the order in which an answer locks, or both would wait for ever"
    assert "flow_approval" in locked[1]
    approvals.settle(helped, by=district["office.supervisor"], grant=False, opinion="请自行租用")
    order.refresh_from_db(), matter.refresh_from_db()
    assert order.due_at - before == timedelta(days=7)  # five working days over a weekend
    assert matter.due_at == order.due_at
    assert [s.title for s in Step.objects.filter(matter=matter)][-1] == "不同意示例区城市管理局支援"
    assert set(Approval.objects.filter(object_id=order.pk).values_list("state", flat=True)) == {"approved", "returned"}
    november.move_to(here("2026-12-07 09:00"))
    jobs.watch()
    matter.refresh_from_db()
    assert matter.rung.name == "催办"  # nothing climbs before the unit's own limit is over
    november.move_to(here("2026-12-10 10:00"))
    watch_limits()
    jobs.watch()
    matter.refresh_from_db()
    assert matter.rung.name == "黄牌"
    assert Outgoing.objects.filter(event="supervision.red", unit=district.units["light"]).exists()


# -- who sees what -------------------------------------------------------------------------------------


@pytest.mark.clause("9.1.2-3-1")
def test_a_unit_sees_its_own_matters_and_no_others(district, case, as_):
    matter = actions.supervise(
        case.pk, by=district["office.supervisor"], text="请抓紧", unit_ids=[district.units["light"].pk]
    )
    assert as_("light.handler").get(f"/supervision/{matter.pk}/").status_code == 200
    stranger = as_("house.handler")
    assert stranger.get(f"/supervision/{matter.pk}/").status_code == 404
    assert matter.number not in stranger.get("/r/supervision/").content.decode()
    order = part(matter, district.units["light"])
    assert stranger.post(f"/supervision/parts/{order.pk}/do/answer/", {"text": "代答"}).status_code == 404
    assert as_("com1.handler").get(f"/supervision/{matter.pk}/").status_code == 404
    assert queries.board(district["house.handler"]) == []


@pytest.mark.clause("9.1.2-3-1", "12.3-2")
def test_a_secret_case_leaves_no_word_in_its_supervision_and_is_shut_to_the_unit_complained_of(district, case, as_):
    by = district["office.supervisor"]
    matter = actions.supervise(case.pk, by=by, text="青梧院反映人要求面谈")
    order = part(matter, district.units["water"])
    actions.answer(order.pk, by=district["water.handler"], text="已与青梧院反映人联系")
    actions.ask_resource(part(matter, district.units["light"]).pk, by=district["light.handler"], reason="找青梧院")
    traced()
    Case.objects.filter(pk=case.pk).update(state="redo")
    handling.claim_secret(
        case.pk,
        by=district["centre.acceptor"],
        title="某单位作风问题",
        text="内容已隐去",
        barred_unit_id=district.units["house"].pk,
    )
    matter.refresh_from_db()
    assert matter.title == "保密件"
    page = as_("office.supervisor").get(f"/supervision/{matter.pk}/").content.decode()
    assert "保密件" in page and "青梧院" not in page and "路灯不亮" not in page
    events = Matter.versions.rel.related_model.objects.filter(pgh_obj=matter.pk)
    kept = [*events.values_list("title", "request"), *Outgoing.objects.values_list("title", "text")]
    kept += [*Step.objects.values_list("text", "title"), *ToDo.objects.values_list("title", "number")]
    kept += [
        *Approval.objects.values_list("title", "reason"),
        *WorkOrder.objects.filter(matter_id=matter.pk).values_list("request", "reply"),
    ]
    assert not [row for row in kept if re.search("青梧院", " ".join(row))]
    traced()
    Matter.objects.filter(pk=matter.pk).update(units=[*matter.units, district.units["house"].pk])
    with pytest.raises(NotFound):
        queries.matter_for(district["house.handler"], matter.pk)
    with pytest.raises(BadInput, match="保密件"):
        actions.add_units(matter.pk, by=by, unit_ids=[district.units["town2"].pk])
    traced()
    Case.objects.filter(pk=case.pk).update(state="to_dispatch")
    again = actions.instruct(by=district["office.leader"], text="依规办理", case_id=case.pk)
    assert again.title == "保密件"


# -- campaigns and the board ---------------------------------------------------------------------------


@pytest.mark.clause("9.1.2-3-4")
def test_a_campaign_over_a_saved_filter_counts_what_each_reader_may_see(district, case, as_):
    other = district.report("停水两天", title="停水", lon=120.025)
    people = district.people
    view = SavedView.objects.create(
        registry="cases",
        user=people["office.supervisor"],
        name="全部在办",
        query="state=to_sign&state=to_accept",
        created_at=time.now(),
    )
    supervisor = as_("office.supervisor")
    sent = {"title": "冬季供暖供水专项", "request": "逐件过筛", "ends_on": "2026-12-31", "view": str(view.pk)}
    assert supervisor.post("/supervision/campaigns/new/cases/", sent).status_code == 302
    campaign = Campaign.objects.get()
    by = district["office.supervisor"]
    assert queries.progress(by, campaign).total == 2
    assert queries.progress(district["light.handler"], campaign).total == 1
    assert actions.supervise_members(campaign.pk, by=by) == (2, 0)
    assert actions.supervise_members(campaign.pk, by=by) == (0, 0)
    assert set(Matter.objects.values_list("kind", "case")) == {("special", case.pk), ("special", other.id)}
    traced()
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=time.now())
    told = queries.progress(by, campaign, lines=True)
    assert (told.total, told.ended, told.share, told.supervised) == (2, 1, 50, 2)
    assert "50%" in supervisor.get(f"/supervision/campaigns/{campaign.pk}/").content.decode()
    sent["view"] = ""
    assert "请选择一个常用筛选" in supervisor.post("/supervision/campaigns/new/cases/", sent).content.decode()


@pytest.mark.clause("9.1.2-3-5")
def test_a_campaign_of_tasks_is_answered_by_units_and_counted(district, as_):
    supervisor = as_("office.supervisor")
    supervisor.post(
        "/supervision/campaigns/new/tasks/", {"title": "安全隐患大排查", "request": "不留死角", "ends_on": "2026-12-31"}
    )
    campaign = Campaign.objects.get()
    sent = {"title": "排查学校周边", "request": "三天内排查完", "days": "3", "units": [str(district.units["light"].pk)]}
    assert supervisor.post(f"/supervision/campaigns/{campaign.pk}/do/task/", sent).status_code == 302
    matter = Matter.objects.get(kind="task")
    order = part(matter, district.units["light"])
    actions.answer(order.pk, by=district["light.handler"], text="已排查三所")
    actions.accept(order.pk, by=district["office.second"])
    actions.close(matter.pk, by=district["office.second"], text="完成")
    told = queries.progress(district["office.supervisor"], campaign)
    assert (told.total, told.ended) == (1, 1)
    assert supervisor.post(f"/supervision/campaigns/{campaign.pk}/do/close/", {"text": "已全部排查"}).status_code == 302
    with pytest.raises(NotNow, match="已经结束"):
        actions.close_campaign(campaign.pk, by=district["office.supervisor"], text="再结束一次")


@pytest.mark.clause("9.1.2-3-1")
def test_the_board_counts_by_unit_and_age_in_working_days(district, late, november, as_):
    jobs.watch()
    november.move_to(here("2026-12-15 10:00"))  # four working days later, over a weekend
    lines = {line.unit: line for line in queries.board(district["office.supervisor"])}
    light = lines["示例区城市管理局"]
    assert light.ages == [0, 0, 1, 0, 0] and light.late == 1
    supervisor, matter = as_("office.supervisor"), Matter.objects.get(case=late)
    page = supervisor.get("/supervision/board/").content.decode()
    its = f"/r/supervision/?at={light.unit_id}"
    assert "示例区城市管理局" in page and f"{its}&amp;age=2" in page and f"{its}&amp;late=1" in page

    def lists(query: str) -> bool:
        return matter.number in supervisor.get(f"/r/supervision/?{query}").content.decode()

    at = f"at={light.unit_id}"
    assert lists(at) and lists(f"{at}&age=2") and lists(f"{at}&late=1")
    assert not any(lists(f"{at}&age={place}") for place in (0, 1, 3, 4)) and not lists("review=1")
    actions.answer(part(matter, district.units["light"]).pk, by=district["light.handler"], text="已更换灯具")
    matter.refresh_from_db()
    assert matter.state == "open", "another unit still works"
    assert queries.counts(district["office.supervisor"])["to_review"] == 1 and lists("review=1")
    assert lists(at), "what waits for the supervisor is not settled"
    actions.accept(part(matter, district.units["light"]).pk, by=district["office.second"])
    assert not lists(at) and not lists("review=1") and lists(f"at={district.units['water'].pk}")


@pytest.mark.clause("9.1.2-3-2")
def test_a_leader_sees_the_gravest_by_unit_and_place_and_no_citizens_name_or_number(district, november, as_):
    grave = []
    for n, (urgency, redos) in enumerate((("critical", 0), ("normal", 2), ("urgent", 0), ("normal", 0))):
        receipt = district.report(
            text=f"我是张小凤，电话13812345678，家门口第{n}盏路灯不亮", title=f"张小凤反映路灯{n}", name="张小凤",
            phone="13812345678",
        )  # fmt: skip
        handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
        handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
        traced()
        Case.objects.filter(pk=receipt.id).update(urgency=urgency, redos=redos)
        grave.append(receipt)
    november.move_to(here("2026-12-04 15:00"))
    leader = as_("office.leader")
    home = leader.get("/supervision/lead/")
    page = home.content.decode()
    assert [case.pk for case in queries.gravest(district["office.leader"])] == [grave[n].id for n in (0, 1, 2, 3)]
    assert "路灯照明 · " in page and "特急 · 超期" in page and "重办 2 次" in page and "示例区城市管理局" in page
    assert home.context["late_units"][0].value == 4 and home.context["figure_list"][3].value == "4"
    one = f"/supervision/lead/cases/{grave[0].id}/"
    form = leader.get(one).content.decode()
    assert leader.post(one, {"days": "3"}).status_code == 422, "a phrase or words must be given"
    light = str(district.units["light"].pk)
    sent = leader.post(one, {"phrase": rules.PHRASES[0], "text": "", "days": "3", "units": [light]})
    assert sent.status_code == 302
    matter = Matter.objects.get(kind="assigned")
    assert (matter.case_id, matter.units) == (grave[0].id, [district.units["light"].pk])
    seen = leader.get(f"/supervision/lead/{matter.pk}/").content.decode()
    for words in (page, form, seen, leader.get("/supervision/lead/").content.decode()):
        assert "张小凤" not in words and "13812345678" not in words and "138****" not in words
    assert as_("light.handler").get("/supervision/lead/").status_code == 403
