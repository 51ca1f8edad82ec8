"""The maps of one lesion on one grid: families and slices in turn, or several slices at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.features.catalogue import tags
from samesplit.features.engines.ibsi.levels import RegionLevels
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.families.ivh import ivh_levels
from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry
from samesplit.features.maps.neighbourhood import Lesion, Neighbourhood
from samesplit.features.maps.selection import Wanted

__all__ = ["GridMaps", "groups_of", "in_plane_alone"]

Fill = Callable[..., None]
"""Fills the wanted features of one slice, given by `places`, `z` and `out`."""

Done = Callable[[int], None]
"""Told after each slice how many voxels it had."""


def in_plane_alone(settings: IbsiSettings) -> bool:
    """Whether all aggregations of a profile stay within slices: then all neighbourhoods do."""
    return all(not one.startswith("3D") for one in settings.aggregation)


@dataclass(frozen=True)
class _Group:
    family: str
    aggregation: str
    wanted: list[Wanted]


class GridMaps:
    """All maps of one grid.

    Args:
        region: The lesion after processing; with its surroundings where local intensity is wanted.
        settings: The profile's.
        wanted: The maps, all of this grid.
        radius: Voxels to either side of a neighbourhood's centre.
    """

    def __init__(self, region: Region, settings: IbsiSettings, wanted: Sequence[Wanted], radius: int) -> None:
        self.region, self.settings, self.radius = region, settings, radius
        self.geometry = MaskGeometry(region.morphological, region.intensity)
        self._levels = RegionLevels(self.geometry, region, settings)
        self._boxes: dict[tuple[int, bool], Lesion] = {}
        self.groups = _groups(wanted)

    @property
    def n_voxels(self) -> int:
        """Voxels that get a value."""
        return self.geometry.n_voxels

    def values(self, *, jobs: int, done: Done) -> Iterator[tuple[Wanted, npt.NDArray[np.float64]]]:
        """Compute the maps, one family after the other.

        Args:
            jobs: Slices at a time.
            done: Called after each slice of each family.

        Yields:
            Each map with its values in voxel order, shape (n_voxels,).

        Raises:
            LesionError: The grey levels do not fit a family.
        """
        for group in self.groups:
            lesion, fill = self._filler(group)
            places = np.array([tags(group.family).index(one.tag) for one in group.wanted], dtype=np.intp)
            out = np.empty((self.n_voxels, len(places)))
            _by_slice(fill, lesion, places, out, jobs, done)
            for k, one in enumerate(group.wanted):
                yield one, np.ascontiguousarray(out[:, k])

    def _filler(self, group: _Group) -> tuple[Lesion, Fill]:
        """Return what fills the slices of a family; only what is wanted is imported, and so compiled."""
        texture = group.wanted[0].texture
        in_plane = (
            in_plane_alone(self.settings) if texture is None else not group.aggregation.startswith("3D")
        )
        merged = group.aggregation.endswith("comb")
        if group.family in ("statistics", "ivh", "local_intensity"):
            lesion = self._lesion(self._of_masks, in_plane)
            return lesion, self._of_intensities(group.family, lesion)
        by = self.settings.of_histogram() if texture is None else texture.discretisation
        assert by is not None  # the selection sees to it
        lesion = self._lesion(self._levels.volume(by), in_plane)
        match group.family:
            case "histogram":
                from samesplit.features.maps.histogram import histogram_maps

                return lesion, lambda places, z, out: histogram_maps(lesion, places, z, out)
            case "glcm":
                from samesplit.features.maps.cooccurrence import CooccurrenceMaps

                return lesion, CooccurrenceMaps(lesion, merged=merged, distance=self.settings.distance).fill
            case "glrlm":
                from samesplit.features.maps.run_lengths import run_length_maps

                return lesion, lambda **slice_: run_length_maps(lesion, merged=merged, **slice_)
            case "glszm" | "gldzm":
                from samesplit.features.maps.zones import zone_maps

                return lesion, lambda **slice_: zone_maps(
                    lesion, "sizes" if group.family == "glszm" else "distances", **slice_
                )
            case "ngtdm":
                from samesplit.features.maps.tone_differences import tone_difference_maps

                return lesion, lambda **slice_: tone_difference_maps(lesion, **slice_)
            case _:
                from samesplit.features.maps.dependence import dependence_maps

                alpha = self.settings.ngldm_alpha
                return lesion, lambda **slice_: dependence_maps(lesion, alpha=alpha, **slice_)

    def _of_intensities(self, family: str, lesion: Lesion) -> Fill:
        box = self.geometry.box
        if family == "ivh":
            from samesplit.features.maps.volume_histogram import volume_histogram_maps

            ivh, bounds = self.settings.ivh, self.settings.processing.range or (None, None)
            size = float(ivh.width or ivh.bins or 1)
            levels = ivh_levels(
                self.region.values(), method=ivh.method, size=size, lower=bounds[0], upper=bounds[1]
            )
            index = np.zeros(self.geometry.intensity.shape, dtype=np.int64)
            index[self.geometry.intensity > 0] = levels.index
            laid = lesion.laid_out(index, np.int64)
            return lambda places, z, out: volume_histogram_maps(lesion, laid, levels, places, z, out)
        intensities = lesion.laid_out(np.pad(self.region.intensities[box], 1), np.float64)
        if family == "statistics":
            from samesplit.features.maps.statistics import statistics_maps

            return lambda places, z, out: statistics_maps(lesion, intensities, places, z, out)
        from samesplit.features.maps.local_peaks import ball_means, local_peak_maps

        means = lesion.laid_out(np.pad(ball_means(self.region)[box], 1), np.float64)
        return lambda places, z, out: local_peak_maps(lesion, intensities, means, places, z, out)

    @cached_property
    def _of_masks(self) -> LevelVolume:
        """A volume for families that look at intensities: its levels say nothing."""
        return LevelVolume(self.geometry, self.geometry.intensity, 1)

    def _lesion(self, volume: LevelVolume, in_plane: bool) -> Lesion:
        key = (id(volume), in_plane)
        if key not in self._boxes:
            self._boxes[key] = Lesion(volume, Neighbourhood(self.radius, in_plane))
        return self._boxes[key]


def groups_of(wanted: Sequence[Wanted]) -> int:
    """Count how often the voxels are gone through for some maps, of all images together."""
    return len(_groups(wanted))


def _groups(wanted: Sequence[Wanted]) -> list[_Group]:
    """Put together maps that come from the same matrices."""
    return [_Group(key[1], key[2], list(same)) for key, same in groupby(wanted, key=_group)]


def _group(one: Wanted) -> tuple[str, str, str, str]:
    texture = "" if one.texture is None else one.texture.suffix
    return "" if one.filter is None else one.filter.name, one.family, one.aggregation, texture


def _by_slice(
    fill: Fill,
    lesion: Lesion,
    places: npt.NDArray[np.intp],
    out: npt.NDArray[np.float64],
    jobs: int,
    done: Done,
) -> None:
    """Fill the rows of each slice, in as many threads as there are jobs: compiled code holds no lock."""
    lengths = np.diff(lesion.spans.bounds, axis=1).reshape(-1)
    ends = np.concatenate([[0], np.cumsum(lengths)])[lesion.spans.starts]

    def one(z: int) -> int:
        rows: Any = out[ends[z] : ends[z + 1]]
        fill(places=places, z=z, out=rows)
        return len(rows)

    slices = lesion.spans.occupied_slices()
    if jobs == 1 or len(slices) == 1:
        for z in slices:
            done(one(z))
        return
    _ = lesion.levels, lesion.mask, lesion.around, lesion.column  # once, before the threads
    done(one(slices[0]))  # compiles; not thread by thread
    with ThreadPoolExecutor(jobs) as threads:
        for n in threads.map(one, slices[1:]):
            done(n)
