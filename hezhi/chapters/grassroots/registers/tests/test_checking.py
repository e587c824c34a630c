"""Small places looked after (9.1.3-2-8): list by kind, the keeper's own check, a fault found and put right."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.grassroots.registers import api, queries
from hezhi.chapters.grassroots.registers.actions import (
    check_place,
    give_keeper_code,
    make_plates,
    recheck_place,
)
from hezhi.chapters.grassroots.registers.models import KeeperCode, PlaceCheck, PlaceFinding, SmallPlace
from hezhi.chapters.grassroots.registers.rules import Answer, Result
from hezhi.engines.org.actor import system
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.3-2-8")
OK, NO = Answer(Result.OK), Answer(Result.FAULT, "后门堆了纸箱")


@pytest.fixture
def eatery(quarter):
    """A small eatery in the first grid, and the lists as an installation has them."""
    api.load_tables(by=system("初始化"))
    data = {
        "name": "样例面馆", "kind": "02", "address": "样例路1号附2号", "grid": str(quarter.grid.pk), "keeper_name": "柏样例",
        "keeper_phone": "13900005678", "capacity": "20", "inspect_every": "30", "hazard": "00", "staff_count": "4",
    }  # fmt: skip
    return registry_actions.create(site.get("small-places"), data, by=quarter.by(quarter.clerk))


def answers(place: SmallPlace, **other: Answer) -> dict[str, Answer]:
    return {item.code: other.get(item.code, OK) for item in queries.items_for(place.kind)}


def test_each_kind_has_its_list_and_a_list_half_filled_in_is_refused_by_item(quarter, eatery) -> None:
    codes = {item.code for item in queries.items_for("02")}
    assert {"exit", "gas", "hood"} <= codes and "guests" not in codes
    with pytest.raises(BadInput) as refused:
        check_place(eatery.pk, {"exit": Answer(Result.FAULT)}, by=quarter.by(quarter.worker))
    assert "写明情况" in refused.value.fields["exit"][0] and "选择结果" in refused.value.fields["gas"][0]
    assert PlaceCheck.objects.count() == 0


def test_keeper_checks_by_code_worker_finds_a_fault_and_a_recheck_closes_it(quarter, eatery) -> None:
    worker = quarter.by(quarter.worker)
    (plate,) = make_plates(by=quarter.by(quarter.clerk), places=[eatery.pk])
    code = give_keeper_code(eatery.pk, by=worker)
    assert code not in KeeperCode.objects.get().print
    keeper, url = Client(), f"/c/q/{plate.code}/check/"
    assert url in keeper.get(f"/c/q/{plate.code}/").content.decode()
    assert keeper.post(url, {"keeper_code": "WRONGONE"}).status_code == 422
    shown = keeper.post(url, {"keeper_code": code.lower()}).content.decode()
    assert "燃气软管" in shown and "13900005678" not in shown
    sent = {item.code: "ok" for item in queries.items_for("02")} | {"hood": "fault", "hood_note": "烟道该洗了"}
    assert keeper.post(url, sent | {"keeper_code": code, "send": "1", "hood_note": ""}).status_code == 422
    assert "1 项不合格" in keeper.post(url, sent | {"keeper_code": code, "send": "1"}).content.decode()
    own = PlaceCheck.objects.get()
    assert (own.way, own.faults, own.checked_by_id) == ("self", 1, None)
    assert not PlaceFinding.objects.exists(), "what a keeper tells himself opens nothing against him"

    check_place(eatery.pk, answers(eatery, exit=NO), by=quarter.by(quarter.worker))
    eatery.refresh_from_db()
    finding = PlaceFinding.objects.get()
    assert (finding.item, finding.state, finding.due) == ("exit", "open", time.today() + timedelta(days=1))
    assert (eatery.hazard, eatery.rectify_until, eatery.last_inspected_on) == ("01", finding.due, time.today())
    recheck_place(eatery.pk, {"exit": NO}, by=quarter.by(quarter.worker))
    finding.refresh_from_db()
    assert (finding.state, finding.due) == ("open", time.today() + timedelta(days=7))
    closing = recheck_place(eatery.pk, {"exit": OK}, by=quarter.by(quarter.worker))
    finding.refresh_from_db()
    eatery.refresh_from_db()
    assert (finding.state, finding.closed_in_id, eatery.hazard, eatery.rectify_until) == (
        "closed", closing.pk, "00", None,
    )  # fmt: skip
    with pytest.raises(NotNow):
        recheck_place(eatery.pk, {}, by=quarter.by(quarter.worker))
    page = quarter.browser(quarter.clerk).get(f"/r/small-places/{eatery.pk}/?tab=checks").content.decode()
    assert "已整改" in page and "场所负责人" in page and "烟道该洗了" in page


def test_another_kind_keeps_what_was_looked_at_before(quarter, eatery) -> None:
    by = quarter.by(quarter.clerk)
    old = check_place(eatery.pk, answers(eatery, hood=NO), by=by)
    registry_actions.change_many(site.get("small-places"), [eatery.pk], {"kind": "01"}, by=by)
    old.refresh_from_db()
    assert (old.place_kind, old.answers["hood"]["result"]) == ("02", "fault")
    assert PlaceFinding.objects.get().state == "open", "and what was found is still to be put right"
    assert "hood" not in {item.code for item in queries.items_for("01")}
    recheck_place(eatery.pk, {"hood": OK}, by=by)
    assert PlaceFinding.objects.get().state == "closed"


def test_wrong_codes_lock_and_a_new_code_ends_the_old_one(quarter, eatery) -> None:
    (plate,) = make_plates(by=quarter.by(quarter.clerk), places=[eatery.pk])
    old = give_keeper_code(eatery.pk, by=quarter.by(quarter.worker))
    new = give_keeper_code(eatery.pk, by=quarter.by(quarter.worker))
    url = f"/c/q/{plate.code}/check/"
    assert Client().post(url, {"keeper_code": old}).status_code == 422
    for _ in range(10):
        Client().post(url, {"keeper_code": "AAAAAAAA"})
    locked = Client().post(url, {"keeper_code": new})
    assert locked.status_code == 422 and "30 分钟" in locked.content.decode()


def test_places_whose_day_has_come_are_found_and_strangers_see_nothing(quarter, eatery) -> None:
    browser = quarter.browser(quarter.clerk)
    url = "/r/small-places/?check_due=1"
    assert "样例面馆" in browser.get(url).content.decode(), "nobody has looked yet"
    check_place(eatery.pk, answers(eatery), by=quarter.by(quarter.worker))
    assert "样例面馆" not in browser.get(url).content.decode()
    SmallPlace.objects.filter(pk=eatery.pk).update(last_inspected_on=time.today() - timedelta(days=31))
    assert "样例面馆" in browser.get(url).content.decode()
    assert "到期应检查" in quarter.browser(quarter.worker).get("/g/places/").content.decode()
    assert queries.places_waiting(quarter.by(quarter.worker)) == (1, 0)
    with pytest.raises(NotFound):
        check_place(eatery.pk, answers(eatery), by=quarter.by(quarter.neighbour))
    with pytest.raises(NotAllowed):
        give_keeper_code(eatery.pk, by=quarter.by(quarter.leader))
    neighbour = quarter.browser(quarter.next_worker)
    assert neighbour.get(f"/g/places/{eatery.pk}/check/").status_code == 404
