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
from samesplit.features.engines.ibsi.filtered import Reach, response_regions
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.families.local_intensity import PEAK_RADIUS_MM
from samesplit.features.maps.grid_maps import GridMaps, groups_of
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
        The maps, those of one grid after the other, and then those of each response map.

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
    plain = [one for one in wanted if one.filter is None]
    filtered = [one for one in wanted if one.filter is not None]
    filters = list({one.filter.name: one.filter for one in wanted if one.filter is not None}.values())
    spacings = dict.fromkeys(_spacing(one) for one in plain)
    base = processing.target_mm
    margin = PEAK_RADIUS_MM if any(one.family == "local_intensity" for one in wanted) else 0.0
    image = prepare(
        case,
        processing,
        spacings_mm=list(spacings | ({base: None} if filters else {})),
        margin_mm=margin,
        around=Reach(filters) if filters else None,
        reference=case.matching_reference,
    )
    place = hash_object([str(Path(__file__).parent), os.environ.get("NUMBA_CACHE_DIR", "")])
    families = hash_object(sorted({one.family for one in wanted}))
    with alone_at_first(f"maps-{maps_version()}-{families[:8]}-{place[:8]}"):
        grids = []
        for spacing in spacings:
            region = image.at(spacing, margin_mm=margin)
            here = [one for one in plain if _spacing(one) == spacing]
            grids.append((GridMaps(region.region, settings, here, radius), region))
        of_filters = image.at(base, margin_mm=0.0) if filters else None
        n_filtered = 0 if of_filters is None else int(np.count_nonzero(of_filters.region.intensity))
        total = sum(maps.n_voxels * len(maps.groups) for maps, _ in grids) + n_filtered * groups_of(filtered)
        told = _Told(progress, total)
        for maps, region in grids:
            placement = _placement(region, maps, case)
            for one, values in maps.values(jobs=jobs, done=told.add):
                yield Map(one, values, placement)
        if of_filters is None:
            return
        for kind, response, _ in response_regions(image, filters, margin_mm=margin):
            here = [one for one in filtered if one.filter is not None and one.filter.name == kind.name]
            maps = GridMaps(response, here[0].settings, here, radius)
            placement = _placement(of_filters, maps, case)
            for one, values in maps.values(jobs=jobs, done=told.add):
                yield Map(one, values, placement)


class _Told:
    """Adds up what is done, and tells."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, voxels: int) -> None:
        self._done += voxels
        if self._progress is not None:
            self._progress(self._done, self._total)


def _spacing(one: Wanted) -> Spacing:
    return one.settings.processing.target_mm if one.texture is None else one.texture.spacing_mm


def _placement(region: PreparedRegion, maps: GridMaps, case: Case) -> Placement:
    z, y, x = (
        slice(outer.start + inner.start, outer.start + inner.stop)
        for outer, inner in zip(region.box, maps.geometry.box, strict=True)
    )
    box: Slices = (z, y, x)
    inside = maps.geometry.intensity[1:-1, 1:-1, 1:-1]
    return placed(inside, box, region.grid, case.image)
