"""What the hall screen counts is what its reader may see (大屏统计, 9.1.2-1)."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from hezhi.channels.wall import queries
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time
from hezhi.ground.time import FrozenClock

pytestmark = pytest.mark.clause("9.1.2-1")
SECOND_TOWN = {"lon": 120.025, "lat": 36.005}


@pytest.fixture
def district(clock: FrozenClock, db: None) -> District:
    """Yesterday one case in the first town; today two there and one in the second, of which one is overdue."""
    district = build()
    clock.advance(days=-1)
    district.report("楼道灯不亮已有两天", outside_number="1")
    clock.advance(days=1)
    late = district.report("水管漏水，路面结冰")
    district.report("垃圾桶满溢", **SECOND_TOWN)
    accepted = district.report("井盖松动")
    actions.accept(accepted.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    traced()
    Case.objects.update(due_at=time.now() + timedelta(days=1))
    Case.objects.filter(pk=late.id).update(due_at=time.now())
    clock.advance(minutes=1)
    return district


def counted(district: District, who: str) -> tuple[dict[str, int], dict[str, int], int]:
    """Figures of today, by town, and how many categories' cases one reader's wall shows."""
    by, since = district[who], time.at_local(time.today())
    towns = {name: n for _, name, n in queries.by_town(by, since)}
    return queries.today(by), towns, sum(n for _, n in queries.by_category(by, since))


def test_the_districts_wall_counts_the_district(district: District) -> None:
    figures, towns, in_categories = counted(district, "centre.dispatcher")
    assert figures == {"reported": 3, "closed": 0, "waiting": 4, "at_work": 0, "overdue": 1, "on_the_spot": 0}
    assert towns == {"东1街道": 2, "东2街道": 1}
    assert in_categories == 3


def test_a_towns_wall_counts_the_town_and_nothing_else(district: District) -> None:
    figures, towns, in_categories = counted(district, "town2.town_dispatcher")
    assert (figures["reported"], figures["waiting"], figures["overdue"]) == (1, 1, 0)
    assert (towns, in_categories) == ({"东2街道": 1}, 1)


def test_who_sees_no_case_is_shown_no_count(district: District) -> None:
    figures, towns, in_categories = counted(district, "light.handler")
    assert (set(figures.values()), towns, in_categories) == ({0}, {}, 0)


def test_the_trend_counts_each_day_from_midnight_to_midnight(district: District, clock: FrozenClock) -> None:
    by = district["centre.dispatcher"]
    assert queries.trend(by)[-2:] == [("11-22", 1, 0), ("11-23", 3, 0)]
    traced()
    Case.objects.filter(due_at__lt=time.now()).update(state="closed", closed_at=time.at_local(time.today()))
    assert queries.trend(by)[-2:] == [("11-22", 1, 0), ("11-23", 3, 1)]
    assert len(queries.trend(by, days=3)) == 3


def test_the_map_shades_every_town_by_what_the_reader_may_see(district: District) -> None:
    shades = json.loads(queries.shading(district["town2.town_dispatcher"], time.at_local(time.today())))
    assert {f["properties"]["name"]: f["properties"]["count"] for f in shades["features"]} == {
        "东1街道": 0,
        "东2街道": 1,
    }


def test_a_unit_that_is_complained_of_does_not_find_the_case_in_a_count(district: District) -> None:
    traced()
    Case.objects.filter(town=district.areas["t2"]).update(secret=True, barred_unit=district.units["town2"])
    figures, towns, _ = counted(district, "town2.town_dispatcher")
    assert (figures["reported"], towns) == (0, {})


@pytest.mark.clause("9.1.4-2-1")
def test_the_situation_screen_counts_each_readers_part_and_turns_to_the_next(
    district: District, clock: FrozenClock
) -> None:
    clock.advance(days=1)  # whole days are compared
    wide, narrow = (enter(Client(), district.people[who]) for who in ("centre.duty_chief", "town2.town_dispatcher"))
    for role in ("duty_chief", "town_dispatcher"):
        traced()
        found = Role.objects.get(code=role)
        Role.objects.filter(pk=found.pk).update(permissions=[*found.permissions, "wall.view"])
    page = wide.get("/wall/situation/?turn=5").content.decode()
    assert 'data-next="/wall/?turn=20" data-after="20"' in page and "各镇街都在正常波动内" in page
    assert 'data-next="/wall/situation/?turn=20"' in wide.get("/wall/?turn=20").content.decode()
    assert wide.get("/wall/situation/figures.json").json()["figures"]["week"] == 4
    told = narrow.get("/wall/situation/figures.json").json()
    assert told["figures"]["week"] == 1 and told["lists"]["events"] == []  # whoever may not see events is told of none
    assert narrow.get("/wall/situation/spots.json").json()["features"] == []


@pytest.mark.clause("12.3-1")
@pytest.mark.parametrize("before", ["", "请联系", "路灯不亮请尽快联系"])
def test_a_number_in_a_title_stands_on_no_hall_screen_whole_or_in_part(district: District, before: str) -> None:
    """Also where the screen cuts the title in the midst of the number; what is stored keeps it."""
    district.report("路灯不亮", title=f"{before}19900003333，三天了")
    traced()
    found = Role.objects.get(code="duty_chief")
    Role.objects.filter(pk=found.pk).update(permissions=[*found.permissions, "wall.view"])
    hall = enter(Client(), district.people["centre.duty_chief"])
    rows = hall.get("/wall/figures.json").json()["rows"]
    assert before in rows[0]["text"] and "199****" in rows[0]["text"]
    for told in (json.dumps(rows, ensure_ascii=False), hall.get("/wall/").content.decode()):
        assert "19900" not in told and "0003333" not in told
    assert Case.objects.latest("received_at").title.endswith("19900003333，三天了")


@pytest.mark.clause("12.3-1")
def test_nor_does_it_stand_in_the_lists_of_the_desk_and_of_the_phones(district: District) -> None:
    title = {"title": "请联系 19900003333"}
    case = district.report("路灯不亮", **title).id
    district.report("井盖松动", by="grid11.grid_worker", source="grid", **title)
    phone = Client()
    assert phone.post("/c/report/", {"text": "联系 19900003333", "address": "长江路"}).status_code == 302
    desk, grid = (enter(Client(), district.people[who]) for who in ("centre.acceptor", "grid11.grid_worker"))
    actions.accept(case, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units["grid11"].pk)
    for who, url in ((desk, "/"), (desk, f"/cases/{case}/do/urge/"), (grid, "/g/"), (grid, "/g/mine/"), (phone, "/c/")):
        page = who.get(url).content.decode()
        assert "199****3333" in page and "19900003333" not in page, url
