from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

from features.families.volumes import check_phantom, odd_volumes, random_levels, small_levels, volume_of
from samesplit.errors import LesionError
from samesplit.features.families import glrlm as glrlm_file
from samesplit.features.families.glcm import matrices as pair_matrices
from samesplit.features.families.glrlm import AGGREGATIONS, TAGS, glrlm, matrices
from samesplit.features.families.neighbours import N_PAIRS, directions, equal_bits
from samesplit.features.families.texture import LevelVolume


def slow_runs(volume: LevelVolume, steps: np.ndarray, slices: range) -> np.ndarray:
    """Runs (length, level), each walked from its first voxel."""
    levels = volume.levels
    runs = np.zeros((max(levels.shape) - 2, volume.n_levels), dtype=np.int64)
    for place in zip(*np.nonzero(levels), strict=True):
        for step in steps:
            level = levels[place]
            if place[0] not in slices or levels[tuple(np.subtract(place, step))] == level:
                continue
            length = 1
            while levels[tuple(np.add(place, length * step))] == level:
                length += 1
            runs[length - 1, level - 1] += 1
    return runs


def slow_matrices(volume: LevelVolume, aggregation: str) -> np.ndarray:
    nz = volume.levels.shape[0]
    steps = directions(in_plane=not aggregation.startswith("3D"))
    groups = [steps] if aggregation.endswith("comb") else [step[np.newaxis] for step in steps]
    occupied = [range(z, z + 1) for z in range(nz) if volume.levels[z].any()]
    slices = occupied if aggregation.startswith("2D") else [range(nz)]
    return np.array([slow_runs(volume, group, where) for where in slices for group in groups])


def slow_features(runs: np.ndarray, n_voxels: int) -> list[float]:
    """The definitions of the IBSI manual, word for word."""
    n = runs.sum()
    p = runs / n
    j, i = np.mgrid[1 : runs.shape[0] + 1, 1 : runs.shape[1] + 1]
    by_level, by_length = runs.sum(axis=0), runs.sum(axis=1)
    mean_i, mean_j = (p * i).sum(), (p * j).sum()
    values = (
        (p / j**2).sum(), (p * j**2).sum(), (p / i**2).sum(), (p * i**2).sum(), (p / (i * j) ** 2).sum(),
        (p * i**2 / j**2).sum(), (p * j**2 / i**2).sum(), (p * i**2 * j**2).sum(), (by_level**2).sum() / n,
        (by_level**2).sum() / n**2, (by_length**2).sum() / n, (by_length**2).sum() / n**2, n / n_voxels,
        (p * (i - mean_i) ** 2).sum(), (p * (j - mean_j) ** 2).sum(), -(p[p > 0] * np.log2(p[p > 0])).sum(),
    )  # fmt: skip
    return [float(value) for value in values]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_the_digital_phantom_matches_its_references(aggregation: str) -> None:
    check_phantom(glrlm, TAGS, aggregation)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@settings(max_examples=8, deadline=None)
@given(levels=small_levels)
def test_matrices_equal_a_walk_along_every_run(aggregation: str, levels: np.ndarray) -> None:
    volume = volume_of(levels)
    np.testing.assert_array_equal(matrices(volume, aggregation), slow_matrices(volume, aggregation))


def test_long_runs_and_empty_slices_between_are_counted_right() -> None:
    levels = np.zeros((9, 3, 270), dtype=np.uint8)
    levels[0] = levels[1] = 1
    levels[1, 1, 260] = 2
    levels[5:, :, 10:13] = 2
    levels[5:, 1, 11] = 1
    volume = volume_of(levels)
    for aggregation in AGGREGATIONS:
        np.testing.assert_array_equal(matrices(volume, aggregation), slow_matrices(volume, aggregation))


@settings(max_examples=10, deadline=None)
@given(levels=small_levels)
def test_every_voxel_is_in_one_run_of_each_direction(levels: np.ndarray) -> None:
    volume = volume_of(levels)
    n_voxels = np.bincount(levels[levels > 0], minlength=volume.n_levels + 1)[1:]
    for aggregation in AGGREGATIONS:
        runs = matrices(volume, aggregation).sum(axis=0)
        lengths = np.arange(1, len(runs) + 1)
        n_directions = 13 if aggregation.startswith("3D") else 4
        np.testing.assert_array_equal(lengths @ runs, n_directions * n_voxels)


@settings(max_examples=10, deadline=None)
@given(levels=small_levels)
def test_runs_agree_with_co_occurrence_and_with_equal_neighbours(levels: np.ndarray) -> None:
    """A run of j voxels has j - 1 pairs of equal neighbours."""
    volume = volume_of(levels)
    runs = matrices(volume, "3D_comb")[0]
    pairs = np.arange(len(runs)) @ runs
    np.testing.assert_array_equal(2 * pairs, np.diag(pair_matrices(volume, "3D_comb")[0]))
    ahead = equal_bits(volume) & np.uint32((1 << N_PAIRS) - 1)
    assert pairs.sum() == sum(int(bits).bit_count() for bits in ahead.ravel())


@settings(max_examples=10, deadline=None)
@given(levels=small_levels)
def test_matrices_sum_to_each_other(levels: np.ndarray) -> None:
    volume = volume_of(levels)
    merged = {aggregation: matrices(volume, aggregation).sum(axis=0) for aggregation in AGGREGATIONS}
    for aggregation in ("2D_avg", "2D_comb", "2_5D_avg"):
        np.testing.assert_array_equal(merged[aggregation], merged["2_5D_comb"])
    np.testing.assert_array_equal(merged["3D_avg"], merged["3D_comb"])


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_values_are_the_means_of_the_definitions(aggregation: str) -> None:
    volume = volume_of(random_levels(4))
    values = []
    for runs in matrices(volume, aggregation):
        n_voxels = int(np.arange(1, len(runs) + 1) @ runs.sum(axis=1))
        values.append(slow_features(runs, n_voxels))
    np.testing.assert_allclose(glrlm(volume, aggregation), np.mean(values, axis=0), rtol=1e-11)


def test_turning_by_90_degrees_leaves_merged_and_averaged_values() -> None:
    levels = random_levels(6)
    for aggregation in AGGREGATIONS:
        values = glrlm(volume_of(levels), aggregation)
        for turned in (np.rot90(levels, axes=(1, 2)), levels[:, ::-1], levels[:, :, ::-1], levels[::-1]):
            np.testing.assert_allclose(glrlm(volume_of(turned), aggregation), values, rtol=1e-12)
    for axes in ((0, 1), (0, 2)):
        turned = np.rot90(levels, axes=axes)
        np.testing.assert_array_equal(
            glrlm(volume_of(turned), "3D_comb"), glrlm(volume_of(levels), "3D_comb")
        )


def test_turning_in_the_plane_permutes_the_directions() -> None:
    levels = random_levels(7)
    before = matrices(volume_of(levels), "2_5D_avg")
    after = matrices(volume_of(np.rot90(levels, axes=(1, 2))), "2_5D_avg")
    np.testing.assert_array_equal(after[[2, 3, 0, 1]], before)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_every_value_is_defined_for_every_lesion(aggregation: str) -> None:
    volumes = odd_volumes()
    for name, volume in volumes.items():
        assert np.isfinite(glrlm(volume, aggregation)).all(), name
    one = dict(zip(TAGS, glrlm(volumes["one voxel"], aggregation).tolist(), strict=True))
    assert one["rlm_sre"] == one["rlm_lre"] == one["rlm_r_perc"] == one["rlm_glnu_norm"] == 1.0
    assert one["rlm_hgre"] == 16.0
    assert one["rlm_rl_entr"] == one["rlm_gl_var"] == one["rlm_rl_var"] == 0.0


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_thousands_of_levels_give_what_fewer_would(aggregation: str) -> None:
    levels = random_levels(8, n_levels=30).astype(np.uint16)
    spread = np.where(levels > 0, levels + 4000, 0).astype(np.uint16)
    near = dict(zip(TAGS, glrlm(volume_of(levels), aggregation).tolist(), strict=True))
    far = dict(zip(TAGS, glrlm(volume_of(spread), aggregation).tolist(), strict=True))
    for tag in ("rlm_sre", "rlm_lre", "rlm_glnu", "rlm_r_perc", "rlm_gl_var", "rlm_rl_entr"):
        assert far[tag] == pytest.approx(near[tag], rel=1e-8), tag
    wide = matrices(volume_of(spread), aggregation)
    assert not wide[..., :4000].any()
    np.testing.assert_array_equal(wide[..., 4000:], matrices(volume_of(levels), aggregation))


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_memory_that_does_not_suffice_for_all_slices_changes_no_value(
    aggregation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = random_levels(9)
    kept = glrlm(volume_of(levels), aggregation)
    monkeypatch.setattr(glrlm_file, "_KEPT_BYTES", 0)
    np.testing.assert_array_equal(glrlm(volume_of(levels), aggregation), kept)


def test_more_than_255_levels_that_occur_are_counted_right() -> None:
    levels = np.random.default_rng(10).permutation(4 * 10 * 10).reshape(4, 10, 10).astype(np.uint16) + 1
    levels[levels > 350] = 350
    volume = volume_of(levels)
    for aggregation in ("2_5D_comb", "3D_comb"):
        np.testing.assert_array_equal(matrices(volume, aggregation), slow_matrices(volume, aggregation))


def test_too_many_levels_cost_the_lesion() -> None:
    levels = (np.arange(17**3) + 1).reshape(17, 17, 17).astype(np.uint16)
    with pytest.raises(LesionError, match="4913 different grey levels"):
        glrlm(volume_of(levels), "3D_comb")


def test_unknown_aggregations_are_refused() -> None:
    with pytest.raises(ValueError, match="'2D' is none of"):
        glrlm(volume_of(random_levels(11)), "2D")


def test_constant_boxes_have_one_run_along_each_line() -> None:
    nz, ny, nx = 2, 3, 5
    runs = matrices(volume_of(np.full((nz, ny, nx), 3, dtype=np.uint8)), "3D_avg")
    lengths = Counter({tuple(d): int(r.sum()) for d, r in zip(directions().tolist(), runs, strict=True)})
    for dz, dy, dx in itertools.product((0, 1), repeat=3):
        if (dz, dy, dx) > (0, 0, 0):  # lines start where a step back leaves the box
            assert lengths[dz, dy, dx] == nz * ny * nx - (nz - dz) * (ny - dy) * (nx - dx)
