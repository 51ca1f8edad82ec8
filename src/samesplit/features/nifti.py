"""What ITK does not tell about NIfTI files: that one is cut off, holds NaN, or has axes a little sheared."""

from __future__ import annotations

import gzip
import math
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from samesplit.errors import LesionError

__all__ = ["MAXIMUM_SHEAR_DEGREES", "check_whole", "read_sheared"]

MAXIMUM_SHEAR_DEGREES = 1.0
"""Axes off a right angle by no more than this are straightened; rounded headers stay far below it."""

_CHUNK = 1 << 20
_FLOATS = {16: "f4", 64: "f8"}
"""NIfTI's codes of the data types that can hold NaN."""
_PERMISSIVE = "ITK_NIFTI_SFORM_PERMISSIVE"
_environment = threading.Lock()


@dataclass(frozen=True)
class _Layout:
    """The voxels of a file: bytes before them, bytes of them, and their type where it can hold NaN."""

    offset: int
    size: int
    floats: np.dtype[Any] | None


def check_whole(path: Path) -> npt.NDArray[np.int64]:
    """Check that a NIfTI file holds all the voxels that its header promises, and find those that are no numbers.

    ITK fills the voxels that a cut-off file lacks with zeros, reads NaN and infinity as zero too, and says
    nothing of either.

    Returns:
        Where the NaN and infinite voxels are, counted in the order of the file (x runs fastest).

    Raises:
        LesionError: The file is cut off, its gzip check sum is wrong, or it is not NIfTI.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            expected, size, bad = _check_stream(path, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LesionError(
            f"the file is cut off or damaged ({str(error).rstrip('.')})",
            where=path,
            remedy="copy or fetch it again",
        ) from error
    if size < expected:
        raise LesionError(
            f"the file is cut off: the header promises {expected:,} bytes, there are {size:,}",
            where=path,
            remedy="copy or fetch it again",
        )
    return bad


def _check_stream(path: Path, stream: gzip.GzipFile | BinaryIO) -> tuple[int, int, npt.NDArray[np.int64]]:
    """(bytes that the header promises, bytes that there are, places of voxels that are no numbers)."""
    head = stream.read(544)
    layout = _layout(path, head)
    kind = layout.floats
    head += stream.read(max(layout.offset - len(head), 0))
    size, rest = len(head), head[layout.offset :]
    found: list[npt.NDArray[np.int64]] = []
    voxel = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if kind is not None:
            rest += chunk
            rest, voxel = _look(rest, kind, voxel, found)
    if kind is not None:
        _look(rest, kind, voxel, found)
    bad = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    voxels = 0 if kind is None else layout.size // kind.itemsize
    return layout.offset + layout.size, size, bad[bad < voxels]


def _look(
    content: bytes, kind: np.dtype[Any], voxel: int, found: list[npt.NDArray[np.int64]]
) -> tuple[bytes, int]:
    """Note the voxels that are no numbers; give back the bytes left over and the number of the next voxel."""
    whole = len(content) // kind.itemsize
    values = np.frombuffer(content, dtype=kind, count=whole)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        found.append(bad.astype(np.int64) + voxel)
    return content[whole * kind.itemsize :], voxel + whole


def _layout(path: Path, header: bytes) -> _Layout:
    """The layout of NIfTI-1 and NIfTI-2 files of either byte order."""
    layouts = {348: ("8h", 40, 70, 72, "f", 108), 540: ("8q", 16, 12, 14, "q", 168)}
    for order in "<>":
        size = struct.unpack_from(f"{order}i", header)[0] if len(header) >= 4 else 0
        if size not in layouts or len(header) < size:
            continue
        dims_format, dims_at, type_at, bits_at, offset_format, offset_at = layouts[size]
        dims = struct.unpack_from(order + dims_format, header, dims_at)
        bits = struct.unpack_from(f"{order}h", header, bits_at)[0]
        offset = struct.unpack_from(order + offset_format, header, offset_at)[0]
        kind = _FLOATS.get(struct.unpack_from(f"{order}h", header, type_at)[0])
        voxels = math.prod(max(int(n), 1) for n in dims[1 : dims[0] + 1])
        return _Layout(int(offset), voxels * int(bits) // 8, np.dtype(order + kind) if kind else None)
    raise LesionError("is not a NIfTI file", where=path, remedy="export it again")


def read_sheared(path: Path, *, what: str) -> tuple[sitk.Image, str]:
    """Read a NIfTI file whose axes are not quite at right angles, as rounded or registered headers give.

    The direction is replaced by the nearest orthonormal one (polar decomposition, done by ITK).

    Args:
        path: The file that ITK refused with "only supports orthonormal direction cosines".
        what: "image" or "mask", for the note.

    Returns:
        The image, and a note for the case ledger that says by how many degrees the axes were turned.

    Raises:
        LesionError: An axis would have to turn by more than `MAXIMUM_SHEAR_DEGREES`.
    """
    with _permissive():
        image = sitk.ReadImage(str(path))
    rows = [[float(x) for x in image.GetMetaData(f"srow_{axis}").split()[:3]] for axis in "xyz"]
    axes = np.array(rows)
    axes = axes / np.linalg.norm(axes, axis=0)
    left, _, right = np.linalg.svd(axes)
    cosines = np.clip(np.sum(axes * (left @ right), axis=0), -1.0, 1.0)
    degrees = float(np.degrees(np.arccos(cosines)).max())
    if degrees > MAXIMUM_SHEAR_DEGREES:
        raise LesionError(
            f"the {what}'s axes are sheared: making them orthogonal turns one by {degrees:.2f} degrees",
            where=path,
            remedy="resample the image onto an orthogonal grid first",
        )
    return image, f"{what}: direction cosines made orthonormal (axes turned by {degrees:.3f} degrees)"


@contextmanager
def _permissive() -> Iterator[None]:
    """Let ITK read such a header; it can be told by this environment variable only."""
    with _environment:
        before = os.environ.get(_PERMISSIVE)
        os.environ[_PERMISSIVE] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[_PERMISSIVE]
            else:
                os.environ[_PERMISSIVE] = before
