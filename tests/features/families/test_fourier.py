from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.families.fourier import plan, transform_columns


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
