"""What a grid worker finds on his phone before he knocks (入户; 9.1.3-2-3)."""

import re

import pytest

from hezhi.chapters.grassroots.registers.actions import generate_homes, report_change
from hezhi.chapters.grassroots.registers.pages import phone
from hezhi.chapters.grassroots.registers.rules import DoorStyle, plan_flats
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.clause("9.1.3-2-3")


def test_a_building_is_listed_whole_as_one_walks_it(quarter, monkeypatch) -> None:
    generate_homes(quarter.building.pk, plan_flats(2, 4, 11, 2, DoorStyle.FLOOR), by=quarter.by(quarter.clerk))
    worker, url = quarter.browser(quarter.worker), "/g/homes/?q=样例花园3号楼"
    page = worker.get(url).content.decode()
    doors = re.findall(r"3号楼(\d)单元(\d+)", page)
    assert "共 44 套" in page and len(doors) == 44
    assert doors == sorted(doors, key=lambda door: (door[0], int(door[1]))), "by entrance and floor: 902 before 1001"
    monkeypatch.setattr(phone, "MOST_HOMES", 10)
    assert "只列出前 10 套" in worker.get(url).content.decode()


def test_a_home_is_not_still_right_while_a_report_says_otherwise(quarter) -> None:
    home = quarter.homes()[0]
    worker, url = quarter.browser(quarter.worker), f"/g/homes/{home.pk}/"
    assert "仍然一致" in worker.get(url).content.decode()
    worker.post(f"{url}right/")
    assert "最近核实" in worker.get(url).content.decode()
    report_change(home.pk, by=quarter.by(quarter.worker), kind="other", text="门锁换了，邻居说住了别人", id=new_id())
    assert "仍然一致" not in worker.get(url).content.decode()
    assert "现在不能记为一致" in worker.post(f"{url}right/", follow=True).content.decode()
