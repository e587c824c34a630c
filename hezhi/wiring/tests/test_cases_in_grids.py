"""9.1.3-1-1: what the pages of grids tell of cases: figures, warnings, counts of then and of now."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.grassroots.grids import actions, queries
from hezhi.chapters.grassroots.grids.models import GridDuty
from hezhi.chapters.grassroots.grids.queries import contents
from hezhi.chapters.grassroots.grids.tests.conftest import BEGAN, Ground, ground, made
from hezhi.chapters.grassroots.grids.tests.test_dividing import publish, wide_first
from hezhi.engines.geo.models import Area
from hezhi.engines.org.testkit import traced
from hezhi.ground import time

__all__ = ["ground", "made"]

pytestmark = [pytest.mark.clause("9.1.3-1-1"), pytest.mark.django_db]


def case_at(ground: Ground, lon: float, lat: float, **more) -> Case:
    traced()
    grid = Area.objects.grids().filter(shape__covers=Point(lon, lat, srid=4326)).order_by("code").first()
    stamped = {f"{level}_id": key for level, key in grid.ancestors().items()}
    n = Case.objects.count() + 1
    values = {
        "number": f"SJ{n:011d}", "kind": "grid", "source": "grid", "title": f"样例事件{n}", "text": "样例", "state": "handling",
        "state_since": time.now(), "received_at": time.now(), "recorded_at": time.now(), "point": Point(lon, lat, srid=4326),
    }  # fmt: skip
    return Case.objects.create(**values | stamped | more)


def test_three_planted_faults_are_exactly_three(ground: Ground):
    traced()
    for grid in ground.grids:
        GridDuty.objects.create(
            user=ground.users["worker"], role="head", starts_on=BEGAN, created_at=time.now(), changed_at=time.now(),
            **{f"{level}_id": key for level, key in grid.ancestors().items()},
        )  # fmt: skip
    assert queries.missing(ground.by("officer"))[0] == []
    traced()
    GridDuty.objects.filter(grid=ground.grids[2]).delete()
    Area.objects.filter(pk=ground.grids[3].pk).update(code="370299001001A004")
    case_at(ground, 120.025, 36.005, due_at=time.now() - timedelta(days=1))
    told, all_grids = queries.missing(ground.by("officer"))
    assert all_grids == 8
    assert {row.grid.name: row.why for row in told} == {
        "东社区第3网格": ["没有网格员"], "东社区第4网格": ["编码不合规则"], "西社区第1网格": ["超期事件 1 件"],
    }  # fmt: skip
    page = ground.client("officer").get("/grids/supervision/").content.decode()
    assert "没有网格员" in page and "超期事件 1 件" in page and "叶样例" in page


def test_cases_are_counted_in_the_grid_of_then_and_of_now(ground: Ground):
    case = case_at(ground, 120.011, 36.005)
    case_at(ground, 120.005, 36.005)
    first, second = ground.grids[:2]
    by, day = ground.by("officer"), time.today()
    room = next(c for c in contents.contents_for(by) if c.code == "cases")
    assert room.then_and_now(by, day, day) == {first.pk: (1, 1), second.pk: (1, 1)}
    publish(ground, wide_first(ground))
    case.refresh_from_db()
    assert case.grid_id == second.pk, "a case keeps the grid it came in"
    assert room.then_and_now(by, day, day) == {first.pk: (1, 2), second.pk: (1, 0)}
    page = ground.client("officer").get("/grids/report/").content.decode()
    assert "按当时网格" in page and "2 个网格两种口径不同" in page
    wrong = ground.client("officer").get("/grids/report/?start=2026-05-01&end=2026-04-01").content.decode()
    assert "结束日期不能早于开始日期" in wrong


def test_the_page_of_a_grid_tells_its_cases_to_those_who_may_see_cases(ground: Ground):
    case_at(ground, 120.005, 36.005, title="井盖松动", due_at=time.now() - timedelta(hours=3))
    client = ground.client("officer")
    page = client.get(f"/r/grids/{ground.grids[0].pk}/").content.decode()
    assert "在办事件" in page and "超期事件 1 件" in page
    assert "井盖松动" in client.get(f"/r/grids/{ground.grids[0].pk}/?tab=cases").content.decode()
    traced()
    role = ground.users["officer"].holdings.get().post.role
    role.permissions = [p for p in role.permissions if p != "cases.view"]
    role.save()
    page = ground.client("officer").get(f"/r/grids/{ground.grids[0].pk}/").content.decode()
    assert "在办事件" not in page and "tab=cases" not in page


def test_open_cases_are_counted_before_and_after_a_planned_division(ground: Ground):
    case_at(ground, 120.011, 36.005)
    row = actions.save_draft(ground.communities[0], wide_first(ground), by=ground.by("officer"))
    page = ground.client("officer").get(f"/grids/divisions/{row.pk}/").content.decode()
    assert "在办事件" in page and "原 0" in page and "原 1" in page
