"""9.1.3-2-4: a clerk brings more people than the row path is meant for, sees how far it is, and takes them back."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.faults.test_large_import import number
from hezhi.wiring.tests.stories.people import sign_in

CLERK, ROWS = "town_dispatcher1", 5_200
PATIENCE = 180_000


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    folder = Path(CHECKOUT / "test-results" / "large-import")
    picture(page, folder / f"{name}.png")
    assert accessibility_findings(page) == [], name


def sheet(path: Path) -> None:
    numbers = list(dict.fromkeys(number(n + 20_000) for n in range(ROWS * 2)))[:ROWS]
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["姓名", "证件号码", "联系电话", "户籍地详址"])
        for n, each in enumerate(numbers):
            faulty = [each[:17], each, each][n % 3] if n % 400 == 0 else each
            writer.writerow(["" if n == 401 else f"样例{chr(0x5E00 + n)}", faulty, f"197{n:08d}", f"样例路{n}号"])


@pytest.mark.clause("9.1.3-2-4")
def test_a_large_sheet_from_upload_to_taking_back(desk: Page, running_system: System, tmp_path: Path) -> None:
    path = tmp_path / "样例社区人口.csv"
    sheet(path)
    sign_in(desk, running_system, CLERK, "/r/residents/import/")
    desk.set_input_files("input[name=file]", path)
    desk.get_by_role("button", name="上传并预检").click()
    expect(desk.locator(".job")).to_be_visible()
    look(desk, "checking")
    expect(desk.get_by_role("button", name="确认写入")).to_be_visible(timeout=PATIENCE)
    expect(desk.get_by_role("region", name="需要更正的行")).to_contain_text("身份证号应为 18 位，现为 17 位")
    look(desk, "checked")
    with desk.expect_download() as sent:
        desk.get_by_role("link", name="下载问题清单").click()
    assert sent.value.suggested_filename.endswith("退回的行.xlsx")
    desk.get_by_role("button", name="确认写入").click()
    expect(desk.get_by_text("已写入：新增")).to_be_visible(timeout=PATIENCE)
    look(desk, "written")
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.reload()
    desk.wait_for_timeout(500)  # the side menu folds
    look(desk, "written-phone")
    desk.set_viewport_size({"width": 1440, "height": 900})
    desk.get_by_text("整批撤销", exact=True).first.click()
    desk.fill("#undo-reason", "样例：选错了社区")
    desk.get_by_role("button", name="整批撤销").click()
    expect(desk.get_by_text("这个批次已整批撤销")).to_be_visible(timeout=PATIENCE)
    look(desk, "undone")
