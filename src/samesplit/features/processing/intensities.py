"""What is done to each voxel's intensity by itself: rounding, normalising; always on float64, in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.ordering import RELATIVE

__all__ = ["Change", "Scaling", "cut_decimals", "moments", "round_intensities"]

Floats = npt.NDArray[np.float64]
Change = Callable[[Floats], Floats]

_SNAP = 2.0**20  # a power of two: halves stay exact


def round_intensities(values: Floats) -> Floats:
    """Round to the nearest whole number, halves to the even one, in place.

    What lies within 5e-7 of a half counts as a half: interpolating whole numbers half-way makes many, and rounding
    errors of 1e-14 shall not decide about them.

    Example:
        >>> round_intensities(np.array([-1.5, 0.4, 0.6, 53.5 - 1e-13])).tolist()
        [-2.0, 0.0, 1.0, 54.0]
    """
    values *= _SNAP
    np.rint(values, out=values)
    values /= _SNAP
    return np.rint(values, out=values)


def cut_decimals(values: Floats) -> Floats:
    """Cut decimals off, towards 0, in place: what a cast to whole numbers does.

    What lies within 5e-7 of a whole number is that number, so that rounding errors do not cost a whole unit.

    Example:
        >>> cut_decimals(np.array([-1.5, 0.9, 2.0 - 1e-13])).tolist()
        [-1.0, 0.0, 2.0]
    """
    values *= _SNAP
    np.rint(values, out=values)
    values /= _SNAP
    np.trunc(values, out=values)
    values += 0.0  # no negative zeros
    return values


@dataclass(frozen=True)
class Scaling:
    """Mean 0 and a chosen standard deviation, with far values cut to a bound; a call works in place.

    Attributes:
        mean: The intensity that becomes 0.
        sd: The standard deviation before.
        scale: The standard deviation afterwards.
        clip_sd: Values beyond this many standard deviations get that bound; None leaves them.

    Example:
        >>> Scaling(mean=10.0, sd=2.0, scale=100.0, clip_sd=3.0)(np.array([12.0, 50.0])).tolist()
        [100.0, 300.0]
    """

    mean: float
    sd: float
    scale: float = 1.0
    clip_sd: float | None = None

    def __call__(self, values: Floats) -> Floats:
        """Scale values in place and give them back."""
        values -= self.mean
        values *= self.scale / self.sd
        if self.clip_sd is not None:
            np.clip(values, -self.clip_sd * self.scale, self.clip_sd * self.scale, out=values)
        return values


def moments(
    image: npt.NDArray[Any],
    mask: npt.NDArray[np.uint8] | None = None,
    *,
    change: Change | None = None,
    sample: bool = False,
) -> tuple[float, float]:
    """Mean and standard deviation (divided by the number of voxels), slice by slice to spare memory.

    Args:
        image: Axes z, y, x, any real dtype.
        mask: Voxels that count, same shape; all when None.
        change: What is done to the values first.
        sample: The standard deviation divides by one voxel less.

    Raises:
        LesionError: All values are the same but for rounding, so that nothing can be scaled.

    Example:
        >>> moments(np.array([[[1.0, 3.0]]]))
        (2.0, 1.0)
    """
    count, total = 0, 0.0
    for values in _slices(image, mask, change):
        count += values.size
        total += float(values.sum())
    mean = total / count
    squares = sum(float(np.square(values - mean).sum()) for values in _slices(image, mask, change))
    sd = float(np.sqrt(squares / max(count - sample, 1)))
    if sd <= RELATIVE * abs(mean):
        raise LesionError(
            f"intensities cannot be normalised: all {count:,} voxels are {mean:g}",
            remedy="check the image, or normalise over the whole image instead of the lesion",
        )
    return mean, sd


def _slices(
    image: npt.NDArray[Any], mask: npt.NDArray[np.uint8] | None, change: Change | None
) -> Iterator[Floats]:
    for z in range(len(image)):
        part = image[z] if mask is None else image[z][mask[z] > 0]
        values = np.array(part, dtype=np.float64)
        yield values if change is None else change(values)
