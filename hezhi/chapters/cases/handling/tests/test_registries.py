"""The list of cases and the tables of the case room, beyond the contract."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from hezhi.chapters.cases.handling import queries
from hezhi.chapters.cases.handling.actions.words import renew_words
from hezhi.chapters.cases.handling.models import Case, CaseWords, Category, Moved
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


def catch_up() -> None:
    """What the round does with the marks, as far as words go."""
    renew_words(list(Moved.objects.values_list("case_id", flat=True)))
    Moved.objects.all().delete()


def shown(world: World, query: str) -> set[str]:
    page = world.get(URL + query)
    assert page.status_code == 200, page.content.decode()[:300]
    return {row.id for row in page.context["listing"].rows}


def test_the_list_leads_to_the_officers_own_page_of_a_case(world: World) -> None:
    case = world.rows()[0]
    assert f'href="/cases/{case.pk}/"' in world.get(URL).content.decode()
    assert world.get(f"{URL}{case.pk}/").status_code == 404
    assert world.get("/cases/")["Location"] == URL, "the bare address, as one types it"


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


@pytest.fixture(params=["at once", "after the round"])
def kept_up(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Before the round has made the pairs of what moved, and after it: what is found must be the same."""
    return catch_up if request.param == "after the round" else lambda: None


def test_the_search_finds_the_text_as_it_stands_now_before_and_after_the_round(world: World, kept_up) -> None:
    case, other = world.rows(2)
    set_(case, text="门前的Led灯箱夜里很亮，已经三天了", place="井冈山路12号楼")
    kept_up()
    for words in ("灯箱", "led灯箱夜里很亮", "灯箱 12号", "亮"):
        assert shown(world, f"?q={words}") == {str(case.pk)}, words
    assert not shown(world, "?q=灯箱 没有的") and not shown(world, "?q=箱灯")
    set_(case, text="改成了噪声")
    kept_up()
    assert shown(world, "?q=噪声") == {str(case.pk)} and not shown(world, "?q=灯箱")
    set_(case, received_at=time.now() - timedelta(days=400))
    set_(other, text="这里也有噪声", received_at=time.now() - timedelta(days=9))
    kept_up()
    assert [row.id for row in world.get(f"{URL}?q=噪声").context["listing"].rows] == [str(other.pk), str(case.pk)]


def test_many_cases_that_hold_a_word_come_newest_first_whichever_way_they_are_found(world: World, monkeypatch) -> None:
    cases = world.rows(9)
    for n, case in enumerate(cases):
        set_(case, text="路面积水" if n % 4 else "别的", received_at=time.now() - timedelta(days=70 * n))
    wanted = [str(case.pk) for n, case in enumerate(cases) if n % 4]
    catch_up()
    for most, enough in ((1000, 200), (1000, 2), (5, 1), (3, 2), (2, 200)):
        monkeypatch.setattr(queries.words, "MOST_SOUGHT", most)
        monkeypatch.setattr(queries.words, "ENOUGH", enough)
        found: list[str] = []
        query = "?q=路面积水&size=2"
        while query:
            listing = world.get(URL + query).context["listing"]
            found += [row.id for row in listing.rows]
            query = listing.pager.next_url
        assert found == wanted, (most, enough)
        assert {row["id"] for row in world.get("/api/v1/cases/?q=路面积水").json()["items"]} == set(wanted)


def test_digits_in_a_row_are_looked_for_in_the_number_alone(world: World, kept_up) -> None:
    case, other = world.rows(2)
    set_(other, number="SJ26112277777")  # its own may hold any of these digits
    set_(case, number="SJ26112299999", text="请回电13800138000", title="来电 138 0013 8001", place="3号楼402")
    kept_up()
    for told in ("13800138000", "1380013", "8000", "0138", "0013", "380", "电1", "电138"):
        assert not shown(world, f"?q={told}"), told
    for told in ("6112299", "9999", "请回电", "3号楼402"):
        assert shown(world, f"?q={told}") == {str(case.pk)}, told


def test_a_secret_case_is_found_by_its_number_and_never_by_its_text(world: World) -> None:
    case = world.rows(2)[0]
    set_(case, secret=True, text="隐去身份后的内容", title="作风问题")
    assert not shown(world, "?q=隐去身份") and shown(world, f"?q={case.number}") == {str(case.pk)}
    catch_up()
    assert not CaseWords.objects.filter(case=case).exists()
    assert not shown(world, "?q=隐去身份")
    set_(case, secret=False)
    catch_up()
    assert shown(world, "?q=隐去身份") == {str(case.pk)}
    assert not {str(case.pk)} & {
        row.id for row in world.get(f"{URL}?q=隐去身份", world.neighbour).context["listing"].rows
    }


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
