"""9.1.3-1-1 网格划分: drafts, checks, publishing, what follows the border, and the way back."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
import shapely

from hezhi.chapters.grassroots.grids import actions, queries
from hezhi.chapters.grassroots.grids.models import Annotation, Division, GridDuty
from hezhi.chapters.grassroots.grids.tests.conftest import BEGAN, Ground, as_json
from hezhi.engines.geo import division as dividing
from hezhi.engines.geo.dividing import NotCovered, as_shape, pieces_of, standing
from hezhi.engines.geo.division import Piece
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.queries import grids_at, locate
from hezhi.engines.org.models import Unit
from hezhi.engines.org.testkit import traced
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = [pytest.mark.clause("9.1.3-1-1"), pytest.mark.django_db]


def feature(key: str, name: str, shape) -> dict:
    return queries.features_of([Piece(key, name, shape)])[0]


def features(community: Area) -> list[dict]:
    return queries.features_of(pieces_of(standing(community)))


def wide_first(ground: Ground) -> list[dict]:
    """The border between the first and the second grid moved 300 m east, on both sides."""
    told = features(ground.communities[0])
    told[0] = feature(told[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.013, 36.01))
    told[1] = feature(told[1]["id"], "东社区第2网格", shapely.box(120.013, 36.0, 120.02, 36.01))
    return told


def split_first(ground: Ground) -> list[dict]:
    told = features(ground.communities[0])
    told[0] = feature(told[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.006, 36.01))
    return [*told, feature("new-1", "东社区第5网格", shapely.box(120.006, 36.0, 120.01, 36.01))]


def publish(ground: Ground, told: list[dict], why: str = "测试调整") -> Division:
    by = ground.by("officer")
    row = actions.save_draft(ground.communities[0], told, by=by)
    return actions.publish(row.pk, by=by, reason=why)


def covered(ground: Ground) -> bool:
    return dividing.covers_once(as_shape(ground.communities[0].shape), [as_shape(a.shape) for a in ground.fresh()])


# -- the verbs --------------------------------------------------------------------------------------


def test_a_moved_border_keeps_both_grids_and_their_old_shapes(ground: Ground):
    row = publish(ground, wide_first(ground))
    assert row.state == "in_force" and covered(ground)
    first, second = ground.fresh()[:2]
    assert (first.pk, second.pk) == (ground.grids[0].pk, ground.grids[1].pk)
    assert first.valid_from == time.today()
    [old] = Area.objects.filter(version_of=first)
    assert (old.valid_from, old.valid_to) == (BEGAN, time.today())
    assert dividing.same(as_shape(old.shape), shapely.box(120.0, 36.0, 120.01, 36.01))
    assert row.told["changed"] == ["东社区第1网格", "东社区第2网格"]


def test_a_point_is_found_in_its_grid_of_then_and_of_now(ground: Ground):
    publish(ground, wide_first(ground))
    first, second = str(ground.grids[0].pk), str(ground.grids[1].pk)
    day, before = time.today(), time.today() - timedelta(days=1)
    places = [("then", 120.011, 36.005, before), ("now", 120.011, 36.005, day), ("sea", 121.0, 36.0, day)]
    assert {k: str(v) for k, v in grids_at(places).items()} == {"then": second, "now": first}
    assert str(locate(120.011, 36.005).grid) == first


def test_a_point_on_a_border_lies_in_one_grid_only(ground: Ground):
    assert len(grids_at([("edge", 120.01, 36.005, time.today())])) == 1


def test_a_split_gives_a_new_grid_with_the_next_code_and_a_unit(ground: Ground):
    row = publish(ground, split_first(ground))
    grids = ground.fresh()
    assert [g.code for g in grids][-1] == "370299001001J005" and len(grids) == 5 and covered(ground)
    unit = Unit.objects.get(area=grids[-1])
    assert (unit.kind, unit.parent, unit.name) == ("grid", ground.units["370299001001"], "东社区第5网格")
    assert row.told["created"] == ["东社区第5网格"]
    assert AuditEntry.objects.filter(event="grids.publish", object_id=row.pk).exists()


def test_a_code_is_never_given_twice(ground: Ground):
    publish(ground, split_first(ground))
    merged = features(ground.communities[0])
    merged[0] = feature(merged[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.01, 36.01))
    publish(ground, merged[:4])
    publish(ground, split_first(ground))
    assert ground.fresh()[-1].code == "370299001001J006"


def test_a_merge_closes_one_grid_and_its_people_go_on_in_the_other(ground: Ground):
    traced()
    worker, grid = ground.users["second"], ground.grids[1]
    duty = GridDuty.objects.create(
        grid=grid, user=worker, role="full_time", starts_on=BEGAN, created_at=time.now(), changed_at=time.now()
    )
    told = features(ground.communities[0])
    told[0] = feature(told[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.02, 36.01))
    row = publish(ground, [told[0], told[2], told[3]])
    assert row.told["closed"] == ["东社区第2网格"] and covered(ground)
    closed = Area.objects.get(pk=grid.pk)
    assert closed.valid_to == time.today()
    duty.refresh_from_db()
    assert duty.grid_id == ground.grids[0].pk
    unit = Unit.objects.get(code=grid.code)
    assert unit.area_id == ground.grids[0].pk and unit.valid_to is None, "somebody still holds its post"
    assert ground.by("second").scope.area == ground.grids[0].pk


def test_an_unstaffed_unit_is_closed_with_its_grid(ground: Ground):
    told = features(ground.communities[0])
    told[2] = feature(told[2]["id"], "东社区第3网格", shapely.box(120.0, 36.01, 120.02, 36.02))
    publish(ground, told[:3])
    assert Unit.objects.get(code=ground.grids[3].code).valid_to == time.today()


def test_notes_follow_the_border(ground: Ground):
    traced()
    from django.contrib.gis.geos import Point

    note = Annotation.objects.create(
        name="消防栓", kind="hydrant", point=Point(120.011, 36.005, srid=4326), shape=Point(120.011, 36.005, srid=4326), starts_on=BEGAN, grid=ground.grids[1],
        community=ground.communities[0], town=ground.town, created_at=time.now(), changed_at=time.now(),
    )  # fmt: skip
    row = publish(ground, wide_first(ground))
    note.refresh_from_db()
    assert note.grid_id == ground.grids[0].pk and row.told["moved"] == {"标注": 1}


def test_the_neighbour_community_gets_the_new_corner_and_the_whole_town_stays_covered(ground: Ground):
    told = features(ground.communities[0])
    told[1] = feature(told[1]["id"], "东社区第2网格", shapely.box(120.01, 36.0, 120.02, 36.0042))
    told.append(feature("new-1", "东社区第5网格", shapely.box(120.01, 36.0042, 120.02, 36.01)))
    publish(ground, told)
    grids = Area.objects.grids().filter(town=ground.town)
    assert dividing.covers_once(as_shape(ground.town.shape), [as_shape(g.shape) for g in grids])


# -- refusals ---------------------------------------------------------------------------------------


def test_a_gap_is_kept_as_a_draft_and_refused_at_publishing(ground: Ground):
    told = features(ground.communities[0])
    told[0] = feature(told[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.009, 36.01))
    by = ground.by("officer")
    row = actions.save_draft(ground.communities[0], told, by=by)
    with pytest.raises(NotCovered, match="不属于任何网格"):
        actions.publish(row.pk, by=by, reason="测试")
    row.refresh_from_db()
    assert row.state == "draft" and covered(ground)
    assert Area.objects.filter(version_of__isnull=False).count() == 0


def test_two_people_do_not_undo_each_others_work_unseen(ground: Ground):
    by = ground.by("officer")
    mine = actions.save_draft(ground.communities[0], wide_first(ground), by=by)
    publish(ground, split_first(ground))
    with pytest.raises(NotNow, match="已被别人调整过"):
        actions.publish(mine.pk, by=by, reason="测试")


def test_a_division_without_change_a_reason_or_good_names_is_refused(ground: Ground):
    by, community = ground.by("officer"), ground.communities[0]
    same = actions.save_draft(community, features(community), by=by)
    with pytest.raises(BadInput, match="没有需要发布的变化"):
        actions.publish(same.pk, by=by, reason="测试")
    with pytest.raises(BadInput, match="调整原因"):
        actions.publish(same.pk, by=by, reason=" ")
    told = wide_first(ground)
    told[0]["properties"]["name"] = told[1]["properties"]["name"]
    twice = actions.save_draft(community, told, by=by)
    with pytest.raises(BadInput, match="名称重复"):
        actions.publish(twice.pk, by=by, reason="测试")
    with pytest.raises(BadInput, match="不能早于今天"):
        actions.save_draft(community, told, by=by, effective_on=time.today() - timedelta(days=1))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("nonsense", "内容不对"),
        ([{"id": "x"}], "不完整"),
        ([{"id": "x", "properties": {"name": "点"}, "geometry": {"type": "Point", "coordinates": [120, 36]}}], "应当是面"),
        ([{"id": "x", "properties": {"name": "远"}, "geometry": {"type": "Polygon", "coordinates": [[[4e6, 4e6], [4e6, 5e6], [5e6, 5e6], [4e6, 4e6]]]}}], "不是经纬度"),
        ([{"id": "x", "properties": {"name": "坏"}, "geometry": {"type": "Polygon", "coordinates": "abc"}}], "不完整"),
    ],
)  # fmt: skip
def test_strange_input_is_told_in_a_sentence(ground: Ground, sent, said: str):
    with pytest.raises(BadInput, match=said):
        actions.save_draft(ground.communities[0], sent, by=ground.by("officer"))


def test_nobody_plots_beyond_his_ground_or_without_the_right(ground: Ground):
    with pytest.raises(NotFound):
        actions.save_draft(ground.communities[0], features(ground.communities[0]), by=ground.by("far"))
    with pytest.raises(NotAllowed):
        actions.save_draft(ground.communities[0], features(ground.communities[0]), by=ground.by("worker"))
    row = actions.save_draft(ground.communities[0], wide_first(ground), by=ground.by("officer"))
    with pytest.raises(NotFound):
        actions.publish(row.pk, by=ground.by("far"), reason="测试")


# -- later, and back --------------------------------------------------------------------------------


def test_a_division_for_a_later_day_comes_into_force_on_that_day(ground: Ground):
    by, day = ground.by("officer"), time.today() + timedelta(days=3)
    row = actions.save_draft(ground.communities[0], wide_first(ground), by=by, effective_on=day)
    row = actions.publish(row.pk, by=by, reason="月初生效")
    assert row.state == "scheduled" and actions.enforce_due() == 0
    with time.frozen_at(time.at_local(day)):
        assert actions.enforce_due() == 1
    row.refresh_from_db()
    assert row.state == "in_force" and ground.fresh()[0].valid_from == day


def test_a_planned_division_that_no_longer_fits_goes_back_to_its_draft(ground: Ground):
    by, day = ground.by("officer"), time.today() + timedelta(days=3)
    row = actions.save_draft(ground.communities[0], wide_first(ground), by=by, effective_on=day)
    actions.publish(row.pk, by=by, reason="月初生效")
    publish(ground, split_first(ground))
    with time.frozen_at(time.at_local(day)):
        assert actions.enforce_due() == 0
    row.refresh_from_db()
    assert row.state == "draft" and "已被别人调整过" in row.told["failed"]


def test_the_last_division_is_taken_back_while_nothing_hangs_on_it(ground: Ground):
    before = {g.pk: as_shape(g.shape) for g in ground.fresh()}
    row = publish(ground, split_first(ground))
    row = actions.undo(row.pk, by=ground.by("officer"), reason="画错了")
    assert row.state == "undone" and row.told["undone_because"] == "画错了"
    after = ground.fresh()
    assert {g.pk for g in after} == set(before) and covered(ground)
    assert all(dividing.same(as_shape(g.shape), before[g.pk]) for g in after)
    assert not Unit.objects.filter(name="东社区第5网格").exists()
    assert ground.fresh()[0].valid_from == BEGAN


def test_a_division_in_use_or_followed_by_another_is_not_taken_back(ground: Ground):
    row = publish(ground, split_first(ground))
    new = ground.fresh()[-1]
    traced()
    duty = GridDuty.objects.create(
        grid=new,
        user=ground.users["second"],
        role="head",
        starts_on=BEGAN,
        created_at=time.now(),
        changed_at=time.now(),
    )
    with pytest.raises(NotNow, match="网格人员"):
        actions.undo(row.pk, by=ground.by("officer"), reason="画错了")
    traced()
    duty.delete()
    told = features(ground.communities[0])
    told[2]["properties"]["name"] = "东社区北网格"
    later = publish(ground, told)
    with pytest.raises(NotNow, match="又调整过"):
        actions.undo(row.pk, by=ground.by("officer"), reason="画错了")
    actions.undo(later.pk, by=ground.by("officer"), reason="改回名称")
    actions.undo(row.pk, by=ground.by("officer"), reason="画错了")
    assert len(ground.fresh()) == 4


def test_a_merge_is_taken_back_with_unit_and_people(ground: Ground):
    traced()
    duty = GridDuty.objects.create(
        grid=ground.grids[1], user=ground.users["second"], role="full_time", starts_on=BEGAN,
        created_at=time.now(), changed_at=time.now(),
    )  # fmt: skip
    told = features(ground.communities[0])
    told[0] = feature(told[0]["id"], "东社区第1网格", shapely.box(120.0, 36.0, 120.02, 36.01))
    row = publish(ground, [told[0], told[2], told[3]])
    actions.undo(row.pk, by=ground.by("officer"), reason="恢复")
    duty.refresh_from_db()
    assert duty.grid_id == ground.grids[1].pk and len(ground.fresh()) == 4
    assert Unit.objects.get(code=ground.grids[1].code).area_id == ground.grids[1].pk


# -- the editor's steps -----------------------------------------------------------------------------


def step(ground: Ground, told: list[dict], op: dict, role: str = "officer"):
    url = f"/grids/plot/{ground.communities[0].pk}/step/"
    return ground.client(role).post(url, json.dumps({"features": told, "op": op}), content_type="application/json")


def test_steps_split_merge_draw_and_give_answer_with_exact_shapes(ground: Ground):
    told = features(ground.communities[0])
    first = told[0]["id"]
    line = {"type": "LineString", "coordinates": [[120.004, 35.99], [120.004, 36.03]]}
    split = as_json(step(ground, told, {"verb": "split", "ids": [first], "line": line}))
    assert split["faults"] == [] and len(split["features"]) == 5
    assert split["rows"][1] == {
        "key": "new-1", "name": "东社区第5网格", "area": pytest.approx(400_000, rel=0.02), "code": "", "things": {}
    }  # fmt: skip
    merged = as_json(step(ground, split["features"], {"verb": "merge", "ids": [first, "new-1"]}))
    assert merged["faults"] == [] and len(merged["features"]) == 4
    drawn = as_json(
        step(
            ground,
            merged["features"],
            {"verb": "draw", "geometry": feature("x", "", shapely.box(120.002, 36.002, 120.01, 36.01))["geometry"]},
        )
    )
    [fault] = drawn["faults"]
    assert fault["kind"] == "overlap" and {"new-1"} <= {one["key"] for one in fault["give"]}
    given = as_json(step(ground, drawn["features"], {"verb": "give", "key": "new-1", "geometry": fault["geometry"]}))
    assert given["faults"] == [] and len(given["features"]) == 5


@pytest.mark.parametrize(
    ("op", "said"),
    [
        ({"verb": "split", "ids": ["?"], "line": {}}, "先点选网格"),
        ({"verb": "jump"}, "没有这个标绘步骤"),
        ({"verb": "draw", "geometry": {"type": "Polygon"}}, "重画"),
    ],
)
def test_a_step_that_cannot_be_done_says_why(ground: Ground, op: dict, said: str):
    answer = step(ground, features(ground.communities[0]), op)
    assert answer.status_code == 422 and said in as_json(answer)["said"]


def test_the_editor_is_shut_to_others(ground: Ground):
    assert step(ground, [], {"verb": "check"}, "far").status_code == 404
    assert step(ground, [], {"verb": "check"}, "worker").status_code == 403


def test_the_page_keeps_a_draft_and_shows_what_changes(ground: Ground):
    client, community = ground.client("officer"), ground.communities[0]
    data = {"title": "东社区调整", "reason": "道路贯通", "source": "会议纪要 3 号", "effective_on": f"{time.today():%Y-%m-%d}",
            "features": json.dumps(wide_first(ground)), "base": queries.print_of(standing(community)), "origin": "plotted"}  # fmt: skip
    sent = client.post(f"/grids/plot/{community.pk}/", data)
    assert sent.status_code == 302
    page = client.get(sent["Location"])
    text = page.content.decode()
    assert "边界调整" in text and "东社区第1网格" in text and "另有 2 个网格不变" in text
    asked = client.get(f"{sent['Location']}do/publish/")
    assert "道路贯通" in asked.content.decode()
    done = client.post(f"{sent['Location']}do/publish/", {"reason": "道路贯通"})
    assert done.status_code == 302 and covered(ground)
    key = UUID(sent["Location"].split("/")[-2])
    assert Division.objects.get(pk=key).state == "in_force"
    assert "撤销这次划分" in client.get(sent["Location"]).content.decode()
    assert ground.client("far").get(sent["Location"]).status_code == 404
    history = client.get(f"/r/grids/{ground.grids[0].pk}/?tab=changes").content.decode()
    assert "道路贯通" in history and "保留的旧边界" in history


def test_a_page_that_is_sent_wrongly_loses_nothing(ground: Ground):
    client, community = ground.client("officer"), ground.communities[0]
    told = json.dumps(wide_first(ground))
    page = client.post(f"/grids/plot/{community.pk}/", {"title": "", "effective_on": "2020-01-01", "features": told})
    text = page.content.decode()
    assert page.status_code == 422 and "120.013" in text


# -- the proposal -----------------------------------------------------------------------------------


def test_the_proposal_is_balanced_covers_once_and_stores_nothing(ground: Ground):
    url = f"/grids/plot/{ground.communities[0].pk}/propose/"
    answer = ground.client("officer").post(url, json.dumps({"many": 3}), content_type="application/json")
    told = as_json(answer)
    assert told["faults"] == [] and len(told["features"]) == 3
    areas = [row["area"] for row in told["rows"]]
    assert max(areas) < 1.6 * min(areas)
    assert {f["id"] for f in told["features"]} <= {str(g.pk) for g in ground.grids}, "grids go on where they can"
    assert len(ground.fresh()) == 4 and Division.objects.count() == 0
    bad = ground.client("officer").post(url, json.dumps({"many": 900}), content_type="application/json")
    assert bad.status_code == 422 and "1 至 40" in as_json(bad)["said"]
