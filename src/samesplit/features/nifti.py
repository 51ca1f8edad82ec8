"""What ITK does not tell about NIfTI files: that one is cut off, or that its axes are a little sheared."""

from __future__ import annotations

import gzip
import math
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import SimpleITK as sitk

from samesplit.errors import LesionError

__all__ = ["MAXIMUM_SHEAR_DEGREES", "check_whole", "read_sheared"]

MAXIMUM_SHEAR_DEGREES = 1.0
"""Axes off a right angle by no more than this are straightened; rounded headers stay far below it."""

_CHUNK = 1 << 20
_PERMISSIVE = "ITK_NIFTI_SFORM_PERMISSIVE"
_environment = threading.Lock()


def check_whole(path: Path) -> None:
    """Check that a NIfTI file holds all the voxels that its header promises.

    ITK fills the voxels that a cut-off file lacks with zeros and says nothing.

    Raises:
        LesionError: The file is cut off, its gzip check sum is wrong, or it is not NIfTI.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            expected, size = _check_stream(path, stream)
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


def _check_stream(path: Path, stream: gzip.GzipFile | BinaryIO) -> tuple[int, int]:
    """(bytes that the header promises, bytes that there are)."""
    header = stream.read(544)
    expected = _promised_bytes(path, header)
    size = len(header)
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
    return expected, size


def _promised_bytes(path: Path, header: bytes) -> int:
    """Where the voxels start plus what they take, for NIfTI-1 and NIfTI-2 of either byte order."""
    layouts = {348: ("8h", 40, 72, "f", 108), 540: ("8q", 16, 14, "q", 168)}
    for order in "<>":
        size = struct.unpack_from(f"{order}i", header)[0] if len(header) >= 4 else 0
        if size not in layouts or len(header) < size:
            continue
        dims_format, dims_at, bits_at, offset_format, offset_at = layouts[size]
        dims = struct.unpack_from(order + dims_format, header, dims_at)
        bits = struct.unpack_from(f"{order}h", header, bits_at)[0]
        offset = struct.unpack_from(order + offset_format, header, offset_at)[0]
        return int(offset) + math.prod(max(int(n), 1) for n in dims[1 : dims[0] + 1]) * int(bits) // 8
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
