from __future__ import annotations

import numpy as np

from samesplit.benchmarks.synthetic.population import draw_population
from samesplit.benchmarks.synthetic.raters import RATERS, RaterContours
from samesplit.benchmarks.synthetic.settings import RaterSettings, SyntheticSettings

LESION = draw_population(SyntheticSettings(n_patients=1))[0]
EXACT = RaterSettings(bias=(0.0, 0.0, 0.0), contour_sd=0.0, slice_sd=0.0, sequence_sd=0.0)


def grid() -> np.ndarray:
    axes = [np.arange(-30, 31, step, dtype=np.float32) for step in (3.0, 1.5, 1.5)]
    return np.stack(np.meshgrid(*axes, indexing="ij"))[::-1].copy()


def ball(points: np.ndarray, x_mm: float, radius_mm: float) -> np.ndarray:
    x, y, z = points
    return np.sqrt((x - np.float32(x_mm)) ** 2 + y**2 + z**2) - np.float32(radius_mm)


def contours(settings: RaterSettings) -> RaterContours:
    return RaterContours(1, LESION, radius_mm=12.0, settings=settings)


def test_only_the_largest_piece_is_kept():
    points = grid()
    large, small = ball(points, -12, 12), ball(points, 20, 5)
    for mask in contours(EXACT).masks(np.minimum(large, small), points, sequence="T1C"):
        np.testing.assert_array_equal(mask, large < 0)


def test_holes_are_filled_slice_by_slice():
    points = grid()
    shell = np.abs(ball(points, 0, 12)) - np.float32(3.0)
    for mask in contours(EXACT).masks(shell, points, sequence="T1C"):
        assert mask[points.shape[1] // 2, points.shape[2] // 2, points.shape[3] // 2] == 1


def test_a_mask_is_never_empty():
    points = grid()
    tight = EXACT.model_copy(update={"bias": (-5.0, -5.0, -5.0)})
    masks = contours(tight).masks(ball(points, 0, 12), points, sequence="T1C")
    assert [int(mask.sum()) for mask in masks] == [1] * len(RATERS)


def test_raters_and_sequences_differ_and_repeat_themselves():
    points, usual = grid(), RaterSettings()
    distance = ball(points, 0, 14)
    first = contours(usual).masks(distance, points, sequence="T1C")
    again = contours(usual).masks(distance, points, sequence="T1C")
    other = contours(usual).masks(distance, points, sequence="T2")
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other[0])
