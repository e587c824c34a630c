"""How rare terms are before the first message comes (背景词频).

The shipped classifier knows in how many of its messages each common word and each run of signs of a title
stood. The stream starts as if it had seen so many messages already: without that a young stream takes
everyday words for rare ones. Names are in no such list, so they stay rare.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.events.terms import BITS, numbers_of_signs, numbers_of_words
from hezhi.engines.analysis.text.classify import shipped

__all__ = ["background"]

_GRAIN = 64
"""Counts are multiples of 1/64, so that adding and taking away messages stays exact."""


@lru_cache(maxsize=2)
def background(messages: int) -> npt.NDArray[np.float32]:
    """For each term, in how many of so many messages it would stand."""
    space = shipped().space
    found = np.zeros(1 << BITS, np.float64)
    counts = dict(zip(space.terms, np.split(space.counts, space.starts[1:-1]), strict=True))
    np.add.at(found, numbers_of_words(space.terms["text"]), counts["text"])
    runs = [(run, n) for run, n in zip(space.terms["title_signs"], counts["title_signs"], strict=True) if len(run) > 1]
    np.add.at(found, numbers_of_signs([run for run, _ in runs]), [n for _, n in runs])
    return (np.round(found * messages / space.messages * _GRAIN) / _GRAIN).astype(np.float32)
