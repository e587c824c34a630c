"""Pages by place: every row once, in order, forwards and backwards, also where the order's value is missing."""

import random
from datetime import date, timedelta

import pytest

from hezhi.engines.org.models import Unit
from hezhi.engines.org.testkit import traced
from hezhi.ground.errors import BadInput
from hezhi.ground.tables.paging import Place, page_of, read_token

ORDERS = (
    ("valid_to", "id"),
    ("-valid_to", "-id"),
    ("kind", "-valid_to", "id"),
    ("-order", "name", "id"),
    ("parent__order", "id"),
)


@pytest.fixture
def units(db: None) -> list[Unit]:
    """Forty units with many equal and many missing values."""
    traced()
    luck = random.Random(7)
    made: list[Unit] = []
    for n in range(40):
        made.append(
            Unit(
                code=f"p{n:03d}", name=luck.choice("甲乙丙丁"), kind=luck.choice(["town", "department"]), path=f"p{n:03d}/",
                order=luck.randint(1, 4), valid_from=date(2026, 1, 1), parent=luck.choice([None, *made[:5]]),
                valid_to=luck.choice([None, date(2026, 2, 1) + timedelta(days=luck.randint(0, 4))]),
            )
        )  # fmt: skip
        made[-1].save()
    return made


@pytest.mark.parametrize("order", ORDERS, ids=",".join)
@pytest.mark.parametrize("size", [1, 7, 40])
def test_walking_the_pages_gives_the_whole_list_in_its_order(
    units: list[Unit], order: tuple[str, ...], size: int
) -> None:
    rows = Unit.objects.select_related("parent")
    whole = [unit.pk for unit in rows.order_by(*order)]
    page, seen = page_of(rows, order, size), []
    pages = [page]
    while page.after:
        page = page_of(rows, order, size, after=page.after)
        pages.append(page)
    seen = [unit.pk for page in pages for unit in page.rows]
    assert seen == whole
    assert [page.first for page in pages] == list(range(1, len(whole) + 1, size))
    back = [unit.pk for unit in page.rows]
    while page.before:
        page = page_of(rows, order, size, before=page.before)
        back = [unit.pk for unit in page.rows] + back
    assert back == whole


def test_a_row_that_comes_in_while_one_pages_moves_nothing(units: list[Unit]) -> None:
    rows = Unit.objects.select_related("parent")
    first = page_of(rows, ("name", "id"), 10)
    traced()
    Unit.objects.create(code="aaa", name="甲", kind="town", path="aaa/", valid_from=date(2026, 1, 1))
    second = page_of(rows, ("name", "id"), 10, after=first.after)
    assert not {unit.pk for unit in first.rows} & {unit.pk for unit in second.rows}


def test_a_place_survives_the_url() -> None:
    order = ("-valid_to", "id")
    unit = Unit(valid_to=date(2026, 2, 3))
    place = Place((unit.valid_to, unit.pk), 51)
    assert read_token(Unit, order, place.token()) == place


@pytest.mark.parametrize(
    "token",
    ["", "x", "e30", "WzEsMl0", "WzEsIngiLCJ5Il0", "🙂", "x" * 3000, "WzEsIlx1MDAwMCIsIngiXQ", "WzEsMWU5OTksMV0"],
)
def test_a_damaged_place_is_refused_in_words(token: str) -> None:
    with pytest.raises(BadInput, match="翻页位置无法识别"):
        read_token(Unit, ("-valid_to", "id"), token)
