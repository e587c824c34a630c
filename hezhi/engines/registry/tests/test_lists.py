"""The list at work: choices in the url, views and columns that are kept, counts that know their limit."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hezhi.engines.org.scope import ScopedQuerySet
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry.contract import SQL_OF_A_LIST, World
from hezhi.engines.registry.declaration import told_with
from hezhi.engines.registry.models import ColumnChoice, SavedView
from hezhi.ground.tables import aside

URL = "/r/service-points/"


def test_htmx_gets_the_table_alone_and_a_browser_the_whole_page(world: World) -> None:
    world.rows()
    part = world.get(URL, headers={"HX-Request": "true"})
    whole = world.get(URL)
    assert "<html" not in part.content.decode() and 'id="listing"' in part.content.decode()
    assert "<html" in whole.content.decode()
    assert "HX-Request" in part["Vary"]


def test_every_choice_stands_in_the_address_and_survives_the_next_one(world: World) -> None:
    world.rows(3)
    listing = world.get(f"{URL}?kind=repair&order=-opens_on&size=20").context["listing"]
    assert ("order", "-opens_on") in listing.hidden and ("size", "20") in listing.hidden
    sort = next(column.sort_url for column in listing.columns if column.name == "名称")
    assert "kind=repair" in sort and "order=name" in sort


def test_a_filter_by_day_includes_its_last_day(world: World) -> None:
    row = world.rows()[0]
    day = row.opens_on.isoformat()
    found = world.get(f"{URL}?opens_on_from={day}&opens_on_to={day}").context["listing"].rows
    assert [each.id for each in found] == [str(row.pk)]


def test_the_search_wants_every_word_and_takes_signs_literally(world: World) -> None:
    row = world.rows(2)[0]
    assert len(_ids(world, f"?q={row.name} 地址")) == 1
    assert _ids(world, f"?q={row.name} 没有这个词") == []
    assert _ids(world, "?q=%25") == [], "a percent sign is a sign, not a wildcard"


def test_a_saved_view_is_kept_shared_with_the_unit_and_dropped_by_its_owner(world: World) -> None:
    world.rows()
    saved = world.client().post(f"{URL}views/?kind=repair", {"view_name": "维修点", "shared": "1"})
    assert saved.status_code == 302 and "kind=repair" in saved["Location"]
    view = SavedView.objects.get()
    colleague = world.get(URL, _colleague(world)).context["listing"].views
    assert [(v.name, v.shared, v.delete_url) for v in colleague] == [("维修点", True, "")]
    assert world.get(URL, world.neighbour).context["listing"].views == []
    drop = f"{URL}views/{view.pk}/delete/"
    assert world.client(_colleague(world)).post(drop).status_code == 404
    assert world.client().post(drop).status_code == 302
    assert not SavedView.objects.exists()


def test_filters_are_kept_from_the_part_that_a_filter_redraws(world: World) -> None:
    world.rows()

    def redrawn(query: str) -> str:
        page = world.get(f"{URL}{query}", headers={"HX-Request": "true"}).content.decode()
        return page.split('id="listing-body"')[1]

    assert "存为常用" not in redrawn("") and 'name="view_name"' in redrawn("?kind=repair").rpartition("存为常用")[2]


def test_a_view_without_a_name_or_of_an_unknown_filter_is_refused(world: World) -> None:
    assert world.client().post(f"{URL}views/?kind=repair", {"view_name": " "}).status_code == 422
    assert world.client().post(f"{URL}views/?nonsense=1", {"view_name": "x"}).status_code == 422


def test_chosen_columns_are_remembered_but_a_link_one_was_sent_changes_nothing(world: World) -> None:
    world.rows()
    sent = world.get(f"{URL}?columns=name&columns=kind")
    assert [c.name for c in sent.context["listing"].columns] == ["名称", "服务类别"]
    assert not ColumnChoice.objects.exists()
    world.get(f"{URL}?columns=name&columns=address", headers={"Referer": f"http://testserver{URL}"})
    assert [c.name for c in world.get(URL).context["listing"].columns] == ["名称", "地址"]
    assert len(world.get(URL, world.neighbour).context["listing"].columns) == 7


def test_more_rows_than_are_counted_are_told_as_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "CAP", 3)
    world.rows(5)
    listing = world.get(f"{URL}?size=20").context["listing"]
    assert listing.pager.summary.endswith("共 3+ 条")
    assert listing.total is None, "what was not counted cannot be ticked as a whole"


def test_a_model_that_narrows_who_sees_its_rows_does_not_inherit_the_branches_of_the_wider_rule() -> None:
    class Narrow(ScopedQuerySet):
        def visible_to(self, actor):
            return super().visible_to(actor).filter(kind="repair")

    class NarrowInBranches(Narrow):
        def branches(self, actor):
            return [self.visible_to(actor)]

    assert told_with(ScopedQuerySet, "branches", "visible_to")
    assert not told_with(Narrow, "branches", "visible_to")
    assert told_with(NarrowInBranches, "branches", "visible_to")


def test_rows_of_my_area_and_rows_of_my_units_elsewhere_are_counted_once_each(world: World) -> None:
    world.rows(3)
    here, elsewhere, both = world.rows(3)
    for row, values in (
        (elsewhere, {"town": world.theirs.area_id}),
        (both, {"unit": world.theirs, "town": world.mine.area_id}),
        (here, {"unit": None}),
    ):
        traced()
        type(row).objects.filter(pk=row.pk).update(**values)
    by = world.by(world.officer)
    branches = world.registry.branches(by)
    found = [pk for branch in branches for pk in branch.values_list("pk", flat=True)]
    assert len(branches) == 2 and len(found) == 6
    assert sorted(found) == sorted(world.registry.visible(by).values_list("pk", flat=True))
    assert world.get(URL).context["listing"].pager.summary.endswith("共 6 条")


def test_a_thousand_rows_cost_as_many_queries_as_ten(world: World) -> None:
    world.rows(10)
    world.get(URL)
    few = _cost(world)
    world.rows(990)
    assert _cost(world) == few <= SQL_OF_A_LIST


def test_removed_rows_are_shown_only_to_who_may_restore(world: World) -> None:
    world.rows()
    reader = _colleague(world, ["service_points.view"])
    assert world.get(f"{URL}?removed=1", reader).status_code == 403
    assert world.get(f"{URL}?removed=1").status_code == 200


def test_an_empty_list_says_what_to_do(world: World) -> None:
    empty = world.get(URL).context["listing"].empty
    assert empty.action_url == f"{URL}new/"
    filtered = world.get(f"{URL}?kind=repair").context["listing"].empty
    assert filtered.action_name == "清空条件"


def test_the_menu_shows_the_registry_to_who_may_open_it(world: World) -> None:
    from hezhi.engines.registry.menu import menu_entries

    told = dict(menu_entries(world.by(world.officer)))
    assert [entry.url for entry in told["基础信息管理"]] == [URL]
    assert menu_entries(world.by(world.stranger)) == []


def _ids(world: World, query: str) -> list[str]:
    return [row.id for row in world.get(URL + query).context["listing"].rows]


def _cost(world: World) -> int:
    with CaptureQueriesContext(connection) as seen:
        world.get(URL)
    return len(seen)


def _colleague(world: World, permissions: list[str] | None = None):
    from hezhi.engines.org.models import Role, User
    from hezhi.engines.org.testkit import make_officer, make_role

    name = "contract-colleague" if permissions is None else "contract-reader"
    known = User.objects.filter(login_name=name).first()
    if known:
        return known
    role = world._role if permissions is None else make_role("contract-reader", permissions, reach=Role.Reach.AREA)
    return make_officer(name, role, world.mine, "同样例")
