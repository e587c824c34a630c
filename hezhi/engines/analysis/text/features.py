"""What the classifier sees of a message: four bags of terms (特征).

| bag | terms | weight |
| --- | --- | --- |
| text | words of the title and the first 1,000 signs of the text, two signs or more | 1 |
| title | words of the title | 0.5 |
| title_signs | one to three neighbouring signs of the title | 0.5 |
| pairs | two neighbouring signs among the first 500 of title and text | 0.5 |

The title stands in three bags because people put the matter there and the story below it. Pairs of
signs carry what the word list must not: words unknown to the general dictionary. Neighbouring signs
are kept as numbers, sixteen bits a sign: a message has hundreds, and as strings they would cost more
than cutting the words does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.segment import is_general_word, is_new_name, words

__all__ = ["BAGS", "Bag", "Codes", "Terms", "codes_of", "spelt", "terms_of", "unsafe_names"]

TEXT_SIGNS = 1000
PAIR_SIGNS = 500
_CODE = re.compile(r"[0-9_A-Za-z]|^\W+$")
_FIRST, _LAST = 0x4E00, 0x9FFF

Codes = npt.NDArray[np.int64]
"""Neighbouring signs as numbers."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one message, unfit ones too: the vocabulary decides what is looked up."""

    title: list[str]
    text: list[str]
    title_signs: Codes
    pairs: Codes


@dataclass(frozen=True, slots=True)
class Bag:
    """One bag of terms: its weight in the whole, in how many messages a term must occur, how short it may be."""

    name: str
    weight: float
    least: int
    shortest: int
    of_words: bool

    def may_keep(self, term: str, names: frozenset[str]) -> bool:
        """Whether a model may keep this term: no code, no number, no name of a person or place."""
        if len(term) < self.shortest:
            return False
        if self.of_words:
            return not _CODE.search(term) and is_general_word(term)
        return len(term) == 1 or term not in names


BAGS = (
    Bag("text", 1.0, 3, 2, of_words=True),
    Bag("title", 0.5, 3, 1, of_words=True),
    Bag("title_signs", 0.5, 3, 1, of_words=False),
    Bag("pairs", 0.5, 20, 2, of_words=False),
)


def terms_of(title: str, text: str) -> Terms:
    """A message cut into terms."""
    title_words = words(title)
    return Terms(
        title=title_words,
        text=title_words + words(text[:TEXT_SIGNS]),
        title_signs=_neighbours(title, (1, 2, 3)),
        pairs=_neighbours(f"{title} {text}"[:PAIR_SIGNS], (2,)),
    )


def _neighbours(text: str, lengths: tuple[int, ...]) -> Codes:
    """Runs of Chinese signs without a gap, as numbers."""
    signs = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    chinese = (signs >= _FIRST) & (signs <= _LAST)
    found, codes, whole = [], signs, chinese
    for length in range(1, max(lengths) + 1):
        if length > 1:
            codes = codes[:-1] << 16 | signs[length - 1 :]
            whole = whole[:-1] & chinese[length - 1 :]
        if length in lengths:
            found.append(codes[whole])
    return found[0] if len(found) == 1 else np.concatenate(found)


def codes_of(terms: Iterable[str]) -> Codes:
    """Terms of one to three signs as numbers."""
    return np.array([sum(ord(s) << 16 * i for i, s in enumerate(reversed(term))) for term in terms], np.int64)


def spelt(code: int) -> str:
    """The signs behind a number."""
    return "".join(chr(code >> shift & 0xFFFF) for shift in (32, 16, 0) if code >> shift & 0xFFFF)


def unsafe_names(messages: Iterable[Terms]) -> frozenset[str]:
    """Words of the messages that are names or that no dictionary knows (人名、地名、生造词), and parts of names."""
    seen = {word for terms in messages for word in terms.text}
    names = {word for word in seen if not is_general_word(word)}
    parts = {word[i : i + 2] for word in names if is_new_name(word) for i in range(len(word) - 1)}
    return frozenset(names | {part for part in parts if not is_general_word(part)})
