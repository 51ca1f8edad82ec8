"""Values in ascending order against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.families.ascending import ascending

DRAW = np.random.default_rng(3)
VALUES = {
    "one": np.array([5.0]),
    "none": np.empty(0),
    "whole numbers": DRAW.integers(-1000, 3000, 5000).astype(np.float64),
    "float32": DRAW.normal(0, 1e-3, 5000).astype(np.float32).astype(np.float64),
    "float64": DRAW.normal(0, 50, 5000),
    "many sizes": (10.0 ** DRAW.integers(-30, 30, 500) * DRAW.choice([-1, 1], 500)).astype(np.float32) * 1.0,
    "larger than float32 holds": np.array([1.0, -1e300, 1e300]),
    "equal": np.full(100, -7.0),
    "as lesions have them": DRAW.normal(300, 80, 20_000),
    "with an outlier": np.append(DRAW.normal(size=5_000), 1e12),
    "in order already": np.linspace(-1, 1, 6_000),
    "hardly different": 1.0 + np.arange(5_000)[::-1] * 2.0**-52,
    "too near for bins": np.arange(5_000)[::-1] * 5e-324,
    "zeros of both signs": np.array([1.0, 0.0, -0.0, -1.0, 0.0]),
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_are_ordered_as_numpy_orders_them(kind: str) -> None:
    values = VALUES[kind].astype(np.float64)
    before = values.copy()
    np.testing.assert_array_equal(ascending(values), np.sort(values))
    np.testing.assert_array_equal(values, before)
