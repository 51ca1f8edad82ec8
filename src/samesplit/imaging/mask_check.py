"""Whether what was given as a mask is one, and not an image: the image itself, or one that was swapped with it.

A mask's labels are numbers above 0, and each lies in regions: most of its voxels have a neighbour with the same
label, be there one label or a hundred. An image's grey levels are many, and the voxels of each lie scattered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.mask_label import ANY, LABEL_STEP, MaskLabel, parse_mask_label

__all__ = ["BACKGROUND_SHARE", "FEW", "REGION_SHARE", "check_is_mask", "check_whole_labels"]

FEW = 10
"""So many different values besides 0 may lie as they like; more of them have to form regions."""

REGION_SHARE = 0.5
"""Values form regions when, for half of them or more, this share of their voxels has an equal one beside it in the
slice; voxels with nothing but 0 beside them do not count."""

BACKGROUND_SHARE = 0.05
"""With `mask_label: any` at least this share of a mask of grey values must be 0."""

_SAMPLED = 4_000_000
_ROUNDING = 1e-6

Values = npt.NDArray[Any]


def check_is_mask(labels: sitk.Image, image: sitk.Image, mask_label: MaskLabel) -> None:
    """Refuse a mask that is an image.

    Args:
        labels: The mask as it was read, before a label is chosen.
        image: The image it belongs to.
        mask_label: `any` allows grey values where the rest is 0, as masked images have (FSL's `fslmaths -mas`).

    Raises:
        LesionError: The mask holds NaN or infinite voxels; the image's own voxels; negative numbers; more than
            `FEW` different values that form no regions; or, with `any`, grey values nearly everywhere.
    """
    values = sitk.GetArrayViewFromImage(labels)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise LesionError(f"{bad:,} mask voxels are NaN or infinite", remedy="save the mask as whole numbers")
    problem = _grey_levels(values)
    if problem is None:
        return
    picture = sitk.GetArrayViewFromImage(image)
    if values.shape == picture.shape and np.array_equal(values, picture):
        raise LesionError(
            "the mask holds the image's own voxels",
            remedy="name the file of the mask in the column mask of images.csv",
        )
    if _grey_levels(picture) is None:
        raise LesionError(
            f"image and mask are swapped: {problem}; what is named as the image holds labels",
            remedy="exchange image and mask",
        )
    if parse_mask_label(mask_label) == ANY:
        taken = np.count_nonzero(values) / values.size
        if taken <= 1 - BACKGROUND_SHARE:
            return
        problem += f", and mask_label any would take {taken:.1%} of its voxels"
    raise LesionError(problem, remedy=_REMEDY)


_REMEDY = (
    "check the column mask of images.csv; save a probability map as 0 and 1 at a threshold of your choice; write "
    "mask_label any where the lesion is all that is not 0"
)


def check_whole_labels(labels: sitk.Image, mask_label: MaskLabel) -> None:
    """Refuse to take a whole label out of a mask that holds fractions besides it: a probability map.

    Raises:
        LesionError: It does; a decimal label, or `any`, says that this is meant.
    """
    label = parse_mask_label(mask_label)
    values = sitk.GetArrayViewFromImage(labels)
    if values.dtype.kind != "f" or label == ANY or not float(label).is_integer():
        return
    held = values[values != 0]
    between = held[np.abs(held - np.round(held)) > LABEL_STEP]
    if between.size:
        raise LesionError(
            f"{between.size:,} voxels of the mask are fractions ({between.min():.3g} to {between.max():.3g}), as "
            "in a probability map",
            remedy="save it as 0 and 1 at a threshold of your choice, or write mask_label any to take all that is "
            "not 0",
        )


def _grey_levels(values: Values) -> str | None:
    """Return what shows that these are grey levels; None where they may be labels."""
    lowest, highest = values.min(), values.max()
    if lowest < -_ROUNDING:
        return f"the mask holds negative numbers ({lowest:,.6g} to {highest:,.6g}), as images do and masks do not"
    if values.dtype.kind != "f" and highest <= FEW:
        return None
    slices = values[:: -(-values.size // _SAMPLED)]
    held = slices != 0
    found, place = np.unique(slices[held], return_inverse=True)
    if len(found) <= FEW:
        return None
    beside, among = _has_neighbour(slices, equal=True)[held], _has_neighbour(slices, equal=False)[held]
    alike = np.bincount(place.ravel(), weights=beside, minlength=len(found))
    judged = np.bincount(place.ravel(), weights=among, minlength=len(found))
    # A voxel that lies alone (a tiny lesion with a number of its own) tells nothing.
    shares = alike[judged > 0] / judged[judged > 0]
    if len(shares) <= FEW or np.median(shares) >= REGION_SHARE:
        return None
    more = " or more" if len(slices) < len(values) else ""
    return (
        f"the mask holds {len(found):,}{more} different values that lie scattered ({lowest:,.6g} to "
        f"{highest:,.6g}), as an image's grey levels do and a mask's labels do not"
    )


def _has_neighbour(values: Values, *, equal: bool) -> npt.NDArray[np.bool_]:
    """Whether a voxel has one beside it in its row or column that is equal, or that is not 0."""
    found = np.zeros(values.shape, dtype=bool)
    for axis in (1, 2):
        low = [slice(None)] * 3
        high = [slice(None)] * 3
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        one, other = values[tuple(low)], values[tuple(high)]
        found[tuple(low)] |= one == other if equal else other != 0
        found[tuple(high)] |= one == other if equal else one != 0
    return found
