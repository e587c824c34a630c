"""Refusals are letters to a tired person (答复)."""

import copy

import pytest

from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow, Refusal
from hezhi.ground.time import frozen_at


def test_a_refusal_reads_as_one_letter_with_a_number_to_quote():
    refusal = Refusal("图片没有保存", "文件超过 20 MB", "请压缩后重新上传。", code="too_big", number="261122-ABCDEF")
    assert str(refusal) == "图片没有保存。文件超过 20 MB。请压缩后重新上传。（错误编号 261122-ABCDEF）"
    assert refusal.code == "too_big"


def test_each_refusal_gets_its_own_number_that_begins_with_the_day():
    with frozen_at("2026-11-22 09:30"):
        numbers = {NotNow().number for _ in range(50)}
    assert len(numbers) == 50
    assert all(number.startswith("261122-") for number in numbers)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (NotAllowed, 403, "not_allowed"),
        (NotFound, 404, "not_found"),
        (NotNow, 409, "not_now"),
        (BadInput, 422, "bad_input"),
    ],
)
def test_each_kind_has_its_status_its_code_and_a_letter_of_its_own(kind, status, code):
    refusal = kind()
    assert (refusal.status, refusal.code) == (status, code)
    assert isinstance(refusal, Refusal)
    assert all((refusal.what, refusal.meaning, refusal.remedy, refusal.number))


def test_bad_input_names_each_field_and_says_that_nothing_is_lost():
    refusal = BadInput({"phone": ["联系电话应为 11 位数字，现为 10 位"], "place": "请在地图上点选位置。"})
    assert refusal.fields == {"phone": ["联系电话应为 11 位数字，现为 10 位"], "place": ["请在地图上点选位置。"]}
    assert str(refusal).startswith(
        "有 2 处需要更正：联系电话应为 11 位数字，现为 10 位。请在地图上点选位置。内容尚未保存"
    )


def test_an_api_gets_the_letter_as_plain_values():
    assert set(NotFound().as_dict()) == {"code", "what", "meaning", "remedy", "number"}
    assert BadInput({"title": "请填写标题"}).as_dict()["fields"] == {"title": ["请填写标题"]}


@pytest.mark.parametrize("refusal", [NotNow("已被签收"), BadInput({"title": ["请填写标题"]})])
def test_a_refusal_can_be_copied_with_its_number(refusal):
    again = copy.copy(refusal)
    assert str(again) == str(refusal)


def test_the_parents_defaults_are_not_changed_by_one_letter():
    NotFound("没有找到这份附件", code="no_attachment")
    assert NotFound.code == NotFound().code == "not_found"
