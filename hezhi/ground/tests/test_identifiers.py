"""Numbers check themselves. All people's numbers here are impossible: area code 999999."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hezhi.ground import identifiers as ids

ID_17 = "99999919900101001"
ID = ID_17 + ids.id_check_sign(ID_17)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1900, 1, 1), date(2025, 12, 31)))
    first_17 = f"999999{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first_17 + ids.id_check_sign(first_17)


def test_the_check_sign_is_the_one_of_the_standard() -> None:
    # The worked example printed in GB 11643-1999 itself.
    assert ids.id_check_sign("11010519491231002") == "X"


@given(resident_ids())
def test_a_right_number_is_taken_and_read(number: str) -> None:
    seen = ids.check_resident_id(number)
    assert seen.ok
    assert seen.birth_date == date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    assert seen.sex == ("1" if int(number[16]) % 2 else "2")
    assert seen.warning  # 999999 is no place


@given(resident_ids(), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_sign_is_always_noticed(number: str, place: int, sign: str) -> None:
    wrong = number[:place] + sign + number[place + 1 :]
    assume(wrong != number)
    assert ids.check_resident_id(wrong).fault


@given(resident_ids())
def test_width_gaps_and_case_do_not_matter(number: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    spaced = f" {number[:6]} {number[6:14]}-{number[14:].lower()} "
    assert ids.check_resident_id(wide).value == ids.check_resident_id(spaced).value == number


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (ID[:17], "身份证号应为 18 位，现为 17 位"),
        ("A" + ID[1:], "身份证号的前 17 位应为数字，末位为数字或 X"),
        ("99999919900230001X", "身份证号的第 7 至 14 位不是真实的出生日期，请对照证件核对"),
        ("999999190001010010", "身份证号的末位与前 17 位对不上，可能有一位录错，请对照证件核对"),
    ],
)
def test_the_sentence_says_where_to_look(typed: str, sentence: str) -> None:
    assert ids.check_resident_id(typed).fault == sentence


def test_nobody_is_born_tomorrow() -> None:
    assert ids.check_resident_id(ID, on=date(1990, 1, 1)).ok
    assert ids.check_resident_id(ID, on=date(1989, 12, 31)).fault


def test_an_old_number_is_carried_over_only_when_asked() -> None:
    old = ID[:6] + ID[8:17]
    assert ids.check_resident_id(old).fault == "身份证号应为 18 位，现为 15 位"
    seen = ids.check_resident_id(old, old_too=True)
    assert (seen.value, seen.was_old, seen.ok) == (ID, True, True)


def test_a_number_never_shows_in_a_log() -> None:
    assert ID not in repr(ids.check_resident_id(ID))
    assert "1990" not in repr(ids.check_resident_id(ID))


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17), st.integers(0, 17), st.data())
def test_a_credit_code_notices_each_wrong_sign(first_17: str, place: int, data: st.DataObject) -> None:
    code = first_17 + ids.uscc_check_sign(first_17)
    assert ids.check_uscc(code.lower()).ok
    other = data.draw(st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
    assume(other != code[place])
    assert ids.check_uscc(code[:place] + other + code[place + 1 :]).fault


def test_a_credit_code_names_the_letters_it_never_uses() -> None:
    fault = ids.check_uscc("91370211MA3COIX123").fault
    assert fault and "「I、O」" in fault
    assert ids.check_uscc("123").fault == "统一社会信用代码应为 18 位，现为 3 位"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("138 0000 0000", "13800000000"),
        ("+86-138-0000-0000", "13800000000"),
        ("8613800000000", "13800000000"),
        ("１３８００００００００", "13800000000"),
        ("0086 13800000000", "13800000000"),
    ],
)
def test_mobiles_come_in_many_dresses(typed: str, value: str) -> None:
    assert ids.check_mobile(typed) == ids.Check(value)
    assert ids.check_phone(typed) == ids.Check(value)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1380000000", "手机号码应为 11 位数字，现为 10 位"),
        ("12800000000", "手机号码应以 13 至 19 开头，请核对"),
        ("1380000000O", "手机号码只能是数字"),
    ],
)
def test_a_wrong_mobile_is_told_why(typed: str, sentence: str) -> None:
    assert ids.check_mobile(typed).fault == sentence


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0532 8600 0000", "0532-86000000"),
        ("（0532）86000000", "0532-86000000"),
        ("+86 532 86000000", "0532-86000000"),
        ("01060000000", "010-60000000"),
        ("0532-86000000转801", "0532-86000000转801"),
        ("86000000", "86000000"),
    ],
)
def test_landlines_get_one_form(typed: str, value: str) -> None:
    seen = ids.check_landline(typed)
    assert seen.ok and seen.value == value
    assert bool(seen.warning) == (not value.startswith("0"))
    assert ids.check_phone(typed).value == value


def test_a_phone_that_is_neither_is_told_what_would_be_right() -> None:
    assert ids.check_phone("1380000000").fault == "联系电话应为 11 位数字，现为 10 位"
    assert ids.check_phone("053286").fault == "联系电话应为 11 位手机号码，或区号加座机号码，现为 6 位数字"
    assert "0532-86000000" in (ids.check_phone("没有").fault or "")


def test_bank_cards_are_checked_by_their_last_digit() -> None:
    assert ids.check_bank_card("6222 0000 0000 0000 000").ok == ids.luhn_fits("6222000000000000000")
    right = next(card for card in (f"622200000000000{n:04d}" for n in range(10)) if ids.luhn_fits(card))
    assert ids.check_bank_card(right).ok
    assert ids.check_bank_card(right[:-1] + str((int(right[-1]) + 1) % 10)).fault
    assert ids.check_bank_card("123").fault == "银行卡号应为 16 至 19 位数字"
