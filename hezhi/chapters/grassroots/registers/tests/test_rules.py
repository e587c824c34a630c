"""What the rules of the registers promise, for every number, name, span and plan."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.grassroots.registers.rules import (
    DoorStyle,
    Span,
    age,
    card_disagrees,
    home_name,
    look_at_document,
    name_fault,
    plan_flats,
    told_span,
    too_large,
)
from hezhi.ground.identifiers import id_check_sign

days = st.dates(date(1930, 1, 1), date(2025, 12, 31))
numbers = st.builds(lambda born, n: f"999999{born:%Y%m%d}{n:03d}", days, st.integers(0, 999))


@pytest.mark.clause("9.1.3-2-4")
@given(numbers)
def test_a_right_number_tells_birth_date_and_sex(head: str) -> None:
    seen = look_at_document("111", head + id_check_sign(head))
    assert seen.fault == ""
    assert f"{seen.birth_date:%Y%m%d}" == head[6:14]
    assert seen.sex == ("1" if int(head[16]) % 2 else "2")
    assert seen.warning, "an area code that does not exist deserves a look, and is no reason to refuse"


@pytest.mark.clause("9.1.3-2-4")
@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_altered_digit_is_always_seen(head: str, place: int, step: int) -> None:
    whole = head + id_check_sign(head)
    altered = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    assert look_at_document("111", altered).fault


@given(numbers)
def test_the_old_number_of_15_digits_is_carried_over(head: str) -> None:
    if head[6:8] != "19":
        return
    seen = look_at_document("111", head[:6] + head[8:])
    assert seen.fault == "" and seen.value[:17] == head


def test_full_width_digits_gaps_and_a_small_x_are_read() -> None:
    head = next(h for n in range(1000) if id_check_sign(h := f"99999919800101{n:03d}") == "X")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in head)
    assert look_at_document("111", f" {wide} x").value == head + "X"


@pytest.mark.parametrize("number", ["E12345678", "H 1234 5678", "ｙｌ0000001"])
def test_other_documents_have_a_looser_form(number: str) -> None:
    assert look_at_document("414", number).fault == ""


def test_what_stands_beside_the_number_must_agree_with_it() -> None:
    head = "99999919800101001"
    card = look_at_document("111", head + id_check_sign(head))
    assert card_disagrees(card, "1", date(1980, 1, 1)) == {}
    assert set(card_disagrees(card, "2", date(1980, 1, 2))) == {"sex", "birth_date"}


@pytest.mark.parametrize("name", ["张三", "热依汗古丽·买买提明", "阿依努尔·艾力", "欧阳海若晨曦", "司马砚", "䶮岚"])
def test_long_short_and_dotted_names_are_names(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize("name", ["", "张", "张3", "张*", "名" * 51])
def test_what_is_no_name_is_told(name: str) -> None:
    assert name_fault(name)


@given(days, st.integers(0, 4000), days, st.integers(0, 4000), st.booleans(), st.booleans())
def test_spans_meet_when_and_only_when_they_share_a_day(
    a: date, long_a: int, b: date, long_b: int, open_a: bool, open_b: bool
) -> None:
    one = Span(a, None if open_a else a + timedelta(days=long_a))
    two = Span(b, None if open_b else b + timedelta(days=long_b))
    shared = any(one.holds(day) and two.holds(day) for day in (a, b))  # the later beginning is the first shared day
    assert one.meets(two) == two.meets(one) == shared


def test_a_span_is_told_with_its_last_day() -> None:
    assert told_span(date(2024, 5, 1), date(2025, 5, 1)) == "2024-05-01 至 2025-04-30"
    assert told_span(date(2024, 5, 1), None) == "2024-05-01 至今"


@given(days, days)
def test_age_grows_on_the_birthday(born: date, on: date) -> None:
    if on < born:
        return
    years = age(born, on)
    assert 0 <= years <= on.year - born.year
    assert age(born, on) - age(born, on - timedelta(days=1)) in (0, 1)


@pytest.mark.clause("9.1.3-2-3")
@given(
    st.integers(1, 4), st.integers(-3, 2), st.integers(1, 20), st.integers(1, 6), st.sampled_from(list(DoorStyle)),
    st.frozensets(st.integers(-3, 20), max_size=4),
)  # fmt: skip
def test_a_plan_gives_each_door_once(
    entrances: int, first: int, last: int, each: int, style: DoorStyle, skipped: frozenset[int]
) -> None:
    if first > last:
        return
    flats = plan_flats(entrances, first, last, each, style, skipped)
    floors = [floor for floor in range(first, last + 1) if floor and floor not in skipped]
    assert len(flats) == entrances * len(floors) * each
    assert len({(flat.entrance, flat.door) for flat in flats}) == len(flats)
    assert not {flat.floor for flat in flats} & (skipped | {0})
    if style is not DoorStyle.FLOOR and each * entrances < 100:
        assert len({flat.door for flat in flats}) == len(flats), "these styles number the doors of the whole building"


@pytest.mark.clause("9.1.3-2-3")
def test_two_entrances_of_eighteen_floors_and_four_doors_are_144_homes() -> None:
    flats = plan_flats(2, 1, 18, 4, DoorStyle.FLOOR)
    assert len(flats) == 144
    assert (flats[0].door, flats[-1].door) == ("101", "1804")
    assert plan_flats(2, 5, 5, 2, DoorStyle.RUNNING)[-1].door == "504"
    assert plan_flats(2, 5, 5, 2, DoorStyle.ENTRANCE)[-1].door == "2502"
    assert plan_flats(1, -1, -1, 1, DoorStyle.FLOOR)[0].door == "负101"


@pytest.mark.parametrize(
    "plan", [(0, 1, 2, 2), (1, 3, 2, 2), (1, 1, 151, 2), (1, 1, 2, 61), (1, -10, 2, 2), (30, 1, 100, 60)]
)
def test_a_plan_that_cannot_be_is_refused_in_words(plan: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        plan_flats(*plan, DoorStyle.FLOOR)


def test_a_home_is_called_by_its_building_entrance_and_door() -> None:
    assert home_name("样例花园3号楼", 2, "501", 2) == "样例花园3号楼2单元501"
    assert home_name("样例花园5号楼", 1, "1801", 1) == "样例花园5号楼1801"


@pytest.mark.clause("9.1.3-2-8")
def test_a_place_beyond_its_limit_is_none_of_the_nine() -> None:
    assert too_large("01", {"floor_area": 299}) == {}
    assert "floor_area" in too_large("01", {"floor_area": 300})
    assert "capacity" in too_large("03", {"capacity": 50})
    assert too_large("03", {"capacity": None}) == {}
