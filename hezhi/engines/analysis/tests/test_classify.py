"""A suggestion says what, how sure and why (类别建议)."""

import time

import pytest

from hezhi.engines.analysis.text.classify import SHIPPED, route, suggest
from hezhi.engines.analysis.text.model import Model, load

SEVEN = {"城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生计生"}


@pytest.mark.parametrize(
    ("title", "text", "label"),
    [
        ("养猪场污水直排河道", "村边养猪场把粪便污水排进小河，臭气熏天，严重污染环境，请环保部门查处。", "环境保护"),
        ("工地拖欠农民工工资", "我们在工地干了三个月，公司拖欠工资，也不给缴社保，请劳动监察帮忙。", "劳动和社会保障"),
        ("小学强制学生参加补课", "学校要求学生周末补课并收取费用，家长不同意老师就点名批评。", "教育文体"),
        ("快递放在驿站不派送", "快递公司从不送货上门，邮政管理部门能不能管一管快递行业。", "交通运输"),
        ("村卫生室医生乱收费", "去医院看病，医生开了很多检查，病人住院费用太高，请卫计部门调查医疗机构。", "卫生计生"),
        ("小区电梯多次故障困人", "电梯没有年检，特种设备存在安全隐患，质监部门请查处。", "商贸旅游"),
        ("小区业主反映开发商逾期交房", "购房合同约定去年交房，开发商一直拖延，房产证也办不下来。", "城乡建设"),
    ],
)
def test_each_label_is_suggested_for_what_it_means(model: Model, title: str, text: str, label: str) -> None:
    assert suggest(title, text, model).best == label


def test_the_reasons_are_words_of_the_message(model: Model, rows: list[dict[str, str]]) -> None:
    for row in rows[:150]:
        suggestion = suggest(row["title"], row["detail"], model)
        assert all(word in f"{row['title']} {row['detail']}" for word in suggestion.reasons)
        assert suggestion.best != suggestion.second
        assert {suggestion.best, suggestion.second} <= SEVEN


def test_a_message_that_says_nothing_is_never_confident(model: Model) -> None:
    for title, text in (("", ""), ("路灯", "门口。"), ("？？？", "！！！"), ("12345", "A3区 199 0000 1234")):
        assert not suggest(title, text, model).confident


def test_many_at_once_are_decided_like_one_by_one(model: Model, rows: list[dict[str, str]]) -> None:
    some = [(row["title"], row["detail"]) for row in rows[::7]]
    for (title, text), together in zip(some, route(some, model), strict=True):
        alone = suggest(title, text, model)
        assert (alone.best, alone.second, alone.confident) == (together.best, together.second, together.confident)
        assert alone.margin == pytest.approx(together.margin, abs=1e-4)
    assert route([], model) == []


def test_confident_suggestions_on_the_demo_messages_are_right_more_often(
    model: Model, rows: list[dict[str, str]], labels: dict[str, str]
) -> None:
    told = [row for row in rows if labels[row["category"]]]
    found = route(((row["title"], row["detail"]) for row in told), model)
    right = [s.best == labels[row["category"]] for s, row in zip(found, told, strict=True)]
    sure = [r for r, s in zip(right, found, strict=True) if s.confident]
    # Invented messages in other words than those learnt from: far harder than the training data.
    assert sum(right) / len(right) >= 0.60
    assert sum(sure) / len(sure) >= 0.80
    assert len(sure) >= 150


def test_half_a_sign_and_other_oddities_do_no_harm(model: Model) -> None:
    suggest("\ud83d", "\x00" * 5 + "楼下烧烤" * 3000, model)


def test_the_shipped_model_is_small_and_quick_to_read() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir() if file.suffix in (".npz", ".json")) < 6 * 2**20
    start = time.process_time()
    load(SHIPPED)
    assert time.process_time() - start < 1
