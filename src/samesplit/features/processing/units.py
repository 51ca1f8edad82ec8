"""Whether intensities can be what the profile says they are: Hounsfield units, standardised uptake values.

Only what is certain is an error; what is merely unusual is a note. A CT that was cut to soft tissue has no air in
it, so the absence of low values proves nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.features.processing.settings import Unit

__all__ = ["check_unit"]

NARROWEST_HU = 10.0
"""Noise alone spreads a CT further: a whole image within fewer HU was rescaled."""
LOWEST_SUV = -0.5
"""Reconstruction and interpolation may undershoot 0 a little."""
HIGHEST_SUV = 200.0
"""No lesion takes up more; Bq/mL start in the thousands."""


def check_unit(image: npt.NDArray[Any], mask: npt.NDArray[np.uint8], unit: Unit) -> tuple[str, ...]:
    """Compare the intensities of an image and of its lesion with their declared unit.

    HU: an error when the whole image spans less than 10 (rescaled to 0..1, or normalised); a note when no voxel is
    below 0 (stored values without the rescale intercept, or a window turned into 0..255). SUV: an error when the
    lesion holds values below -0.5 or above 200. Other units are not checked.

    Args:
        image: The whole image.
        mask: 1 inside the lesion, same shape.
        unit: What the profile says.

    Returns:
        Notes for the case ledger.

    Raises:
        LesionError: The intensities cannot have this unit.

    Example:
        >>> check_unit(np.array([-120.0, 60.0]), np.array([0, 1]), "HU")
        ()
    """
    if unit == "HU":
        return _check_hu(float(image.min()), float(image.max()))
    if unit == "SUV":
        inside = image[mask > 0]
        _check_suv(float(inside.min()), float(inside.max()))
    return ()


def _check_hu(low: float, high: float) -> tuple[str, ...]:
    if high - low < NARROWEST_HU:
        raise LesionError(
            f"the image cannot be in HU: all its voxels lie between {low:g} and {high:g}",
            remedy="give the CT in Hounsfield units, before any rescaling or normalising; if its grey levels mean "
            "something else, use a profile with unit: arbitrary",
        )
    if low >= 0:
        return (
            f"image: no voxel is below 0 HU (lowest {low:g}, highest {high:g}): if it shows more than soft "
            "tissue, its rescale intercept is missing, or it was windowed",
        )
    return ()


def _check_suv(low: float, high: float) -> None:
    if high > HIGHEST_SUV:
        raise LesionError(
            f"the image cannot be in SUV: the lesion's highest voxel is {high:,.0f}, as in Bq/mL",
            remedy="convert it to SUV (divide by injected dose per body weight), or use a profile with "
            "unit: quantitative",
        )
    if low < LOWEST_SUV:
        raise LesionError(
            f"the image cannot be in SUV: the lesion's lowest voxel is {low:g}",
            remedy="check that this is the PET image, not a CT or a normalised copy",
        )
