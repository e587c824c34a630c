"""9.1.3-1-1 网格管理 at real screens: plotting, publishing, finding, supervising; the grid worker's own grid on the phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import sign_in, submit

pytestmark = pytest.mark.clause("9.1.3-1-1")
COMMUNITY = "柳沟社区"  # the main story is told in 盐滩社区: its grids stay as they are


def plot(desk: Page, system: System) -> Page:
    """Open the editor of a community and wait until the grids have been looked through."""
    sign_in(desk, system, "town_dispatcher1", "/grids/plot/?q=" + COMMUNITY)
    desk.get_by_role("link", name=COMMUNITY, exact=True).click()
    desk.locator("[data-plot-map][data-loaded][data-ready]").wait_for(state="attached", timeout=30_000)
    expect(desk.locator("[data-verdict]")).to_have_text("不重不漏，可以发布。")
    return desk


def pixel(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place stands on the screen now."""
    box = page.locator("[data-plot-map]").bounding_box()
    x, y = page.evaluate(
        """([lon, lat]) => {
          const plot = document.querySelector('[data-plot]').plot;
          const x = lon * 20037508.34 / 180;
          const y = Math.log(Math.tan((90 + lat) * Math.PI / 360)) * 20037508.34 / Math.PI;
          return plot.map.getPixelFromCoordinate([x, y]);
        }""",
        [lon, lat],
    )
    return box["x"] + x, box["y"] + y


def box_of(system: System, name: str) -> tuple[float, float, float, float]:
    [row] = system.sql(
        "select st_xmin(shape), st_ymin(shape), st_xmax(shape), st_ymax(shape) from geo_area"
        " where name = %s and level = 'grid' and valid_to is null", name,
    )  # fmt: skip
    return row


def centre_of(system: System, name: str) -> tuple[float, float]:
    [row] = system.sql(
        "select st_x(centre), st_y(centre) from geo_area where name = %s and level = 'grid' and valid_to is null", name
    )
    return row


def settled(page: Page) -> None:
    expect(page.locator("[data-plot]:not([data-busy])")).to_be_attached()


def test_a_grid_is_split_published_and_taken_back(desk: Page, running_system: System) -> None:
    system, page = running_system, plot(desk, running_system)
    picture(page, "test-results/grids-plot.png")
    assert accessibility_findings(page) == []
    name = f"{COMMUNITY}第2网格"
    west, _, east, _ = box_of(system, name)
    lon, lat = centre_of(system, name)
    page.mouse.click(*pixel(page, lon, lat))
    expect(page.locator("[data-plot-hint]")).to_contain_text(f"已选：{name}")
    page.get_by_role("button", name="拆分").click()
    page.mouse.click(*pixel(page, west - 0.001, lat))
    page.wait_for_timeout(350)
    page.mouse.dblclick(*pixel(page, east + 0.001, lat))
    expect(page.locator("[data-plot-hint]")).to_contain_text("已拆成两块")
    settled(page)
    expect(page.locator("[data-grids] li")).to_have_count(5)
    page.fill("textarea[name=reason]", "新路贯通，一格改两格")
    page.fill("input[name=source]", "街道会议纪要 3 号（演示）")
    picture(page, "test-results/grids-split.png")
    page.get_by_role("button", name="存草案并核对").click()
    page.wait_for_url(re.compile(r"/grids/divisions/"))
    page.locator(".map[data-ready]").wait_for(state="attached")
    expect(page.locator("main")).to_contain_text("新设")
    assert accessibility_findings(page) == []
    picture(page, "test-results/grids-division.png")
    page.get_by_role("link", name="发布", exact=True).click()
    expect(page.locator("#dialog[open]")).to_be_visible()
    picture(page, "test-results/grids-publish.png")
    submit(page, "发布")
    expect(page.locator("main")).to_contain_text("划分已发布")
    wait_until(
        lambda: system.sql("select 1 from geo_area where name = %s and valid_to is null", f"{COMMUNITY}第5网格"), 10
    )
    page.get_by_role("link", name="撤销这次划分").click()
    page.fill("#dialog textarea[name=reason]", "演示完毕，恢复原状")
    submit(page, "撤销")
    expect(page.locator("main")).to_contain_text("已恢复到这次划分之前的边界")
    assert not system.sql("select 1 from geo_area where name = %s", f"{COMMUNITY}第5网格")


def test_an_overlap_is_marked_shown_near_and_given_to_one(desk: Page, running_system: System) -> None:
    system, page = running_system, plot(desk, running_system)
    lon, lat = centre_of(system, f"{COMMUNITY}第2网格")
    page.get_by_role("button", name="新画").click()
    step = 0.0009
    for dx, dy in [(-1, -1), (1, -1), (1, 1), (-1, 1)]:
        page.mouse.click(*pixel(page, lon + dx * step, lat + dy * step))
        page.wait_for_timeout(350)
    page.mouse.click(*pixel(page, lon - step, lat - step))
    expect(page.locator("[data-verdict]")).to_contain_text("处差错")
    settled(page)
    expect(page.locator("[data-faults] li").first).to_contain_text("重叠")
    page.locator("[data-faults] li").first.get_by_role("button", name="看这里").click()
    picture(page, "test-results/grids-overlap.png")
    assert accessibility_findings(page) == []
    page.locator("[data-faults] li").get_by_role("button", name=f"划给{COMMUNITY}第5网格").click()
    expect(page.locator("[data-verdict]")).to_have_text("不重不漏，可以发布。")
    for _ in range(2):
        page.get_by_role("button", name="撤销", exact=True).click()
        settled(page)
    expect(page.locator("[data-grids] li")).to_have_count(4)


SHARED_EDGE = """() => {
  const { source, map } = document.querySelector('[data-plot]').plot;
  const seen = new Map();
  const key = (p) => p.map((n) => n.toFixed(2)).join();
  for (const f of source.getFeatures()) {
    const shape = f.getGeometry();
    const rings = shape.getType() === 'Polygon' ? shape.getCoordinates() : shape.getCoordinates().flat();
    for (const ring of rings) for (let i = 0; i + 1 < ring.length; i += 1) {
      const [a, b] = [ring[i], ring[i + 1]];
      const name = [key(a), key(b)].sort().join('|');
      if (!seen.has(name)) seen.set(name, { a, b, who: [] });
      seen.get(name).who.push(f.getId());
    }
  }
  const long = ({ a, b }) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const [edge] = [...seen.values()].filter((one) => one.who.length === 2).sort((p, q) => long(q) - long(p));
  const middle = [(edge.a[0] + edge.b[0]) / 2, (edge.a[1] + edge.b[1]) / 2];
  const box = map.getTargetElement().getBoundingClientRect();
  const [x, y] = map.getPixelFromCoordinate(middle);
  return { x: box.x + x, y: box.y + y, who: edge.who };
}"""


def test_a_border_is_pulled_and_both_sides_follow(desk: Page, running_system: System) -> None:
    page = plot(desk, running_system)
    edge = page.evaluate(SHARED_EDGE)
    before = {f["id"]: f["geometry"] for f in page.evaluate("document.querySelector('[data-plot]').plot.told()")}
    page.get_by_role("button", name="移边界").click()
    page.mouse.move(edge["x"], edge["y"])
    page.mouse.down()
    page.mouse.move(edge["x"] + 10, edge["y"] + 8)
    page.mouse.move(edge["x"] + 22, edge["y"] + 18)
    page.mouse.up()
    expect(page.locator("[data-plot-hint]")).to_contain_text("边界已移动")
    settled(page)
    expect(page.locator("[data-verdict]")).to_have_text("不重不漏，可以发布。")
    after = {f["id"]: f["geometry"] for f in page.evaluate("document.querySelector('[data-plot]').plot.told()")}
    assert sorted(key for key in after if after[key] != before[key]) == sorted(edge["who"])
    expect(page.get_by_role("button", name="撤销", exact=True)).to_be_enabled()


def test_the_system_proposes_and_the_officer_goes_on_from_it(desk: Page, running_system: System) -> None:
    page = plot(desk, running_system)
    page.fill("[data-many]", "6")
    page.get_by_role("button", name="生成建议").click()
    expect(page.locator("[data-plot-hint]")).to_contain_text("系统按户数和事件分布建议", timeout=20_000)
    expect(page.locator("[data-grids] li")).to_have_count(6)
    expect(page.locator("[data-verdict]")).to_have_text("不重不漏，可以发布。")
    picture(page, "test-results/grids-proposed.png")
    assert page.locator("[data-origin]").input_value() == "proposed"


def test_the_desk_finds_supervises_and_counts(desk: Page, running_system: System) -> None:
    sign_in(desk, running_system, "town_dispatcher1", "/grids/find/?q=ytsq")
    expect(desk.locator("main")).to_contain_text("盐滩社区第1网格")
    pages = ["/grids/find/?q=ytsq", "/grids/supervision/", "/grids/report/", "/grids/matrix/", "/grids/plot/", "/grids/import/",
             "/grids/export/", "/r/grids/", "/r/grids/map/", "/r/grid-duties/", "/r/grid-notes/", "/r/grid-divisions/"]  # fmt: skip
    for path in pages:
        desk.goto(path)
        name = re.sub(r"\W+", "-", path.split("?")[0]).strip("-")
        picture(desk, f"test-results/desk-{name}.png")
        assert accessibility_findings(desk) == [], path
    desk.goto("/r/grids/?q=盐滩社区第1网格")
    desk.get_by_role("link", name="盐滩社区第1网格").first.click()
    desk.locator(".map[data-ready]").wait_for(state="attached")
    for tab in ("", "?tab=members", "?tab=notes", "?tab=cases", "?tab=changes", "?tab=visits"):
        desk.goto(desk.url.split("?")[0] + tab)
        picture(desk, f"test-results/desk-grid{tab.replace('?tab=', '-')}.png")
        assert accessibility_findings(desk) == [], tab


def test_the_grid_worker_sees_his_own_grid_on_the_phone(phone: Page, running_system: System) -> None:
    sign_in(phone, running_system, "grid_worker1", "/r/grids/")
    expect(phone.locator("main tbody tr")).to_have_count(1)
    picture(phone, "test-results/phone-grids.png")
    phone.locator("main tbody tr a").first.click()
    expect(phone.locator("main")).to_contain_text("网格人员")
    picture(phone, "test-results/phone-grid.png", full_page=True)
    assert accessibility_findings(phone) == []
    phone.goto(phone.url.split("?")[0] + "?tab=members")
    expect(phone.locator("main")).to_contain_text("采集和更新小区")
    picture(phone, "test-results/phone-members.png", full_page=True)
    phone.goto("/grids/find/?q=盐滩")
    picture(phone, "test-results/phone-find.png", full_page=True)
    assert accessibility_findings(phone) == []
    answer = phone.goto("/grids/plot/")
    assert answer is not None and answer.status == 403
