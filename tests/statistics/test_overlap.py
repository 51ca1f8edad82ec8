from __future__ import annotations

import numpy as np
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.overlap import dice


def test_equal_masks_overlap_wholly_and_disjoint_ones_not_at_all() -> None:
    mask = np.zeros((4, 5, 6), dtype=np.uint8)
    mask[1:3, 1:3, 1:3] = 1
    assert dice(mask, mask) == 1.0
    assert dice(mask, 1 - mask) == 0.0
    assert dice(mask, np.zeros_like(mask)) == 0.0


def test_any_value_but_0_is_inside() -> None:
    assert dice(np.array([0, 3, 3, 0]), np.array([0, 0, 7, 0])) == pytest.approx(2 / 3, rel=1e-12)


def test_it_is_the_f1_score_of_the_voxels() -> None:
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 2, (2, 500))
    assert dice(first, second) == pytest.approx(f1_score(first, second), rel=1e-12)


def test_two_empty_masks_and_different_shapes_have_no_overlap() -> None:
    with pytest.raises(StatisticsError, match="both masks are empty"):
        dice(np.zeros(3), np.zeros(3))
    with pytest.raises(StatisticsError, match=r"the masks have the shapes \(3,\) and \(4,\)"):
        dice(np.ones(3), np.ones(4))
