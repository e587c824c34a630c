"""How many questions the pages of homes ask the database: the same for one person and for many."""

from datetime import timedelta

import pytest

from hezhi.chapters.grassroots.registers.actions import move_in
from hezhi.ground import time

PAGE = 14


@pytest.mark.clause("9.1.3-2-3")
def test_the_pages_of_a_home_a_building_and_a_street(quarter, ledger) -> None:
    home, by = quarter.homes()[0], quarter.by(quarter.clerk)
    first = move_in(home.pk, quarter.person(1).pk, by=by, since=time.today() - timedelta(days=9))
    for n in range(2, 7):
        move_in(
            home.pk, quarter.person(n).pk, by=by, since=time.today(), household_id=first.household_id, relation="80"
        )
    browser = quarter.browser(quarter.clerk)
    pages = {
        "home page, six people": f"/r/homes/{home.pk}/?tab=people",
        "household card, six people": f"/registers/households/{first.household_id}/card/",
        "building chart, twelve homes": f"/registers/buildings/{quarter.building.pk}/chart/",
        "address tree, one community": f"/registers/tree/community/{quarter.community.pk}/",
        "list of residents": "/r/residents/",
        "list of homes": "/r/homes/",
    }
    for name, url in pages.items():
        assert browser.get(url).status_code == 200, name
        with ledger.sql(name, PAGE):
            browser.get(url)
    phone = quarter.browser(quarter.worker)
    assert phone.get(f"/g/homes/{home.pk}/").status_code == 200
    with ledger.sql("home at the door, six people", PAGE):
        phone.get(f"/g/homes/{home.pk}/")
