"""Ground where matters gather is found, a random field is left alone, and the scores are those of the textbook (空间热点)."""

import numpy as np
import pytest

from hezhi.engines.analysis import spatial

pytestmark = pytest.mark.clause("9.1.4-2-2")
COUNTS = [
    3, 3, 7, 9, 6, 6, 2, 4, 5, 5, 3, 5, 3, 6, 19, 17, 7, 5, 4, 5, 16, 6, 4, 7, 7, 6, 9, 4, 9, 9, 9, 7, 5, 3, 6, 8,
]  # fmt: skip
PYSAL = [
    -2.4745, -2.1562, -0.7456, -0.4422, -0.5747, -0.8826, -2.6289, -1.2381, 1.3651, 1.7402, 0.3929, -0.8138, -2.1078,
    -0.0029, 2.1248, 1.946, -0.074, -0.9847, -0.9731, 1.4175, 2.6926, 2.9893, 0.9693, 0.3868, 0.0152, 1.0349, 0.1843,
    0.2529, -0.1897, 0.6542, 0.6174, 0.6902, -0.6015, -0.3624, 0.0374, 1.0472,
]  # fmt: skip
"""What esda 2.9.0 gives for the roots of the same counts: G_Local(y, w, transform="B", star=True).Zs, queen neighbours."""


def queen(side: int) -> list[list[int]]:
    def beside(n: int) -> list[int]:
        y, x = divmod(n, side)
        near = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
        return [b * side + a for b, a in near if 0 <= a < side and 0 <= b < side]

    return [beside(n) for n in range(side * side)]


def test_the_scores_are_those_of_the_reference_library() -> None:
    assert [round(spot.score, 4) for spot in spatial.gi_star(COUNTS, queen(6))] == PYSAL


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0])
def test_on_a_random_field_hardly_ever_anything_is_hot(mean: float) -> None:
    dice, ground = np.random.default_rng(4), queen(16)
    alarms = sum(
        any(spot.tells > 0 for spot in spatial.gi_star(dice.poisson(mean, 256).tolist(), ground)) for _ in range(120)
    )
    assert alarms <= 120 * spatial.ALPHA * 1.4


def test_planted_ground_is_found_with_what_was_to_be_expected() -> None:
    dice, ground, found = np.random.default_rng(5), queen(20), 0
    for _ in range(20):
        rates = np.full((20, 20), 2.0)
        rates[8:11, 8:11] = 6
        spots = spatial.gi_star(dice.poisson(rates).ravel().tolist(), ground)
        middle = spots[9 * 20 + 9]
        found += middle.tells == 1
        assert middle.around > middle.expected and not any(spot.tells for spot in spots[300:])
    assert found >= 19


def test_of_an_even_field_and_of_few_nothing_is_said() -> None:
    assert not any(spot.tells for spot in spatial.gi_star([4] * 36, queen(6)))
    assert spatial.enough([4] * 36) and not spatial.enough([1] * 36) and not spatial.enough([9] * 19)
