"""Local and global intensity peak: the highest mean intensity of a ball of 1 cm3 (IBSI family 9ST6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from samesplit.errors import LesionError
from samesplit.features.families.region import Region
from samesplit.ordering import RELATIVE

__all__ = ["PEAK_RADIUS_MM", "TAGS", "ball_rows", "local_intensity", "running_sums"]

TAGS = ("loc_peak_loc", "loc_peak_glob")

PEAK_RADIUS_MM = 10 * (3 / (4 * np.pi)) ** (1 / 3)
"""The radius of a ball of 1 cm3: 6.2 mm."""


def local_intensity(region: Region) -> npt.NDArray[np.float64]:
    """Return the local and the global intensity peak, in the order of `TAGS`.

    The mean of all voxels whose centres lie within 6.2 mm of a voxel of the intensity mask, also of those outside
    the lesion. The global peak is the highest such mean, the local peak that at the brightest voxel (the highest
    of them, where several voxels are equally bright). Places outside the image do not count.

    Args:
        region: The lesion; unless the image ends there, its box must reach 7 mm beyond the mask. All of it is
            summed, so it should not reach much farther.

    Raises:
        LesionError: The intensity mask is empty.

    References:
        IBSI reference manual, VJGA and 0F91; Wahl et al., doi 10.2967/jnumed.108.057307.

    Example:
        >>> image = np.zeros((1, 1, 9))
        >>> image[0, 0, 4] = 3.0
        >>> mask = (image > 0).astype(np.uint8)
        >>> local_intensity(Region(image, mask, mask, (6.0, 6.0, 6.0)))  # the voxel and its two neighbours
        array([1., 1.])
    """
    values = region.values()
    if values.size == 0:
        raise LesionError("no voxel of the mask is left to take a peak of", remedy="check the mask")
    rows = ball_rows(region.spacing_mm)
    image = np.ascontiguousarray(region.intensities, dtype=np.float64)
    reach = int(rows[:, 2].max())
    nz, ny, nx = image.shape
    sums = np.empty((nz, ny, nx + 2 * reach + 1))
    running_sums(image, reach, sums)
    mask = np.ascontiguousarray(region.intensity)
    brightest = values.max() - RELATIVE * np.abs(values).max()  # or equal to it but for rounding
    found = np.full(2, -np.inf)
    _peaks(image, mask, sums, rows, _placed(rows, sums.shape), brightest, np.empty((2, nx)), found)
    return found


def ball_rows(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """Return the ball as rows along x: offset in z, offset in y, and voxels to either side, shape (n, 3)."""
    dz, dy, dx = spacing_mm
    rows = []
    for z in range(-int(PEAK_RADIUS_MM / dz), int(PEAK_RADIUS_MM / dz) + 1):
        for y in range(-int(PEAK_RADIUS_MM / dy), int(PEAK_RADIUS_MM / dy) + 1):
            left = PEAK_RADIUS_MM**2 - (z * dz) ** 2 - (y * dy) ** 2
            if left >= 0:
                rows.append((z, y, int(np.sqrt(left) / dx)))
    return np.array(rows, dtype=np.int64)


def _placed(
    rows: npt.NDArray[np.int64], shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], int, int, int]:
    """Return the steps from a voxel's running sum to those at the ends of the ball's rows.

    After the last voxel of each row, and before the first; then how far the ball reaches along z and y, and its
    voxels. Steps back are large unsigned numbers, which come out right where they are added to a place. Empty rows
    make the number of rows a multiple of four.
    """
    middles, half = (rows[:, 0] * shape[1] + rows[:, 1]) * shape[2], rows[:, 2]
    empty = (0, -len(rows) % 4)
    ahead, behind = (np.pad(ends, empty).astype(np.uint64) for ends in (middles + half + 1, middles - half))
    return ahead, behind, int(rows[:, 0].max()), int(rows[:, 1].max()), int((2 * half + 1).sum())


@njit(cache=True, nogil=True)
def running_sums(image: Any, reach: int, sums: Any) -> None:
    """Of each row the sum of its first x voxels at x + reach, level beyond both ends of the row."""
    nz, ny, nx = image.shape
    for z in range(nz):
        for y in range(ny):
            row = sums[z, y]
            total = 0.0
            for x in range(reach + 1):
                row[x] = total
            for x in range(nx):
                total += image[z, y, x]
                row[reach + 1 + x] = total
            for x in range(reach + 1 + nx, row.shape[0]):
                row[x] = total


@njit(cache=True, nogil=True)
def _peaks(
    image: Any, mask: Any, sums: Any, rows: Any, ball: Any, brightest: float, room: Any, found: Any
) -> None:
    """Find the mean of the ball at the brightest voxel, and the highest one; `room` is for two rows.

    `ball` tells where the ends of its rows are among the running sums. It serves where all of the ball lies
    inside the image, which is nearly everywhere.
    """
    nz, ny, nx = mask.shape
    margin = (sums.shape[2] - nx - 1) // 2
    local = highest = -np.inf
    totals, counts = room[0], room[1]
    ends_ahead, ends_before, reach_z, reach_y, n_ball = ball
    flat = sums.reshape(-1)
    for z in range(nz):
        for y in range(ny):
            first = 0
            while first < nx and mask[z, y, first] == 0:
                first += 1
            if first == nx:
                continue
            last = nx - 1
            while mask[z, y, last] == 0:
                last -= 1
            width = last + 1 - first
            total = totals[:width]
            within = reach_z <= z < nz - reach_z and reach_y <= y < ny - reach_y
            if within and first >= margin and last + margin < nx:
                start = np.uintp((z * ny + y) * sums.shape[2] + margin + first)
                _add_rows(flat, start, ends_ahead, ends_before, total)
                for x in range(width):
                    if mask[z, y, first + x]:
                        mean = total[x] / n_ball
                        highest = max(highest, mean)
                        if image[z, y, first + x] >= brightest:
                            local = max(local, mean)
                continue
            count = counts[:width]
            for x in range(width):
                total[x] = count[x] = 0.0
            everywhere = 0  # voxels of rows that lie inside the image for all x
            for k in range(len(rows)):
                zz, yy, half = z + rows[k, 0], y + rows[k, 1], rows[k, 2]
                if zz < 0 or zz >= nz or yy < 0 or yy >= ny:
                    continue
                ahead = sums[zz, yy, margin + first + half + 1 : margin + last + half + 2]
                behind = sums[zz, yy, margin + first - half : margin + last - half + 1]
                if first >= half and last + half < nx:
                    for x in range(width):
                        total[x] += ahead[x] - behind[x]
                    everywhere += 2 * half + 1
                else:
                    for x in range(width):
                        total[x] += ahead[x] - behind[x]
                        count[x] += min(first + x + half, nx - 1) - max(first + x - half, 0) + 1
            for x in range(width):
                if mask[z, y, first + x]:
                    mean = total[x] / (everywhere + count[x])
                    highest = max(highest, mean)
                    if image[z, y, first + x] >= brightest:
                        local = max(local, mean)
    found[0], found[1] = local, highest


@njit(cache=True, nogil=True)
def _add_rows(flat: Any, start: Any, ahead: Any, before: Any, total: Any) -> None:
    """Set `total` to the sums of the ball at neighbouring voxels, adding its rows four at a time."""
    width = np.uintp(len(total))
    for x in range(width):
        total[x] = 0.0
    for k in range(0, len(ahead), 4):
        a0, a1, a2, a3 = start + ahead[k], start + ahead[k + 1], start + ahead[k + 2], start + ahead[k + 3]
        b0, b1, b2, b3 = (
            start + before[k],
            start + before[k + 1],
            start + before[k + 2],
            start + before[k + 3],
        )
        for x in range(width):
            total[x] += ((flat[a0 + x] - flat[b0 + x]) + (flat[a1 + x] - flat[b1 + x])) + (
                (flat[a2 + x] - flat[b2 + x]) + (flat[a3 + x] - flat[b3 + x])
            )
