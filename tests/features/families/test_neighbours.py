from __future__ import annotations

import itertools

import numpy as np
import pytest

from samesplit.features.families.neighbours import (
    DIRECTIONS,
    IN_PLANE,
    N_PAIRS,
    directions,
    equal_bits,
    equal_neighbours,
)
from samesplit.features.families.texture import LevelVolume, MaskGeometry


def slow(levels: np.ndarray) -> np.ndarray:
    bits = np.zeros(levels.shape, dtype=np.uint32)
    for place in zip(*np.nonzero(levels), strict=True):
        for k, step in enumerate(DIRECTIONS):
            if levels[place] == levels[tuple(np.add(place, step))]:
                bits[place] |= np.uint32(1 << k)
    return bits


def padded(levels: np.ndarray) -> np.ndarray:
    return np.pad(levels, 1)


def test_every_neighbour_has_one_direction_and_its_opposite_is_thirteen_further() -> None:
    everyone = set(itertools.product((-1, 0, 1), repeat=3)) - {(0, 0, 0)}
    assert {tuple(d) for d in DIRECTIONS.tolist()} == everyone
    assert (DIRECTIONS[:N_PAIRS] == -DIRECTIONS[N_PAIRS:]).all()
    assert all(tuple(d) > (0, 0, 0) for d in DIRECTIONS[:N_PAIRS].tolist())


def test_in_plane_bits_are_those_of_directions_without_a_step_in_z() -> None:
    flags = [bool(int(IN_PLANE) >> k & 1) for k in range(2 * N_PAIRS)]
    assert flags == (DIRECTIONS[:, 0] == 0).tolist()
    assert (directions(in_plane=True) == directions()[:4]).all()


@pytest.mark.parametrize("distance", [1, 2, 3])
def test_directions_are_half_of_the_shell_at_that_distance(distance: int) -> None:
    assert 2 * len(directions(distance)) == (2 * distance + 1) ** 3 - (2 * distance - 1) ** 3
    assert 2 * len(directions(distance, in_plane=True)) == 8 * distance
    assert (np.abs(directions(distance)).max(axis=1) == distance).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(4, 5, 6), (1, 7, 9), (3, 1, 40), (1, 1, 1)])
def test_bits_equal_a_slow_count(dtype: type, shape: tuple[int, int, int]) -> None:
    levels = padded(np.random.default_rng(1).integers(0, 4, shape).astype(dtype))
    assert (equal_neighbours(levels) == slow(levels)).all()


def test_bits_of_opposite_directions_agree() -> None:
    levels = padded(np.random.default_rng(2).integers(0, 3, (5, 6, 7)).astype(np.uint8))
    bits = equal_neighbours(levels)
    for k, (dz, dy, dx) in enumerate(DIRECTIONS[:N_PAIRS].tolist()):
        ahead = bits >> np.uint32(k) & np.uint32(1)
        back = bits >> np.uint32(k + N_PAIRS) & np.uint32(1)
        assert (np.roll(ahead, (dz, dy, dx), (0, 1, 2)) == back).all()


def test_a_volume_keeps_its_bits() -> None:
    mask = np.ones((2, 3, 4), np.uint8)
    volume = LevelVolume(MaskGeometry(mask, mask), padded(mask))
    assert equal_bits(volume) is equal_bits(volume)
