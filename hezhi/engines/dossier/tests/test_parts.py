"""Each part at work: visits, states, ties, labels, added fields, duplicates, verification."""

from datetime import timedelta
from typing import Any

import pytest

from hezhi.engines.dossier.duplicates import Duplicates
from hezhi.engines.dossier.extra import forget
from hezhi.engines.dossier.lifecycle import Lifecycle, StateVerb
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.dossier.models import ExtraField, Move, Tie, Visit
from hezhi.engines.dossier.tags import Tags
from hezhi.engines.dossier.ties import Relations, TieKind
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import dictionaries, site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import World, _sheet, _upload
from hezhi.engines.registry.examples import make_rows
from hezhi.engines.registry.models import Code
from hezhi.ground import time

pytestmark = pytest.mark.django_db
BARE = {"list": ("name",)}
HOUSES, RESIDENTS = "/r/test-houses/", "/r/test-residents/"


def text(answer: Any) -> str:
    return str(answer.content.decode())


# -- visits ----------------------------------------------------------------------------------------


def visit(**more: str) -> dict[str, str]:
    return {"visited_on": str(time.today()), "visitor": "林样例", "purpose": "例行", "finding": "一切正常"} | more


def test_a_visit_stands_on_the_row_and_in_the_list(houses: World) -> None:
    row = houses.rows()[0]
    ahead = str(time.today() + timedelta(days=30))
    answer = houses.client().post(f"{HOUSES}{row.pk}/?tab=visits", visit(next_on=ahead))
    assert answer.status_code == 302
    page = text(houses.get(f"{HOUSES}{row.pk}/?tab=visits"))
    assert "一切正常" in page and ahead in page
    assert str(time.today()) in text(houses.get(HOUSES))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"visited_on": "2099-01-01"}, "走访日期不能晚于今天"),
        ({"next_on": "2020-01-01"}, "下次走访应晚于本次"),
        ({"finding": ""}, "请填写走访情况"),
        ({"purpose": "闲逛"}, "purpose"),
    ],
)
def test_a_visit_that_cannot_be_is_refused_and_keeps_what_was_typed(houses: World, more: dict, said: str) -> None:
    row = houses.rows()[0]
    answer = houses.client().post(f"{HOUSES}{row.pk}/?tab=visits", visit(visitor="林样例和同事") | more)
    assert answer.status_code == 422 and said in text(answer) and "林样例和同事" in text(answer)
    assert not Visit.objects.exists()


def test_a_visit_that_is_due_is_found_by_the_filter_and_a_struck_one_does_not_count(houses: World) -> None:
    late, fresh = houses.rows(2)
    with_visit = {"visited_on": "2026-01-02", "next_on": "2026-02-02"}
    houses.client().post(f"{HOUSES}{late.pk}/?tab=visits", visit(**with_visit))
    page = text(houses.get(f"{HOUSES}?visit_due=1"))
    assert str(late.pk) in page and str(fresh.pk) not in page
    strike = {"strike": str(Visit.objects.get().pk), "reason": "录错"}
    assert houses.client().post(f"{HOUSES}{late.pk}/?tab=visits", strike).status_code == 302
    assert str(late.pk) not in text(houses.get(f"{HOUSES}?visit_due=1"))
    assert "已作废：录错" in text(houses.get(f"{HOUSES}{late.pk}/?tab=visits"))


# -- states ----------------------------------------------------------------------------------------


def test_a_state_changes_by_its_verb_with_day_and_reason(houses: World) -> None:
    row = houses.rows()[0]
    type(row).objects.filter(pk=row.pk).first()
    url = f"{HOUSES}{row.pk}/state/let/"
    if row.state != "empty":
        url = f"{HOUSES}{row.pk}/state/end/"
    assert "生效日期" in text(houses.get(url))
    reason = "新签合同" if "let" in url else "合同到期"
    answer = houses.client().post(url, {"since": "2026-03-01", "reason": reason})
    assert answer.status_code == 302
    page = text(houses.get(f"{HOUSES}{row.pk}/?tab=states"))
    assert "2026-03-01" in page and reason in page
    assert houses.client().post(url, {"since": "2026-03-02", "reason": reason}).status_code == 409


def test_a_state_cannot_begin_before_the_last_one_or_for_a_reason_that_is_none(houses: World) -> None:
    row = houses.rows()[0]
    first, second = ("let", "end") if row.state == "empty" else ("end", "let")
    reasons = {"let": "续租", "end": "合同到期"}
    houses.client().post(f"{HOUSES}{row.pk}/state/{first}/", {"since": "2026-03-01", "reason": reasons[first]})
    url = f"{HOUSES}{row.pk}/state/{second}/"
    early = houses.client().post(url, {"since": "2026-02-01", "reason": reasons[second]})
    strange = houses.client().post(url, {"since": "2026-04-01", "reason": "不想说"})
    assert early.status_code == 422 and "不能早于上一次变更" in text(early)
    assert strange.status_code == 422 and Move.objects.count() == 1


def test_a_state_that_stands_in_the_form_stops_the_start(houses: World) -> None:
    verbs = (StateVerb("x", "某", ("nowhere",), "let"),)
    told = type(
        "Bad", (type(houses.registry),), {**BARE, "parts": (Lifecycle("state", verbs),), "form": (("", ("state",)),)}
    )()
    said = " ".join(sentence for _, sentence in problems(told))
    assert "stands in the form too" in said and "nowhere" in said


# -- relations -------------------------------------------------------------------------------------


def test_rows_that_point_here_have_a_tab_with_an_add_button(houses: World) -> None:
    row = houses.rows()[0]
    lease = make_rows(site.get("test-leases"), houses.mine, houses.officer)[0]
    traced()
    type(lease).objects.filter(pk=lease.pk).update(house=row)
    role = houses._role
    role.permissions = [*role.permissions, "test_leases.view", "test_leases.edit"]
    traced()
    role.save()
    page = text(houses.get(f"{HOUSES}{row.pk}/?tab=rel-test-leases"))
    assert lease.name in page and f"/r/test-leases/new/?house={row.pk}" in page
    assert houses.get(f"{HOUSES}{row.pk}/?tab=rel-test-leases", houses.neighbour).status_code == 404


def test_a_tie_between_persons_is_entered_with_source_and_purpose_and_seen_from_both(residents: World) -> None:
    child, guardian = residents.rows(2)
    told = {"kind": "guardian", "other": str(guardian.pk), "since": "2026-01-01", "source": "监护协议"}
    answer = residents.client().post(f"{RESIDENTS}{child.pk}/?tab=ties", told)
    assert answer.status_code == 302
    made = Tie.objects.get()
    assert (made.purpose, made.source) == ("为照护联系监护人", "监护协议")
    assert "监护人" in text(residents.get(f"{RESIDENTS}{child.pk}/?tab=ties"))
    assert "被监护人" in text(residents.get(f"{RESIDENTS}{guardian.pk}/?tab=ties"))
    again = residents.client().post(f"{RESIDENTS}{child.pk}/?tab=ties", told)
    assert again.status_code == 409
    ended = residents.client().post(f"{RESIDENTS}{child.pk}/?tab=ties", {"end": str(made.pk)})
    assert ended.status_code == 302 and Tie.objects.get().until == time.today()


def test_a_tie_needs_a_source_and_a_row_one_may_see(residents: World) -> None:
    row, other = residents.rows()[0], residents.rows(1, residents.theirs)[0]
    told = {"kind": "guardian", "other": str(other.pk), "since": "2026-01-01", "source": "口述"}
    unseen = residents.client().post(f"{RESIDENTS}{row.pk}/?tab=ties", told)
    assert unseen.status_code == 422 and "没有找到" in text(unseen)
    bare = residents.client().post(f"{RESIDENTS}{row.pk}/?tab=ties", told | {"other": str(row.pk), "source": ""})
    assert bare.status_code == 422 and "请填写来源" in text(bare)
    assert not Tie.objects.exists()


def test_a_tie_of_persons_without_care_stops_the_start(residents: World) -> None:
    parts = (Relations(ties=(TieKind("knows", "熟人", "test-residents"),)),)
    told = type("Bad", (type(residents.registry),), {"parts": parts})()
    assert any("only ties entered for care" in sentence for _, sentence in problems(told))


# -- labels ----------------------------------------------------------------------------------------


def test_a_label_is_put_on_found_and_taken_off(houses: World) -> None:
    row, other = houses.rows(2)
    page = f"{HOUSES}{row.pk}/?tab=tags"
    assert houses.client().post(page, {"name": "待修缮"}).status_code == 302
    assert "待修缮" in text(houses.get(HOUSES)) and "待修缮" in text(houses.get(page))
    tag = houses.get(page).context["tagged"][0][0]
    found = text(houses.get(f"{HOUSES}?tag={tag.tag_id}"))
    assert str(row.pk) in found and str(other.pk) not in found
    assert "待修缮" not in text(houses.get(HOUSES, houses.neighbour)), "a label is its unit's own"
    assert houses.client().post(page, {"off": str(tag.pk)}).status_code == 302
    assert "待修缮" not in text(houses.get(page)).partition("选用标签")[0]


def test_labels_on_personal_information_stop_the_start_without_a_purpose(residents: World) -> None:
    told = type("Bad", (type(residents.registry),), {"parts": (Tags(),)})()
    assert any("标签须写明处理目的" in sentence for _, sentence in problems(told))
    fine = type("Fine", (type(residents.registry),), {"parts": (Tags(purpose="安排适老化改造"),)})()
    assert problems(fine) == []


# -- added fields ----------------------------------------------------------------------------------


def add_field(code: str = "heating", label: str = "供暖方式", kind: str = "choice", **more: Any) -> ExtraField:
    traced()
    forget()
    told = {"choices": ["集中", "燃气"]} if kind == "choice" else {}
    return ExtraField.objects.create(
        registry="test-houses", code=code, label=label, kind=kind, valid_from=time.today(), **(told | more)
    )


def test_an_added_field_stands_in_form_page_list_filter_sheet_and_interface(houses: World) -> None:
    add_field()
    add_field("built", "建成日期", "day")
    row = houses.rows()[0]
    data = houses.typed(row) | {"extra_heating": "燃气", "extra_built": "1998-05-01"}
    page = houses.get(f"{HOUSES}{row.pk}/edit/")
    assert "供暖方式" in text(page)
    answer = houses.client().post(f"{HOUSES}{row.pk}/edit/", data | {"row_version": page.context["row_version"]})
    assert answer.status_code == 302
    detail = text(houses.get(f"{HOUSES}{row.pk}/"))
    assert "燃气" in detail and "1998-05-01" in detail
    assert "燃气" in text(houses.get(f"{HOUSES}?columns=name&columns=extra_heating"))
    assert str(row.pk) in text(houses.get(f"{HOUSES}?extra_heating=燃气"))
    assert str(row.pk) not in text(houses.get(f"{HOUSES}?extra_heating=集中"))
    url = f"/api/v1/test-houses/{row.pk}/"
    assert houses.api("get", url).json()["extra"] == {"heating": "燃气", "built": "1998-05-01"}
    assert houses.api("patch", url, {"extra": {"heating": "集中"}}).json()["extra"]["heating"] == "集中"
    assert houses.api("patch", url, {"extra": {"heating": "烧柴"}}).status_code == 422
    run = _upload(houses, _sheet(houses, [{"name": row.name, "extra_heating": "燃气"}]))
    assert (run.changed, run.refused) == (1, 0), run.report


def test_a_required_added_field_is_asked_for_and_a_closed_one_is_gone(houses: World) -> None:
    told = add_field(required=True)
    page = houses.get(f"{HOUSES}new/")
    data = houses.typed() | {"form_token": page.context["form_token"]}
    answer = houses.client().post(f"{HOUSES}new/", data)
    assert answer.status_code == 422 and "请填写供暖方式" in text(answer)
    traced()
    ExtraField.objects.filter(pk=told.pk).update(valid_to=time.today())
    assert "供暖方式" not in text(houses.get(f"{HOUSES}new/"))


def test_a_list_with_added_fields_costs_the_same_for_few_and_many_rows(houses: World) -> None:
    from hezhi.engines.registry.contract import its_list_costs_the_same_for_few_and_many_rows

    add_field()
    its_list_costs_the_same_for_few_and_many_rows(houses)


# -- duplicates ------------------------------------------------------------------------------------


def test_a_possible_duplicate_is_asked_about_and_still_new_is_taken(houses: World) -> None:
    row = houses.rows()[0]
    token = houses.get(f"{HOUSES}new/").context["form_token"]
    data = houses.typed() | {"name": row.name, "form_token": token}
    asked = houses.client().post(f"{HOUSES}new/", data)
    assert asked.status_code == 422 and "还是新增" in text(asked) and f"{HOUSES}{row.pk}/" in text(asked)
    taken = houses.client().post(f"{HOUSES}new/", data | {"still_new": "1"})
    assert taken.status_code == 302
    assert "是同一条" in text(houses.get(f"{HOUSES}{row.pk}/"))


def test_nothing_is_told_of_a_duplicate_next_door(houses: World) -> None:
    other = houses.rows(1, houses.theirs)[0]
    token = houses.get(f"{HOUSES}new/").context["form_token"]
    answer = houses.client().post(f"{HOUSES}new/", houses.typed() | {"name": other.name, "form_token": token})
    assert answer.status_code == 302


def test_a_machine_is_asked_too(houses: World) -> None:
    row = houses.rows()[0]
    body = houses.typed() | {"name": row.name}
    assert houses.api("post", "/api/v1/test-houses/", body).status_code == 422
    assert houses.api("post", "/api/v1/test-houses/", body | {"still_new": True}).status_code == 201


def test_a_sealed_number_is_compared_by_its_print(residents: World) -> None:
    row = residents.rows()[0]
    part = next(part for part in residents.registry.parts if isinstance(part, Duplicates))
    twin = type(row)(name="另一人", id_number=row.id_number)
    assert list(part.like(residents.registry, twin, residents.by(residents.officer))) == [row]


# -- verification ----------------------------------------------------------------------------------


def test_verifying_says_who_and_when_and_the_filter_finds_what_was_not(houses: World) -> None:
    row, other = houses.rows(2)
    assert houses.client().post(f"{HOUSES}{row.pk}/verify/").status_code == 302
    assert str(time.today()) in text(houses.get(HOUSES))
    found = text(houses.get(f"{HOUSES}?not_verified=6"))
    assert str(other.pk) in found and str(row.pk) not in found
    assert houses.client(houses.neighbour).post(f"{HOUSES}{row.pk}/verify/").status_code == 404


# -- dictionaries ----------------------------------------------------------------------------------


def test_a_dictionary_gives_labels_choices_and_refuses_what_it_does_not_hold(residents: World) -> None:
    row = residents.rows()[0]
    assert ("男" if row.gender == "1" else "女") in text(residents.get(RESIDENTS))
    data = residents.typed(row)
    version = residents.get(f"{RESIDENTS}{row.pk}/edit/").context["row_version"]
    wrong = residents.client().post(f"{RESIDENTS}{row.pk}/edit/", data | {"gender": "7", "row_version": version})
    assert wrong.status_code == 422 and "没有“7”这个选项" in text(wrong)


def test_a_list_in_the_table_wins_over_the_shipped_one_and_keeps_old_codes_for_old_rows(residents: World) -> None:
    by = residents.by(residents.officer)
    assert dictionaries.load(by=by) >= 2 and dictionaries.load(by=by) == 0
    row = residents.rows()[0]
    traced()
    Code.objects.filter(dictionary="test_gender", code=row.gender).update(valid_to=time.today())
    dictionaries.forget()
    assert row.gender not in dict(dictionaries.current("test_gender"))
    label = dictionaries.Labels("test_gender")[row.gender]
    assert label in text(residents.get(f"{RESIDENTS}{row.pk}/"))
    version = residents.get(f"{RESIDENTS}{row.pk}/edit/").context["row_version"]
    kept = residents.client().post(
        f"{RESIDENTS}{row.pk}/edit/", residents.typed(row) | {"name": "新名", "row_version": version}
    )
    assert kept.status_code == 302, "an old code that was not touched stays valid for its row"


# -- the map ---------------------------------------------------------------------------------------


def test_a_shape_is_shown_beside_the_facts_and_drawn_in_the_form(houses: World) -> None:
    row = houses.rows()[0]
    page = houses.get(f"{HOUSES}{row.pk}/")
    assert page.context["side_map"]["layers"][0]["url"] == f"{HOUSES}{row.pk}/shape/"
    told = houses.get(f"{HOUSES}{row.pk}/shape/").json()
    assert told["features"][0]["geometry"]["type"] == "Polygon"
    assert "data-shape=" in text(houses.get(f"{HOUSES}{row.pk}/edit/"))
    assert "shape_field.js" in text(houses.get(f"{HOUSES}new/"))


def test_a_drawn_shape_is_kept_and_a_broken_one_is_refused_in_words(houses: World) -> None:
    row = houses.rows()[0]
    drawn = '{"type":"Polygon","coordinates":[[[120.11,36.01],[120.12,36.01],[120.12,36.02],[120.11,36.01]]]}'
    crossed = "POLYGON((120.11 36.01,120.12 36.02,120.12 36.01,120.11 36.02,120.11 36.01))"
    url = f"{HOUSES}{row.pk}/edit/"
    for n, (shape, status) in enumerate(
        ((drawn, 302), ("POLYGON((", 422), (crossed, 422), ('{"type":"Point","coordinates":[120,36]}', 422))
    ):
        data = houses.typed(row) | {"shape": shape, "row_version": str(min(n, 1))}
        assert houses.client().post(url, data).status_code == status, shape
    row.refresh_from_db()
    assert row.shape.extent == (120.11, 36.01, 120.12, 36.02)


def test_neighbours_to_snap_to_are_ones_own_only(houses: World) -> None:
    mine, theirs = houses.rows()[0], houses.rows(1, houses.theirs)[0]
    box = "120.05,35.95,120.35,36.15"
    ids = {each["id"] for each in houses.get(f"{HOUSES}around/?bbox={box}").json()["features"]}
    assert str(mine.pk) in ids and str(theirs.pk) not in ids
    assert houses.get(f"{HOUSES}around/?bbox=1,2").status_code == 422
    assert houses.get(f"{HOUSES}around/?bbox=73,3,136,54").status_code == 422


def test_persons_on_a_map_stop_the_start(residents: World) -> None:
    told = type("Bad", (type(residents.registry),), {"parts": (OnMap("shape"),)})()
    assert any("不上图" in sentence for _, sentence in problems(told))
