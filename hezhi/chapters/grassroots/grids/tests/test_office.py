"""9.1.3-1-1 网格管理 at the desk: duties, notes, finding, supervision, reports, professional grids, files."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.chapters.grassroots.grids import actions, queries, rules
from hezhi.chapters.grassroots.grids.models import Division, GridDuty, GridKind
from hezhi.chapters.grassroots.grids.registries import Annotations, Duties
from hezhi.chapters.grassroots.grids.tests.conftest import Ground
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.rules import grid_code_fault
from hezhi.engines.registry import actions as registry
from hezhi.engines.registry.site import registries
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = [pytest.mark.clause("9.1.3-1-1"), pytest.mark.django_db]


def table(kind: type):
    return next(r for r in registries() if type(r) is kind)


def duty(ground: Ground, grid: Area, **more) -> GridDuty:
    typed = {
        "grid": str(grid.pk),
        "user": str(ground.users["worker"].pk),
        "role": "full_time",
        "starts_on": "2026-01-04",
    } | more
    return registry.create(table(Duties), typed, by=ground.by("officer"))


# -- people and duties ------------------------------------------------------------------------------


def test_a_duty_stands_on_the_page_of_its_grid_with_the_duty_list(ground: Ground):
    duty(ground, ground.grids[0])
    page = ground.client("officer").get(f"/r/grids/{ground.grids[0].pk}/?tab=members").content.decode()
    assert "简样例" in page and "采集和更新小区" in page and "网格工作职责清单" in page
    listed = ground.client("officer").get("/r/grids/").content.decode()
    assert "简样例" in listed and "无人" in listed


def test_a_second_full_time_grid_needs_a_reason(ground: Ground):
    duty(ground, ground.grids[0])
    with pytest.raises(BadInput, match="再任一格须写明原因"):
        duty(ground, ground.grids[1])
    assert duty(ground, ground.grids[1], why_second="相邻网格空缺，暂代").pk
    with pytest.raises(BadInput, match="时间有重叠"):
        duty(ground, ground.grids[0], starts_on="2026-02-01")


@pytest.mark.parametrize(
    ("role", "days", "others", "field"),
    [
        ("full_time", None, [], ""),
        ("full_time", -1, [], "ends_on"),
        ("head", None, [("full_time", "other", 0, None)], ""),
        ("full_time", None, [("full_time", "other", 0, 3)], ""),
        ("full_time", None, [("full_time", "other", 0, None)], "why_second"),
    ],
)
def test_who_may_hold_what(role: str, days, others, field: str):
    start = time.today()
    grids = {"mine": UUID(int=1), "other": UUID(int=2)}
    held = [
        rules.Held(grids[g], r, start - timedelta(days=10), start - timedelta(days=10 - e) if e else None)
        for r, g, _, e in others
    ]
    ends = start + timedelta(days=days) if days else None
    assert rules.duty_fault(role, grids["mine"], start, ends, held, "")[0] == field


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("370299001001J001", "basic", ""),
        ("370299001001Y001", "basic", "第 13 位应为 J"),
        ("370299001001001", "basic", "16 位"),
        ("370299001002J001", "basic", "前 12 位"),
        ("370299001001J000", "basic", "从 001 起"),
        ("370299001000Y012", "specialised", ""),
    ],
)
def test_the_code_of_a_grid_follows_the_rule(code: str, kind: str, said: str):
    community = "370299001001" if kind == "basic" else ""
    assert said in grid_code_fault(code, kind, community) and bool(said) == bool(grid_code_fault(code, kind, community))


# -- notes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "checked", "said"),
    [
        ("张三 吸毒", False, "关爱档案"),
        ("张三 吸毒", True, "关爱档案"),
        ("李明家门口积水", False, "居民姓名"),
        ("李明家门口积水", True, ""),
        ("联系电话13812345678", True, "电话号码或证件号"),
        ("消防栓阀门锈蚀", False, ""),
        ("黄河路口井盖松动", False, ""),
        ("高压线下禁止垂钓", False, ""),
    ],
)
def test_a_note_tells_of_places_never_of_people(text: str, checked: bool, said: str):
    fault = rules.note_fault(text, checked)
    assert (said in fault) and bool(fault) == bool(said)


def test_a_note_gets_its_grid_from_its_point_and_dates_in_order(ground: Ground):
    typed = {"name": "消防栓", "kind": "hydrant", "shape": "120.005,36.005", "starts_on": "2026-01-04"}
    row = registry.create(table(Annotations), typed, by=ground.by("officer"))
    assert row.grid_id == ground.grids[0].pk
    with pytest.raises(BadInput, match="早于"):
        registry.create(table(Annotations), typed | {"ends_on": "2025-01-04"}, by=ground.by("officer"))
    with pytest.raises(BadInput, match="不在本区任何网格内"):
        registry.create(table(Annotations), typed | {"shape": "121.5,36.5"}, by=ground.by("chief"))
    layer = json.loads(ground.client("officer").get(f"/grids/{ground.grids[0].pk}/notes.json").content)
    assert [f["properties"]["name"] for f in layer["features"]] == ["消防栓 消防栓"]


def test_a_note_may_be_a_line_or_an_area_and_follows_when_it_is_drawn_elsewhere(ground: Ground):
    by, typed = ground.by("officer"), {"kind": "patrol", "starts_on": "2026-01-04"}
    line = '{"type":"LineString","coordinates":[[120.002,36.002],[120.004,36.004],[120.006,36.002]]}'
    way = registry.create(table(Annotations), typed | {"name": "河岸巡查线", "shape": line}, by=by)
    pond = "POLYGON((120.001 36.001,120.003 36.001,120.003 36.003,120.001 36.003,120.001 36.001))"
    area = registry.create(table(Annotations), typed | {"name": "积水区", "kind": "hazard", "shape": pond}, by=by)
    assert {way.grid_id, area.grid_id} == {ground.grids[0].pk} and area.shape.covers(area.point)
    client, url = ground.client("officer"), f"/grids/{ground.grids[0].pk}/notes.json"
    drawn = {f["geometry"]["type"] for f in json.loads(client.get(url).content)["features"]}
    assert drawn == {"LineString", "Polygon"}
    page = client.get("/r/grid-notes/").content.decode()
    (size,) = re.findall(r"面 ([\d,]+) 平方米", page)
    assert 39_000 < int(size.replace(",", "")) < 41_000
    there = pond.replace("120.0", "120.01")
    moved = typed | {"name": "积水区", "kind": "hazard", "shape": there}
    registry.change(table(Annotations), area.pk, moved, by=by)
    area.refresh_from_db()
    assert area.grid_id == ground.grids[1].pk
    for wrong in ("MULTIPOINT(120.005 36.005,120.006 36.006)", pond.replace("120.003 36.001", "120.0 36.003")):
        with pytest.raises(BadInput):
            registry.create(table(Annotations), typed | {"name": "两处", "shape": wrong}, by=by)


# -- finding ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first"),
    [("东社区第2网格", "东社区第2网格"), ("370299001002J003", "西社区第3网格"), ("dsq", "东社区第1网格"), ("简样例", "东社区第1网格"),
     ("西社区", "西社区第1网格")],
)  # fmt: skip
def test_a_grid_is_found_by_name_code_initials_and_person(ground: Ground, words: str, first: str):
    duty(ground, ground.grids[0])
    assert queries.find(ground.by("officer"), words).grids[0].name == first


def test_initials_may_leave_signs_out():
    from hezhi.engines.geo.queries import like_initials

    assert like_initials("hsjd", {1: "红石崖街道", 2: "黄岛街道", 3: "海青镇"}, 5) == [1]


def test_a_point_tells_its_grid_and_one_outside_the_nearest(ground: Ground):
    page = ground.client("officer").get("/grids/find/?lng=120.005&lat=36.005").content.decode()
    assert "这个位置在样例街道东社区第1网格" in page
    far = ground.client("officer").get("/grids/find/?lng=120.05&lat=36.005").content.decode()
    assert "最近的是" in far and "米" in far
    assert "没有找到" in ground.client("officer").get("/grids/find/?q=不存在的地方").content.decode()


def test_everybody_sees_his_own_ground(ground: Ground):
    assert {g.name for g in queries.find(ground.by("worker"), "社区").grids} == {"东社区第1网格"}
    assert queries.find(ground.by("far"), "东社区").grids == []
    assert ground.client("worker").get(f"/r/grids/{ground.grids[1].pk}/").status_code == 404
    assert ground.client("worker").get(f"/r/grids/{ground.grids[0].pk}/").status_code == 200


# -- professional grids -----------------------------------------------------------------------------


def test_a_professional_grid_of_basic_grids_stands_in_the_matrix(ground: Ground):
    kind = GridKind.objects.get(code="ecology")
    client = ground.client("officer")
    sent = client.post(
        f"/grids/special/new/?town={ground.town.pk}",
        {"kind": str(kind.pk), "name": "东片生态网格", "made_of": [str(g.pk) for g in ground.grids[:4]]},
    )
    assert sent.status_code == 302, sent.content.decode()[:600]
    area = Area.objects.get(name="东片生态网格")
    assert (area.code, area.line, area.kind) == ("370299001000Y001", "ecology", "specialised")
    page = client.get("/grids/matrix/").content.decode()
    assert "生态环境" in page and "东片生态网格" in page and "切分</span>" not in page
    assert client.get(f"/r/grids/{area.pk}/").status_code == 200
    closed = client.post(f"/grids/special/{area.pk}/close/", {"reason": "条线调整"})
    assert closed.status_code == 302
    area.refresh_from_db()
    assert area.valid_to == time.today()


def test_a_boundary_that_cuts_basic_grids_needs_a_reason(ground: Ground):
    kind, by = GridKind.objects.get(code="city"), ground.by("officer")
    strip = shapely.box(120.0, 36.004, 120.04, 36.006)
    with pytest.raises(BadInput, match="切分了基础网格"):
        actions.set_up_special(kind, ground.town, "主干道", by=by, shape=strip)
    actions.set_up_special(kind, ground.town, "主干道", by=by, shape=strip, why_cut="沿主干道管养")
    page = ground.client("officer").get("/grids/matrix/").content.decode()
    assert "切分</span>" in page
    with pytest.raises(BadInput, match="之外"):
        actions.set_up_special(
            kind, ground.town, "越界", by=by, shape=shapely.box(120.0, 36.0, 120.05, 36.01), why_cut="x"
        )
    with pytest.raises(BadInput, match="标绘页面"):
        actions.set_up_special(GridKind.objects.get(code="basic"), ground.town, "基础", by=by, shape=strip)


# -- files ------------------------------------------------------------------------------------------


def upload(ground: Ground, content: bytes, name: str = "grids.geojson", crs: str = "EPSG:4490", role: str = "officer"):
    file = SimpleUploadedFile(name, content)
    return ground.client(role).post("/grids/import/", {"file": file, "crs": crs, "source": "测绘成果"})


def as_file(*rows) -> bytes:
    told = [
        {"type": "Feature", "properties": {"name": name, "code": code}, "geometry": shapely.geometry.mapping(shape)}
        for name, code, shape in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": told}).encode()


def test_a_file_becomes_a_draft_that_goes_on_from_the_grids_there_are(ground: Ground):
    west, east = shapely.box(120.0, 36.0, 120.01, 36.02), shapely.box(120.01, 36.0, 120.02, 36.02)
    answer = upload(ground, as_file(("东片", "370299001001J001", west), ("西片", "", east)))
    assert answer.status_code == 302, answer.content.decode()[-900:]
    row = Division.objects.get()
    assert (row.origin, row.state) == ("imported", "draft") and "测绘成果" in row.source
    assert next(f["id"] for f in row.features) == str(ground.grids[0].pk)
    actions.publish(row.pk, by=ground.by("officer"), reason="按测绘成果重新划分")
    assert {g.name for g in ground.fresh()} == {"东片", "西片"}


def test_two_communities_give_two_drafts(ground: Ground):
    rows = [(g.name, g.code, shapely.from_wkb(bytes(g.shape.wkb))) for g in ground.grids]
    assert upload(ground, as_file(*rows)).status_code == 302
    assert Division.objects.count() == 2


def test_a_crossing_border_stays_in_the_draft_and_is_shown_where_it_crosses(ground: Ground):
    tie = shapely.Polygon([(120.0, 36.0), (120.01, 36.01), (120.01, 36.0), (120.0, 36.01)])
    rest = [(g.name, g.code, shapely.from_wkb(bytes(g.shape.wkb))) for g in ground.grids[1:4]]
    answer = upload(ground, as_file(("坏格", "370299001001J001", tie), *rest))
    assert answer.status_code == 302
    page = ground.client("officer").get(answer["Location"]).content.decode()
    assert "自相交" in page and "120.005000,36.005000" in page and "/do/publish/" not in page


@pytest.mark.parametrize(
    ("shape", "code", "crs", "said"),
    [
        (shapely.box(121.0, 36.0, 121.01, 36.01), "", "EPSG:4490", "不在本区范围内"),
        (shapely.box(120.0, 36.0, 120.01, 36.01), "", "", "不会猜测"),
        (shapely.box(120.0, 36.0, 120.01, 36.01), "370299001002J001", "EPSG:4490", "前 12 位"),
        (shapely.box(120.0, 36.0, 120.01, 36.01), "", "EPSG:4528", "不在我国"),
    ],
)
def test_a_file_that_does_not_fit_is_told_in_a_sentence(ground: Ground, shape, code: str, crs: str, said: str):
    answer = upload(ground, as_file(("格", code, shape)), crs=crs)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert Division.objects.count() == 0


def test_a_neighbours_ground_is_not_imported(ground: Ground):
    answer = upload(ground, as_file(("格", "", shapely.box(120.0, 36.0, 120.01, 36.01))), role="far")
    assert answer.status_code == 422 and "不在您的管辖范围内" in answer.content.decode()


@pytest.mark.parametrize("form", ["shp", "gpkg", "geojson", "kml"])
def test_grids_go_out_as_a_file_and_come_back(ground: Ground, form: str):
    answer = ground.client("officer").post("/grids/export/", {"form": form, "crs": "EPSG:4490", "reason": "测绘核对"})
    assert answer.status_code == 200 and "grids-" in answer["Content-Disposition"]
    ending = answer["Content-Disposition"].rpartition(".")[2].strip('"')
    back = upload(ground, answer.content, f"grids.{ending}", "EPSG:4326" if form in ("kml", "geojson") else "EPSG:4490")
    assert back.status_code == 302, back.content.decode()[-900:]
    assert Division.objects.count() == 2
    assert ground.client("officer").post("/grids/export/", {"form": form, "crs": "EPSG:4490"}).status_code == 422
    assert ground.client("worker").get("/grids/export/").status_code == 403


def test_a_file_of_another_kind_is_refused(ground: Ground):
    answer = upload(ground, b"MZ" + bytes(300), "grids.zip")
    assert answer.status_code == 422 and "不是地图文件" in answer.content.decode()


# -- pages ------------------------------------------------------------------------------------------


def test_every_page_opens_and_shuts_by_right(ground: Ground):
    pages = ["/grids/find/", "/grids/supervision/", "/grids/report/", "/grids/matrix/", "/grids/plot/", "/grids/import/",
             "/grids/export/", "/r/grids/map/", f"/grids/plot/{ground.communities[0].pk}/", "/r/grid-divisions/"]  # fmt: skip
    for page in pages:
        assert ground.client("officer").get(page).status_code == 200, page
    for page in ("/grids/plot/", "/grids/import/", "/grids/export/"):
        assert ground.client("worker").get(page).status_code == 403, page
    for page in (f"/grids/town/{ground.town.pk}/grids.json", f"/grids/plot/{ground.communities[0].pk}/features.json"):
        assert ground.client("officer").get(page).status_code == 200
    assert json.loads(ground.client("far").get(f"/grids/town/{ground.town.pk}/grids.json").content)["features"] == []


def test_the_demo_data_load_once(ground: Ground):
    from hezhi.chapters.grassroots.grids import demo

    demo.load()
    many = GridDuty.objects.count()
    assert many > 0 and Area.objects.filter(kind="specialised").count() == 5
    demo.load()
    assert GridDuty.objects.count() == many


def test_a_visit_is_written_on_the_grid_and_its_long_absence_is_told(ground: Ground):
    client, url = ground.client("worker"), f"/r/grids/{ground.grids[0].pk}/?tab=visits"
    sent = {
        "visited_on": f"{time.today()}",
        "visitor": "简样例",
        "purpose": "日常巡查",
        "finding": "楼道畅通，灯具完好",
    }
    assert client.post(url, sent).status_code == 302
    assert "楼道畅通" in client.get(url).content.decode()
    names = {grid.name for grid in queries.unvisited(ground.by("officer"))}
    assert len(names) == 7 and "东社区第1网格" not in names
    page = ground.client("officer").get("/grids/supervision/?why=unvisited").content.decode()
    assert "90 天没有走访记录" in page and "12%" in page
