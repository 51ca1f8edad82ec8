from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from features.families.volumes import check_phantom, odd_volumes, random_levels, small_levels, volume_of
from samesplit.errors import LesionError
from samesplit.features.families import glcm as glcm_file
from samesplit.features.families.glcm import (
    AGGREGATIONS,
    TAGS,
    features_of,
    glcm,
    halved,
    matrices,
    merged_matrix_3d,
)
from samesplit.features.families.texture import LevelVolume

Offset = tuple[int, int, int]


def slow_offsets(distance: int, *, in_plane: bool) -> list[Offset]:
    reach = range(-distance, distance + 1)
    every = itertools.product([0] if in_plane else reach, reach, reach)
    return [o for o in every if max(map(abs, o)) == distance and o > (0, 0, 0)]


def slow_pairs(volume: LevelVolume, offsets: list[Offset], slices: range) -> np.ndarray:
    """A matrix counted pair by pair, in both orders."""
    levels = volume.levels
    matrix = np.zeros((volume.n_levels, volume.n_levels), dtype=np.int64)
    for place in zip(*np.nonzero(levels), strict=True):
        for offset in offsets:
            other = tuple(int(a + b) for a, b in zip(place, offset, strict=True))
            inside = all(0 <= a < n for a, n in zip(other, levels.shape, strict=True))
            if place[0] in slices and inside and levels[other]:
                a, b = int(levels[place]) - 1, int(levels[other]) - 1
                matrix[a, b] += 1
                matrix[b, a] += 1
    return matrix


def slow_matrices(volume: LevelVolume, aggregation: str, distance: int = 1) -> np.ndarray:
    nz = volume.levels.shape[0]
    offsets = slow_offsets(distance, in_plane=not aggregation.startswith("3D"))
    groups = [offsets] if aggregation.endswith("comb") else [[offset] for offset in offsets]
    occupied = [range(z, z + 1) for z in range(nz) if volume.levels[z].any()]
    slices = occupied if aggregation.startswith("2D") else [range(nz)]
    return np.array([slow_pairs(volume, group, where) for where in slices for group in groups])


def slow_features(counts: np.ndarray) -> dict[str, float]:
    """The definitions of the IBSI manual, word for word, for a matrix with at least two levels."""
    n = len(counts)
    p = counts / counts.sum()
    i, j = np.mgrid[1 : n + 1, 1 : n + 1]
    px = p.sum(axis=1)
    level = np.arange(1, n + 1)
    mu = (px * level).sum()
    var = (px * (level - mu) ** 2).sum()
    diff, total = Counter(), Counter()
    for a, b in itertools.product(range(1, n + 1), repeat=2):
        diff[abs(a - b)] += p[a - 1, b - 1]
        total[a + b] += p[a - 1, b - 1]

    def entropy(values: list[float]) -> float:
        return -sum(v * math.log2(v) for v in values if v > 0)

    def mean_and_var(distribution: Counter) -> tuple[float, float]:
        mean = sum(k * v for k, v in distribution.items())
        return mean, sum((k - mean) ** 2 * v for k, v in distribution.items())

    outer = np.outer(px, px)
    hxy, hx = entropy(p.ravel().tolist()), entropy(px.tolist())
    hxy1 = -sum(p[k] * math.log2(outer[k]) for k in np.ndindex(p.shape) if outer[k] > 0)
    hxy2 = entropy(outer.ravel().tolist())
    away = i + j - 2 * mu
    apart = np.abs(i - j)
    values = (
        p.max(), mu, (p * (i - mu) ** 2).sum(), hxy, *mean_and_var(diff), entropy(list(diff.values())),
        *mean_and_var(total), entropy(list(total.values())), (p**2).sum(), (p * apart**2).sum(),
        (p * apart).sum(), (p / (1 + apart)).sum(), (p / (1 + apart / n)).sum(), (p / (1 + apart**2)).sum(),
        (p / (1 + apart**2 / n**2)).sum(), (p[apart > 0] / apart[apart > 0] ** 2).sum(),
        (p * (i - mu) * (j - mu)).sum() / var, (p * i * j).sum(), (p * away**2).sum(), (p * away**3).sum(),
        (p * away**4).sum(), (hxy - hxy1) / hx, math.sqrt(1 - math.exp(-2 * (hxy2 - hxy))),
    )  # fmt: skip
    return dict(zip(TAGS, map(float, values), strict=True))


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_matches_its_references(aggregation: str) -> None:
    check_phantom(glcm, TAGS, aggregation)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@settings(max_examples=8, deadline=None)
@given(levels=small_levels)
def test_matrices_equal_a_count_pair_by_pair(aggregation: str, levels: np.ndarray) -> None:
    volume = volume_of(levels)
    np.testing.assert_array_equal(matrices(volume, aggregation), slow_matrices(volume, aggregation))


@pytest.mark.parametrize("distance", [2, 3])
@pytest.mark.parametrize("aggregation", ["2D_avg", "2_5D_comb", "3D_avg", "3D_comb"])
def test_pairs_at_larger_distances_equal_a_slow_count(aggregation: str, distance: int) -> None:
    volume = volume_of(random_levels(3, (4, 5, 6)))
    np.testing.assert_array_equal(
        matrices(volume, aggregation, distance=distance), slow_matrices(volume, aggregation, distance)
    )


@settings(max_examples=10, deadline=None)
@given(levels=small_levels)
def test_matrices_sum_to_each_other(levels: np.ndarray) -> None:
    volume = volume_of(levels)
    stacks = {aggregation: matrices(volume, aggregation).astype(np.int64) for aggregation in AGGREGATIONS}
    for stack in stacks.values():
        np.testing.assert_array_equal(stack, stack.transpose(0, 2, 1))
    merged = {aggregation: stack.sum(axis=0) for aggregation, stack in stacks.items()}
    for dimension in ("2D", "2_5D"):
        for kind in ("avg", "comb"):
            np.testing.assert_array_equal(merged[f"{dimension}_{kind}"], merged["2_5D_comb"])
    np.testing.assert_array_equal(merged["3D_avg"], merged["3D_comb"])


def test_features_equal_the_definitions() -> None:
    for seed, n_levels in ((1, 2), (2, 5), (3, 12)):
        matrix = merged_matrix_3d(volume_of(random_levels(seed, n_levels=n_levels), n_levels=n_levels))
        np.testing.assert_allclose(
            features_of(matrix), list(slow_features(matrix).values()), rtol=1e-11, atol=1e-12
        )


def test_averages_are_means_over_matrices() -> None:
    volume = volume_of(random_levels(4))
    for aggregation in AGGREGATIONS:
        values = [list(slow_features(m).values()) for m in matrices(volume, aggregation)]
        np.testing.assert_allclose(glcm(volume, aggregation), np.mean(values, axis=0), rtol=1e-11)


def test_normalised_differences_divide_by_the_number_of_levels_not_by_those_that_occur() -> None:
    levels = np.array([[[3, 5]]])
    values = dict(zip(TAGS, glcm(volume_of(levels, n_levels=8), "3D_comb").tolist(), strict=True))
    assert values["cm_inv_diff_norm"] == pytest.approx(1 / (1 + 2 / 8))
    assert values["cm_inv_diff_mom_norm"] == pytest.approx(1 / (1 + 4 / 64))


@pytest.mark.parametrize("n_levels", [16, 8, 7])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_halved_matrices_are_those_of_halved_levels(aggregation: str, n_levels: int) -> None:
    levels = random_levels(5, n_levels=n_levels)
    fine = volume_of(levels, n_levels=n_levels)
    coarse = volume_of((levels + 1) >> 1, n_levels=(n_levels + 1) // 2)
    halves = halved(matrices(fine, aggregation))
    np.testing.assert_array_equal(halves, matrices(coarse, aggregation))
    np.testing.assert_array_equal(features_of(halves), glcm(coarse, aggregation))
    merged_from_pairs = LevelVolume(coarse.geometry, coarse.levels, coarse.n_levels, finer=fine)
    np.testing.assert_array_equal(glcm(merged_from_pairs, aggregation), glcm(coarse, aggregation))


def test_turning_by_90_degrees_leaves_merged_and_averaged_values() -> None:
    levels = random_levels(6)
    for aggregation in AGGREGATIONS:
        values = glcm(volume_of(levels), aggregation)
        for turned in (np.rot90(levels, axes=(1, 2)), levels[:, ::-1], levels[:, :, ::-1], levels[::-1]):
            np.testing.assert_allclose(glcm(volume_of(turned), aggregation), values, rtol=1e-12)
    for axes in ((0, 1), (0, 2)):
        np.testing.assert_array_equal(
            merged_matrix_3d(volume_of(np.rot90(levels, axes=axes))), merged_matrix_3d(volume_of(levels))
        )


def test_turning_in_the_plane_permutes_the_directions() -> None:
    levels = random_levels(7)
    before = matrices(volume_of(levels), "2_5D_avg")
    after = matrices(volume_of(np.rot90(levels, axes=(1, 2))), "2_5D_avg")
    assert sorted(m.tolist() for m in before) == sorted(m.tolist() for m in after)
    np.testing.assert_array_equal(after[[2, 3, 0, 1]], before)  # x <-> y, and the two diagonals


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_what_is_undefined_is_nan_and_nothing_else(aggregation: str) -> None:
    volumes = odd_volumes()
    assert np.isnan(glcm(volumes["one voxel"], aggregation)).all()
    constant = dict(zip(TAGS, glcm(volumes["constant"], aggregation).tolist(), strict=True))
    assert {tag for tag, value in constant.items() if math.isnan(value)} == {"cm_corr", "cm_info_corr1"}
    assert constant["cm_joint_max"] == constant["cm_energy"] == constant["cm_inv_diff"] == 1.0
    assert constant["cm_joint_avg"] == 7.0
    assert constant["cm_contrast"] == constant["cm_joint_entr"] == constant["cm_info_corr2"] == 0.0
    for name in ("two levels", "plane-thin"):
        assert np.isfinite(glcm(volumes[name], aggregation)).all(), name
    assert (dict(zip(TAGS, glcm(volumes["disconnected"], aggregation), strict=True)))["cm_joint_avg"] == 2.0


def test_a_slice_that_leaves_a_feature_undefined_does_not_count() -> None:
    levels = np.zeros((3, 2, 2), dtype=np.uint8)
    levels[0] = [[1, 2], [2, 1]]
    levels[1] = 1  # constant: no correlation
    levels[2, 0, 0] = 2  # a single voxel: nothing at all
    values = dict(zip(TAGS, glcm(volume_of(levels), "2D_comb").tolist(), strict=True))
    first = slow_features(slow_matrices(volume_of(levels[:1]), "2D_comb")[0])
    assert values["cm_corr"] == pytest.approx(first["cm_corr"])
    assert values["cm_joint_max"] == pytest.approx((first["cm_joint_max"] + 1.0) / 2)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_thousands_of_levels_give_what_fewer_would(aggregation: str) -> None:
    levels = random_levels(8, n_levels=30).astype(np.uint16)
    spread = np.where(levels > 0, levels + 4000, 0).astype(np.uint16)  # 30 levels of 4030
    near = dict(zip(TAGS, glcm(volume_of(levels), aggregation).tolist(), strict=True))
    far = dict(zip(TAGS, glcm(volume_of(spread), aggregation).tolist(), strict=True))
    for tag in ("cm_joint_var", "cm_contrast", "cm_corr", "cm_clust_prom", "cm_joint_entr", "cm_inv_var"):
        assert far[tag] == pytest.approx(near[tag], rel=1e-8), tag
    assert far["cm_joint_avg"] == pytest.approx(near["cm_joint_avg"] + 4000)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_memory_that_does_not_suffice_for_all_slices_changes_no_value(
    aggregation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = random_levels(9)
    kept = glcm(volume_of(levels), aggregation)
    monkeypatch.setattr(glcm_file, "_KEPT_BYTES", 0)
    np.testing.assert_allclose(glcm(volume_of(levels), aggregation), kept, rtol=1e-13)


def test_more_than_255_levels_that_occur_are_counted_right() -> None:
    levels = np.random.default_rng(10).permutation(7 * 8 * 9).reshape(7, 8, 9).astype(np.uint16) + 1
    volume = volume_of(levels)
    expected = slow_features(slow_matrices(volume, "3D_comb")[0])
    values = dict(zip(TAGS, glcm(volume, "3D_comb").tolist(), strict=True))
    for tag in ("cm_joint_max", "cm_joint_entr", "cm_contrast", "cm_corr", "cm_inv_diff_norm", "cm_sum_entr"):
        assert values[tag] == pytest.approx(expected[tag], rel=1e-9), tag


def test_too_many_levels_cost_the_lesion_and_name_the_remedy() -> None:
    levels = (np.arange(17**3) + 1).reshape(17, 17, 17).astype(np.uint16)
    with pytest.raises(LesionError, match="4913 different grey levels") as caught:
        glcm(volume_of(levels), "3D_comb")
    assert "wider bin" in str(caught.value.remedy)


def test_unknown_aggregations_and_distances_are_refused() -> None:
    volume = volume_of(random_levels(11))
    with pytest.raises(ValueError, match="'3D' is none of"):
        glcm(volume, "3D")
    with pytest.raises(ValueError, match="at least 1"):
        glcm(volume, "2D_avg", distance=0)
