"""The list of cases and the tables of the case room, beyond the contract."""

from datetime import timedelta

import pytest

from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.2-2")]
URL = "/r/cases/"


@pytest.fixture
def world(db: None) -> World:
    return World(site.get("cases"))


def set_(case: Case, **values: object) -> None:
    traced()
    Case.objects.filter(pk=case.pk).update(**values)


def shown(world: World, query: str) -> set[str]:
    page = world.get(URL + query)
    assert page.status_code == 200, page.content.decode()[:300]
    return {row.id for row in page.context["listing"].rows}


def test_the_list_leads_to_the_officers_own_page_of_a_case(world: World) -> None:
    case = world.rows()[0]
    assert f'href="/cases/{case.pk}/"' in world.get(URL).content.decode()
    assert world.get(f"{URL}{case.pk}/").status_code == 404


def test_counts_by_state_stand_above_the_list_and_ignore_the_state_chosen(world: World) -> None:
    first, second = world.rows(2)
    set_(first, state="closed")
    set_(second, state="handling")
    chips = {chip.code: chip.count for chip in world.get(f"{URL}?state=closed").context["listing"].chips}
    assert chips["closed"] == chips["handling"] == "1"
    assert shown(world, "?state=closed") == {str(first.pk)}
    assert shown(world, "?state=closed&state=handling") == {str(first.pk), str(second.pk)}


def test_overdue_means_past_its_limit_and_not_ended(world: World) -> None:
    late, ended, early = world.rows(3)
    past = time.now() - timedelta(hours=3)
    set_(late, due_at=past, state="handling")
    set_(ended, due_at=past, state="closed", closed_at=time.now())
    set_(early, due_at=time.now() + timedelta(days=1), state="handling")
    assert shown(world, "?overdue=1") == {str(late.pk)}
    row = next(r for r in world.get(URL).context["listing"].rows if r.id == str(late.pk))
    assert row.tone == "overdue" and "超 3 小时" in "".join(str(cell.text) for cell in row.cells)


def test_a_category_is_found_with_everything_below_it(world: World) -> None:
    traced()
    top = Category.objects.create(code="t1", name="上", full_name="上", path="t1")
    low = Category.objects.create(code="t2", name="下", full_name="上/下", path="t1/t2", parent=top)
    case = world.rows()[0]
    set_(case, category=low)
    assert shown(world, f"?category={top.pk}") == {str(case.pk)}


def test_the_search_finds_number_title_and_place_in_any_case_of_letters(world: World) -> None:
    case = world.rows(2)[0]
    set_(case, number="SJ26112299999", title="路灯不亮", place="井冈山路 12 号")
    for words in ("sj26112299999", "路灯", "井冈山", "路灯 井冈山"):
        assert shown(world, f"?q={words}") == {str(case.pk)}, words


def test_a_range_of_days_includes_both_ends_in_local_time(world: World) -> None:
    case = world.rows()[0]
    set_(case, received_at=time.at_local(time.today()) - timedelta(seconds=1))
    yesterday = (time.today() - timedelta(days=1)).isoformat()
    assert str(case.pk) in shown(world, f"?received_from={yesterday}&received_to={yesterday}")
    assert str(case.pk) not in shown(world, f"?received_from={time.today().isoformat()}")


def test_a_phone_number_in_a_title_is_masked_in_list_and_interface(world: World) -> None:
    case = world.rows()[0]
    set_(case, title="请回电 13800138000")
    assert "13800138000" not in world.get(URL).content.decode()
    told = world.get(f"/api/v1/cases/{case.pk}/").json()
    assert told["title"] == "请回电 138****8000"


def test_a_renamed_category_carries_its_name_and_path_down(db: None) -> None:
    world = World(site.get("categories"))
    traced()
    top = Category.objects.create(code="t1", name="上", full_name="上", path="t1")
    low = Category.objects.create(code="t2", name="下", full_name="上/下", path="t1/t2", parent=top)
    page = world.get(world.registry.url(top.pk, "edit"))
    data = world.typed(top) | {"name": "新上", "code": "n1", "row_version": page.context["row_version"]}
    assert world.client().post(world.registry.url(top.pk, "edit"), data).status_code == 302
    low.refresh_from_db()
    assert (low.full_name, low.path) == ("新上/下", "n1/t2")


def test_a_category_does_not_lie_under_itself_nor_four_deep(db: None) -> None:
    world = World(site.get("categories"))
    traced()
    line: list[Category] = []
    for n in range(3):
        above = line[-1] if line else None
        line.append(Category.objects.create(code=f"d{n}", name=f"级{n}", full_name="x", path="x", parent=above))
    for parent, said in ((line[2], "最多三级"), (line[0], None)):
        page = world.get(world.registry.url("new"))
        data = world.typed() | {"parent": parent.code, "form_token": page.context["form_token"]}
        answer = world.client().post(world.registry.url("new"), data)
        assert answer.status_code == (422 if said else 302)
        assert said is None or said in answer.content.decode()
    page = world.get(world.registry.url(line[0].pk, "edit"))
    data = world.typed(line[0]) | {"parent": "d2", "row_version": page.context["row_version"]}
    assert world.client().post(world.registry.url(line[0].pk, "edit"), data).status_code == 422
