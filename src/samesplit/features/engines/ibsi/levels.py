"""The grey levels of one region under all discretisations of a profile, finer ones serving coarser ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.engines.ibsi.settings import Discretisation, IbsiSettings
from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry
from samesplit.features.processing.discretisation import (
    MOST_LEVELS,
    coarser,
    equal_probability,
    fixed_bin_number,
    fixed_bin_size,
    lowest_edge,
)

__all__ = ["RegionLevels"]

Floats = npt.NDArray[np.float64]


class RegionLevels:
    """The grey levels of one region, each discretisation made when it is first asked for.

    A discretisation into half as many bins as another one of the profile follows from that one exactly: levels
    merge in pairs, and co-occurrences are sums of blocks of four.

    Args:
        geometry: The region's masks.
        region: Its intensities.
        settings: The profile's.
    """

    def __init__(self, geometry: MaskGeometry, region: Region, settings: IbsiSettings) -> None:
        self.geometry = geometry
        self.region = region
        self._range = settings.processing.range
        self._declared = settings.discretisation
        self._made: dict[Discretisation, LevelVolume] = {}

    def volume(self, discretisation: Discretisation) -> LevelVolume:
        """Return the levels on the region's box.

        Raises:
            LesionError: The intensities do not fit the discretisation.
        """
        if discretisation not in self._made:
            finer = self._finer(discretisation)
            self._made[discretisation] = (
                LevelVolume(self.geometry, self.geometry.place(self._discretised(discretisation)))
                if finer is None
                else _halved(self.volume(finer))
            )
        return self._made[discretisation]

    def _finer(self, one: Discretisation) -> Discretisation | None:
        if one.bins is None:
            return None
        double = 2 * one.bins
        return next((d for d in self._declared if d.method == one.method and d.bins == double), None)

    def _discretised(self, one: Discretisation) -> npt.NDArray[np.integer]:
        values = self.region.values()
        match one.method:
            case "FBN":
                return fixed_bin_number(values, one.bins or 0)
            case "equalised":
                return equal_probability(values, one.bins or 0, ordered=self.region.ordered())
            case "FBS":
                lower = None if self._range is None else self._range[0]
                width = one.width or 0.0
                origin = lower if one.origin is None else one.origin
                if origin == "lesion":
                    origin = lowest_edge(values, width)
                assert origin is not None  # the settings see to it
                return fixed_bin_size(values, width, origin)
            case "none":
                return _as_they_are(values)


def _as_they_are(values: Floats) -> npt.NDArray[np.integer]:
    low, high = float(values.min()), float(values.max())
    if low < 1 or high > MOST_LEVELS or not np.array_equal(np.rint(values), values):
        raise LesionError(
            f"the discretisation 'none' takes whole numbers from 1 to {MOST_LEVELS:,}, and the lesion has values "
            f"from {low:g} to {high:g}",
            remedy="discretise by FBN or FBS in the profile",
        )
    return values.astype(np.uint16)


def _halved(finer: LevelVolume) -> LevelVolume:
    levels = coarser(finer.levels)
    if levels.dtype == np.uint16 and int(levels.max()) <= np.iinfo(np.uint8).max:
        levels = levels.astype(np.uint8)
    return LevelVolume(finer.geometry, levels, finer=finer)
