"""Masks show what the privacy matrix allows and not one sign more. All people are invented."""

import sys
import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hezhi.ground import masks
from hezhi.ground.identifiers import id_check_sign, luhn_fits
from hezhi.ground.masks import Kind, find_personal, mask, mask_text
from hezhi.ground.tests.test_identifiers import ID, resident_ids

CARD = next(card for card in (f"622200000000000{n:04d}" for n in range(10)) if luhn_fits(card))
mobiles = st.integers(13_000_000_000, 19_999_999_999).map(str)
landlines = st.builds(
    "{}{}".format, st.sampled_from(["0532", "010", "0532-", "010-"]), st.integers(20_000_000, 89_999_999)
)
cards = (
    st.integers(0, 10**12 - 1)
    .map(lambda n: f"622200{n:012d}")
    .map(lambda c: next(c + d for d in "0123456789" if luhn_fits(c + d)))
)
words = st.text(alphabet="路灯不亮，请处理。楼道里（急）abc \n", max_size=12)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.NAME, "王芳", "王*"),
        (Kind.NAME, "王小芳", "王**"),
        (Kind.NAME, "欧阳娜娜", "欧阳**"),
        (Kind.NAME, "张　三", "张*"),
        (Kind.NAME, "欧阳", "欧*"),
        (Kind.NAME, "王", "*"),
        (Kind.NAME, "阿依古丽·买买提", "阿***"),
        (Kind.RESIDENT_ID, "999999199001010018", "9****************8"),
        (Kind.RESIDENT_ID_CASE, "999999199001010018", "999***********0018"),
        (Kind.RESIDENT_ID_CASE, "999999900101001", "999*********001"),
        (Kind.RESIDENT_ID, "护照X1", "****"),
        (Kind.PHONE, "13800005678", "138****5678"),
        (Kind.PHONE, "+86 138 0000 5678", "138****5678"),
        (Kind.PHONE, "0532-86000021", "0532-****21"),
        (Kind.PHONE, "010 6000 0021 转 801", "010-****21"),
        (Kind.PHONE, "86000021", "****21"),
        (Kind.PHONE, "1234", "****"),
        (Kind.ADDRESS, "某街道某社区某路 3 号楼 2 单元 301", "某街道某社区***"),
        (Kind.ADDRESS, "某镇某村12号", "某镇某村***"),
        (Kind.ADDRESS, "某街道长江路88号", "某街道***"),
        (Kind.ADDRESS, "某某区香江路88号", "某某区***"),
        (Kind.ADDRESS, "幸福小区3号楼", "***"),
        (Kind.ADDRESS, "3号楼301室某社区", "***"),
        (Kind.BANK_CARD, "6222 0000 0000 0001 234", "**** 1234"),
        (Kind.BANK_CARD, "1234", "****"),
        (Kind.BIRTH_DATE, "1958-03-07", "1958"),
        (Kind.BIRTH_DATE, date(1958, 3, 7), "1958"),
        (Kind.BIRTH_DATE, "三月七日", "****"),
        (Kind.EMAIL, "anna@example.org", "a***@example.org"),
        (Kind.EMAIL, "anna", "***"),
        (Kind.PLATE, "鲁B·12341", "鲁B***1"),
        (Kind.PLATE, "鲁BD12341", "鲁B***1"),
        (Kind.PLATE, "12", "***"),
        (Kind.PLATE, "A¯0000", "***"),
        (Kind.CATEGORY, "某种病", "关爱服务"),
        (Kind.NAME, "", ""),
        (Kind.PHONE, None, ""),
    ],
)
def test_each_kind_has_its_mask(kind: Kind, value: object, shown: str) -> None:
    assert mask(kind, value) == shown
    assert mask(kind.value, value) == shown


@given(st.sampled_from(Kind), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
@example(Kind.PHONE, "0000A´")  # without the gap that the accent holds, the letter bears it
def test_whatever_is_typed_masking_twice_changes_nothing(kind: Kind, value: str) -> None:
    once = mask(kind, value)
    assert mask(kind, once) == once


@given(
    st.sampled_from([k for k in Kind if k not in (Kind.TEXT, Kind.BIRTH_DATE)]),
    st.one_of(mobiles, resident_ids(), cards, landlines),
)
def test_a_number_in_the_wrong_field_is_hidden_too(kind: Kind, number: str) -> None:
    shown = mask(kind, number)
    assert number not in shown
    assert sum(sign.isdigit() for sign in shown) <= 7


@given(resident_ids())
def test_no_mask_of_an_id_number_shows_the_birthday(number: str) -> None:
    for kind in (Kind.RESIDENT_ID, Kind.RESIDENT_ID_CASE):
        assert set(mask(kind, number)[6:14]) == {"*"}


def test_an_unknown_kind_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        mask("shoe_size", "42")


def test_our_own_stars_are_known_when_they_come_back() -> None:
    assert masks.is_masked(Kind.PHONE, "138****5678")
    assert masks.is_masked(Kind.NAME, "王*")
    assert masks.is_masked(Kind.RESIDENT_ID, "9****************8")
    assert masks.is_masked(Kind.TEXT, "回电138****5678即可")
    assert not masks.is_masked(Kind.PHONE, "13800005678")
    assert not masks.is_masked(Kind.NAME, "王芳*代")
    assert not masks.is_masked(Kind.TEXT, "***急***")


@given(before=words, number=st.one_of(mobiles, resident_ids(), cards, landlines), after=words)
def test_a_number_is_found_wherever_it_stands(before: str, number: str, after: str) -> None:
    shown = mask_text(before + number + after)
    assert number not in shown
    assert shown.startswith(before) and shown.endswith(after)
    [span] = find_personal(before + number + after)
    assert (span.start, span.end) == (len(before), len(before) + len(number))


@given(before=words, numbers=st.lists(st.one_of(mobiles, resident_ids(), cards), min_size=2, max_size=4))
def test_several_numbers_are_all_masked_and_the_words_between_stay(before: str, numbers: list[str]) -> None:
    shown = mask_text(before + "，".join(numbers))
    assert shown.count("，") == before.count("，") + len(numbers) - 1
    assert not any(number in shown for number in numbers)
    assert mask_text(shown) == shown


@given(st.text("0123456789", min_size=20, max_size=40))
def test_a_longer_number_is_never_broken(number: str) -> None:
    assert mask_text(f"编号{number}号") == f"编号{number}号"


@given(head=st.integers(1, 10**6), number=st.one_of(mobiles, resident_ids(), cards), tail=st.integers(0, 99))
def test_a_number_inside_a_longer_one_is_left_alone(head: int, number: str, tail: int) -> None:
    longer = f"1{head}{number.rstrip('X')}{tail:04d}{'0' * 9}"
    assert mask_text(longer) == longer


@pytest.mark.parametrize(
    "written",
    [
        "138 0000 5678",
        "138-0000-5678",
        "138—0000—5678",
        "1380 000 5678",
        "１３８００００５６７８",
        "+86 13800005678",
        "8613800005678",
        "138.0000.5678",
        "1.13800005678",
        "tel13800005678",
        "١٣٨٠٠٠٠٥٦٧٨",
    ],
)
def test_a_mobile_is_found_in_each_of_its_dresses(written: str) -> None:
    assert "5678" in mask_text(f"请回电{written}谢谢")
    [span] = find_personal(f"请回电{written}谢谢")
    assert span.kind is Kind.PHONE
    assert "0000" not in mask_text(f"请回电{written}谢谢")


def test_an_id_number_is_found_with_gaps_and_behind_a_stray_digit() -> None:
    spaced = f"{ID[:6]} {ID[6:14]} {ID[14:]}"
    assert mask_text(f"证件{spaced}。") == f"证件{mask(Kind.RESIDENT_ID, ID)}。"
    assert mask_text(f"3 {ID}") == f"3 {mask(Kind.RESIDENT_ID, ID)}"
    assert mask_text(f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]} {CARD[16:]}") == f"**** {CARD[-4:]}"


@pytest.mark.parametrize(
    "text",
    [
        "事件编号37021120250101000001",
        "网格编码370211001001001",
        "经度120.13800005678",
        "坐标35.96222,120.17222",
        "2025-01-02 08:30:00",
        "热线12345、110、96188",
        "金额138000元,合同号ZB-2025-0018",
        f"一个末位不对的号{ID[:17]}{(int(ID[17]) + 1) % 10 if ID[17].isdigit() else 0}",
        "统一社会信用代码91370211MA3C8QXT12",
        "86000021",
    ],
)
def test_numbers_that_are_nobodys_stay_as_they_are(text: str) -> None:
    assert mask_text(text) == text


def test_landlines_are_found_with_their_area_code_or_behind_a_word() -> None:
    assert mask_text("（0532）86000021") == "0532-****21"
    assert mask_text("0532-8600 0021") == "0532-****21"
    assert mask_text("+86 532 86000021") == "0532-****21"
    assert mask_text("办公电话：86000021") == "办公电话：****21"


def test_the_person_who_types_is_warned_once_in_a_sentence() -> None:
    text = f"联系人王某，{ID}，13800005678，13900005678"
    assert (
        masks.entry_warning(text)
        == "文中似有 1 个身份证号、2 个电话号码，显示时会自动遮盖；如与办理无关，请删去后再提交"
    )
    assert masks.entry_warning("路灯不亮") is None


def test_a_span_never_shows_its_value_in_a_log() -> None:
    assert "13800005678" not in repr(find_personal("13800005678"))


def test_the_digits_of_every_script_are_known() -> None:
    """They are found by one sign in ten; a Unicode that breaks their runs of ten must be seen here, not in a leaked number."""
    every = {n: str(unicodedata.decimal(chr(n))) for n in range(0x660, sys.maxunicode + 1) if chr(n).isdecimal()}
    assert every == masks._DIGITS


def test_a_long_text_of_digits_takes_no_long_time() -> None:
    hostile = "1 3 8 0 " * 5_000 + "1" * 20_000 + "0532-" * 3_000
    assert isinstance(mask_text(hostile), str)


def test_the_check_sign_helper_agrees_with_the_finder() -> None:
    first_17 = "99999919800229001"
    assert find_personal(first_17 + id_check_sign(first_17))[0].kind is Kind.RESIDENT_ID
