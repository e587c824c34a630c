"""9.1.2-4 数据供给: a warehouse reads what changed, page by page, without a person and without a word of a case."""

import json
from datetime import timedelta

import pytest

from hezhi.channels.open_api.tests.world import Platform, make_key
from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District
from hezhi.chapters.cases.statistics.api import catch_up
from hezhi.engines.org.testkit import traced

pytestmark = [pytest.mark.clause("9.1.2-4"), pytest.mark.api]
FACTS = "/api/v1/facts/"
SAID = {
    "title": "示例丙反映路灯",
    "text": "我是示例丙，路灯不亮",
    "name": "示例丙",
    "phone": "19900002222",
    "place": "示例小区9号楼",
}


@pytest.fixture
def warehouse(district: District, monkeypatch) -> Platform:
    """A key that may read facts and nothing else; changes count as settled at once."""
    monkeypatch.setattr(queries.incoming, "SETTLING", timedelta(minutes=-5))
    return Platform(make_key(name="示例数据仓库", system="warehouse", scopes=["facts.read"]))


def accepted(district: District, **more: object):  # type: ignore[no-untyped-def]
    receipt = district.report(**(SAID | more))  # type: ignore[arg-type]
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return receipt


def test_pages_go_on_from_their_mark_and_the_newest_state_comes_again(district: District, warehouse: Platform) -> None:
    receipts = [accepted(district) for _ in range(3)]
    catch_up()
    seen: dict[str, dict] = {}
    mark, pages = 0, 0
    while True:
        page = warehouse.call("GET", f"{FACTS}?after={mark}&size=4").json()
        seen |= {item["case"]: item for item in page["items"]}
        mark, pages = page["next"], pages + 1
        if not page["more"]:
            break
    assert set(seen) == {queries.outside_id(r.id) for r in receipts} and pages >= 2
    item = seen[queries.outside_id(receipts[0].id)]
    assert (item["category_path"], item["town"], item["grid"], item["unit"]) == ("01/0101", "t1", "", "")
    assert item["accepted_at"].endswith(":00:00Z") and item["ended_at"] is None
    assert warehouse.call("GET", f"{FACTS}?after={mark}").json() == {
        "items": [],
        "withdrawn": [],
        "next": mark,
        "more": False,
    }
    actions.answer_directly(receipts[1].id, by=district["centre.acceptor"], reply="已修好")
    catch_up()
    (again,) = warehouse.call("GET", f"{FACTS}?after={mark}").json()["items"]
    assert again["case"] == queries.outside_id(receipts[1].id) and again["answered_directly"]


def test_nothing_of_a_person_goes_out_and_what_goes_under_the_veil_is_taken_out(
    district: District, warehouse: Platform
) -> None:
    open_one, secret = accepted(district), accepted(district, secret=True)
    catch_up()
    page = warehouse.call("GET", FACTS)
    text = json.dumps(page.json(), ensure_ascii=False)
    assert not any(
        word in text
        for word in ("示例丙", "1990000", "9号楼", "路灯不亮", open_one.number, str(open_one.id), str(secret.id))
    )
    assert [item["case"] for item in page.json()["items"]] == [queries.outside_id(open_one.id)]
    assert page.json()["withdrawn"] == [queries.outside_id(secret.id)]
    mark = page.json()["next"]
    actions.claim_secret(open_one.id, by=district["centre.acceptor"], title="某事项", text="已隐去")
    catch_up()
    after = warehouse.call("GET", f"{FACTS}?after={mark}").json()
    assert (after["items"], after["withdrawn"]) == ([], [queries.outside_id(open_one.id)])


def test_a_key_with_an_area_hears_of_its_area_and_of_what_has_left_it_and_the_grid_needs_a_word(
    district: District, warehouse: Platform
) -> None:
    scopes = ["facts.read", "facts.grid"]
    town = Platform(make_key(name="示例街道", system="town", scopes=scopes, area_id=district.areas["t1"].pk))
    here, gone, there = accepted(district), accepted(district), accepted(district, lon=120.025)
    catch_up()
    page = town.call("GET", FACTS).json()
    assert {item["case"]: item["grid"] for item in page["items"]} == {
        queries.outside_id(here.id): "g11",
        queries.outside_id(gone.id): "g11",
    }
    assert page["withdrawn"] == [] and len(warehouse.call("GET", FACTS).json()["items"]) == 3
    traced()
    second = district.areas["g21"]
    Case.objects.filter(pk=gone.id).update(town=second.town, community=second.community, grid=second)
    Case.objects.filter(pk=there.id).update(urged=1)
    catch_up()
    after = town.call("GET", f"{FACTS}?after={page['next']}").json()
    assert (after["items"], after["withdrawn"]) == ([], [queries.outside_id(gone.id)])


def test_only_a_key_for_facts_reads_them_and_it_reads_nothing_else(district: District, warehouse: Platform) -> None:
    assert Platform(make_key(system="other")).call("GET", FACTS).status_code == 403
    assert warehouse.call("GET", "/api/v1/report-categories/").status_code == 403
    for wrong in ("size=0", "size=2001", "after=-1", "after=abc"):
        assert warehouse.call("GET", f"{FACTS}?{wrong}").status_code == 422, wrong
