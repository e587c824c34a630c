"""What the stream sees of a message: two bags of numbered terms, and the places its title names (特征).

| bag | terms | most |
| --- | --- | --- |
| title | two and three neighbouring signs of the title | 64 |
| text | words of the title, twice, and of the first 300 signs of the text; two signs or more, no numbers | 96 |

A term is a number below 2²⁰, made from its signs by multiplication: no table of words to keep, to age
or to lose, and the same number in every process. Each bag has its half of the numbers; 0 stands for
«no term». Two rare terms may share a number; one shared term never decides anything.

Many messages are cut into terms at once, because one call of numpy costs as much for a hundred
messages as for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.places import named_places
from hezhi.engines.analysis.text.segment import words
from hezhi.ground.text import fold

__all__ = ["BITS", "Bag", "Terms", "area_codes", "numbers_of_signs", "numbers_of_words", "terms_of"]

BITS = 21
"""Terms are numbers of so many bits; the highest one tells the bag."""
TEXT_SIGNS = 300
TITLE_SIGNS = 120
_HALF = 1 << (BITS - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - (BITS - 1))
_STEP = np.uint64(0x100000001B3)
_LONGEST_WORD = 64
_POWERS = np.cumprod(np.full(_LONGEST_WORD, _STEP, np.uint64))
_CODE = re.compile(r"[A-Za-z]\d+(?=[区县市镇])")
_LONE = "\n"

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bag:
    """Different terms, and how often each stands in the message."""

    terms: npt.NDArray[np.int32]
    often: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Terms:
    """A message as the stream compares it."""

    title: Bag
    text: Bag
    places: frozenset[str]
    """Places the title names, by their endings (小区, 路 …)."""
    areas: frozenset[str]
    """Towns or districts the title names: two titles that name different ones rarely mean one matter."""


def area_codes(title: str) -> frozenset[str]:
    """Areas by code (A3区), as published messages name them."""
    return frozenset(_CODE.findall(title))


def terms_of(messages: Sequence[tuple[str, str]], areas: Callable[[str], frozenset[str]] = area_codes) -> list[Terms]:
    """Messages (title, text) cut into terms; `areas` reads a title's towns, by a gazetteer where there is one."""
    if not messages:
        return []
    titles = [_whole(fold(title))[:TITLE_SIGNS] for title, _ in messages]
    texts = [_whole(fold(text[: TEXT_SIGNS + 20]))[:TEXT_SIGNS] for _, text in messages]
    of_titles = _bags(*_neighbours(titles), len(titles))
    of_texts = _bags(*_words(titles, texts), len(titles))
    return [
        Terms(title, text, named_places(name), areas(name.upper()))
        for title, text, name in zip(of_titles, of_texts, titles, strict=True)
    ]


def _whole(text: str) -> str:
    """The text without halves of pairs, as broken programs send them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _signs(text: str) -> npt.NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)


def _neighbours(titles: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Terms of two and three neighbouring signs, with the number of the title they stand in."""
    joined = _LONE.join(titles) + _LONE
    signs = _signs(joined)
    row = np.cumsum(signs == ord(_LONE))
    good = _counts(signs)
    pair = good[:-1] & good[1:]
    two = signs[:-1] << np.uint64(21) | signs[1:]
    triple = pair[:-1] & good[2:]
    three = two[:-1] << np.uint64(21) | signs[2:]
    codes = np.concatenate([two[pair], three[triple]])
    rows = np.concatenate([row[:-1][pair], row[:-2][triple]])
    return (codes * _MIX >> _SHIFT).astype(np.int64), rows


def _counts(signs: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which signs are letters, digits or Chinese."""
    return (
        ((signs >= 0x4E00) & (signs <= 0x9FFF))
        | ((signs >= ord("0")) & (signs <= ord("9")))
        | ((signs >= ord("a")) & (signs <= ord("z")))
    )


def _words(titles: Sequence[str], texts: Sequence[str]) -> tuple[Numbers, Numbers]:
    """Terms of words, with the number of the message they stand in; words of the title count twice."""
    parts: list[str] = []
    ends: list[int] = []
    for title, text in zip(titles, texts, strict=True):
        of_title = words(title)
        parts += of_title
        parts += of_title
        parts += words(text)
        ends.append(len(parts))
    codes, kept = _codes_of_words(parts)
    rows = np.repeat(np.arange(len(titles)), np.diff(np.array([0, *ends])))
    return codes[kept], rows[kept]


def _codes_of_words(parts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The number of each word, and which words count: two signs or more, no numbers, no punctuation."""
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    size = np.array(list(map(len, parts)), np.int64)
    starts = np.cumsum(size) - size
    signs = _signs("".join(parts))
    within = np.arange(len(signs)) - np.repeat(starts, size)
    codes = np.add.reduceat(signs * _POWERS[np.minimum(within, _LONGEST_WORD - 1)], starts)
    first = signs[starts]
    kept = (size >= 2) & _counts(first) & ~((first >= ord("0")) & (first <= ord("9")))
    return (codes * _MIX >> _SHIFT).astype(np.int64) | _HALF, kept


def numbers_of_words(parts: Sequence[str]) -> Numbers:
    """The terms of single words, as they stand in the bag of the text."""
    return _codes_of_words(parts)[0]


def numbers_of_signs(runs: Sequence[str]) -> Numbers:
    """The terms of runs of two or three signs, as they stand in the bag of the title."""
    found = np.zeros(len(runs), np.int64)
    for at, run in enumerate(runs):
        code = 0
        for sign in run:
            code = code << 21 | ord(sign)
        found[at] = (code * int(_MIX) & (1 << 64) - 1) >> int(_SHIFT)
    return found


def _bags(terms: Numbers, rows: Numbers, messages: int) -> list[Bag]:
    """One bag for each message."""
    keys, often = np.unique(rows << BITS | terms, return_counts=True)
    cuts = np.searchsorted(keys, np.arange(1, messages) << BITS)
    numbers = np.split((keys & ((1 << BITS) - 1)).astype(np.int32), cuts)
    return [Bag(a, b) for a, b in zip(numbers, np.split(often.astype(np.int32), cuts), strict=True)]
