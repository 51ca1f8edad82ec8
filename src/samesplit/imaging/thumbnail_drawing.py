"""One case as a small grey picture: the axial slice with most of the lesion, and the mask's contour."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from skimage.measure import approximate_polygon, find_contours
from skimage.transform import resize

from samesplit.imaging.case import Case, bounding_box, crop
from samesplit.imaging.case_file import CaseFile
from samesplit.source import source_digest
from samesplit.storage import hash_object, library_digest

__all__ = ["MAXIMUM_SIDE", "Picture", "PictureTask", "draw", "draw_case"]

MAXIMUM_SIDE = 96
"""Pixels along the longer side, at most."""

_MARGIN = 0.35
"""Share of the lesion's width shown around it on each side."""

_LEAST_MARGIN_MM = 5.0
_PERCENTILES = (1.0, 99.0)
_CONTOUR_TOLERANCE = 0.2


@dataclass(frozen=True)
class Picture:
    """A picture with square pixels.

    Attributes:
        pixels: uint8, shape (height, width), from the 1st to the 99th percentile of what is shown.
        contour: The mask's outline as lists of (x, y) in pixels, the picture's upper left corner being (0, 0)
            and a pixel being 1 wide.
    """

    pixels: npt.NDArray[np.uint8]
    contour: list[list[tuple[float, float]]]


@dataclass(frozen=True)
class PictureTask:
    """One case to draw."""

    case: CaseFile

    @property
    def what(self) -> str:
        """The case in words, for who waits."""
        return self.case.what

    @property
    def key(self) -> str:
        """SHA-256 of all that decides the picture."""
        made_by = [source_digest(__name__), library_digest("numpy", "scikit-image")]
        return hash_object([self.case.content, "picture", *made_by])


def draw_case(task: PictureTask) -> dict[str, Any]:
    """Read a case and draw it, as plain data.

    Raises:
        LesionError: The case cannot be read.
    """
    case = task.case.read()
    picture = draw(case)
    height, width = picture.pixels.shape
    return {
        "width": width,
        "height": height,
        "pixels": base64.b64encode(picture.pixels.tobytes()).decode(),
        "contour": picture.contour,
        "repairs": list(case.repairs),
    }


def draw(case: Case) -> Picture:
    """Draw the axial slice with most mask voxels, cut to the lesion and a margin.

    The patient's right is on the left of the picture and the front at the top, as radiologists look at it. Of
    several slices with equally many mask voxels the middle one is drawn.
    """
    spacing = case.image.GetSpacing()
    box = bounding_box(case.mask)
    margin_mm = max(
        _MARGIN * max(n * step for n, step in zip(box.size, spacing, strict=True)), _LEAST_MARGIN_MM
    )
    box = bounding_box(case.mask, [math.ceil(margin_mm / step) for step in spacing])
    grey = sitk.DICOMOrient(crop(case.image, box), "LPS")
    roi = sitk.DICOMOrient(crop(case.mask, box), "LPS")
    inside = sitk.GetArrayViewFromImage(roi)
    area = inside.sum(axis=(1, 2), dtype=np.int64)
    fullest = np.flatnonzero(area == area.max())
    level = int(fullest[len(fullest) // 2])
    values = sitk.GetArrayViewFromImage(grey)[level].astype(np.float64)
    step_x_mm, step_y_mm = grey.GetSpacing()[:2]
    return _render(values, inside[level], step_x_mm=step_x_mm, step_y_mm=step_y_mm)


def _render(
    values: npt.NDArray[np.float64], inside: npt.NDArray[np.uint8], *, step_x_mm: float, step_y_mm: float
) -> Picture:
    """Scale a slice to square pixels and grey levels, and trace the mask."""
    rows, columns = values.shape
    edge_mm = max(min(step_x_mm, step_y_mm), max(rows * step_y_mm, columns * step_x_mm) / MAXIMUM_SIDE)
    height = min(max(round(rows * step_y_mm / edge_mm), 1), MAXIMUM_SIDE)
    width = min(max(round(columns * step_x_mm / edge_mm), 1), MAXIMUM_SIDE)
    low, high = np.percentile(values, _PERCENTILES)
    if high <= low:
        low, high = float(values.min()), float(values.max())
    scaled = np.clip((values - low) / (high - low or 1.0), 0.0, 1.0)
    smaller = height < rows or width < columns
    scaled = resize(scaled, (height, width), order=1, mode="edge", anti_aliasing=smaller)
    lines = find_contours(np.pad(inside.astype(np.float64), 1), 0.5)
    factor = np.array([height / rows, width / columns])
    contour = []
    for line in lines:
        # (row, column) of pixel centres in the padded slice; the picture counts from its corner.
        points = approximate_polygon((line - 0.5) * factor, _CONTOUR_TOLERANCE)
        contour.append([(round(float(x), 2), round(float(y), 2)) for y, x in points])
    return Picture(np.round(scaled * 255).astype(np.uint8), contour)
