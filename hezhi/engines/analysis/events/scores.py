"""How well found events agree with known ones (聚类指标): B-cubed, pairs, adjusted Rand index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

__all__ = ["Agreement", "agreement"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares from 0 to 1; the adjusted Rand index may be a little below 0."""

    b3_precision: float
    b3_recall: float
    b3_f1: float
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    ari: float


def agreement(known: Sequence[Hashable], found: Sequence[Hashable]) -> Agreement:
    """Compare two ways of putting the same messages into events, message by message."""
    both = Counter(zip(known, found, strict=True))
    of_known, of_found = Counter(known), Counter(found)
    total = len(known)
    precision = sum(n * n / of_found[f] for (_, f), n in both.items()) / max(1, total)
    recall = sum(n * n / of_known[k] for (k, _), n in both.items()) / max(1, total)
    same, known_pairs, found_pairs = _pairs(both), _pairs(of_known), _pairs(of_found)
    pair_precision = same / found_pairs if found_pairs else float(not known_pairs)
    pair_recall = same / known_pairs if known_pairs else 1.0
    expected = known_pairs * found_pairs / max(1, total * (total - 1) // 2)
    most = (known_pairs + found_pairs) / 2
    ari = (same - expected) / (most - expected) if most != expected else 1.0
    return Agreement(
        precision,
        recall,
        _f1(precision, recall),
        pair_precision,
        pair_recall,
        _f1(pair_precision, pair_recall),
        ari,
    )


def _pairs(sizes: Counter) -> int:  # type: ignore[type-arg]
    return sum(n * (n - 1) // 2 for n in sizes.values())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
