"""Where a NIfTI file says that its voxels lie, twice: sform and qform; and which of the two was used.

The [standard](https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h) has voxel sizes in `pixdim`, a rotation
with an offset (qform), and a matrix (sform). Programs that change one of them often leave the others as they were.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.ordering import first_best

__all__ = ["placement_notes"]

SCALE = 1e-3
"""Voxel sizes that differ by more than this share differ."""

SHARE = 0.1
"""Places that lie apart by more than this share of the smallest voxel edge differ."""

_LAYOUTS = {348: ("f", 76, 123, "h", 252, 256, 280), 540: ("d", 104, 500, "i", 344, 352, 400)}
_MILLIMETRES = (0, 2)
_LPS = np.diag([-1.0, -1.0, 1.0])

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Placement:
    """Unit axes (columns), the place of the first voxel, and voxel sizes, in ITK's directions."""

    axes: Matrix
    origin: Matrix
    spacing: Matrix

    def corners(self, size: tuple[int, ...], spacing: Matrix) -> Matrix:
        ends = np.array(list(itertools.product(*[(0, n - 1) for n in size])), dtype=float)
        return np.asarray(ends @ (self.axes * spacing).T + self.origin)


def placement_notes(header: bytes, image: sitk.Image, what: str) -> list[str]:
    """Return what is to be known about a file whose ways of placing it contradict each other.

    Args:
        header: The first bytes of the file, unpacked.
        image: The image as ITK read it.
        what: "image" or "mask", for the notes.

    Returns:
        Notes for the case ledger: sform and pixdim have other voxel sizes; sform and qform other places.
    """
    read = _read(header) if image.GetDimension() >= 3 else None
    if read is None:
        return []
    qform, sform, pixdim = read
    size = image.GetSize()[:3]
    used = _Placement(
        np.reshape(image.GetDirection(), (image.GetDimension(), -1))[:3, :3],
        np.array(image.GetOrigin()[:3]),
        np.array(image.GetSpacing()[:3]),
    )
    if not all(np.isfinite(part).all() for part in (used.axes, used.origin, used.spacing)):
        return []  # such an image is refused
    edge = SHARE * float(used.spacing.min())
    names = {"sform": sform, "qform": qform}
    apart = {name: _apart(used, form, size, used.spacing) for name, form in names.items() if form is not None}
    nearest = list(apart)[first_best([*apart.values()], largest=False, scale=edge)] if apart else ""
    whose = (
        f"place and axes are those of the {nearest}"
        if apart and apart[nearest] <= edge
        else "neither was used"
    )
    notes = []
    if sform is not None and np.abs(sform.spacing / pixdim - 1).max() > SCALE:
        took = "pixdim" if np.abs(used.spacing / pixdim - 1).max() <= SCALE else "the sform"
        notes.append(
            f"{what}: the sform has voxels of {_sizes(sform.spacing)} mm beside {_sizes(pixdim)} mm in pixdim; "
            f"those of {took} were used, {whose}"
        )
    if sform is not None and qform is not None:
        between = _apart(sform, qform, size, used.spacing)
        if between > edge:
            notes.append(f"{what}: sform and qform place it up to {between:.3g} mm apart; {whose}")
    return notes


def _apart(one: _Placement, other: _Placement, size: tuple[int, ...], spacing: Matrix) -> float:
    gaps = one.corners(size, spacing) - other.corners(size, spacing)
    return float(np.linalg.norm(gaps, axis=1).max())


def _sizes(spacing: Matrix) -> str:
    return " x ".join(f"{value:.4g}" for value in spacing)


def _read(header: bytes) -> tuple[_Placement | None, _Placement | None, Matrix] | None:
    """Qform and sform, None where their code is 0, and pixdim; None where they cannot be compared."""
    found = [
        (order, layout)
        for order, (length, layout) in itertools.product("<>", _LAYOUTS.items())
        if len(header) >= length and struct.unpack_from(f"{order}i", header)[0] == length
    ]
    if not found:
        return None
    order, (number, pixdim_at, units_at, code, codes_at, q_at, s_at) = found[0]
    pixdim = np.array(struct.unpack_from(f"{order}8{number}", header, pixdim_at), dtype=float)
    q_code, s_code = struct.unpack_from(f"{order}2{code}", header, codes_at)
    spacing = np.abs(pixdim[1:4])
    if header[units_at] & 7 not in _MILLIMETRES or not np.all(np.isfinite(spacing) & (spacing > 0)):
        return None
    b, c, d, *offset = struct.unpack_from(f"{order}6{number}", header, q_at)
    rows = np.array(struct.unpack_from(f"{order}12{number}", header, s_at), dtype=float).reshape(3, 4)
    qform = sform = None
    if q_code > 0 and np.all(np.isfinite([b, c, d, *offset])):
        axes = _rotation(b, c, d) * np.array([1.0, 1.0, -1.0 if pixdim[0] < 0 else 1.0])
        qform = _Placement(_LPS @ axes, _LPS @ np.array(offset), spacing)
    lengths = np.linalg.norm(rows[:, :3], axis=0)
    if s_code > 0 and np.all(np.isfinite(rows)) and np.all(lengths > 0):
        sform = _Placement(_LPS @ (rows[:, :3] / lengths), _LPS @ rows[:, 3], lengths)
    return qform, sform, spacing


def _rotation(b: float, c: float, d: float) -> Matrix:
    """Return the rotation of a unit quaternion whose real part is not negative."""
    a = np.sqrt(max(1.0 - (b * b + c * c + d * d), 0.0))
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
