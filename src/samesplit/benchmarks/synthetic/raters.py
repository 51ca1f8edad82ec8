"""Three raters' contours of the same lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from samesplit.benchmarks.synthetic.fields import Array, SmoothField
from samesplit.benchmarks.synthetic.population import Lesion
from samesplit.benchmarks.synthetic.seeds import stream
from samesplit.benchmarks.synthetic.settings import RaterSettings

RATERS = ("R1", "R2", "R3")

Mask = npt.NDArray[np.uint8]


class RaterContours:
    """Contours as level sets of the lesion's signed distance plus a smooth random error.

    The error has a part that a rater repeats on every sequence (a field in physical space), a part
    of the sequence, and one offset per slice, because contours are drawn slice by slice; all
    grow with the lesion. A rater's bias makes the whole contour wider or tighter.

    Args:
        seed: Seed of the cohort.
        lesion: The lesion.
        radius_mm: Its mean radius.
        settings: Sizes of the errors.
    """

    def __init__(self, seed: int, lesion: Lesion, *, radius_mm: float, settings: RaterSettings) -> None:
        self._key = (seed, lesion.patient.index, lesion.number)
        self._radius_mm = radius_mm
        self._settings = settings
        self._fields = [self._field("rater", rater) for rater in RATERS]

    def _field(self, *key: str) -> SmoothField:
        return SmoothField(
            stream(*self._key, *key),
            correlation_mm=max(0.4 * self._radius_mm, 3.0),
            period_mm=4.0 * self._radius_mm,
        )

    def masks(self, distance_mm: Array, offsets_mm: Array, *, sequence: str) -> Sequence[Mask]:
        """Draw the masks of all raters on one grid.

        Args:
            distance_mm: Signed distance to the true margin, shape (z, y, x), in mm.
            offsets_mm: Points relative to the lesion centre, shape (3, z, y, x), in mm.
            sequence: Name of the sequence.

        Returns:
            One mask (0 and 1) per rater, in the order of `RATERS`: one connected piece, no
            holes, never empty.
        """
        sizes, radius = self._settings, np.float32(self._radius_mm)
        masks = []
        for rater, bias, field in zip(RATERS, sizes.bias, self._fields, strict=True):
            rng = stream(*self._key, "slices", rater, sequence)
            per_slice = rng.standard_normal((len(distance_mm), 1, 1), dtype=np.float32)
            error = np.float32(sizes.contour_sd) * field.on_grid(offsets_mm)
            own = self._field("rater", rater, sequence)
            error += np.float32(sizes.sequence_sd) * own.on_grid(offsets_mm)
            error += np.float32(bias) + np.float32(sizes.slice_sd) * per_slice
            masks.append(_tidy(distance_mm < radius * error, distance_mm))
        return masks


def _tidy(inside: npt.NDArray[np.bool_], distance_mm: Array) -> Mask:
    inside = inside | (distance_mm == distance_mm.min())
    pieces, count = ndimage.label(inside)
    if count > 1:
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        inside = pieces == sizes.argmax()
    filled = [ndimage.binary_fill_holes(plane) for plane in inside]
    return np.stack(filled).astype(np.uint8)
