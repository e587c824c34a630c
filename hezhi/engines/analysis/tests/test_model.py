"""What is saved is numbers and words, and nothing else is ever read (模型文件)."""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hezhi.engines.analysis.text.classify import SHIPPED, suggest
from hezhi.engines.analysis.text.model import HEADER, WEIGHTS, Model, ModelRefused, load, save


def _rewrite(folder: Path, **changed: Any) -> None:
    """Exchange arrays of a saved model, and let the digest agree with them."""
    with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    packed = io.BytesIO()
    np.savez_compressed(packed, **{**kept, **changed})
    (folder / WEIGHTS).write_bytes(packed.getvalue())
    header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    header["sha256"] = hashlib.sha256(packed.getvalue()).hexdigest()
    (folder / HEADER).write_text(json.dumps(header), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, model: Model) -> Path:
    save(model, tmp_path)
    return tmp_path


def test_a_saved_model_speaks_as_before(folder: Path, model: Model, rows: list[dict[str, str]]) -> None:
    again = load(folder)
    for row in rows[:40]:
        assert suggest(row["title"], row["detail"], again) == suggest(row["title"], row["detail"], model)


def test_saving_twice_writes_the_same_bytes(folder: Path, tmp_path: Path, model: Model) -> None:
    save(model, tmp_path / "again")
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (folder / WEIGHTS).read_bytes()


class _Trap:
    """An object that would write a file while being unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("/nowhere/trap", "w"))


def test_an_array_of_objects_is_refused_and_never_opened(folder: Path) -> None:
    _rewrite(folder, intercept=np.array([_Trap()] * 7, dtype=object))
    with pytest.raises(ModelRefused):
        load(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"intercept": np.zeros(3, np.float32)},
        {"intercept": np.full(7, np.nan, np.float32)},
        {"counts": np.array(["a"])},
        {"terms.title": np.zeros(4, np.float64)},
        {"terms.title": np.array([0xFF, 0xFE], np.uint8)},
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(folder: Path, changed: dict[str, Any]) -> None:
    _rewrite(folder, **changed)
    with pytest.raises(ModelRefused):
        load(folder)


def test_files_that_do_not_belong_together_are_refused(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b" ")
    with pytest.raises(ModelRefused) as refused:
        load(folder)
    assert "不成对" in str(refused.value)


@pytest.mark.parametrize("header", ["", "[]", '{"format": 99}', "not json", "{}"])
def test_a_header_of_another_kind_is_refused(folder: Path, header: str) -> None:
    (folder / HEADER).write_text(header, encoding="utf-8")
    with pytest.raises(ModelRefused):
        load(folder)


def test_a_missing_file_is_a_letter_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused) as refused:
        load(tmp_path)
    assert "类别由人工选择" in str(refused.value)


def test_the_shipped_model_holds_no_code_no_number_and_no_sentence(model: Model) -> None:
    assert not [term for term in model.space.flat if re.search(r"[0-9A-Za-z_*×]", term)]
    assert max(map(len, model.space.terms["title_signs"])) == 3
    # The longest are words of the dictionary, such as 人民代表大会常务委员会.
    assert max(map(len, model.space.flat)) < 12
    assert (model.space.counts >= 3).all()


def test_the_shipped_model_knows_nobody_by_name(model: Model) -> None:
    for name in ("习近平", "毛泽东", "张建国", "王建军", "李校长", "胡书记"):
        assert not any(model.space.knows(bag, name) for bag in model.space.terms)


def test_the_card_lies_beside_the_model() -> None:
    card = (SHIPPED / "MODEL_CARD.md").read_text(encoding="utf-8")
    for label in json.loads((SHIPPED / HEADER).read_text(encoding="utf-8"))["labels"]:
        assert label in card
