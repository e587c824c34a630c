"""Forms at work: whose a row becomes, what may be chosen, many rows at once, one masked value in clear."""

from datetime import timedelta

import pytest

from hezhi.engines.org.testkit import make_unit, traced
from hezhi.engines.records.models import AuditEntry, Comment
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.parts import Gate, Part
from hezhi.ground import time

URL = "/r/service-points/"


def test_a_new_row_lies_in_the_area_and_unit_of_who_enters_it(world: World) -> None:
    row = _entered(world, {})
    assert row.unit == world.mine and row.town == world.mine.area
    assert (row.created_by, row.revision) == (world.officer, 0)


def test_a_row_with_a_place_lies_where_the_place_is(world: World) -> None:
    _grid(world, 120.12)
    row = _entered(world, {"point": "120.125000,36.050000"})
    assert row.grid is not None and row.grid.name == "样例网格"
    assert row.unit == world.mine, "the unit that answers for the town owns it"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("36.067,120.382", "经纬度写反了"),
        ("40553211,3994211", "不在我国范围内"),
        ("市政府门口", "经度,纬度"),
    ],
)
def test_a_place_in_other_coordinates_is_refused_in_words(world: World, typed: str, said: str) -> None:
    answer = _enter(world, {"point": typed})
    assert answer.status_code == 422 and said in answer.content.decode()


def test_a_row_cannot_be_put_into_a_neighbours_unit(world: World) -> None:
    answer = _enter(world, {"unit": world.theirs.code})
    assert answer.status_code == 422
    assert "不在您的数据范围内" in answer.content.decode()


def test_a_unit_may_be_named_by_code_name_or_key(world: World) -> None:
    for n, typed in enumerate((world.mine.code, world.mine.name, str(world.mine.pk))):
        assert _entered(world, {"unit": typed, "name": f"样例点{n}"}).unit == world.mine


def test_a_name_that_two_units_share_asks_for_the_code(world: World) -> None:
    make_unit("twin-1", name="同名单位")
    make_unit("twin-2", name="同名单位")
    assert "请改填代码" in _enter(world, {"unit": "同名单位"}).content.decode()


def test_a_long_list_of_choices_becomes_a_field_with_suggestions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hezhi.ground.ui.fields.SELECT_UP_TO", 1)
    assert world.theirs
    page = world.get(f"{URL}new/").content.decode()
    assert 'list="id_unit_options"' in page and f'hx-get="{URL}pick/unit/"' in page
    found = world.get(f"{URL}pick/unit/?unit=甲").content.decode()
    assert "样例甲街道" in found and "样例乙街道" not in found
    assert world.get(f"{URL}pick/keeper/?keeper=x").status_code == 404


def test_typed_text_is_tidied(world: World) -> None:
    assert _entered(world, {"name": "　长江路　服务点１ "}).name == "长江路 服务点1"


def test_a_form_without_its_token_or_with_anothers_is_refused(world: World) -> None:
    for token in ("", "forged:1abc:xyz"):
        answer = world.client().post(f"{URL}new/", world.typed() | {"form_token": token})
        assert answer.status_code == 422


def test_saving_without_a_change_writes_nothing(world: World) -> None:
    row = world.rows()[0]
    page = world.get(f"{URL}{row.pk}/edit/")
    answer = world.client().post(
        f"{URL}{row.pk}/edit/", world.typed(row) | {"row_version": page.context["row_version"]}
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.revision == 0
    assert not AuditEntry.objects.filter(event="tutorial_services.servicepoint.change").exists()


def test_many_rows_are_changed_at_once_or_not_at_all(world: World) -> None:
    rows, strange = world.rows(3), world.rows(1, world.theirs)[0]
    ids = [str(row.pk) for row in rows]
    data = {"chosen": ids, "apply": "1", "set": "kind", "kind": "canteen"}
    assert world.client().post(f"{URL}bulk/", {"chosen": ids}).status_code == 200
    refused = world.client().post(f"{URL}bulk/", data | {"chosen": [*ids, str(strange.pk)]})
    assert refused.status_code == 404
    assert world.client().post(f"{URL}bulk/", data | {"set": []}).status_code == 422
    assert world.client().post(f"{URL}bulk/", data | {"chosen": []}).status_code == 422
    assert world.client().post(f"{URL}bulk/", data).status_code == 302
    for row in rows:
        row.refresh_from_db()
        assert row.kind == "canteen"
    strange.refresh_from_db()
    assert strange.kind != "canteen" or strange.revision == 0


def test_all_that_match_a_filter_can_be_changed_at_once(world: World) -> None:
    rows = world.rows(3)
    query = f"?opens_on_to={max(row.opens_on for row in rows).isoformat()}"
    answer = world.client().post(
        f"{URL}bulk/{query}", {"all_matching": "1", "apply": "1", "set": "open_now", "open_now": ""}
    )
    assert answer.status_code == 302
    for row in rows:
        row.refresh_from_db()
        assert row.open_now is False


def test_a_row_removed_long_ago_does_not_come_back(world: World) -> None:
    row = world.rows()[0]
    traced()
    world.registry.all_rows().filter(pk=row.pk).update(removed_at=time.now() - timedelta(days=31))
    answer = world.client().post(f"{URL}{row.pk}/restore/")
    assert answer.status_code == 409 and "超过 30 天" in answer.content.decode()


def test_a_row_whose_place_was_taken_does_not_come_back(world: World) -> None:
    row = world.rows()[0]
    world.client().post(f"{URL}{row.pk}/remove/", {"reason": "重复"})
    again = _entered(world, {"unit": world.mine.code, "name": row.name})
    assert again.pk != row.pk
    answer = world.client().post(f"{URL}{row.pk}/restore/")
    assert answer.status_code == 409 and "已经重新登记" in answer.content.decode()


def test_a_masked_value_is_shown_once_for_a_purpose_that_is_written_down(world: World) -> None:
    row = world.rows()[0]
    url = f"{URL}{row.pk}/reveal/keeper_phone/"
    assert row.keeper_phone not in world.get(url).content.decode()
    assert world.client().post(url, {"purpose": ""}).status_code == 422
    shown = world.client().post(url, {"purpose": "联系负责人核对开放时间"})
    assert row.keeper_phone in shown.content.decode()
    line = AuditEntry.objects.filter(event="records.read_personal", object_id=row.pk).latest("id")
    assert line.detail["fields"] == ["keeper_phone"] and line.purpose == "联系负责人核对开放时间"
    assert row.keeper_phone not in str(line.detail)
    assert world.client(world.neighbour).post(url, {"purpose": "好奇看看"}).status_code == 404
    assert world.client().post(f"{URL}{row.pk}/reveal/name/", {"purpose": "x y"}).status_code == 404


def test_opening_a_row_with_personal_values_in_clear_is_written_down(world: World) -> None:
    row = world.rows()[0]
    world.get(f"{URL}{row.pk}/")
    line = AuditEntry.objects.get(event="records.read_personal", object_id=row.pk)
    assert line.detail["fields"] == ["keeper"]


def test_remarks_keep_what_was_typed_and_mask_numbers(world: World) -> None:
    row = world.rows()[0]
    url = f"{URL}{row.pk}/?tab=remarks"
    assert world.client().post(url, {"text": " "}).status_code == 422
    long = world.client().post(url, {"text": "长" * 2001})
    assert long.status_code == 422 and "长" * 2001 in long.content.decode()
    assert world.client().post(url, {"text": "已电话核对 13800138000"}).status_code == 302
    shown = world.get(url).content.decode()
    assert "138****8000" in shown and "13800138000" not in shown
    assert Comment.objects.get().by_name == "林样例"
    assert world.client(world.neighbour).post(url, {"text": "看不见"}).status_code == 404


def test_a_part_can_have_a_change_approved_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Approval(Part):
        def change_gate(self, registry, row, changes, by):
            return Gate("waiting", "修改名称须经街道审批，已提交申请。") if "name" in changes else None

    monkeypatch.setattr(type(world.registry), "parts", (Approval(),))
    row = world.rows()[0]
    data = world.typed(row) | {"row_version": "0"}
    gated = world.client().post(f"{URL}{row.pk}/edit/", data | {"name": "改名样例"})
    assert gated.status_code == 409 and "已提交申请" in gated.content.decode()
    assert world.client().post(f"{URL}{row.pk}/edit/", data | {"address": "长江路 9 号"}).status_code == 302
    row.refresh_from_db()
    assert row.name != "改名样例" and row.address == "长江路 9 号"


def _enter(world: World, changed: dict[str, str]):
    page = world.get(f"{URL}new/")
    data = world.typed() | {"form_token": page.context["form_token"]} | changed
    return world.client().post(f"{URL}new/", {k: v for k, v in data.items() if v})


def _entered(world: World, changed: dict[str, str]):
    typed = {"point": "", "unit": ""} | changed
    answer = _enter(world, typed)
    assert answer.status_code == 302, answer.context["form"].errors
    return world.registry.all_rows().latest("pk")


def _grid(world: World, west: float) -> None:
    from hezhi.engines.registry.contract import _area

    grid = _area("contract-grid", "样例网格", "grid", west, 0.02, world.mine.area)
    grid.town, grid.district = world.mine.area, world.mine.area.district
    grid.save()
