import numpy as np
import pytest

from samesplit.errors import LesionError
from samesplit.features.processing.intensities import Scaling, moments, round_intensities


def test_moments_are_those_of_all_voxels_or_of_the_mask_and_slices_do_not_show():
    rng = np.random.default_rng(1)
    image = rng.normal(500, 30, (7, 8, 9)).astype(np.float32)
    mask = (rng.random(image.shape) < 0.3).astype(np.uint8)
    mask[3] = 0
    wide = image.astype(np.float64)
    assert moments(image) == pytest.approx((wide.mean(), wide.std()), rel=1e-12)
    inside = wide[mask > 0]
    assert moments(image, mask) == pytest.approx((inside.mean(), inside.std()), rel=1e-12)
    rounded = np.rint(wide)
    assert moments(image, change=round_intensities) == pytest.approx(
        (rounded.mean(), rounded.std()), rel=1e-12
    )


def test_a_constant_image_cannot_be_scaled():
    with pytest.raises(LesionError, match=r"all 8 voxels are 4"):
        moments(np.full((2, 2, 2), 4.0))


def test_scaling_gives_mean_0_and_the_standard_deviation_and_cuts_far_values():
    values = np.random.default_rng(2).normal(40, 5, 1000)
    values[0] = 1000.0
    scaled = Scaling(mean=values.mean(), sd=values.std(), scale=100.0)(values.copy())
    assert scaled.mean() == pytest.approx(0, abs=1e-9)
    assert scaled.std() == pytest.approx(100)
    cut = Scaling(mean=values.mean(), sd=values.std(), scale=100.0, clip_sd=3)(values.copy())
    assert cut.max() == 300
    np.testing.assert_array_equal(cut[1:], scaled[1:])
