"""An owner's embedding model improves routing, is never needed, and is refused when it is not whole (自备语义模型)."""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hezhi.engines.analysis.text import classify
from hezhi.engines.analysis.text.embedding import EmbedderRefused, OnnxEmbedder, Vectors
from hezhi.engines.analysis.text.model import ModelRefused, load, save

MATTERS = {"供水": "甲乙丙丁戊己庚辛壬癸", "噪声": "子丑寅卯辰巳午未申酉"}
"""Words that no two messages share: only their meaning tells the label."""


class Knowing:
    """An embedding model that knows which signs mean the same."""

    digest = "a" * 64

    def vectors(self, texts: Sequence[str]) -> Vectors:
        found = [[sum(sign in text for sign in signs) for signs in MATTERS.values()] for text in texts]
        rows = np.array(found, np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["title", "detail", "label"])
        for label, signs in MATTERS.items():
            writer.writerows([f"请处理{sign}的事情", f"我要反映{sign}，希望有关部门重视", label] for sign in signs)
    return path


def test_a_supplied_embedding_model_improves_what_words_alone_cannot_tell(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, knowing = classify.train(file), classify.train(file, Knowing())
    assert plain.notes["cross_validation"]["micro_f1"] < 0.8
    assert knowing.notes["cross_validation"]["micro_f1"] == 1
    save(knowing, tmp_path / "model")
    kept = load(tmp_path / "model")
    monkeypatch.setattr(classify, "owners_embedder", Knowing)
    asked = [("请处理丁的事情", "反映丁"), ("请处理午的事情", "反映午")]
    assert [s.best for s in classify.route(asked, kept)] == ["供水", "噪声"]
    assert classify.suggest(*asked[0], kept).best == "供水"


def test_a_model_fitted_with_another_embedding_is_refused_not_guessed_with(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = classify.train(file, Knowing())
    for other in (lambda: None, lambda: type("Other", (Knowing,), {"digest": "b"})()):
        monkeypatch.setattr(classify, "owners_embedder", other)
        with pytest.raises(ModelRefused):
            classify.suggest("请处理丁的事情", "反映丁", model)


def test_without_onnxruntime_or_whole_files_the_refusal_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EmbedderRefused) as refused:
        OnnxEmbedder(tmp_path)
    assert "onnxruntime" in str(refused.value)


def test_texts_become_the_tokens_of_the_model_s_own_vocabulary() -> None:
    embedder = OnnxEmbedder.__new__(OnnxEmbedder)
    names = ["[UNK]", "[CLS]", "[SEP]", "停", "水", "ab", "##c", "12"]
    embedder._tokens, embedder._most = {name: at for at, name in enumerate(names)}, 8
    assert embedder.tokens("停水ＡＢＣ 12") == [1, 3, 4, 5, 6, 7, 2]
    assert embedder.tokens("电abd") == [1, 0, 0, 2], "a piece with an unknown part is unknown as a whole"
    assert len(embedder.tokens("水" * 50)) == 8
