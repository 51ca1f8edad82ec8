from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.families.fourier import plan, transform_columns, transform_rows


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 8, 9, 10, 16, 25, 30, 60, 90, 160, 180, 250])
def test_the_transform_is_that_of_numpy_in_the_order_of_the_plan(length: int) -> None:
    columns = np.random.default_rng(length).normal(size=(2, length, 5))
    re, im = columns.copy()
    radices, cos, sin, order = plan(length)
    transform_columns(re, im, radices, cos, sin)
    expected = np.fft.fft(columns[0] + 1j * columns[1], axis=0)[order]
    np.testing.assert_allclose(re + 1j * im, expected, rtol=0, atol=1e-12)


def test_every_frequency_has_one_place() -> None:
    assert sorted(plan(180)[3]) == list(range(180))


@pytest.mark.parametrize("n_rows", [1, 31, 40, 64, 70])
def test_rows_of_mask_deviations_and_squares_are_transformed_side_by_side(n_rows: int) -> None:
    generator = np.random.default_rng(n_rows)
    image = generator.normal(50, 9, (1, n_rows, 7))
    mask = (generator.random(image.shape) < 0.7).astype(np.uint8)
    rows = np.zeros(n_rows, dtype=np.intp), np.arange(n_rows)
    found = transform_rows(image, mask, rows, (50.0, 9.0), plan(16))
    scaled = np.where(mask, (image - 50) / 9, 0.0)[0].T
    expected = np.fft.rfft([mask[0].T, scaled, scaled**2], 16, axis=1)
    np.testing.assert_allclose(found[:, 0] + 1j * found[:, 1], 2 * expected, rtol=0, atol=1e-12)
    for odd in (False, True):
        portion = transform_rows(image, mask, rows, (50.0, 9.0), plan(8), odd=odd)
        np.testing.assert_allclose(portion, found[:, :, int(odd) :: 2], rtol=0, atol=1e-12)
