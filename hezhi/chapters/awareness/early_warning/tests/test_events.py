"""Events on screen and what people put right: they have the last word, and can take it back (聚合事件)."""

import pytest

from hezhi.chapters.awareness.early_warning.models import Standing
from hezhi.chapters.awareness.early_warning.tests.conftest import category, go_round
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.api import actions as cases
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal, Regrouping, ordered
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-1")]


def only() -> Event:
    return Event.objects.get(pk=Standing.objects.order_by("-messages").first().event_id)


def test_the_hottest_event_stands_first_and_says_why(burst, tell, as_) -> None:
    tell("灯塔路口红绿灯不亮", ago=5)
    tell("灯塔路口红绿灯又不亮了", ago=4)
    go_round()
    desk = as_("centre.acceptor")
    listed = desk.get("/warnings/events/").content.decode()
    assert listed.index("没有水") and "超出偶然波动" in listed
    assert "没有水" in desk.get("/warnings/events/?beyond=1&source=citizen").content.decode()
    assert "没有水" not in desk.get("/warnings/events/?source=sensor").content.decode()
    page = desk.get(f"/warnings/events/{only().pk}/").content.decode()
    for told in (
        "同一人只计一次",
        "和安1社区此前 28 天没有同类诉求",
        "12345热线 3 件",
        "东1街道办事处",
        "每天来件",
        "橙",
    ):
        assert told in page, told
    points = desk.get(f"/warnings/events/{only().pk}/points.json").json()
    assert len(points["features"]) == 7


def test_each_reader_sees_the_part_of_his_area(burst, as_) -> None:
    event = only()
    assert as_("town1.town_dispatcher").get(f"/warnings/events/{event.pk}/").status_code == 200
    assert as_("town2.town_dispatcher").get(f"/warnings/events/{event.pk}/").status_code == 404
    assert "没有水" not in as_("town2.town_dispatcher").get("/warnings/events/").content.decode()
    assert as_("town2.town_dispatcher").get(f"/warnings/events/{event.pk}/points.json").status_code == 404
    assert as_("town1.reviewer").get("/warnings/events/").status_code == 403


def test_members_are_split_off_moved_back_and_every_step_is_undone(burst, as_) -> None:
    desk, event = as_("centre.acceptor"), only()
    ticked = list(event.messages.values_list("pk", flat=True)[:2])
    answer = desk.post(
        f"/warnings/events/{event.pk}/regroup/", {"messages": ticked, "into": "new", "reason": "另一个泵房"}
    )
    fresh = EventMessage.objects.get(pk=ticked[0]).event
    assert answer.url == f"/warnings/events/{fresh.pk}/" and fresh != event and fresh.messages.count() == 2
    go_round()
    desk.post(f"/warnings/events/{fresh.pk}/regroup/", {"messages": ticked[:1], "into": str(event.pk)})
    assert event.messages.count() == 6
    for row in Regrouping.objects.order_by("-at", "-id"):
        desk.post(f"/warnings/events/undo/{row.pk}/")
    assert event.messages.count() == 7
    page = desk.post(
        f"/warnings/events/{event.pk}/regroup/", {"messages": [], "into": "new"}, follow=True
    ).content.decode()
    assert "请选择" in page
    assert as_("town1.town_dispatcher").post(f"/warnings/events/{event.pk}/regroup/", {}).status_code == 403


def test_a_person_names_the_event_and_answers_a_proposal(burst, tell, as_) -> None:
    desk, event = as_("centre.acceptor"), only()
    desk.post(f"/warnings/events/{event.pk}/do/rename/", {"title": "海棠苑泵房故障停水"})
    other = EventMessage.objects.get(key=_other(tell)).event
    assert other != event
    one, two = ordered(event.pk, other.pk)
    proposal = EventProposal.objects.filter(one_id=one, other_id=two).first() or EventProposal.objects.create(
        kind="merge", one_id=one, other_id=two, score=0.4, at=time.now()
    )
    page = desk.get(f"/warnings/events/{event.pk}/").content.decode()
    assert "海棠苑泵房故障停水" in page and "是不是同一件事" in page
    desk.post(f"/warnings/events/proposals/{proposal.pk}/same/")
    assert event.messages.count() + other.messages.count() == 8
    assert desk.post(f"/warnings/events/proposals/{proposal.pk}/same/").status_code == 404


def _other(tell) -> object:
    key = tell("灯塔路口红绿灯不亮", text="灯塔路口的红绿灯从昨晚起就不亮，早高峰堵成一片，请交警和路灯部门抢修。")
    go_round()
    return key


def test_many_cases_are_made_one_and_the_rest_answered_at_once(burst, district, as_) -> None:
    desk, event = as_("centre.acceptor"), only()
    working = burst[6]
    cases.accept(working, by=district["centre.acceptor"], category_id=category(district).pk)
    cases.dispatch(working, by=district["centre.dispatcher"], lead_id=district.units["water"].pk)
    order = Case.objects.get(pk=working)
    answer = desk.post(
        f"/warnings/events/{event.pk}/do/as_one/", {"main": str(burst[0]), "reason": "同一泵房"}, follow=True
    ).content.decode()
    merged = Case.objects.filter(merged_into=burst[0])
    assert merged.count() >= 5 and f"已把 {merged.count()} 件并入主件" in answer
    assert order.number in answer or merged.filter(pk=working).exists()
    cases.unmerge(merged.exclude(pk=working).first().pk, by=district["centre.acceptor"], text="单独答复")
    waiting = Case.objects.filter(state__in=("to_accept", "to_dispatch"))
    n = waiting.count()
    assert n >= 2
    answer = desk.post(
        f"/warnings/events/{event.pk}/do/answer/", {"reply": "泵房今晚修好。"}, follow=True
    ).content.decode()
    assert f"已答复 {n} 件" in answer and waiting.count() == 0
    assert set(Case.objects.filter(state="to_call_back").values_list("reply", flat=True)) == {"泵房今晚修好。"}


def test_a_dispatcher_without_the_right_is_refused(burst, as_) -> None:
    event = only()
    desk = as_("town1.town_dispatcher")
    assert desk.post(f"/warnings/events/{event.pk}/do/answer/", {"reply": "好"}).status_code in (403, 422)
    assert not Case.objects.filter(state="to_call_back").exists()


def test_the_same_kind_at_the_same_place_is_proposed_and_never_joined_by_itself(tell, district, as_) -> None:
    first = tell("路灯坏了", text="小区北门的路灯坏了三天，晚上看不清路。", ago=30, category="0101")
    near = tell("晚上漆黑一片", text="下夜班走到门口伸手不见五指，老人摔了一跤。", ago=5, category="0101", lon=120.0055)
    tell("晚上漆黑一片", text="下夜班走到门口伸手不见五指，老人摔了一跤。", ago=4, category="0102", lon=120.0052)
    tell("照明不亮", text="广场照明整排不亮，跳舞的人都散了。", ago=3, category="0101", lon=120.025)
    go_round()
    one, other = (EventMessage.objects.get(key=key).event for key in (first, near))
    assert one != other
    proposal = EventProposal.objects.get(kind="near")
    assert {proposal.one, proposal.other} == {one, other}
    as_("centre.acceptor").post(f"/warnings/events/proposals/{proposal.pk}/apart/")
    go_round()
    assert list(EventProposal.objects.filter(kind="near").values_list("state", flat=True)) == ["refused"]
