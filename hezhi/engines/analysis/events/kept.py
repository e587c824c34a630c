"""What is kept of a message to compare it later, in memory and as bytes (留存特征)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hezhi.engines.analysis.events.terms import Bag

__all__ = ["LOUDEST", "TEXT", "TITLE", "Kept", "packed", "unpacked"]

TITLE, TEXT = 48, 96
"""How many terms of each bag are kept, the strongest first."""
LOUDEST = 255
_HEAD = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """The terms of a message, the strongest first, with the places and areas its title names."""

    title: Bag
    text: Bag
    places: frozenset[str]
    areas: frozenset[str]


def packed(kept: Kept) -> bytes:
    """Two bags as bytes: their lengths, then five bytes for each term."""
    terms = np.concatenate([kept.title.terms, kept.text.terms]).astype("<i4")
    often = np.concatenate([kept.title.often, kept.text.often]).astype("u1")
    return bytes([len(kept.title.terms), len(kept.text.terms)]) + terms.tobytes() + often.tobytes()


def unpacked(data: bytes, places: frozenset[str], areas: frozenset[str]) -> Kept:
    """The way back; ValueError when the bytes are not whole."""
    if len(data) < _HEAD or len(data) != _HEAD + 5 * (data[0] + data[1]):
        raise ValueError("not the terms of a message")
    title, count = data[0], data[0] + data[1]
    terms = np.frombuffer(data, "<i4", count, _HEAD).astype(np.int32)
    often = np.frombuffer(data, "u1", count, _HEAD + 4 * count).astype(np.int32)
    return Kept(Bag(terms[:title], often[:title]), Bag(terms[title:], often[title:]), places, areas)
