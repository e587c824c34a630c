"""Plain ways of finding events, to measure ours against (对照方法).

All see the words of title and text as TF-IDF vectors, cut by the same segmenter as ours. Their thresholds
are the best of a grid on the same half of the messages on which ours were chosen.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hezhi.engines.analysis.text.segment import words

__all__ = ["PEERS", "dbscan", "hdbscan", "leader", "leader_long"]

LEADER = 0.28
LEADER_LONG = 0.24
DBSCAN = 0.75
LSA = 100

Message = tuple[str, str]


def _vectors(messages: Sequence[Message], shortest: int = 1) -> Any:
    """Words of title and text as TF-IDF; `shortest` 2 leaves out words of one sign, as careful people do."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    cut = [[w for w in words(f"{title} {text}") if len(w) >= shortest and w.strip()] for title, text in messages]
    return TfidfVectorizer(analyzer=list, sublinear_tf=True, dtype=np.float32).fit_transform(cut)


def leader(messages: Sequence[Message], threshold: float = LEADER, shortest: int = 1) -> list[int]:
    """One pass: a message joins the nearest centre above the threshold and moves it, or becomes one (单遍聚类).

    Centres are found through an inverted index of all their words.
    """
    vectors = _vectors(messages, shortest)
    index: dict[int, dict[int, float]] = defaultdict(dict)
    squares: list[float] = []
    found = []
    for at in range(len(messages)):
        row = vectors[at]
        terms = list(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        best = _nearest(terms, index, squares, threshold)
        if best < 0:
            best = len(squares)
            squares.append(0.0)
        for term, weight in terms:
            before = index[term].get(best, 0.0)
            index[term][best] = before + weight
            squares[best] += 2 * before * weight + weight * weight
        found.append(best)
    return found


def _nearest(
    terms: Sequence[tuple[int, float]], index: dict[int, dict[int, float]], squares: Sequence[float], threshold: float
) -> int:
    shared: dict[int, float] = defaultdict(float)
    for term, weight in terms:
        for centre, own in index[term].items():
            shared[centre] += weight * own
    best, most = -1, threshold
    for centre, dot in shared.items():
        likeness = dot / math.sqrt(squares[centre])
        if likeness >= most:
            best, most = centre, likeness
    return best


def leader_long(messages: Sequence[Message]) -> list[int]:
    """The same over words of two signs or more: the best of the plain ways."""
    return leader(messages, LEADER_LONG, 2)


def dbscan(messages: Sequence[Message], distance: float = DBSCAN) -> list[int]:
    """Density over cosine distances of all pairs at once, no stream (密度聚类)."""
    from sklearn.cluster import DBSCAN as Density

    found = Density(eps=distance, min_samples=2, metric="cosine").fit_predict(_vectors(messages, 2))
    return _alone(found)


def hdbscan(messages: Sequence[Message]) -> list[int]:
    """Hierarchical density over latent topics, no stream (LSA + HDBSCAN)."""
    from sklearn.cluster import HDBSCAN as Density
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    vectors = _vectors(messages, 2)
    size = max(2, min(LSA, vectors.shape[0] - 1, vectors.shape[1] - 1))
    latent = normalize(TruncatedSVD(size, random_state=0).fit_transform(vectors))
    return _alone(Density(min_cluster_size=2, copy=True).fit_predict(latent))


def _alone(found: Any) -> list[int]:
    """Noise means alone: each such message is an event of its own."""
    return [int(event) if event >= 0 else -1 - at for at, event in enumerate(found)]


PEERS: dict[str, Callable[[Sequence[Message]], list[int]]] = {
    "leader": leader,
    "leader_long": leader_long,
    "dbscan": dbscan,
    "hdbscan_lsa": hdbscan,
}
"""Name and way of each."""
