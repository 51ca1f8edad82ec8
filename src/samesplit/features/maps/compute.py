"""From a case to its feature maps: one grid at a time, doing nothing twice that several maps share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from samesplit.errors import DeclarationError
from samesplit.features.engines.ibsi.compiling import alone_at_first
from samesplit.features.engines.ibsi.engine import IbsiEngine
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.families.local_intensity import PEAK_RADIUS_MM
from samesplit.features.maps.grid_maps import GridMaps
from samesplit.features.maps.neighbourhood import LARGEST_RADIUS
from samesplit.features.maps.placement import Placement, placed
from samesplit.features.maps.selection import Wanted
from samesplit.features.processing.grid import Slices, Spacing
from samesplit.features.processing.preparation import PreparedRegion, prepare
from samesplit.features.profiles import Profile
from samesplit.imaging.case import Case
from samesplit.source import source_digest
from samesplit.storage import hash_object

__all__ = ["Map", "check_radius", "compute_maps", "maps_version"]

Progress = Callable[[int, int], None]
"""Told how many voxels are done, and of how many; a voxel counts once for each family and aggregation."""


@dataclass(frozen=True)
class Map:
    """One feature map.

    Attributes:
        wanted: Which feature.
        values: Of the lesion's voxels in voxel order (z, then y, then x), shape (n,).
        placement: Where these voxels lie.
    """

    wanted: Wanted
    values: npt.NDArray[np.float64]
    placement: Placement


def check_radius(radius: int) -> None:
    """Refuse a radius that makes no neighbourhood.

    Raises:
        DeclarationError: It is less than 1 or larger than `LARGEST_RADIUS`.
    """
    if not 1 <= radius <= LARGEST_RADIUS:
        raise DeclarationError(
            f"a neighbourhood reaches 1 to {LARGEST_RADIUS} voxels to either side, not {radius}",
            remedy="1 is a box of 3 x 3 x 3 voxels, 2 one of 5 x 5 x 5",
        )


def maps_version() -> str:
    """Return what changes whenever values of maps may change."""
    return f"{IbsiEngine().version}.{source_digest(__name__)[:8]}"


def compute_maps(
    case: Case,
    profile: Profile,
    wanted: Sequence[Wanted],
    *,
    radius: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[Map]:
    """Compute feature maps.

    Args:
        case: Image and mask.
        profile: Of the engine `ibsi`.
        wanted: Of `wanted_maps`.
        radius: Voxels of the profile's grid to either side of a neighbourhood's centre.
        jobs: Slices at a time.
        progress: Told after each slice of each family.

    Yields:
        The maps, those of one grid after the other.

    Raises:
        LesionError: The intensities do not have the declared unit, no voxel is left after processing, or the grey
            levels do not fit a family.
        DeclarationError: The radius makes no neighbourhood.
    """
    check_radius(radius)
    settings = profile.settings
    assert isinstance(settings, IbsiSettings)  # the selection sees to it
    processing = settings.processing
    if case.matching_reference is case.image:  # the sequence that the others are matched to stays as it is
        processing = processing.model_copy(update={"histogram_matching": None})
    margins = dict.fromkeys(dict.fromkeys(_spacing(one, settings) for one in wanted), 0.0)
    if any(one.family == "local_intensity" for one in wanted):
        margins[processing.target_mm] = PEAK_RADIUS_MM
    image = prepare(
        case,
        processing,
        spacings_mm=list(margins),
        margin_mm=max(margins.values()),
        reference=case.matching_reference,
    )
    place = hash_object([str(Path(__file__).parent), os.environ.get("NUMBA_CACHE_DIR", "")])
    families = hash_object(sorted({one.family for one in wanted}))
    with alone_at_first(f"maps-{maps_version()}-{families[:8]}-{place[:8]}"):
        grids = []
        for spacing, margin in margins.items():
            region = image.at(spacing, margin_mm=margin)
            here = [one for one in wanted if _spacing(one, settings) == spacing]
            maps = GridMaps(region.region, settings, here, radius)
            grids.append((maps, _placement(region, maps, case)))
        total = sum(maps.n_voxels * len(maps.groups) for maps, _ in grids)
        told = 0

        def done(voxels: int) -> None:
            nonlocal told
            told += voxels
            if progress is not None:
                progress(told, total)

        for maps, placement in grids:
            for one, values in maps.values(jobs=jobs, done=done):
                yield Map(one, values, placement)


def _spacing(one: Wanted, settings: IbsiSettings) -> Spacing:
    return settings.processing.target_mm if one.texture is None else one.texture.spacing_mm


def _placement(region: PreparedRegion, maps: GridMaps, case: Case) -> Placement:
    z, y, x = (
        slice(outer.start + inner.start, outer.start + inner.stop)
        for outer, inner in zip(region.box, maps.geometry.box, strict=True)
    )
    box: Slices = (z, y, x)
    inside = maps.geometry.intensity[1:-1, 1:-1, 1:-1]
    return placed(inside, box, region.grid, case.image)
