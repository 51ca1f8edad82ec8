"""Features by pyradiomics' own definitions, against plain sums over all pairs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from samesplit.features.families.pyradiomics import (
    firstorder_features,
    glcm_features,
    largest_distances_in_planes,
    shape_features,
)
from samesplit.features.families.texture import LevelVolume, MaskGeometry

SPACING_MM = (3.0, 0.7, 1.1)


def corners_mm(mask: np.ndarray) -> list[tuple[float, ...]]:
    """Every corner of the mesh: half-way between a voxel inside and one outside."""
    found = []
    for voxel in np.argwhere(mask):
        for axis, side in itertools.product(range(3), (-1, 1)):
            other = voxel.copy()
            other[axis] += side
            if not mask[tuple(other)]:
                found.append(tuple((voxel + other) / 2 * SPACING_MM))
    return found


def test_the_largest_distances_are_those_of_all_pairs_in_a_plane() -> None:
    generator = np.random.default_rng(11)
    mask = np.pad((generator.random((5, 6, 7)) < 0.4).astype(np.uint8), 1)
    corners = corners_mm(mask)
    for axis, found in enumerate(largest_distances_in_planes(mask, SPACING_MM)):
        assert found == pytest.approx(
            max(math.dist(a, b) for a, b in itertools.combinations(corners, 2) if a[axis] == b[axis])
        )


def test_axis_lengths_divide_by_the_number_of_voxels() -> None:
    mask = np.ones((1, 1, 4), np.uint8)
    found = shape_features(MaskGeometry(mask, mask), (1.0, 1.0, 2.0))
    assert found["MajorAxisLength"] == pytest.approx(4 * np.std([0, 2, 4, 6]))
    assert found["LeastAxisLength"] == 0


def test_energies_with_a_shift_and_kurtosis_without_subtraction() -> None:
    values = np.array([-2.0, 0.0, 1.0, 5.0])
    found = firstorder_features(values, (2.0, 3.0, 4.0), voxel_array_shift=10)
    energy = 64 + 100 + 121 + 225
    assert found["Energy"] == energy
    assert found["TotalEnergy"] == energy * 24
    assert found["RootMeanSquared"] == pytest.approx(math.sqrt(energy / 4))
    centred = values - 1
    assert found["Kurtosis"] == pytest.approx(np.mean(centred**4) / np.mean(centred**2) ** 2)
    assert found["StandardDeviation"] == pytest.approx(np.std(values))


def test_values_that_are_all_the_same_have_no_kurtosis() -> None:
    found = firstorder_features(np.full(5, 7.0), (1.0, 1.0, 1.0))
    assert found["Kurtosis"] == found["StandardDeviation"] == 0


def test_the_maximal_correlation_is_the_second_eigenvalue_s_root() -> None:
    row = np.array([1, 2, 3, 3, 1, 2, 2, 1])
    mask = np.ones((1, 1, 8), np.uint8)
    geometry = MaskGeometry(mask, mask)
    pairs = np.zeros((3, 3))
    for a, b in itertools.pairwise(row):
        pairs[a - 1, b - 1] += 1
        pairs[b - 1, a - 1] += 1
    p = pairs / pairs.sum()
    sums = p.sum(axis=0)
    q = [[sum(p[i, k] * p[j, k] / (sums[i] * sums[k]) for k in range(3)) for j in range(3)] for i in range(3)]
    expected = math.sqrt(np.sort(np.linalg.eigvals(np.array(q)).real)[-2])
    found = glcm_features(LevelVolume(geometry, geometry.place(row)), "3D_avg")
    assert found["MCC"] == pytest.approx(expected)


def test_one_level_has_the_value_1_and_one_voxel_none() -> None:
    for size, expected in ((4, 1.0), (1, math.nan)):
        mask = np.ones((1, 1, size), np.uint8)
        geometry = MaskGeometry(mask, mask)
        levels = LevelVolume(geometry, geometry.place(np.ones(size, int)))
        assert glcm_features(levels, "3D_comb")["MCC"] == pytest.approx(expected, nan_ok=True)
