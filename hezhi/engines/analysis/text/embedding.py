"""An embedding model of the owner's own, as ONNX (自备语义向量模型).

Nothing is downloaded and nothing is needed: routing works without. An owner who has a sentence model that
he may use puts three files into a folder and names it in HEZHI_EMBEDDING_MODEL; onnxruntime must be
installed beside the system. Then `train` gives the classifier a fifth bag, the vector of the message.

| file | what |
| --- | --- |
| `model.onnx` | takes input_ids (and attention_mask, token_type_ids where it has them) |
| `vocab.txt` | one token a line, as BERT models carry it: [CLS], [SEP], [UNK], single signs, ##parts |
| `hezhi.json` | optional: `{"pooling": "mean" or "cls", "tokens": 256}` |

A classifier trained with one model is refused with another: the digest of the file stands in its notes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hezhi.ground.errors import Refusal
from hezhi.ground.text import half_width

__all__ = ["Embedder", "EmbedderRefused", "OnnxEmbedder", "owners_embedder"]

SETTING = "HEZHI_EMBEDDING_MODEL"
AT_ONCE = 32
TOKENS = 256
_PIECES = re.compile(r"[a-z]+|[0-9]+|[^\sa-z0-9]")

Vectors = npt.NDArray[np.float32]


class EmbedderRefused(Refusal):
    """An embedding model that cannot be used (语义向量模型不可用)."""

    status = 500
    code = "embedder_refused"
    what = "自备的语义向量模型不能使用"
    meaning = "类别建议照常按随系统提供的模型进行"
    remedy = "请检查文件夹中的 model.onnx 和 vocab.txt，并安装 onnxruntime"


class Embedder(Protocol):
    """Anything that turns texts into vectors of unit length."""

    digest: str

    def vectors(self, texts: Sequence[str]) -> Vectors: ...


class OnnxEmbedder:
    """A sentence model in ONNX with a BERT vocabulary."""

    def __init__(self, folder: Path) -> None:
        try:
            import onnxruntime
        except ImportError as fault:
            raise EmbedderRefused(what="没有安装 onnxruntime，自备的语义向量模型不能使用") from fault
        try:
            data = (folder / "model.onnx").read_bytes()
            vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
            told = json.loads((folder / "hezhi.json").read_text()) if (folder / "hezhi.json").exists() else {}
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as fault:
            raise EmbedderRefused() from fault
        self.digest = hashlib.sha256(data).hexdigest()
        self._tokens = {token: at for at, token in enumerate(vocabulary)}
        missing = [token for token in ("[CLS]", "[SEP]", "[UNK]") if token not in self._tokens]
        if missing:
            raise EmbedderRefused(what=f"vocab.txt 缺少 {'、'.join(missing)}")
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._pooling, self._most = told.get("pooling", "mean"), int(told.get("tokens", TOKENS))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """One vector of unit length for each text."""
        parts = [self._some(texts[i : i + AT_ONCE]) for i in range(0, len(texts), AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)

    def _some(self, texts: Sequence[str]) -> Vectors:
        rows = [self.tokens(text) for text in texts]
        width = max(map(len, rows))
        ids, mask = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row)], mask[at, : len(row)] = row, 1
        given: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [out, *_] = self._session.run(None, {name: given[name] for name in self._inputs if name in given})
        found = np.asarray(out, np.float32)
        if found.ndim == 3:
            found = found[:, 0] if self._pooling == "cls" else _mean(found, mask)
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def tokens(self, text: str) -> list[int]:
        """The numbers of a text's tokens, with the signs for beginning and end."""
        found = [number for piece in _PIECES.findall(half_width(text).lower()) for number in self._parts(piece)]
        return [self._tokens["[CLS]"], *found[: self._most - 2], self._tokens["[SEP]"]]

    def _parts(self, piece: str) -> Iterator[int]:
        """The longest known parts of a piece from its head on; unknown when one is missing."""
        start, found = 0, []
        while start < len(piece):
            for end in range(len(piece), start, -1):
                number = self._tokens.get(("##" if start else "") + piece[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return iter([self._tokens["[UNK]"]])
        return iter(found)


def _mean(found: Vectors, mask: npt.NDArray[np.int64]) -> Vectors:
    weights = mask[:, :, None].astype(np.float32)
    mean: Vectors = (found * weights).sum(1) / np.maximum(weights.sum(1), 1)
    return mean


@lru_cache(maxsize=1)
def owners_embedder() -> OnnxEmbedder | None:
    """The owner's model, or None where none is named. Raises EmbedderRefused when the named one is not whole."""
    folder = os.environ.get(SETTING, "")
    return OnnxEmbedder(Path(folder)) if folder else None
