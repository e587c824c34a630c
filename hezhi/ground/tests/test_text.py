"""Text is mended where nobody looks and left alone where somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.ground import text

anything = st.text(alphabet=st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("　１３８００００００００　", "13800000000"),
        ("鲁Ｂ·１２３４５", "鲁B·12345"),
        ("您好，请问？（急）", "您好，请问？（急）"),
        ("第一行 \r\n\r\n\r\n\r\n第二行", "第一行\n\n第二行"),
        ("路灯\x00坏了\x07", "路灯坏了"),
        ("\u202e乙甲\u202c\ufeff", "乙甲"),
        ("⼈⺠路", "人民路"),
        ("价格￥3～5元", "价格￥3～5元"),
        ("家人👨‍👩‍👧", "家人👨‍👩‍👧"),
        ("坏字\ud83d", "坏字"),
    ],
)
def test_what_nobody_sees_is_mended_and_words_stay(typed: str, stored: str) -> None:
    assert text.tidy(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("张　三", "张三"),
        (" 欧阳 娜 ", "欧阳娜"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("John  Smith", "John Smith"),
        ("J. Smith", "J. Smith"),
    ],
)
def test_names_have_no_gaps_and_one_kind_of_dot(typed: str, stored: str) -> None:
    assert text.tidy_name(typed) == stored


def test_what_looks_alike_folds_alike() -> None:
    assert text.fold("ＡＢ座 １号（东）") == text.fold("ab座1号(东)")
    assert text.fold("东路") != text.fold("西路")


@given(anything)
def test_tidying_twice_changes_nothing_more(typed: str) -> None:
    for mend in (text.tidy, text.one_line, text.tidy_name, text.fold, text.strip_controls, text.half_width):
        once = mend(typed)
        assert mend(once) == once


@given(st.text(alphabet="ab 1~!汉字鿿，。（）“”　\n\xa0", max_size=12))
def test_the_short_way_for_ordinary_texts_comes_to_the_same(typed: str) -> None:
    assert text.tidy(typed) == text._tidied(typed)


@given(anything)
def test_a_tidy_text_can_always_be_stored(typed: str) -> None:
    stored = text.tidy(typed)
    stored.encode()
    assert "\x00" not in stored
    assert "\n" not in text.one_line(typed)


@given(st.text(alphabet="０１ａＺ－，。汉字 x", max_size=40))
def test_half_width_keeps_each_sign_in_its_place(typed: str) -> None:
    assert len(text.half_width(typed)) == len(typed)
    assert [s for s in typed if s in "，。汉字"] == [s for s in text.half_width(typed) if s in "，。汉字"]


def test_a_length_fault_says_how_much_to_cut_or_add() -> None:
    assert text.length_fault("字" * 12, most=10) == "最多 10 个字，现有 12 个字，请删减 2 个字"
    assert text.length_fault("字", most=10, least=3) == "至少 3 个字，现有 1 个字，请补充"
    assert text.length_fault("", most=10, least=3) == "不能为空"
    assert text.length_fault("", most=10) is None
    assert text.length_fault("路灯不亮", most=10, least=3) is None


@given(anything, st.integers(1, 30))
def test_a_shortened_text_fits(typed: str, most: int) -> None:
    short = text.shorten(typed, most)
    assert len(short) <= most
    assert short == typed or short.endswith("…")


def test_a_text_cannot_be_shortened_to_nothing() -> None:
    with pytest.raises(ValueError, match="one character"):
        text.shorten("字", 0)


def test_a_chinese_character_has_three_bytes() -> None:
    assert text.count_bytes("汉a") == 4
