"""Fitting, and figures that do not flatter (训练与检验)."""

import csv
import json
from pathlib import Path

import pytest

from hezhi.engines.analysis.text.classify import suggest, train
from hezhi.engines.analysis.text.measure import main
from hezhi.engines.analysis.text.train import Labelled, fit, read_rows, space_of, terms_of_rows
from hezhi.engines.analysis.text.validate import figures, groups, guesses_of, threshold_for
from hezhi.ground.errors import BadInput

KINDS = {
    "停水": ["自来水停水", "水管爆裂没有水", "水压太低供水不足"],
    "噪声": ["工地夜间施工噪音扰民", "广场舞音响声音太大", "酒吧深夜播放音乐吵人"],
    "工资": ["老板拖欠工资不发", "包工头欠农民工工钱", "离职以后工资没有结算"],
}
PLACES = [
    "东边的院子",
    "学校附近",
    "菜市场旁边",
    "车站对面",
    "医院后门",
    "公园南侧",
    "工厂门口",
    "河边",
    "山脚下",
    "桥头",
]


def _rows() -> list[Labelled]:
    return [
        Labelled(f"{text}，{place}", f"{place}{text}，已经持续很多天，请有关部门尽快处理。", kind)
        for kind, texts in KINDS.items()
        for text in texts
        for place in PLACES
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["title", "detail", "label"])
        writer.writerows([row.title, row.text, row.label] for row in _rows())
    return path


def test_a_model_learns_from_a_file_and_sets_its_own_threshold(file: Path) -> None:
    model = train(file)
    assert suggest("家里没有水", "自来水停水三天，水管里没有水", model).best == "停水"
    assert 0 <= model.threshold < float("inf")
    assert model.notes["cross_validation"]["messages"] == 90


def test_a_file_without_the_columns_is_refused_with_their_names(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("题目,内容\n停水,没水\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_rows(path)
    assert "detail" in str(refused.value)


def test_one_label_alone_teaches_nothing() -> None:
    rows = [row for row in _rows() if row.label == "停水"]
    with pytest.raises(BadInput):
        fit([row.label for row in rows], terms_of_rows(rows))


def test_two_labels_are_enough() -> None:
    rows = [row for row in _rows() if row.label != "工资"]
    model = fit([row.label for row in rows], terms_of_rows(rows))
    assert suggest("工地施工噪音", "夜间施工噪音扰民", model).best == "噪声"
    assert suggest("停水", "自来水停水没有水", model).best == "停水"


def test_what_few_people_said_and_what_names_somebody_is_not_kept() -> None:
    rows = [Labelled(f"停水了{n}", "王守田说A3区的自来水停了，用户A00034467也没水", "停水") for n in range(30)]
    rows += [Labelled(f"太吵了{n}", "施工噪音很大", "噪声") for n in range(30)]
    rows += [Labelled("独一份的琉璃瓦", "琉璃瓦掉下来", "噪声")] * 2
    space = space_of(terms_of_rows(rows))
    assert space.knows("text", "自来水")
    for term in ("王守田", "a3", "A3", "A00034467", "a00034467", "琉璃瓦"):
        assert not any(space.knows(bag, term) for bag in space.terms)


def test_copies_of_one_text_stand_on_one_side_of_each_cut() -> None:
    story = "夜里十一点以后工地还在打桩，机器轰鸣，孩子和老人都没有办法睡觉，打电话也没有人来管"
    rows = [
        Labelled("夜间施工吵人", story + "。", "噪声"),
        Labelled("工地太吵", story + "，请尽快处理！", "噪声"),
        Labelled("自来水停了", "整个小区从昨天下午开始没有一滴水", "停水"),
        Labelled("自来水，停了！", "别的院子有水，我们这里没有", "停水"),
    ]
    same = groups(rows)
    assert same[0] == same[1]
    assert same[2] == same[3]
    assert same[0] != same[2]


def test_the_threshold_keeps_the_accuracy_it_was_chosen_for() -> None:
    rows = _rows()
    model = fit([row.label for row in rows], terms_of_rows(rows))
    truth = ["停水" if n % 4 else "工资" for n in range(40)]
    guesses = guesses_of(model, truth, terms_of_rows([Labelled("停水", f"自来水停水{n}天", "") for n in range(1, 41)]))
    sure = guesses.margin >= threshold_for(guesses, 0.9)
    assert not sure.any() or guesses.right[sure].mean() >= 0.9
    assert figures(guesses).micro_f1 == pytest.approx(0.75)


def test_the_measuring_command_prints_ours_beside_the_peer(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert main(["classify", "--train", str(file), "--test", str(file), "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert said["ours"]["macro_f1"] == 1
    assert said["speed_ratio"] > 0
    assert "对照（jieba + 线性 SVM）" in capsys.readouterr().out


def test_the_training_command_writes_a_model(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--train", str(file), "--out", str(tmp_path / "model")]) == 0
    assert "已保存" in capsys.readouterr().out


def test_real_messages_are_told_apart(shared: Path) -> None:
    rows = read_rows(shared / "data/appeals-teddy2020/messages_labelled_train.csv")
    terms = terms_of_rows(rows[::2] + rows[1:1000:2])
    learn, check = slice(0, len(rows[::2])), slice(len(rows[::2]), None)
    labels = [row.label for row in rows[::2] + rows[1:1000:2]]
    model = fit(labels[learn], terms[learn])
    assert figures(guesses_of(model, labels[check], terms[check])).macro_f1 > 0.88
