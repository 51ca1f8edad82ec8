from __future__ import annotations

import numpy as np
import pytest

from samesplit.features.families.emphases import N_EMPHASES, table_emphases, zone_emphases


def slow(levels: np.ndarray, steps: np.ndarray, n_voxels: int) -> np.ndarray:
    """The formulas of the IBSI manual, over a dense matrix a row for each level, a column for each step."""
    matrix = np.zeros((levels.max(), steps.max()))
    np.add.at(matrix, (levels - 1, steps - 1), 1)
    i, j = np.ogrid[1 : levels.max() + 1, 1 : steps.max() + 1]
    i, j = i.astype(float), j.astype(float)
    n = matrix.sum()
    p = matrix / n
    of_level, of_step = matrix.sum(axis=1), matrix.sum(axis=0)
    emphases = [1 / j**2, j**2, 1 / i**2, i**2, 1 / (i * j) ** 2, i**2 / j**2, j**2 / i**2, (i * j) ** 2]
    filled = p[p > 0]
    return np.array(
        [(p * weight).sum() for weight in emphases]
        + [
            (of_level**2).sum() / n,
            (of_level**2).sum() / n**2,
            (of_step**2).sum() / n,
            (of_step**2).sum() / n**2,
        ]
        + [n / n_voxels, (p * (i - (p * i).sum()) ** 2).sum(), (p * (j - (p * j).sum()) ** 2).sum()]
        + [-(filled * np.log2(filled)).sum(), (filled**2).sum()]
    )


@pytest.mark.parametrize(
    ("n_levels", "largest"), [(1, 1), (3, 5), (40, 64), (12, 65), (20, 3000), (500, 900)]
)
def test_values_are_those_of_the_manuals_formulas(n_levels: int, largest: int) -> None:
    generator = np.random.default_rng(largest)
    levels = generator.integers(1, n_levels + 1, 700).astype(np.uint16)
    steps = np.ceil(largest ** generator.random(700)).clip(1, largest).astype(np.uint32)
    expected = slow(levels.astype(int), steps.astype(int), 4321)
    np.testing.assert_allclose(
        zone_emphases(levels, steps, n_levels, 4321), expected, rtol=1e-12, atol=1e-12 * largest**2
    )
    table = np.zeros((largest, n_levels + 1), dtype=np.int64)
    np.add.at(table, (steps.astype(int) - 1, levels.astype(int)), 1)
    np.testing.assert_array_equal(table_emphases(table, 4321), zone_emphases(levels, steps, n_levels, 4321))


def test_with_very_many_levels_the_table_stays_small_and_the_values_the_same() -> None:
    levels = np.array([1, 65_535, 65_535, 30_000, 30_000], dtype=np.uint16)
    steps = np.array([1, 5, 5, 4, 1_000_000], dtype=np.uint32)
    values = zone_emphases(levels, steps, 65_535, 1_000_015)
    i, j = levels.astype(float), steps.astype(float)
    np.testing.assert_allclose(values[:4], [(w).mean() for w in (j**-2, j**2, i**-2, i**2)], rtol=1e-14)
    np.testing.assert_allclose(values[8:13], [9 / 5, 9 / 25, 7 / 5, 7 / 25, 5 / 1_000_015], rtol=1e-14)
    np.testing.assert_allclose(values[15], -(3 * 0.2 * np.log2(0.2) + 0.4 * np.log2(0.4)), rtol=1e-14)


def test_the_order_of_zones_does_not_matter_to_the_last_bit() -> None:
    generator = np.random.default_rng(3)
    levels = generator.integers(1, 9, 300).astype(np.uint16)
    steps = generator.integers(1, 200, 300).astype(np.uint32)
    mixed = generator.permutation(300)
    np.testing.assert_array_equal(
        zone_emphases(levels[mixed], steps[mixed], 8, 999), zone_emphases(levels, steps, 8, 999)
    )


def test_nothing_is_defined_without_zones() -> None:
    empty = zone_emphases(np.zeros(0, np.uint16), np.zeros(0, np.uint32), 3, 1)
    assert empty.shape == (N_EMPHASES,)
    assert np.isnan(empty).all()
    assert np.isnan(table_emphases(np.zeros((2, 3), np.int64), 1)).all()
