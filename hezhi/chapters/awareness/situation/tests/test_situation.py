"""One question, the same numbers everywhere, each reader's own part, and no colour without significance (热点态势)."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.awareness.early_warning.tests.conftest import go_round
from hezhi.chapters.awareness.situation import actions, jobs, queries, rules
from hezhi.chapters.awareness.situation.actions.weather import Observed
from hezhi.chapters.awareness.situation.models import Model, Report, Template, Weather
from hezhi.chapters.awareness.situation.queries import Asked
from hezhi.chapters.awareness.situation.rules import Period
from hezhi.chapters.cases.handling.api import actions as cases
from hezhi.engines.analysis.models import EventMessage
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.jobs import deliver_inbox
from hezhi.engines.reach.models import InboxMessage
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed

pytestmark = pytest.mark.clause("9.1.4-2-1")
TODAY = date(2026, 11, 26)
WEEK = Period(date(2026, 11, 19), date(2026, 11, 25))


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(0, 400))
def test_the_period_before_is_as_long_and_touches_this_one(first: date, more: int) -> None:
    period = Period(first, first + timedelta(days=more))
    before = period.before()
    assert before.days == period.days and before.last + timedelta(days=1) == period.first
    assert abs((period.first - period.a_year_before().first).days - 365) <= 1


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_the_next_day_of_a_schedule_lies_ahead_on_the_right_day(day: date) -> None:
    weekly, monthly = rules.next_day("weekly", day), rules.next_day("monthly", day)
    assert weekly and monthly and rules.next_day("", day) is None
    assert day < weekly <= day + timedelta(days=7) and weekly.weekday() == 0
    assert day < monthly <= day + timedelta(days=31) and monthly.day == 1


def test_a_random_field_rises_nowhere_and_a_planted_place_does() -> None:
    dice = random.Random(3)
    alarms = 0
    for _ in range(200):
        rows = {
            str(n): (sum(dice.random() < 0.4 for _ in range(60)), sum(dice.random() < 0.4 for _ in range(60)), 0)
            for n in range(40)
        }
        alarms += any(line.trend in ("up", "down") for line in rules.compared(rows))
    assert alarms <= 200 * 0.05 * 1.4
    told = {line.key: line.trend for line in rules.compared(rows | {"planted": (60, 20, 0), "tiny": (5, 0, 0)})}
    assert told["planted"] == "up" and told["tiny"] == "few"


PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.just(0))


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), PAIRS, min_size=1), st.integers(1, 9))
def test_the_first_lines_are_judged_as_among_all(rows: dict[str, tuple[int, int, int]], most: int) -> None:
    whole = rules.compared(rows)
    some = {line.key: rows[line.key] for line in whole[:most]}
    assert rules.compared(some, Counter((now, before) for now, before, _ in rows.values())) == whole[:most]


def _fill(tell) -> None:
    """Twenty in the first town this week and four the week before, two in the second town, one secret, one today."""
    for n in range(20):
        tell("海棠苑没有水", ago=24 + 7 * n, category="0102")
    for n in range(4):
        tell("海棠苑没有水", ago=24 * 8 + n, category="0102")
    for n in range(2):
        tell("路灯坏了", ago=30 + n, lon=120.025, category="0101", source="grid")
    tell("保密的事", ago=30, secret=True)
    tell("今天的事", ago=0)


@pytest.mark.django_db
def test_the_same_number_stands_in_total_ranking_map_cells_and_list(tell, district, as_) -> None:
    _fill(tell)
    by = district["centre.duty_chief"]
    asked = Asked("town", WEEK)
    found = queries.picture(by, asked)
    town = str(district.areas["t1"].pk)
    assert found.total.now == 22 == sum(found.now) == sum(line.now for line in found.sources)
    assert {line.key: (line.now, line.before, line.trend) for line in found.areas}[town] == (20, 4, "up")
    shaded = {f["id"]: f["properties"]["value"] for f in queries.area_shapes(by, asked)["features"]}
    assert shaded[town] == 20 and sum(shaded.values()) == 22
    assert sum(f["properties"]["value"] for f in queries.cells(by, asked)["features"]) == 22
    desk = as_("centre.duty_chief")
    page = desk.get("/situation/?level=town").content.decode()
    assert "明显上升" in page and "东1街道" in page and "没有" not in [w for w, *_ in found.words]
    behind = desk.get(queries.list_url(asked, town)).content.decode()
    assert "共 20 条" in behind
    one = desk.get("/situation/?level=grid&source=grid").content.decode()
    assert "第1网格" in one


@pytest.mark.django_db
def test_days_stand_beside_weather_and_holidays_and_only_what_is_beyond_chance_is_told(
    tell, district, as_, settings
) -> None:
    """Every Thursday and Sunday of nine weeks somebody reports; on the wet ones, four do."""
    wet = {TODAY - timedelta(days=n) for n in (7, 14, 21, 25, 35, 39, 49, 53)}
    for n in range(1, 64):
        day = TODAY - timedelta(days=n)
        for _ in range(5 if day in wet else n % 3 and 1):
            tell("海棠苑没有水", ago=24 * n - 1, category="0102")
    settings.WEATHER_SOURCE = f"{__name__}.Station"
    Station.told = {TODAY - timedelta(days=n): 0.0 for n in range(1, 8)}
    assert jobs.weather() == 7 and jobs.weather() == 0
    Station.told[WEEK.first] = 31.5
    assert jobs.weather() == 1  # a correction
    desk = as_("centre.duty_chief")
    asked = Asked("town", WEEK)
    few = queries.picture(district["centre.duty_chief"], asked).influences
    assert {each.name: each.said for each in few}["大雨（25 毫米以上）"] == "天数少，不足以判断"
    for n in range(8, 64):
        day = TODAY - timedelta(days=n)
        Weather.objects.create(date=day, rain=30 if day in wet else 1, warned="blue" if n == 8 else "", source="测试站")
    page = desk.get("/situation/").content.decode()
    assert "大雨（25 毫米以上）" in page and "明显偏多" in page and "测试站" not in page and "示例观测站" in page
    chart = desk.get("/situation/?first=2026-09-28&last=2026-10-12").context["chart"]
    assert {(band["name"], band["tone"]) for band in chart["bands"]} >= {("国庆节", "rest"), ("调休上班", "make_up")}
    assert chart["second"]["unit"] == "毫米" and len(chart["second"]["values"]) == 15
    model = Model.objects.create(name="变化来源", aim="示例", method="shares", days=60)
    found = actions.run_model(model.pk, by=district["centre.duty_chief"])
    assert "大雨（25 毫米以上）平均每天" in found.told and "约合" in found.told
    assert "天气、节假日的影响" in desk.get(f"/situation/models/{model.pk}/").content.decode()
    assert desk.post("/r/weather-days/new/", {"date": "2026-11-26", "rain": "-1", "source": "手工"}).status_code != 302


class Station:
    """A source of weather as an installation would name it."""

    name = "示例观测站"
    told: ClassVar[dict[date, float]] = {}

    def days(self, first: date, last: date) -> list[Observed]:
        return [Observed(day, rain=rain) for day, rain in self.told.items() if first <= day <= last]


@pytest.mark.django_db
def test_on_the_first_day_the_page_leads_to_what_came_today(tell, as_) -> None:
    tell("海棠苑没有水", ago=1, category="0102")
    page = as_("centre.duty_chief").get("/situation/")
    assert "这段时间没有诉求" in page.content.decode()
    today = as_("centre.duty_chief").get(page.context["only_today"])
    assert "这段时间没有诉求" not in today.content.decode() and today.context["figure_list"][0].value == "1"


@pytest.mark.django_db
def test_each_reader_sees_his_own_area_alone(tell, district, as_) -> None:
    _fill(tell)
    page = as_("town2.town_dispatcher").get("/situation/").content.decode()
    assert "东2街道" in page and '<th scope="row">东1街道' not in page
    cells = as_("town2.town_dispatcher").get("/situation/cells.json").json()
    assert sum(f["properties"]["value"] for f in cells["features"]) == 2
    assert as_("water.handler").get("/situation/").status_code == 403


@pytest.mark.django_db
def test_a_template_makes_each_receiver_the_report_of_his_own_area_once_and_keeps_it(
    burst, tell, district, as_
) -> None:
    _fill(tell)
    go_round()
    traced()
    units = [district.units[code] for code in ("centre", "town1", "town2", "water")]
    template = Template.objects.create(
        name="每周热点", schedule="weekly", receivers=[unit.pk for unit in units], next_on=TODAY
    )
    with time.frozen_at("2026-11-26 06:30"):
        assert jobs.reports() == 0  # before seven in the morning
    assert jobs.reports() == 3  # nobody at the water bureau may see the situation
    assert jobs.reports() == 0
    template.refresh_from_db()
    assert template.next_on == date(2026, 11, 30)
    totals = {report.unit.code: report.total for report in Report.objects.select_related("unit")}
    assert totals["town2"] == 2 and totals["centre"] == totals["town1"] + 2
    deliver_inbox()
    assert InboxMessage.objects.filter(
        user=district.people["town2.town_dispatcher"], title__contains="每周热点"
    ).exists()
    mine = Report.objects.get(unit=district.units["town1"])
    assert as_("town2.town_dispatcher").get(f"/situation/reports/{mine.pk}/").status_code == 404
    before = as_("town1.town_dispatcher").get(f"/situation/reports/{mine.pk}/").content.decode()
    assert "没有水" in before  # the hot event, as it is called now
    for key in burst:
        tell("又一件", ago=30)
        cases.claim_secret(key, by=district["centre.acceptor"], title="反映某工程", text="隐去身份后的内容")
    after = as_("town1.town_dispatcher").get(f"/situation/reports/{mine.pk}/").content.decode()
    mine.refresh_from_db()
    assert f"<b>{mine.total}" in after or str(mine.total) in after
    titles = [f"海棠苑小区{n}号楼五楼以上没有水" for n in range(7)]
    assert not any(title in after for title in titles) and not any(title in str(mine.content) for title in titles)
    assert not EventMessage.objects.filter(key__in=burst).exists()


@pytest.mark.django_db
def test_a_report_is_made_by_hand_and_the_template_asks_on_the_page(tell, district, as_) -> None:
    _fill(tell)
    desk = as_("centre.duty_chief")
    form = {"form_token": desk.get("/r/situation-templates/new/").context["form_token"], "name": "排水月报", "level": "community",
            "days": 30, "category": str(district.categories["0102"].pk), "schedule": "", "active": "on"}  # fmt: skip
    desk.post("/r/situation-templates/new/", form)
    template = Template.objects.get(name="排水月报")
    page = desk.get(f"/situation/?template={template.pk}").content.decode()
    assert "排水月报" in page and "和安1社区" in page
    town = str(district.units["town1"].pk)
    desk.post(f"/situation/receivers/template/{template.pk}/", {"units": [town]})
    desk.post(f"/situation/run/{template.pk}/")
    assert Report.objects.get().total == 24 and Report.objects.get().unit == district.units["town1"]
    assert "今天的报告已经生成过" in desk.post(f"/situation/run/{template.pk}/", follow=True).content.decode()
    with pytest.raises(NotAllowed):
        actions.run(template.pk, by=district["town1.town_dispatcher"])


@pytest.mark.django_db
def test_hot_words_are_general_and_of_several_messages(tell, district) -> None:
    for n in range(4):
        tell("韩守田家楼上漏水没人管", ago=30 + n, text="漏水。")
    tell("邻居装修噪音大", ago=30)
    words = {word: n for word, n, _ in queries.picture(district["centre.duty_chief"], Asked("town", WEEK)).words}
    assert words.get("漏水") == 4 and "韩守田" not in words and "噪音" not in words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("first=2026-11-28&last=2026-11-01", "结束日期不能早于开始日期"),
        ("from=2026-11-28&to=2026-11-01", "结束日期不能早于开始日期"),
        ("first=abc", "开始日期不对"),
    ],
)
def test_wrong_days_are_told_with_the_days_that_are_shown_instead(as_, days, said):
    answer = as_("centre.duty_chief").get(f"/situation/?{days}&source=grid")
    page = answer.content.decode()
    assert said in page and f"下面仍是 {answer.context['asked'].period.first:%Y-%m-%d} 至" in page
    assert '<option value="grid" selected>' in page
