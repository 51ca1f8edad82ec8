"""Features of response maps: the interpolated image after each filter of a profile, one map in memory at a time.

Source: Whybra et al., Radiology 2024, doi:10.1148/radiol.231319. Re-segmentation looks at the unfiltered image, so
that all maps have its intensity mask. Only the lesion and as much around it as a filter looks at are filtered, or
the whole image where a filter looks at all of it (filters that are made in Fourier space, periodic boundaries).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.families.region import Region
from samesplit.features.families.texture import MaskGeometry
from samesplit.features.filters.respond import respond
from samesplit.features.filters.settings import Filter
from samesplit.features.processing.grid import Grid, Slices
from samesplit.features.processing.preparation import PreparedImage
from samesplit.features.steps import Step

__all__ = ["Reach", "of_response_maps", "response_regions"]

Voxels = tuple[int, int, int]
Compute = Callable[[Region, MaskGeometry], dict[str, float]]

_ROUNDING = 1e-6
"""Responses are rounded as float32; what is left where an image is uniform must not become grey levels."""

_MOST_VOXELS = 2**28
"""The largest image that is filtered, with what the filter looks at around it: 1 GiB of float32."""


class Reach:
    """How many voxels around a lesion some filters look at, on a grid.

    Args:
        filters: The filters.

    Example:
        >>> from samesplit.features.filters.settings import LogFilter, MeanFilter
        >>> from samesplit.features.processing.grid import aligned_grid
        >>> grid = aligned_grid((40, 40, 40), (3.0, 1.0, 1.0), (None, None, None))
        >>> Reach([MeanFilter(support_voxels=7), LogFilter(sigma_mm=1.5)])(grid)
        (3, 6, 6)
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self.filters = tuple(filters)

    def __call__(self, grid: Grid) -> Voxels:
        """Return the voxels along z, y, x; the size of the grid where all of an axis is needed."""
        furthest = [0, 0, 0]
        for one in self.filters:
            z, y, x = grid.size
            whole = (z if one.dimensions == 3 else 0, y, x)
            reach = one.reach_voxels(grid.spacing_mm) or whole
            furthest = [max(a, b) for a, b in zip(furthest, reach, strict=True)]
        z, y, x = furthest
        return z, y, x


def of_response_maps(
    image: PreparedImage, filters: Sequence[Filter], compute: Compute, *, margin_mm: float = 0.0
) -> tuple[dict[str, float], Step]:
    """Return the features of each response map, by `<filter>_<feature>`, in the order of the filters.

    Args:
        image: The image, with the filters' `Reach` announced.
        filters: The filters.
        compute: From a lesion on a response map, and its masks, to features.
        margin_mm: How much of the surroundings the features look at.

    Returns:
        The features, and what was done.

    Raises:
        LesionError: No voxel of the lesion is left after re-segmentation.
    """
    found = {
        one.name: compute(region, geometry)
        for one, region, geometry in response_regions(image, filters, margin_mm=margin_mm)
    }
    values = {f"{one.name}_{name}": value for one in filters for name, value in found[one.name].items()}
    grid = image.grid(image.settings.target_mm)
    near, whole = _apart(filters, grid)
    return values, Step("filters", _told(filters, Reach(near)(grid), whole))


def response_regions(
    image: PreparedImage, filters: Sequence[Filter], *, margin_mm: float = 0.0
) -> Iterator[tuple[Filter, Region, MaskGeometry]]:
    """Lay a lesion onto each response map: first of filters that look so far, then of those that look at all.

    Args:
        image: The image, with the filters' `Reach` announced.
        filters: The filters.
        margin_mm: How much of the surroundings to take along.

    Yields:
        A filter, the lesion on its response map, and its masks.

    Raises:
        LesionError: No voxel of the lesion is left after re-segmentation, or a filter looks at more of its
            surroundings than memory holds.
    """
    grid = image.grid(image.settings.target_mm)
    for some in _apart(filters, grid):
        if some:
            yield from _responses(image, some, Reach(some)(grid), margin_mm)


def _apart(filters: Sequence[Filter], grid: Grid) -> tuple[list[Filter], list[Filter]]:
    """Part filters that look at some surroundings from those that look at the whole image."""
    near = [one for one in filters if one.reach_voxels(grid.spacing_mm) is not None]
    return near, [one for one in filters if one.reach_voxels(grid.spacing_mm) is None]


def _responses(
    image: PreparedImage, filters: Sequence[Filter], around: Voxels, margin_mm: float
) -> Iterator[tuple[Filter, Region, MaskGeometry]]:
    """Lay a lesion onto the response maps of filters that are given the same surroundings."""
    region = image.at(image.settings.target_mm, margin_mm=margin_mm, around=around).region
    inner, spacing_mm = _inner(region, margin_mm), region.spacing_mm
    drawn = np.ascontiguousarray(region.morphological[inner])
    counted = np.ascontiguousarray(region.intensity[inner])
    geometry = MaskGeometry(drawn, counted)
    intensities = region.intensities.astype(
        np.float32
    )  # as filters take them; the rest is not needed any more
    del region
    _check_size(filters, inner, spacing_mm)
    for one, response in respond(intensities, spacing_mm, filters, wanted=inner):
        kept = response.astype(np.float64)
        del response  # before the next one is made
        kept[np.abs(kept) <= _ROUNDING * _largest(intensities, one, inner, spacing_mm)] = 0
        yield one, Region(kept, drawn, counted, spacing_mm), geometry


def _largest(
    intensities: npt.NDArray[np.float32], one: Filter, inner: Slices, spacing_mm: tuple[float, float, float]
) -> float:
    """Return the largest intensity, whatever its sign, that a filter looks at: other filters do not change it."""
    reach = one.reach_voxels(spacing_mm) or intensities.shape
    seen = intensities[
        tuple(
            slice(max(side.start - more, 0), side.stop + more)
            for side, more in zip(inner, reach, strict=True)
        )
    ]
    return max(abs(float(seen.min())), abs(float(seen.max())))


def _check_size(filters: Sequence[Filter], inner: Slices, spacing_mm: tuple[float, float, float]) -> None:
    for one in filters:
        reach = one.reach_voxels(spacing_mm) or (0, 0, 0)
        sides = [side.stop - side.start + 2 * more for side, more in zip(inner, reach, strict=True)]
        if math.prod(sides) > _MOST_VOXELS:
            x, y, z = reach[::-1]
            raise LesionError(
                f"the filter {one.name} looks at {x} x {y} x {z} voxels around the lesion, "
                f"{math.prod(sides) / 2**28:,.0f} GiB with it, at most 1 is filtered",
                remedy="take a smaller scale for it, or larger voxels (processing.spacing_mm)",
            )


def _inner(region: Region, margin_mm: float) -> Slices:
    """Return the box of the lesion with the surroundings that features look at."""
    sides = []
    for axis, (step, size) in enumerate(zip(region.spacing_mm, region.morphological.shape, strict=True)):
        others = tuple(other for other in range(3) if other != axis)
        inside = np.flatnonzero(region.morphological.any(axis=others))
        more = int(np.ceil(round(margin_mm / step, 6)))
        sides.append(slice(max(int(inside[0]) - more, 0), min(int(inside[-1]) + 1 + more, size)))
    z, y, x = sides
    return z, y, x


def _told(filters: Sequence[Filter], near: Voxels, whole: Sequence[Filter]) -> str:
    names = ", ".join(one.name for one in filters)
    around = " x ".join(str(voxels) for voxels in reversed(near))
    where = [f"the lesion and {around} voxels around it"] if len(whole) < len(filters) else []
    where += [f"the whole image ({len(whole)} of them)" if where else "the whole image"] if whole else []
    return f"{len(filters)} response maps of {' and '.join(where)}: {names}"
