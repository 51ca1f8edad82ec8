"""Where the slices of a series lie: one regular grid from their positions, or what stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from samesplit.errors import LesionError
from samesplit.imaging.dicom.resample import SliceMap, map_slices
from samesplit.imaging.repairs import RepairName, how_to_allow

__all__ = ["SHARE", "SliceGrid", "slice_grid"]

SHARE = 0.1
"""Slices may lie off a regular grid by this share of a voxel edge (positions are often rounded to 0.1 mm)."""

_NOTED = 0.01
_SAME = 1e-4
_SHOWN = 6
_REPAIR = how_to_allow("resample_slices")


@dataclass(frozen=True)
class SliceGrid:
    """The grid of a series.

    Attributes:
        order: For each slice from low to high along the normal, its place in the list that was given.
        spacing_mm: Voxel edges in the order x (along a row), y, z.
        origin_mm: The centre of the first voxel.
        direction: Unit vectors of x, y and z as the columns of a 3 x 3 matrix.
        notes: For the case ledger, when the positions are not quite regular, or were made so.
        slices: How the planes of the grid come from slices that lie otherwise; None where they are the slices.
    """

    order: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: npt.NDArray[np.float64]
    notes: tuple[str, ...] = ()
    slices: SliceMap | None = None


def slice_grid(
    headers: Sequence[pydicom.Dataset], *, where: Path, repairs: Sequence[RepairName] = ()
) -> SliceGrid:
    """Return the grid on which single-frame slices lie, from their positions and orientations alone.

    The slice distance is that of the positions along the normal; SliceThickness is not looked at, because slices
    may overlap or leave gaps.

    Args:
        headers: One header a slice.
        where: The folder, for messages.
        repairs: With `resample_slices` missing, uneven and sideways shifted slices are mapped onto a regular grid.

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
    direction = np.column_stack([along_row, along_column, normal])
    in_order = tuple(int(place) for place in order)
    spacing = (float(column_step), float(row_step))
    _check_places(heights, where)
    try:
        if len(headers) == 1:
            step, note = _single_slice_step(headers[0], where), None
        else:
            step, note = _regular_step(heights, where)
        _check_sideways(places, normal, min(row_step, column_step), where)
    except LesionError:
        if "resample_slices" not in repairs or len(headers) == 1:
            raise
        size = (int(headers[0].Columns), int(headers[0].Rows))
        return _resampled(places, heights, direction, spacing, size, in_order, where)
    return SliceGrid(in_order, (*spacing, step), _point(places[0]), direction, (note,) if note else ())


def _point(place: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(place[0]), float(place[1]), float(place[2])


def _resampled(
    places: npt.NDArray[np.float64],
    heights: npt.NDArray[np.float64],
    direction: npt.NDArray[np.float64],
    spacing: tuple[float, float],
    size: tuple[int, int],
    order: tuple[int, ...],
    where: Path,
) -> SliceGrid:
    """Return the regular upright grid of slices that lie otherwise."""
    sideways = (places - places[0]) @ direction[:, :2]
    slices = map_slices(heights, sideways / np.array(spacing), size, near=SHARE, where=where)
    corner = direction[:, :2] @ (np.array(spacing) * np.array(slices.corner))
    return SliceGrid(
        order,
        (*spacing, slices.step_mm),
        _point(places[0] + corner),
        direction,
        tuple(_what_was_done(slices, sideways, size)),
        slices,
    )


def _what_was_done(
    slices: SliceMap, sideways: npt.NDArray[np.float64], size: tuple[int, int]
) -> Iterator[str]:
    gaps = np.diff(slices.heights_mm)
    between = slices.between
    if between or len(slices.lower) != len(slices.heights_mm):
        shown = ", ".join(f"{slices.step_mm * place:g}" for place in between[:_SHOWN])
        more = f" and {len(between) - _SHOWN} others" if len(between) > _SHOWN else ""
        told = f", {len(between)} of them interpolated between two (at {shown}{more} mm from the first)"
        yield (
            f"resample_slices: {len(slices.heights_mm)} slices {gaps.min():.4g} to {gaps.max():.4g} mm apart "
            f"became {len(slices.lower)} slices {slices.step_mm:.4g} mm apart{told if between else ''}"
        )
    if np.any(slices.offsets != 0):
        rise = slices.heights_mm @ sideways / (slices.heights_mm @ slices.heights_mm)
        off = float(np.abs(sideways - np.outer(slices.heights_mm, rise)).max())
        tilt = np.degrees(np.arctan(np.linalg.norm(rise)))
        tilted = off <= SHARE * float(np.linalg.norm(sideways, axis=1).max())
        how = f"a gantry tilted by {tilt:.2f} degrees, to within {off:.2f} mm" if tilted else "unevenly"
        columns, rows = slices.canvas
        yield (
            f"resample_slices: the slices were shifted within their planes by up to "
            f"{np.linalg.norm(sideways, axis=1).max():.3g} mm ({how}) onto an upright grid of {columns} x {rows} "
            f"voxels instead of {size[0]} x {size[1]}; what no slice covers got the image's lowest value"
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
    """Return unit vectors along a row and along a column, made exactly perpendicular."""
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


def _check_places(heights: npt.NDArray[np.float64], where: Path) -> None:
    if len(heights) < 2:
        return
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    double = np.flatnonzero(gaps <= max(SHARE * usual, _SAME))
    if usual <= _SAME or len(double):
        shown = ", ".join(f"{heights[place]:g}" for place in double[:_SHOWN])
        raise LesionError(
            f"{len(double)} of {len(heights)} slices lie where another one lies (at {shown} mm along the normal)",
            where=where,
            remedy="keep one volume in the folder: one echo, one time point, one b-value; only slices with the "
            "same pixels count as copies",
        )


def _regular_step(heights: npt.NDArray[np.float64], where: Path) -> tuple[float, str | None]:
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
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
            remedy=f"fetch the whole series, or {_REPAIR}",
        )
    step = float(heights[-1] - heights[0]) / len(gaps)
    off = float(np.abs(heights - heights[0] - step * np.arange(len(heights))).max())
    if off > SHARE * step:
        raise LesionError(
            f"the slices are unevenly spaced: they lie up to {off:.3g} mm off a regular grid of {step:g} mm",
            where=where,
            remedy=f"resample the series to even slices before, or {_REPAIR}",
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
            remedy=f"resample the series to an upright grid before, or {_REPAIR}",
        )


def _numbers(values: npt.NDArray[np.float64]) -> str:
    return " ".join(f"{value:g}" for value in values)
