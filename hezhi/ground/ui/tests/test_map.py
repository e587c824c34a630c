"""Maps: what stands on them, picking a place, plotting, and a browser without WebGL."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit import browser
from hezhi.ground.ui.tests.site import Site

pytestmark = pytest.mark.browser


def wait(page: Page, selector: str = ".map") -> None:
    page.locator(f"{selector}[data-ready]").first.wait_for(state="attached")


def test_a_map_names_its_origin_and_its_review_number(officer: Page) -> None:
    officer.goto("/gallery/parts")
    wait(officer)
    credit = officer.locator(".map-credit")
    expect(credit).to_contain_text("© OpenStreetMap contributors (ODbL)")
    expect(credit).to_contain_text("审图号")


def test_shaded_areas_have_a_legend_and_tell_their_figure(officer: Page) -> None:
    officer.goto("/gallery/parts")
    wait(officer)
    expect(officer.locator(".map-legend")).to_contain_text("事件数")
    officer.locator(".map").scroll_into_view_if_needed()
    box = officer.locator(".map").bounding_box()
    officer.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 20)
    officer.mouse.move(box["x"] + box["width"] / 2 + 4, box["y"] + box["height"] / 2 - 20)
    expect(officer.locator(".map-tip")).to_contain_text("示例第")


def test_without_its_base_a_map_still_shows_the_layers(officer: Page) -> None:
    officer.goto("/gallery/detail")
    wait(officer)
    expect(officer.locator(".map-note")).to_contain_text("底图暂时没有取到")
    expect(officer.locator(".map canvas").first).to_be_visible()


def test_a_map_works_without_webgl(chromium, site: Site, tmp_path: Path) -> None:
    with browser.page_on(chromium, site.origin, browser.DESK, tmp_path / "map") as page:
        page.add_init_script(
            "const old = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            "  return /webgl/.test(kind) ? null : old.call(this, kind, ...rest); };"
        )
        page.goto("/gallery/parts")
        wait(page)
        expect(page.locator(".map-legend")).to_be_visible()


def test_the_real_base_map_is_drawn(chromium, shared: Path, tmp_path: Path) -> None:
    tiles = shared / "data/geo/huangdao_basemap.pmtiles"
    own = Site({"/base.pmtiles": tiles})
    with browser.page_on(chromium, own.origin, browser.DESK, tmp_path / "map") as page:
        page.goto("/gallery/detail")
        wait(page)
        expect(page.locator(".map-note")).to_have_count(0)
        colours = """() => {
          const canvas = document.querySelector('.map canvas');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const seen = new Set();
          for (let i = 0; i < data.length; i += 400) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
          return seen.size > 3;
        }"""
        page.wait_for_function(colours)
    own.close()


def test_a_press_on_the_map_writes_the_place(officer: Page) -> None:
    officer.goto("/gallery/map-pick")
    wait(officer)
    officer.wait_for_timeout(300)
    box = officer.locator(".map").bounding_box()
    officer.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(officer.locator("#id_lng")).to_have_value("119.993100")
    expect(officer.locator("#id_lat")).to_have_value("35.876200")


# --- plotting -----------------------------------------------------------------------------


@pytest.fixture
def plot(officer: Page) -> Page:
    officer.goto("/gallery/map-editor")
    officer.locator("[data-plot-map][data-loaded]").wait_for(state="attached")
    wait(officer, "[data-plot-map]")
    return officer


def at(page: Page, across: float, down: float) -> tuple[float, float]:
    """A point of the four by three grids, counted from their upper left corner."""
    box = page.locator("[data-plot-map]").bounding_box()
    west, north, east, south = page.evaluate(
        """() => {
          const holder = document.querySelector('[data-plot]');
          const map = holder.plot.map;
          const [x1, y1, x2, y2] = holder.plot.source.getExtent();
          return [...map.getPixelFromCoordinate([x1, y2]), ...map.getPixelFromCoordinate([x2, y1])];
        }"""
    )
    return box["x"] + west + (east - west) * across / 4, box["y"] + north + (south - north) * down / 3


def changes(page: Page) -> list[dict]:
    return json.loads(page.locator("[data-plot-changes]").input_value() or "[]")


def test_a_grid_is_chosen_and_named(plot: Page) -> None:
    plot.mouse.click(*at(plot, 0.5, 0.5))
    expect(plot.locator("[data-plot-hint]")).to_have_text("已选：示例第9网格")


def test_a_grid_is_split_by_a_line_and_the_step_can_be_taken_back(plot: Page) -> None:
    plot.mouse.click(*at(plot, 1.5, 1.5))
    expect(plot.locator("[data-plot-hint]")).to_contain_text("示例第6网格")
    plot.get_by_role("button", name="分割").click()
    plot.mouse.click(*at(plot, 1.5, 0.8))
    plot.mouse.dblclick(*at(plot, 1.5, 2.2))
    expect(plot.locator("[data-plot-hint]")).to_contain_text("已分割为两块")
    [change] = changes(plot)
    assert (change["verb"], change["ids"], change["geometry"]["type"]) == ("split", ["g5"], "LineString")
    areas = plot.evaluate(
        """() => {
          const { source } = document.querySelector('[data-plot]').plot;
          return source.getFeatures().map((f) => [f.getId(), f.getGeometry().getArea()]);
        }"""
    )
    known = dict(areas)
    assert len(known) == 13
    assert known["g5-1"] + known["g5-2"] == pytest.approx(known["g4"], rel=1e-6)
    assert known["g5-1"] == pytest.approx(known["g5-2"], rel=0.02)
    plot.get_by_role("button", name="撤销").click()
    assert changes(plot) == []
    assert plot.evaluate("document.querySelector('[data-plot]').plot.source.getFeatures().length") == 12


def test_neighbours_move_together_when_a_shared_corner_is_pulled(plot: Page) -> None:
    plot.get_by_role("button", name="修改").click()
    x, y = at(plot, 1, 1)
    plot.mouse.move(x, y)
    plot.mouse.down()
    plot.mouse.move(x + 12, y + 12)
    plot.mouse.move(x + 25, y + 25)
    plot.mouse.up()
    assert {change["verb"] for change in changes(plot)} == {"modify"}
    assert sorted(id_ for change in changes(plot) for id_ in change["ids"]) == ["g4", "g5", "g8", "g9"]


def test_two_grids_are_put_down_for_merging(plot: Page) -> None:
    plot.mouse.click(*at(plot, 0.5, 0.5))
    expect(plot.locator("[data-plot-hint]")).to_contain_text("示例第9网格")
    plot.keyboard.down("Shift")
    plot.mouse.click(*at(plot, 1.5, 0.5))
    plot.keyboard.up("Shift")
    expect(plot.locator("[data-plot-hint]")).to_contain_text("示例第10网格")
    plot.get_by_role("button", name="合并").click()
    [change] = changes(plot)
    assert (change["verb"], sorted(change["ids"])) == ("merge", ["g8", "g9"])


def test_a_new_grid_is_drawn(plot: Page) -> None:
    plot.get_by_role("button", name="绘制").click()
    for place in [(1.4, -0.1), (1.9, -0.1), (1.9, -0.06), (1.6, -0.06), (1.4, -0.1)]:
        plot.mouse.click(*at(plot, *place))
        plot.wait_for_timeout(300)
    [change] = changes(plot)
    assert change["verb"] == "draw"
    assert change["geometry"]["type"] == "Polygon"
    west = min(point[0] for point in change["geometry"]["coordinates"][0])
    assert 119.9 < west < 120.2, "degrees of WGS 84, not metres of the screen's projection"
