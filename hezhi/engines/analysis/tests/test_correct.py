"""Officers choose, and the model learns (更正学习)."""

from datetime import timedelta

import pytest

from hezhi.engines.analysis.text.classify import SHIPPED, route, suggest
from hezhi.engines.analysis.text.correct import LEAST, Correction, Refit, adapt, latest, merge, refit
from hezhi.engines.analysis.text.model import Model, load
from hezhi.engines.analysis.text.train import Labelled, terms_of_rows
from hezhi.ground.errors import NotNow
from hezhi.ground.time import now

FARM = ["承包地的租金没有给", "浇地的机井坏了", "种粮补贴名单漏了", "病死的羊没有兽医来看", "灌溉水渠被堵死"]
LOUD = ["广场舞音响太吵", "工地夜间施工噪音", "酒吧深夜放音乐扰民"]


def _choices(count: int = 40) -> list[Correction]:
    made = []
    for n in range(count):
        kind, texts = (("农业农村", FARM), ("环境保护", LOUD))[n % 2]
        text = texts[n % len(texts)]
        made.append(
            Correction(
                str(n), text, f"{text}，第{n}户反映，{'村里' if n % 2 == 0 else '楼下'}请人来看看{n * 7}。", kind, now()
            )
        )
    return made


@pytest.fixture(scope="module")
def learnt(model: Model) -> Refit:
    """What the shipped model becomes after forty choices."""
    return refit(model, _choices())


def test_the_last_choice_for_a_message_counts() -> None:
    first = Correction("1", "停水", "没有水", "商贸旅游", now() - timedelta(hours=1))
    second = Correction("1", "停水", "没有水", "城乡建设", now())
    assert latest([second, first]) == [Labelled("停水", "没有水", "城乡建设")]


def test_the_same_text_in_two_messages_has_one_label_the_later() -> None:
    old = Correction("1", "停水", "没有水。", "商贸旅游", now() - timedelta(days=1))
    new = Correction("2", "停水!", "没有水", "城乡建设", now())
    assert [row.label for row in latest([old, new])] == ["城乡建设"]


def test_a_correction_replaces_the_training_row_of_the_same_text() -> None:
    rows = [Labelled("停水", "没有水", "商贸旅游"), Labelled("太吵", "夜里施工", "环境保护")]
    merged = merge(rows, [Correction("1", "停水", "没有水！", "城乡建设", now())])
    assert sorted(row.label for row in merged) == ["城乡建设", "环境保护"]


def test_too_few_choices_change_nothing_and_say_so(model: Model) -> None:
    with pytest.raises(NotNow) as refused:
        refit(model, _choices(LEAST - 2))
    assert "还不够训练" in str(refused.value)


def test_a_label_of_the_districts_own_is_learnt_from_the_weights_alone(learnt: Refit) -> None:
    assert "农业农村" in learnt.model.labels
    assert learnt.better
    assert learnt.after > learnt.before
    assert suggest("机井坏了浇不上地", "村里浇地的机井坏了，水渠也被堵死", learnt.model).best == "农业农村"


def test_what_it_knew_before_is_not_forgotten(learnt: Refit, model: Model, rows: list[dict[str, str]]) -> None:
    asked = [(row["title"], row["detail"]) for row in rows]
    same = [a.best == b.best for a, b in zip(route(asked, learnt.model), route(asked, model), strict=True)]
    assert sum(same) / len(same) > 0.95


def test_the_old_model_is_left_as_it_was(learnt: Refit, model: Model) -> None:
    assert "农业农村" not in model.labels
    assert model.space.messages == learnt.model.space.messages - learnt.choices
    assert suggest("工地夜间施工", "噪音扰民", model) == suggest("工地夜间施工", "噪音扰民", load(SHIPPED))


def test_with_the_training_rows_at_hand_it_is_fitted_anew(model: Model) -> None:
    rows = [Labelled(f"停水{n}", "自来水停水没有水" * (n % 3 + 1), "城乡建设") for n in range(30)]
    learnt = refit(model, _choices(), rows)
    assert set(learnt.model.labels) == {"农业农村", "环境保护", "城乡建设"}
    assert learnt.choices == 40


def test_new_names_are_not_learnt_with_the_words(model: Model) -> None:
    rows = [Labelled("机井坏了", f"韩守田家浇地的机井坏了，电话199-0000-{1000 + n}", "农业农村") for n in range(20)]
    space = adapt(model, rows, terms_of_rows(rows)).space
    assert space.knows("text", "机井")
    assert not any(space.knows(bag, name) for bag in space.terms for name in ("韩守田", "守田", "韩守", "199", "1000"))
