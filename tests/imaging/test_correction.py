import numpy as np
import pytest
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.correction import BiasCorrection, HistogramMatching, correct_bias, match_histogram

QUICK = BiasCorrection(iterations=(20, 20))


def picture(array, spacing_mm=(1.0, 1.0, 2.0)):
    image = sitk.GetImageFromArray(np.asarray(array, dtype=np.float32))
    image.SetSpacing(spacing_mm)
    image.SetOrigin((5.0, -3.0, 8.0))
    return image


@pytest.fixture(scope="module")
def shaded():
    """A box of one tissue under a coil whose sensitivity grows from left to right, and where the box is."""
    _, y, x = np.indices((10, 48, 48))
    body = (np.abs(y - 24) < 20) & (np.abs(x - 24) < 20)
    noise = np.random.default_rng(0).normal(0, 1, body.shape).clip(-1.5, 1.5)
    return picture((np.where(body, 120.0, 5.0) + noise) * np.exp(0.5 * (x - 24) / 20)), body


def unevenness(image, body):
    values = sitk.GetArrayFromImage(image)
    column = np.indices(body.shape)[2] // 8
    return np.ptp([np.median(values[body & (column == k)]) for k in range(1, 5)])


@pytest.mark.parametrize(
    ("mask", "iterations", "left"), [("otsu", (30, 30, 30), 0.2), ("image", (20, 20), 0.6)]
)
def test_n4_takes_most_of_a_smooth_field_away(shaded, mask, iterations, left):
    image, body = shaded
    corrected = correct_bias(image, BiasCorrection(mask=mask, iterations=iterations))
    assert unevenness(corrected, body) < left * unevenness(image, body)
    assert corrected.GetPixelID() == sitk.sitkFloat32
    assert corrected.GetSpacing() == image.GetSpacing()
    assert corrected.GetOrigin() == image.GetOrigin()


def test_n4_gives_the_same_bits_twice_and_leaves_its_input_alone(shaded):
    image = shaded[0]
    before = sitk.GetArrayFromImage(image)
    first, second = (sitk.GetArrayFromImage(correct_bias(image, QUICK)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), before)


def test_n4_that_fails_costs_the_lesion_and_says_what_to_try():
    with pytest.raises(LesionError, match="N4 bias field correction failed") as caught:
        correct_bias(picture(np.full((1, 8, 8), 3.0)), QUICK)
    assert "leave the correction out" in caught.value.remedy


def test_matching_gives_the_quantiles_of_the_reference_which_may_have_another_grid():
    rng = np.random.default_rng(1)
    image = picture(rng.gamma(4, 50, (12, 30, 31)))
    reference = picture(rng.gamma(9, 10, (10, 40, 22)) + 300, (0.5, 0.5, 4.0))
    matched = match_histogram(
        image, reference, HistogramMatching(reference="T1C", levels=512, points=30, threshold_at_mean=False)
    )
    shares = np.linspace(0.05, 0.95, 10)
    ours, theirs = (np.quantile(sitk.GetArrayFromImage(i), shares) for i in (matched, reference))
    np.testing.assert_allclose(ours, theirs, rtol=0.01)
    assert matched.GetOrigin() == image.GetOrigin()
    ranks = np.argsort(sitk.GetArrayFromImage(image).ravel())
    assert (np.diff(sitk.GetArrayFromImage(matched).ravel()[ranks]) >= -1e-3).all()
