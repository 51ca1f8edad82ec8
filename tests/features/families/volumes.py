"""Small volumes of grey levels, and what must hold for every texture family (`features.families.volumes`)."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest

from features.phantom import phantom_levels
from samesplit.features.compliance.reference import matches, read_reference
from samesplit.features.families.texture import LevelVolume, MaskGeometry

Family = Callable[[LevelVolume, str], np.ndarray]
AGGREGATIONS = ("2D", "2_5D", "3D")

small_levels = arrays.arrays(
    np.uint8,
    arrays.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6),
    elements=st.integers(0, 3),
).filter(np.any)
"""Levels 1 to 3 with holes (0), at least one voxel."""


def volume_of(levels: np.ndarray, morphological: np.ndarray | None = None, **settings: int) -> LevelVolume:
    """A volume from levels (0 outside the lesion); its morphological mask is the intensity mask if not given."""
    inside = (levels > 0).astype(np.uint8)
    geometry = MaskGeometry(inside if morphological is None else morphological, inside)
    return LevelVolume(geometry, geometry.place(levels[inside > 0]), **settings)


def random_levels(seed: int, shape: tuple[int, int, int] = (7, 8, 9), n_levels: int = 4) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.where(generator.random(shape) < 0.75, generator.integers(1, n_levels + 1, shape), 0)


def check_phantom(family: Family, tags: tuple[str, ...], aggregation: str) -> None:
    """Every value of the digital phantom matches its IBSI reference."""
    table = read_reference()
    values = dict(zip(tags, family(phantom_levels(), aggregation).tolist(), strict=True))
    of_phantom = table["dataset"] == "digital_phantom"
    wanted = table[of_phantom & table["tag"].isin([f"{tag}_{aggregation}" for tag in tags])]
    assert len(wanted) == len(tags)
    for row in wanted.itertuples():
        assert matches(values[row.base_tag], row.reference_value, row.tolerance), (
            row.tag,
            values[row.base_tag],
        )


def check_invariances(family: Family, levels: np.ndarray) -> None:
    """Padding, moving, turning and the integer type of levels change nothing, to the last bit."""
    for aggregation in AGGREGATIONS:
        values = family(volume_of(levels), aggregation)
        moved = np.pad(levels, ((2, 0), (1, 3), (0, 4)))
        np.testing.assert_array_equal(family(volume_of(moved), aggregation), values)
        for turned in (np.rot90(levels, axes=(1, 2)), levels[:, ::-1], levels[:, :, ::-1]):
            np.testing.assert_array_equal(family(volume_of(turned), aggregation), values)
        wide = volume_of(levels)
        wide.levels = wide.levels.astype(np.uint16)
        np.testing.assert_array_equal(family(wide, aggregation), values)
    for turned in (np.rot90(levels, axes=(0, 1)), np.rot90(levels, axes=(0, 2)), levels[::-1]):
        np.testing.assert_array_equal(family(volume_of(turned), "3D"), family(volume_of(levels), "3D"))


def check_one_slice(family: Family, levels: np.ndarray) -> None:
    """In a lesion of one slice the three aggregations are the same."""
    flat = family(volume_of(levels[:1]), "3D")
    for aggregation in ("2D", "2_5D"):
        np.testing.assert_array_equal(family(volume_of(levels[:1]), aggregation), flat)


def check_unknown_aggregation(family: Family) -> None:
    with pytest.raises(ValueError, match="not as '3D_avg'"):
        family(phantom_levels(), "3D_avg")


def odd_volumes() -> dict[str, LevelVolume]:
    """Lesions at the edge of what can be measured."""
    one = np.zeros((3, 3, 3), dtype=np.uint8)
    one[1, 1, 1] = 4
    apart = np.zeros((3, 5, 7), dtype=np.uint8)
    apart[0, 0, 0], apart[2, 4, 6], apart[0, 4, 2:5] = 1, 3, 2
    two = np.ones((3, 4, 5), dtype=np.uint8)
    two[:, :, 2:] = 2
    shapes = {
        "one voxel": one,
        "constant": np.full((3, 4, 5), 7, dtype=np.uint8),
        "two levels": two,
        "plane-thin": two[:, :1],
        "line": two[:1, :1],
        "disconnected": apart,
    }
    return {name: volume_of(levels) for name, levels in shapes.items()}
