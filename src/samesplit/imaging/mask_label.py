"""Which voxels of a mask are the lesion: those of one label, a decimal one too, or all that are not 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError

__all__ = ["ANY", "LABEL_SHARE", "LABEL_STEP", "MaskLabel", "parse_mask_label", "select_label"]

ANY = "any"
"""The `mask_label` that takes every voxel that is not 0 (decimals: that is more than 0.000001 off it)."""

MaskLabel = float | str
"""A number above 0, or `ANY`; text as in images.csv (`"2"`, `"0.00392"`, `"any"`) is understood too."""

LABEL_SHARE = 0.01
"""A voxel has a label when it differs from it by no more than this share of the label,"""
LABEL_STEP = 0.0015
"""and by no more than this: 0.999 is 1 and 0.003921569 is 0.00392, but 254/255 is not 255/255."""

_SHOWN = 10
_EXACT = 1e-6


def parse_mask_label(text: MaskLabel) -> str:
    """Write a label in its one way: `any`, or the number as short as it goes.

    Example:
        >>> [parse_mask_label(label) for label in ("1", 2.0, "0.00392", " Any ", 1)]
        ['1', '2', '0.00392', 'any', '1']

    Raises:
        ValueError: It is neither `any` nor a number above 0.
    """
    told = str(text).strip().lower()
    if told == ANY:
        return ANY
    try:
        number = float(told)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"{text!r} is neither a number above 0 nor '{ANY}'")
    return str(int(number)) if number.is_integer() else repr(number)


def select_label(labels: sitk.Image, mask_label: MaskLabel) -> tuple[sitk.Image, str | None]:
    """Return the voxels of a label as a mask of 0 and 1.

    Args:
        labels: The mask as it was read, finite.
        mask_label: See `MaskLabel`; numbers count within rounding (`LABEL_SHARE`, `LABEL_STEP`).

    Returns:
        The mask, uint8, and a note for the case ledger where voxels of several values, or of a value that is not
        quite the label, were taken.

    Raises:
        LesionError: The mask is empty or has no such label; the message lists the labels that there are.
    """
    label = parse_mask_label(mask_label)
    values = sitk.GetArrayViewFromImage(labels)
    chosen = _chosen(values, label)
    if not chosen.any():
        raise _absent(values, label)
    note = _note(values[chosen], label) if label == ANY or values.dtype.kind == "f" else None
    roi = sitk.GetImageFromArray(chosen.view(np.uint8))
    roi.CopyInformation(labels)
    return roi, note


def _chosen(values: npt.NDArray[Any], label: str) -> npt.NDArray[np.bool_]:
    if label == ANY:
        return np.asarray(np.abs(values) > _EXACT if values.dtype.kind == "f" else values != 0)
    number = float(label)
    if values.dtype.kind != "f":
        if number.is_integer() and number <= np.iinfo(values.dtype).max:
            return np.asarray(values == values.dtype.type(number))  # compared as they are, not as float64
        return np.asarray(values == number)
    room = min(LABEL_SHARE * number, LABEL_STEP)
    return np.asarray((values >= number - room) & (values <= number + room))


def _note(taken: npt.NDArray[Any], label: str) -> str | None:
    lowest, highest = float(taken.min()), float(taken.max())
    told = f"{taken.size:,} voxels of {lowest:g}" + (f" to {highest:g}" if highest != lowest else "")
    if label == ANY:
        return f"mask: mask_label any took {told}" if highest != lowest else None
    number = float(label)
    off = max(abs(lowest - number), abs(highest - number))
    return (
        f"mask: mask_label {label} took {told}, the same within rounding" if off > _EXACT * number else None
    )


def _absent(values: npt.NDArray[Any], label: str) -> LesionError:
    found, counts = np.unique(values[values != 0], return_counts=True)
    if len(found) == 0:
        return LesionError("the mask is empty", remedy="draw it, or leave this image out")
    shown = [f"{v:g} ({n:,} voxels)" for v, n in zip(found[:_SHOWN], counts, strict=False)]
    more = f" and {len(found) - _SHOWN:,} others" if len(found) > _SHOWN else ""
    usual = float(found[int(np.argmax(counts))])
    return LesionError(
        f"the mask has no label {label}; labels found: {', '.join(shown)}{more}",
        remedy=f"give the right mask_label, for example {usual:.6g}, or '{ANY}' for all that is not 0",
    )
