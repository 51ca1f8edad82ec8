"""Where the slices of a series lie: one regular grid from their positions, or what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from samesplit.errors import LesionError

__all__ = ["SHARE", "SliceGrid", "slice_grid"]

SHARE = 0.1
"""Slices may lie off a regular grid by this share of a voxel edge (positions are often rounded to 0.1 mm)."""

_NOTED = 0.01
_SAME = 1e-4
_SHOWN = 6


@dataclass(frozen=True)
class SliceGrid:
    """The grid of a series.

    Attributes:
        order: For each slice from low to high along the normal, its place in the list that was given.
        spacing_mm: Voxel edges in the order x (along a row), y, z.
        origin_mm: The centre of the first voxel.
        direction: Unit vectors of x, y and z as the columns of a 3 x 3 matrix.
        note: For the case ledger, when the positions are not quite regular.
    """

    order: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: npt.NDArray[np.float64]
    note: str | None


def slice_grid(headers: Sequence[pydicom.Dataset], *, where: Path) -> SliceGrid:
    """The grid on which single-frame slices lie, from their positions and orientations alone.

    The slice distance is that of the positions along the normal; SliceThickness is not looked at, because slices
    may overlap or leave gaps.

    Args:
        headers: One header a slice.
        where: The folder, for messages.

    Raises:
        LesionError: Headers lack a position; sizes, pixel spacings or orientations differ; two slices lie at the
            same place; slices are missing, unevenly spaced or shifted sideways.
    """
    _check_same(headers, where)
    along_row, along_column = _orientation(headers[0], where)
    normal = np.cross(along_row, along_column)
    places = np.array([_vector(header, "ImagePositionPatient", 3, where) for header in headers])
    row_step, column_step = _vector(headers[0], "PixelSpacing", 2, where)
    heights = places @ normal
    order = np.argsort(heights, kind="stable")
    places, heights = places[order], heights[order]
    if len(headers) == 1:
        step, note = _single_slice_step(headers[0], where), None
    else:
        step, note = _regular_step(heights, where)
    _check_sideways(places, normal, min(row_step, column_step), where)
    return SliceGrid(
        order=tuple(int(place) for place in order),
        spacing_mm=(float(column_step), float(row_step), step),
        origin_mm=(float(places[0][0]), float(places[0][1]), float(places[0][2])),
        direction=np.column_stack([along_row, along_column, normal]),
        note=note,
    )


def _vector(header: pydicom.Dataset, keyword: str, length: int, where: Path) -> npt.NDArray[np.float64]:
    value = header.get(keyword)
    numbers = np.array([] if value is None else list(value), dtype=np.float64)
    if numbers.shape != (length,) or not np.isfinite(numbers).all():
        raise LesionError(
            f"a slice has no usable {keyword} ({Path(str(header.filename)).name})",
            where=where,
            remedy="export the series with its geometry",
        )
    return numbers


def _orientation(
    header: pydicom.Dataset, where: Path
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Unit vectors along a row and along a column, made exactly perpendicular."""
    cosines = _vector(header, "ImageOrientationPatient", 6, where)
    row, column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm([row, column], axis=1)
    if np.abs(lengths - 1).max() > 1e-2 or abs(row @ column) > 1e-2:
        raise LesionError(
            f"ImageOrientationPatient {_numbers(cosines)} are no perpendicular unit vectors",
            where=where,
            remedy="export the series again",
        )
    row = row / lengths[0]
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _check_same(headers: Sequence[pydicom.Dataset], where: Path) -> None:
    for keyword in ("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "FrameOfReferenceUID"):
        kinds: list[tuple[object, int]] = []
        for header in headers:
            value = header.get(keyword)
            for place, (known, count) in enumerate(kinds):
                if _alike(value, known):
                    kinds[place] = (known, count + 1)
                    break
            else:
                kinds.append((value, 1))
        if len(kinds) > 1:
            listed = "; ".join(f"{value} ({count} slices)" for value, count in kinds[:_SHOWN])
            raise LesionError(
                f"the slices differ in {keyword}: {listed}",
                where=where,
                remedy="keep the slices of one volume in the folder (no localiser, no second stack)",
            )


def _alike(value: object, known: object) -> bool:
    if value is None or known is None or isinstance(value, str | int):
        return value == known
    one, other = (np.array(list(each), dtype=np.float64) for each in (value, known))  # type: ignore[call-overload]
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=_SAME))


def _single_slice_step(header: pydicom.Dataset, where: Path) -> float:
    step = header.get("SpacingBetweenSlices")
    if step is None or not float(step) > 0:
        raise LesionError(
            "the series has one slice, whose distance to a next one is not known",
            where=where,
            remedy="give a series of at least two slices, or one with SpacingBetweenSlices",
        )
    return float(step)


def _regular_step(heights: npt.NDArray[np.float64], where: Path) -> tuple[float, str | None]:
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    double = np.flatnonzero(gaps <= max(SHARE * usual, _SAME))
    if usual <= _SAME or len(double):
        shown = ", ".join(f"{heights[place]:g}" for place in double[:_SHOWN])
        raise LesionError(
            f"{len(double)} of {len(heights)} slices lie where another one lies (at {shown} mm along the normal)",
            where=where,
            remedy="keep one volume in the folder: one echo, one time point, one b-value, no copies",
        )
    odd = np.flatnonzero(np.abs(gaps - usual) > 2 * SHARE * usual)
    if len(odd):
        listed = "; ".join(
            f"{heights[place]:g} to {heights[place + 1]:g} mm is {gaps[place]:g} mm" for place in odd[:_SHOWN]
        )
        whole = np.round(gaps[odd] / usual)
        missing = int((whole - 1).sum()) if np.all(np.abs(gaps[odd] / usual - whole) <= SHARE) else 0
        what = (
            f"{missing} slice{'s' * (missing != 1)} missing" if missing else "the slices are unevenly spaced"
        )
        more = f" and {len(odd) - _SHOWN} others" if len(odd) > _SHOWN else ""
        raise LesionError(
            f"{what}: the usual distance along the normal is {usual:g} mm, but {listed}{more}",
            where=where,
            remedy="fetch the whole series, or resample it to even slices before",
        )
    step = float(heights[-1] - heights[0]) / len(gaps)
    off = float(np.abs(heights - heights[0] - step * np.arange(len(heights))).max())
    if off > SHARE * step:
        raise LesionError(
            f"the slices are unevenly spaced: they lie up to {off:.3g} mm off a regular grid of {step:g} mm",
            where=where,
            remedy="resample the series to even slices before",
        )
    return step, (
        f"image: slice positions lie up to {off:.3g} mm off a regular grid of {step:.6g} mm"
        if off > _NOTED * step
        else None
    )


def _check_sideways(
    places: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], step: float, where: Path
) -> None:
    moved = places - places[0]
    sideways = np.linalg.norm(moved - np.outer(moved @ normal, normal), axis=1)
    if sideways.max() > SHARE * step:
        raise LesionError(
            f"the slices are shifted sideways by up to {sideways.max():.3g} mm (a tilted gantry?)",
            where=where,
            remedy="resample the series to an upright grid before",
        )


def _numbers(values: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{value:g}" for value in values)
