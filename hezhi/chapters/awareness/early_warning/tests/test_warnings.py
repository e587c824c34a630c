"""A burst is warned of once, pushed, acknowledged or climbs, judged, and the model's worth is known (预警)."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.awareness.early_warning import actions, jobs
from hezhi.chapters.awareness.early_warning.models import Standing, Warning, WarningModel
from hezhi.chapters.awareness.early_warning.queries.field import read_field
from hezhi.chapters.awareness.early_warning.queries.lists import quality_of
from hezhi.chapters.awareness.early_warning.queries.replay import dry_run
from hezhi.chapters.awareness.early_warning.tests.conftest import go_round
from hezhi.chapters.cases.handling.api import Case, Category
from hezhi.chapters.cases.handling.api import actions as cases
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.reach.jobs import deliver_inbox
from hezhi.engines.reach.models import InboxMessage
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotFound, NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-1")]


def test_a_burst_is_warned_of_once_at_the_units_in_charge(burst, district) -> None:
    warning = Warning.objects.get()
    assert (warning.level, warning.reporters, warning.members) == (2, 7, 7)
    assert "7 人反映" in warning.why and "超出偶然波动" in warning.why
    assert warning.community == district.areas["c1"]
    town = district.units["town1"]
    assert warning.units == [town.pk]  # nobody leads yet: the town of the place
    todo = ToDo.objects.get(object_id=warning.pk)
    assert (
        todo.unit_id == town.pk and todo.title == "橙色预警：和安1社区 7 人反映同一件事"
    )  # an unsure suggestion names no kind
    deliver_inbox()
    assert InboxMessage.objects.filter(
        user=district.people["town1.town_dispatcher"], title__contains="橙色预警"
    ).exists()
    home = enter(Client(), district.people["town1.town_dispatcher"]).get("/").content.decode()
    assert f"橙色预警：{warning.event.title}（7 人反映）" in home, (
        "on the page it says what it is about; nothing of it is kept"
    )
    jobs.watch()
    assert Warning.objects.count() == 1


def test_one_person_who_calls_ten_times_makes_no_burst(tell) -> None:
    for n in range(10):
        tell(f"海棠苑小区五楼没有水，第{n}次打电话", ago=10 - n, phone="19900000001")
    go_round()
    standing = Standing.objects.get()
    assert (standing.messages, standing.reporters) == (10, 1)
    assert not Warning.objects.exists()


def test_the_quiet_time_holds_until_it_is_over_or_the_level_rises(burst, tell) -> None:
    traced()
    WarningModel.objects.create(name="更严重的", level=1, reporters=8, days=3)
    tell("海棠苑小区九号楼五楼以上没有水", phone="19900000099")
    go_round()
    assert sorted(Warning.objects.values_list("level", flat=True)) == [1, 2]
    go_round()
    assert Warning.objects.count() == 2


def test_the_unit_acknowledges_with_its_measure_and_judges_later(burst, district, as_) -> None:
    warning = Warning.objects.get()
    desk = as_("town1.town_dispatcher")
    page = desk.get(f"/warnings/{warning.pk}/").content.decode()
    assert "签收预警" in page and "与平时相比" in page
    with pytest.raises(NotNow):
        actions.judge(warning.pk, by=district["town1.town_dispatcher"], verdict="hit")
    assert desk.post(f"/warnings/{warning.pk}/acknowledge/", {"measure": ""}).status_code == 422
    desk.post(f"/warnings/{warning.pk}/acknowledge/", {"measure": "已请泵房抢修"})
    warning.refresh_from_db()
    assert warning.state == "acknowledged" and warning.acknowledged_by == district.people["town1.town_dispatcher"]
    assert not ToDo.objects.filter(object_id=warning.pk, done_at__isnull=True).exists()
    assert desk.post(f"/warnings/{warning.pk}/judge/", {"verdict": "miss", "note": ""}).status_code == 422
    desk.post(f"/warnings/{warning.pk}/judge/", {"verdict": "late", "note": "前一天已停水"})
    assert quality_of(warning.model).precision == 1.0
    page = as_("centre.duty_chief").get(f"/warnings/models/{warning.model_id}/").content.decode()
    assert "100%" in page and "报晚 1" in page


def test_others_can_neither_see_nor_acknowledge_it(burst, district, as_) -> None:
    warning = Warning.objects.get()
    assert as_("town2.town_dispatcher").get(f"/warnings/{warning.pk}/").status_code == 404
    assert as_("water.handler").get(f"/warnings/{warning.pk}/").status_code == 404
    with pytest.raises(NotFound):
        actions.acknowledge(warning.pk, by=district["town2.town_dispatcher"], measure="x")
    with pytest.raises(NotAllowed):
        actions.acknowledge(warning.pk, by=district["centre.dispatcher"], measure="x")
    with pytest.raises(NotAllowed):
        actions.acknowledge(warning.pk, by=district["centre.acceptor"], measure="x")


def test_what_nobody_acknowledges_in_time_climbs_to_the_centre_once(burst, district) -> None:
    with time.frozen_at(time.now() + timedelta(hours=3)):
        assert actions.escalate_due(system("测试")) == 1
        assert actions.escalate_due(system("测试")) == 0
        deliver_inbox()
        warning = Warning.objects.get()
        assert warning.escalated_at and district.units["centre"].pk in warning.units
        assert InboxMessage.objects.filter(
            user=district.people["centre.duty_chief"], title__contains="逾期未签收"
        ).exists()
        actions.acknowledge(warning.pk, by=district["centre.duty_chief"], measure="已督促")


def test_what_lies_within_chance_is_yellow_at_most(tell) -> None:
    """The place has the same every few days: seven more within three days are no news, whatever the model says."""
    traced()
    WarningModel.objects.all().update(active=False)
    model = WarningModel.objects.create(name="宽松模型", level=1, reporters=3, beyond_chance=False)
    for n in range(28):
        tell(f"海棠苑小区{n}单元五楼没有水", ago=24 * (31 - n), phone=f"1990001{n:04d}")
    for n in range(3):
        tell(f"海棠苑小区{n}号楼五楼没有水", ago=3 - n, phone=f"1990002{n:04d}")
    go_round()
    warning = Warning.objects.get(model=model)
    assert warning.level == 3 and "由红色降为黄色" in warning.why


def token(desk) -> dict[str, str]:
    return {"form_token": desk.get("/r/warning-models/new/").context["form_token"]}


@pytest.mark.parametrize("words", ["19900001234", "张先生", "示例示例区社会治理中心duty_chief"])
def test_no_model_may_mean_a_person(as_, words: str) -> None:
    desk = as_("centre.duty_chief")
    form = token(desk) | {"name": "盯人", "level": 3, "days": 3, "reporters": 2, "heat": 0, "ratio": 0, "unresolved_hours": 0,
            "acknowledge_minutes": 60, "quiet_hours": 24, "words": f"停水 {words}", "beyond_chance": "on", "active": "on"}  # fmt: skip
    answer = desk.post("/r/warning-models/new/", form)
    assert answer.status_code == 422 and "指的是人" in answer.content.decode()
    answer = desk.post("/r/warning-models/new/", form | {"words": "", "reporters": 0})
    assert answer.status_code == 422 and "至少填一个条件" in answer.content.decode()
    desk.post("/r/warning-models/new/", form | token(desk) | {"words": "停水 泵房"})
    assert WarningModel.objects.filter(words="停水 泵房").exists()


def test_a_model_has_no_field_for_a_person_and_points_to_no_person() -> None:
    """P1: conditions are about matters, kinds and places; what a model points to is never somebody."""
    pointed = {f.related_model._meta.label_lower for f in WarningModel._meta.fields if f.is_relation}
    assert pointed == {
        "handling.category",
        "geo.area",
        "org.unit",
        "situation.model",
    }  # the last of which means no person either
    person = ("phone", "id_number", "reporter_name", "resident", "person", "blind")
    assert not [f.name for f in WarningModel._meta.fields if any(word in f.name for word in person)]


def test_the_dry_run_says_how_often_it_would_have_warned_and_how_often_rightly(tell, as_) -> None:
    for n in range(5):
        tell(f"海棠苑小区{n}号楼五楼以上没有水", ago=24 * 30 - n, phone=f"1990003{n:04d}")
    for n in range(4):
        tell(f"海棠苑小区{n}号楼高层还是没有水", ago=24 * 28 - n, phone=f"1990004{n:04d}")
    for n in range(5):
        noise = "星河路改造工地半夜打桩，附近居民睡不着，请城管部门管一管。"
        tell("星河路工地半夜打桩吵人", text=noise, ago=24 * 12 - n, phone=f"1990005{n:04d}")
    while jobs.feed():
        pass
    model = WarningModel.objects.get(name="同一事件短时集中反映")
    found = dry_run(model)
    assert len(found.warnings) >= 1 and found.warnings[0].right is True
    assert not Warning.objects.exists()
    page = as_("centre.duty_chief").get(f"/warnings/models/{model.pk}/?try=1").content.decode()
    assert f"会预警 {len(found.warnings)} 次，其中 {found.right} 次报对了" in page


def test_a_department_that_works_on_a_member_sees_the_event_and_reads_its_name_in_the_warning(
    burst, district, as_
) -> None:
    warning = Warning.objects.get()
    desk = as_("water.handler")
    assert desk.get(f"/warnings/events/{warning.event_id}/").status_code == 404
    cases.accept(burst[0], by=district["centre.acceptor"], category_id=district.categories["0102"].pk)
    cases.dispatch(burst[0], by=district["centre.dispatcher"], lead_id=district.units["water"].pk)
    jobs.watch()
    page = desk.get(f"/warnings/events/{warning.event_id}/").content.decode()
    assert "海棠苑小区0号楼" in page and "海棠苑小区1号楼" not in page and "不在您辖区的成员" in page
    assert "没有水" in as_("town1.town_dispatcher").get(f"/warnings/{warning.pk}/").content.decode()


@pytest.mark.clause("12.3-1")
def test_on_the_hall_screen_a_warning_has_its_name_for_whom_it_was_pushed_to_alone(burst, as_) -> None:
    traced()
    for role in Role.objects.filter(code__in=("duty_chief", "town_dispatcher")):
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, "wall.view", "events.view"}))

    def told(who: str) -> str:
        (row,) = as_(who).get("/wall/situation/figures.json").json()["lists"]["warnings"]
        return str(row["text"])

    assert all("没有水" in told(who) for who in ("town1.town_dispatcher", "centre.duty_chief"))
    Warning.objects.update(units=[])
    assert "没有水" in told("centre.duty_chief") and "没有水" not in told("town1.town_dispatcher")
    assert "人反映同一件事" in told("town1.town_dispatcher")


def test_until_somebody_confirms_a_kind_the_sure_suggestion_counts(burst) -> None:
    told = Category.objects.get(code="0102")
    Case.objects.filter(pk__in=burst).update(category=None, suggestion={"category": "0102", "confident": True})
    Case.objects.filter(pk=burst[0]).update(suggestion={"category": "0102", "confident": False})
    kinds = [read_field(time.now(), days=30).cases[key].path for key in burst]
    assert kinds == ["", *[told.path] * 6]


def test_a_warning_names_the_kind_that_most_have_and_no_word_of_what_people_wrote(tell) -> None:
    keys = [tell(f"海棠苑小区{n}号楼五楼以上没有水", ago=20 - 2 * n, phone=f"1990001{n:04d}") for n in range(7)]
    kind = Category.objects.get(code="0102")
    Case.objects.filter(pk__in=keys[:5]).update(category=kind)
    go_round()
    assert (
        ToDo.objects.get(object_id=Warning.objects.get().pk).title
        == f"橙色预警：和安1社区「{kind.name}」7 人反映同一件事"
    )
