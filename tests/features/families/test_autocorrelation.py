from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from samesplit.features.families import autocorrelation
from samesplit.features.families.autocorrelation import spatial_autocorrelation

SPACING_MM = (3.0, 0.7, 1.1)


def pair_by_pair(image: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    values, places = image[mask > 0], np.argwhere(mask) * SPACING_MM
    weights = squareform(1 / pdist(places))
    n, x = len(values), values - values.mean()
    moran = n / weights.sum() * (x @ weights @ x) / (x @ x)
    geary = (n - 1) / (2 * weights.sum()) * (weights * np.subtract.outer(x, x) ** 2).sum() / (x @ x)
    return float(moran), float(geary)


@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 9, 1), (7, 1, 6), (5, 8, 1), (8, 9, 11), (13, 6, 4)])
def test_both_are_the_sums_over_all_pairs(shape: tuple[int, int, int]) -> None:
    generator = np.random.default_rng(sum(shape))
    image = generator.normal(40, 25, shape)
    mask = (generator.random(shape) < 0.6).astype(np.uint8)
    mask.flat[[0, -1]] = 1
    np.testing.assert_allclose(
        spatial_autocorrelation(image, mask, SPACING_MM), pair_by_pair(image, mask), rtol=1e-10
    )


def test_neighbours_alike_raise_moran_and_lower_geary() -> None:
    image = np.indices((8, 8, 8)).sum(axis=0).astype(float)
    mask = np.ones(image.shape, np.uint8)
    moran, geary = spatial_autocorrelation(image, mask, (1.0, 1.0, 1.0))
    assert moran > 0.1
    assert geary < 0.8
    chess = np.indices((8, 8, 8)).sum(axis=0) % 2 * 1.0
    moran, geary = spatial_autocorrelation(chess, mask, (1.0, 1.0, 1.0))
    assert moran < 0
    assert geary > 1


def test_what_lies_outside_the_mask_does_not_matter() -> None:
    generator = np.random.default_rng(0)
    image, mask = generator.normal(size=(4, 5, 6)), np.zeros((4, 5, 6), np.uint8)
    mask[1:3, 1:4, 2:5] = 1
    other = np.where(mask > 0, image, np.nan)
    assert spatial_autocorrelation(image, mask, SPACING_MM) == spatial_autocorrelation(
        other, mask, SPACING_MM
    )


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 5)])
def test_constant_intensities_have_neither(shape: tuple[int, int, int]) -> None:
    values = spatial_autocorrelation(np.full(shape, 0.1), np.ones(shape, np.uint8), SPACING_MM)
    assert np.isnan(values).all()


@pytest.mark.parametrize("portions", [2, 4, 8])
def test_a_large_lesion_is_transformed_in_portions_with_the_same_result(
    portions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(portions)
    image = generator.normal(40, 25, (5, 7, 13))
    mask = (generator.random(image.shape) < 0.6).astype(np.uint8)
    monkeypatch.setattr(autocorrelation, "_SPECTRA_BYTES", 48 * 13 * 5 * 7 / portions)
    monkeypatch.setattr(autocorrelation, "_ROWS_AT_ONCE", 10)
    assert autocorrelation._portions(13, 5 * 7) == portions
    np.testing.assert_allclose(
        spatial_autocorrelation(image, mask, SPACING_MM), pair_by_pair(image, mask), rtol=1e-10
    )
