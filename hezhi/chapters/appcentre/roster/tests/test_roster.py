"""The roster by its pages (值班表, 10.1-3): looked at, written, changed, and who may do so."""

from datetime import timedelta

import pytest

from hezhi.engines.org.api import next_to_call, on_duty
from hezhi.engines.org.models import DutyShift, Role, Unit
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit, make_user, traced
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World
from hezhi.ground import time
from hezhi.ground.time import at_local

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]
CLOCK = "2026-11-26 10:00"
MONDAY = "2026-11-30"


@pytest.fixture(autouse=True)
def morning():
    """Thursday at ten, Shanghai's time."""
    with time.frozen_at(CLOCK) as clock:
        yield clock


@pytest.fixture
def town(db) -> Unit:
    return make_unit("town1", Unit.Kind.TOWN, parent=make_unit(), name="听潮街道办事处", phone="0532-86000101")


@pytest.fixture
def people(town):
    """Three people of the town; the first keeps its roster."""
    keeper = make_role("reviewer", ["cases.view", "roster.edit"], reach=Role.Reach.UNIT_TREE)
    hand = make_role("handler", ["cases.view"])
    first = make_officer("lin.qinghe", keeper, town, full_name="林清和", work_phone="0532-86001234")
    return [
        first,
        *(make_officer(login, hand, town, full_name=name) for login, name in (("gu.yu", "顾屿"), ("cen.tang", "岑棠"))),
    ]


@pytest.fixture
def desk(client, people):
    return enter(client, people[0])


def text_of(response) -> str:
    return response.content.decode()


def put(unit, user, day, start, hours, rank=1) -> DutyShift:
    traced()
    starts = at_local(time.today() + timedelta(days=day)) + timedelta(hours=start)
    return DutyShift.objects.create(
        unit=unit, user=user, rank=rank, starts_at=starts, ends_at=starts + timedelta(hours=hours)
    )


def one(user, **changed):
    return {"person": str(user.pk), "starts_at": f"{MONDAY}T08:30", "ends_at": f"{MONDAY}T17:30", "rank": "1",
            "answer_within": "5"} | changed  # fmt: skip


def pattern(**changed):
    return {
        "people": "林清和\n顾屿", "turns": "早班 08:30-17:30\n晚班 17:30-次日08:30", "first": MONDAY, "last": "2026-12-13",
        "rotation": "week", "weekdays": list("0123456"), "rank": "1", "answer_within": "10",
    } | changed  # fmt: skip


# --- writing --------------------------------------------------------------------------------------


def test_one_shift_is_entered_and_stands_in_the_week(desk, town, people) -> None:
    assert desk.post(f"/roster/{town.pk}/new/", one(people[1])).status_code == 302
    shift = DutyShift.objects.get()
    assert (time.show(shift.starts_at), shift.answer_within, shift.user) == ("2026-11-30 08:30", 5, people[1])
    page = text_of(desk.get(f"/roster/{town.pk}/?day={MONDAY}"))
    assert "顾屿" in page and "08:30–17:30" in page
    assert "最近的排班变更（1 条）" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"ends_at": f"{MONDAY}T08:00"}, "结束时间应晚于开始时间"), ({"person": ""}, "请选择值班人"),
     ({"starts_at": "2026-11-25T08:00", "ends_at": "2026-11-25T17:00"}, "已经过去"), ({"answer_within": "0"}, "最少 1 分钟")],
)  # fmt: skip
def test_a_wrong_shift_is_refused_in_words(desk, town, people, changed, said) -> None:
    answer = desk.post(f"/roster/{town.pk}/new/", one(people[1], **changed))
    assert answer.status_code == 422 and said in text_of(answer) and not DutyShift.objects.exists()


def test_a_rank_holds_one_person_at_a_time(desk, town, people) -> None:
    desk.post(f"/roster/{town.pk}/new/", one(people[1]))
    answer = desk.post(f"/roster/{town.pk}/new/", one(people[2], starts_at=f"{MONDAY}T16:00"))
    assert answer.status_code == 422 and "第 1 顺位在这段时间已安排了人" in text_of(answer)
    assert desk.post(f"/roster/{town.pk}/new/", one(people[2], rank="2")).status_code == 302


def test_a_pattern_writes_two_weeks_in_which_early_and_late_change_hands(desk, town, people) -> None:
    answer = desk.post(f"/roster/{town.pk}/plan/", pattern())
    assert answer.status_code == 302 and DutyShift.objects.count() == 28
    names = {time.show(s.starts_at): s.user.full_name for s in DutyShift.objects.select_related("user")}
    assert names["2026-11-30 08:30"] == "林清和" and names["2026-12-07 08:30"] == "顾屿"
    assert names["2026-11-30 17:30"] == "顾屿" and names["2026-12-07 17:30"] == "林清和"


def test_a_plan_that_runs_over_what_stands_writes_nothing_unless_told_to_fill_only_the_gaps(desk, town, people) -> None:
    desk.post(f"/roster/{town.pk}/new/", one(people[2]))
    answer = desk.post(f"/roster/{town.pk}/plan/", pattern())
    assert answer.status_code == 422 and "没有写入" in text_of(answer) and "2026-11-30 08:30" in text_of(answer)
    assert DutyShift.objects.count() == 1
    assert desk.post(f"/roster/{town.pk}/plan/", pattern(keep="on")).status_code == 302
    assert DutyShift.objects.count() == 28
    assert (
        DutyShift.objects.get(
            starts_at=at_local(time.today() + timedelta(days=4)) + timedelta(hours=8, minutes=30)
        ).user
        == people[2]
    )


def test_a_namesake_elsewhere_does_not_stand_in_the_way(desk, town) -> None:
    make_user("gu.yu2", "顾屿")
    assert desk.post(f"/roster/{town.pk}/plan/", pattern()).status_code == 302
    assert set(DutyShift.objects.values_list("user__login_name", flat=True)) == {"lin.qinghe", "gu.yu"}


def test_a_name_that_nobody_bears_is_told_and_the_rest_is_kept(desk, town) -> None:
    answer = desk.post(f"/roster/{town.pk}/plan/", pattern(people="林清和\n无此人"))
    assert answer.status_code == 422 and "没有找到「无此人」" in text_of(answer) and "林清和" in text_of(answer)


def test_last_week_is_copied_and_what_stands_is_left(desk, town, people) -> None:
    for day in range(-3, 4):  # this week, Monday to Sunday
        put(town, people[1], day, 0, 24)
    put(town, people[2], 4, 0, 24)  # next Monday is taken
    answer = desk.post(f"/roster/{town.pk}/copy-week/?monday={MONDAY}", {}, follow=True)
    assert "已排 6 个班次，1 个时段已有人，未改动" in text_of(answer)
    ahead = DutyShift.objects.filter(starts_at__gte=at_local(time.today() + timedelta(days=4))).order_by("starts_at")
    assert [s.user.full_name for s in ahead] == ["岑棠", *["顾屿"] * 6]
    empty = desk.post(f"/roster/{town.pk}/copy-week/?monday=2026-12-28", {})
    assert empty.status_code == 422 and "上一周没有排班" in text_of(empty)


def test_a_shift_is_changed_and_cancelled_with_its_reason_in_the_history(desk, town, people) -> None:
    shift = put(town, people[1], 4, 8, 8)
    url = f"/roster/shifts/{shift.pk}/"
    assert "请写明调班事由" in text_of(desk.post(url, one(people[2])))
    assert desk.post(url, one(people[2], reason="顾屿外出培训")).status_code == 302
    shift.refresh_from_db()
    assert shift.user == people[2]
    assert desk.post(f"{url}cancel/", {"reason": ""}).status_code == 422
    assert desk.post(f"{url}cancel/", {"reason": "值班取消"}).status_code == 302
    assert not DutyShift.objects.exists()
    page = text_of(desk.get(f"/roster/{town.pk}/"))
    for words in ("顾屿外出培训", "值班取消", "林清和 取消"):
        assert words in page
    assert desk.get(url).status_code == 404


def test_what_is_over_stays_as_it_was(desk, town, people) -> None:
    shift = put(town, people[1], -1, 8, 8)
    for url, data in (
        (f"/roster/shifts/{shift.pk}/", one(people[2], reason="改")),
        (f"/roster/shifts/{shift.pk}/cancel/", {"reason": "改"}),
    ):
        answer = desk.post(url, data)
        assert answer.status_code == 422 and "已经结束" in text_of(answer)
    assert DutyShift.objects.get().user == people[1]


# --- looking --------------------------------------------------------------------------------------


def test_gaps_and_double_bookings_are_shown_as_faults(desk, town, people) -> None:
    put(town, people[1], 4, 8, 9)
    put(town, people[1], 4, 17, 31, rank=2)
    put(make_unit("town2", Unit.Kind.TOWN, parent=make_unit(), name="望岛镇人民政府"), people[1], 4, 12, 4)
    page = text_of(desk.get(f"/roster/{town.pk}/?day={MONDAY}"))
    assert "11-30 00:00–08:00 没有人值班" in page
    assert "顾屿 11-30 12:00 起同时排在听潮街道办事处第 1 顺位、望岛镇人民政府第 1 顺位" in page
    month = text_of(desk.get(f"/roster/{town.pk}/?view=month&day={MONDAY}"))
    assert "空档" in month and "顾屿" in month


def test_the_overview_says_who_is_on_duty_now_and_where_nobody_will_be(desk, town, people) -> None:
    put(town, people[0], 0, 0, 24)
    put(town, people[1], 0, 0, 24, rank=2)
    page = text_of(desk.get("/roster/"))
    row = page[page.index("听潮街道办事处") :]
    assert row.index("林清和") < row.index("顾屿") and "0532-86000101" in row and "0532-86001234" in row
    assert "11-27 00:00–12-03 10:00" in row, "the gap begins when today's shift ends"
    assert "无人当班" in page, "the centre has nobody"
    for day in range(8):
        put(make_unit(), people[2], day, 0, 24)
    assert "听潮街道办事处" in text_of(desk.get("/roster/?only=gaps"))
    assert f"/roster/{make_unit().pk}/" not in text_of(desk.get("/roster/?only=gaps"))


def test_when_the_first_does_not_answer_the_second_is_next_then_the_unit_above(desk, town, people, morning) -> None:
    put(make_unit(), people[2], 0, 0, 24)
    desk.post(f"/roster/{town.pk}/new/", one(people[0], starts_at="2026-11-26T08:00", ends_at="2026-11-26T18:00"))
    desk.post(
        f"/roster/{town.pk}/new/", one(people[1], starts_at="2026-11-26T08:00", ends_at="2026-11-26T18:00", rank="2")
    )
    asked = time.now()
    called = []
    for minutes in (0, 4, 5, 9, 10):
        called.append(next_to_call(town, asked, asked + timedelta(minutes=minutes)).user.full_name)
    assert called == ["林清和", "林清和", "顾屿", "顾屿", "岑棠"]
    assert [s.user.full_name for s in on_duty(town, asked)] == ["林清和", "顾屿"]


# --- who may --------------------------------------------------------------------------------------


def test_another_unit_reads_the_roster_and_cannot_write_it(client, town, people) -> None:
    other = make_unit("town2", Unit.Kind.TOWN, parent=make_unit(), name="望岛镇人民政府")
    role = make_role("reviewer2", ["cases.view", "roster.edit"], reach=Role.Reach.UNIT_TREE)
    neighbour = enter(client, make_officer("neighbour", role, other))
    shift = put(town, people[1], 4, 8, 8)
    page = text_of(neighbour.get(f"/roster/{town.pk}/?day={MONDAY}"))
    assert "顾屿" in page and "批量排班" not in page and f"/roster/shifts/{shift.pk}/" not in page
    for url, data in (
        (f"/roster/{town.pk}/new/", one(people[1])), (f"/roster/{town.pk}/plan/", pattern()),
        (f"/roster/shifts/{shift.pk}/", one(people[2], reason="改")), (f"/roster/shifts/{shift.pk}/cancel/", {"reason": "改"}),
    ):  # fmt: skip
        answer = neighbour.post(url, data)
        assert answer.status_code == 422 and "不由您安排" in text_of(answer)
    assert DutyShift.objects.count() == 1


def test_who_keeps_no_roster_may_look_but_not_open_a_form(client, town, people) -> None:
    reader = enter(client, people[1])
    assert reader.get(f"/roster/{town.pk}/").status_code == 200
    assert reader.get(f"/roster/{town.pk}/plan/").status_code == 403
    nobody = enter(client, make_user("nobody"))
    assert nobody.get("/roster/").status_code == 403


def test_a_sheet_with_two_people_in_one_rank_is_refused_row_by_row(db) -> None:
    world = World(site.get("duty-shifts"))
    (row,) = world.rows()
    typed = world.typed(row)
    page = world.get(world.registry.url("new"))
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    other = make_officer("other.one", make_role("low"), world.mine)
    answer = world.client().post(world.registry.url("new"), typed | {"user": other.login_name} | hidden)
    assert answer.status_code == 422
    assert DutyShift.objects.filter(unit=row.unit_id).count() == 1
