import numpy as np
import pytest

from samesplit.features.processing.resegmentation import resegment

VALUES = np.array([[[-600.0, -500.0, 0.0, 10.0, 20.0, 400.0, 400.5, 90.0]]])
MASK = np.array([[[1, 1, 1, 1, 1, 1, 1, 0]]], dtype=np.uint8)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ((-500, 400), [0, 1, 1, 1, 1, 1, 0, 0]),
        ((None, 400), [1, 1, 1, 1, 1, 1, 0, 0]),
        ((0, None), [0, 0, 1, 1, 1, 1, 1, 0]),
        (None, [1, 1, 1, 1, 1, 1, 1, 0]),
    ],
)
def test_both_ends_of_the_range_are_kept(bounds, kept):
    assert resegment(VALUES, MASK, keep_range=bounds).ravel().tolist() == kept


def test_outliers_are_told_by_the_population_standard_deviation_inside_the_mask():
    values = np.array([[[0.0, 0.0, 0.0, 4.0, 1000.0]]])
    mask = np.array([[[1, 1, 1, 1, 0]]], dtype=np.uint8)
    # mean 1, population SD sqrt(3) = 1.732 (sample SD 2): 1.733 SD keep the 4, 1.731 SD do not
    assert resegment(values, mask, outliers_sd=1.733).ravel().tolist() == [1, 1, 1, 1, 0]
    assert resegment(values, mask, outliers_sd=1.731).ravel().tolist() == [1, 1, 1, 0, 0]


def test_range_and_outliers_look_at_the_same_voxels_and_their_intersection_is_kept():
    rng = np.random.default_rng(3)
    values = rng.normal(0, 100, (9, 10, 11))
    values[0, 0, :3] = -5000
    mask = (rng.random(values.shape) < 0.6).astype(np.uint8)
    mask[0, 0, :3] = 1
    both = resegment(values, mask, keep_range=(-200, 120), outliers_sd=1.5)
    alone = resegment(values, mask, keep_range=(-200, 120)) & resegment(values, mask, outliers_sd=1.5)
    np.testing.assert_array_equal(both, alone)
    after_range = values[resegment(values, mask, keep_range=(-200, 120)) > 0]
    assert after_range.std() < values[mask > 0].std() / 2  # the order would have mattered


def test_nothing_declared_gives_a_copy():
    kept = resegment(VALUES, MASK)
    kept[:] = 0
    assert MASK.sum() == 7
