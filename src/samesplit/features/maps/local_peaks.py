"""Maps of the local and the global intensity peak (IBSI 9ST6) within each box.

The mean of a ball of 1 cm3 is computed once for every voxel, from all voxels of the image around it; then the
local peak of a box is that mean at its brightest voxel, and the global peak the highest mean.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from samesplit.features.families.local_intensity import TAGS, ball_rows, running_sums
from samesplit.features.families.region import Region
from samesplit.features.maps.neighbourhood import Lesion
from samesplit.ordering import RELATIVE

__all__ = ["TAGS", "ball_means", "local_peak_maps"]


def ball_means(region: Region) -> npt.NDArray[np.float64]:
    """Return the mean of the ball around each voxel of the intensity mask, 0 elsewhere, shape of the region."""
    rows = ball_rows(region.spacing_mm)
    image = np.ascontiguousarray(region.intensities, dtype=np.float64)
    reach = int(rows[:, 2].max())
    nz, ny, nx = image.shape
    sums = np.empty((nz, ny, nx + 2 * reach + 1))
    running_sums(image, reach, sums)
    means = np.zeros(image.shape)
    _ball_means(np.ascontiguousarray(region.intensity), sums, reach, rows, means)
    return means


def local_peak_maps(
    lesion: Lesion,
    intensities: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64],
    places: npt.NDArray[np.intp],
    z: int,
    out: Any,
) -> None:
    """Fill the peaks of the voxels of one slice.

    Args:
        lesion: Masks and the box.
        intensities: Laid out like the lesion's mask, flat.
        means: `ball_means`, laid out in the same way.
        places: Which of `TAGS` are wanted.
        z: The slice, counted with the margin.
        out: Shape (voxels of the slice, wanted).
    """
    bounds = lesion.spans.only(z).bounds
    _sweep(intensities, means, lesion.mask, bounds, lesion.around, RELATIVE, np.empty(2), places, out)


@numba.njit(cache=True, nogil=True)
def _ball_means(mask: Any, sums: Any, reach: int, rows: Any, means: Any) -> None:
    nz, ny, nx = mask.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if mask[z, y, x] == 0:
                    continue
                total, count = 0.0, 0
                for k in range(len(rows)):
                    zz, yy, half = z + rows[k, 0], y + rows[k, 1], rows[k, 2]
                    if 0 <= zz < nz and 0 <= yy < ny:
                        total += sums[zz, yy, reach + x + half + 1] - sums[zz, yy, reach + x - half]
                        count += min(x + half, nx - 1) - max(x - half, 0) + 1
                means[z, y, x] = total / count


@numba.njit(cache=True, nogil=True)
def _sweep(
    intensities: Any,
    means: Any,
    mask: Any,
    bounds: Any,
    around: Any,
    relative: float,
    found: Any,
    places: Any,
    out: Any,
) -> None:
    row = 0
    for j in range(bounds.shape[0]):
        for p in range(bounds[j, 0], bounds[j, 1]):
            highest, largest, peak = -np.inf, 0.0, -np.inf
            for k in range(around.size):
                q = p + around[k]
                if mask[q] != 0:
                    highest = max(highest, intensities[q])
                    largest = max(largest, abs(intensities[q]))
                    peak = max(peak, means[q])
            brightest, local = highest - relative * largest, -np.inf
            for k in range(around.size):
                q = p + around[k]
                if mask[q] != 0 and intensities[q] >= brightest:
                    local = max(local, means[q])
            found[0], found[1] = local, peak
            for k in range(places.size):
                out[row, k] = found[places[k]]
            row += 1
