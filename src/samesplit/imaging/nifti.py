"""What ITK does not tell about NIfTI files: that one is cut off, holds NaN, or has axes a little sheared."""

from __future__ import annotations

import gzip
import math
import os
import struct
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from isal import igzip

from samesplit.errors import LesionError
from samesplit.imaging.itk_warnings import itk_warnings

__all__ = ["MAXIMUM_SHEAR_DEGREES", "Content", "check_whole", "read_plain", "read_sheared"]

MAXIMUM_SHEAR_DEGREES = 1.0
"""Axes off a right angle by no more than this are straightened; rounded headers stay far below it."""

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
"""NIfTI's codes of the data types that need no conversion."""
_HEADER = 540
_MOST_DIMENSIONS = 7
_MAGIC = {348: (344, b"n+1\0"), 540: (4, b"n+2\0\r\n\x1a\n")}
"""By the length of a header: where it says, and how, that the voxels follow in the same file."""
_UNSCALED = ((0.0, 0.0), (1.0, 0.0))
_NATIVE = "<" if sys.byteorder == "little" else ">"
_PERMISSIVE = "ITK_NIFTI_SFORM_PERMISSIVE"
_environment = threading.Lock()


@dataclass(frozen=True)
class _Layout:
    """The voxels of a file: bytes before them, bytes of them, their type, and whether they are values as they are.

    `kind` is None for types that ITK has to read, `size` is then all that is known. `shape` is z, y, x.
    """

    offset: int
    size: int
    kind: np.dtype[Any] | None
    shape: tuple[int, ...]
    plain: bool


@dataclass(frozen=True)
class Content:
    """The voxels of a NIfTI file that is whole.

    Attributes:
        bad: Where the NaN and infinite voxels are, counted in the order of the file (x runs fastest).
        voxels: What ITK would read, axes z, y, x; None where that takes more than laying out bytes.
        header: The first bytes of the file, unpacked.
    """

    bad: npt.NDArray[np.int64]
    voxels: npt.NDArray[Any] | None
    header: bytes = b""


def check_whole(path: Path) -> Content:
    """Check that a NIfTI file holds all the voxels that its header promises, and find those that are no numbers.

    ITK fills the voxels that a cut-off file lacks with zeros, reads NaN and infinity as zero too, and says
    nothing of either.

    Raises:
        LesionError: The file is cut off, its gzip check sum is wrong, or it is not NIfTI.
    """
    content = path.read_bytes()
    try:
        if content[:2] == b"\x1f\x8b":
            content = _unpacked(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise LesionError(
            f"the file is cut off or damaged ({str(error).rstrip('.')})",
            where=path,
            remedy="copy or fetch it again",
        ) from error
    layout = _layout(path, content)
    expected = layout.offset + layout.size
    if len(content) < expected:
        raise LesionError(
            f"the file is cut off: the header promises {expected:,} bytes, there are {len(content):,}",
            where=path,
            remedy="copy or fetch it again",
        )
    nothing, header = np.empty(0, dtype=np.int64), content[:_HEADER]
    if layout.kind is None:
        return Content(nothing, None, header)
    voxels = np.frombuffer(content, layout.kind, layout.size // layout.kind.itemsize, layout.offset)
    bad = np.flatnonzero(~np.isfinite(voxels)) if layout.kind.kind == "f" else nothing
    plain = layout.plain and not bad.size
    return Content(bad, voxels.reshape(layout.shape) if plain else None, header)


def read_plain(content: Content) -> sitk.Image | None:
    """Return the image of a NIfTI file whose voxels are at hand: ITK reads the header alone.

    It gets a copy of the header in a file of its own: to read that of a large compressed file takes it longer
    than all the rest of reading.

    Returns:
        What ITK would read, without the header's entries; None where it would read something else, or has
        something to say about the file.
    """
    if content.voxels is None:
        return None
    size = struct.unpack_from("=i", content.header)[0]
    at, magic = _MAGIC[size]
    if content.header[at : at + len(magic)] != magic:
        return None
    try:
        with tempfile.NamedTemporaryFile(suffix=".nii") as copy, itk_warnings() as warnings:
            copy.write(content.header[:size] + bytes(4))  # four zeros: no extension follows
            copy.flush()
            reader = sitk.ImageFileReader()
            reader.SetFileName(copy.name)
            reader.SetImageIO("NiftiImageIO")
            reader.ReadImageInformation()
    except (OSError, RuntimeError):
        return None
    image = sitk.GetImageFromArray(content.voxels)
    if warnings or reader.GetSize() != image.GetSize() or reader.GetPixelID() != image.GetPixelID():
        return None
    image.SetSpacing(reader.GetSpacing())
    image.SetOrigin(reader.GetOrigin())
    image.SetDirection(reader.GetDirection())
    return image


def _unpacked(content: bytes) -> bytes:
    """Return what a gzip file holds; Python's own gzip says what is wrong with one that is damaged."""
    try:
        unpacked: bytes = igzip.decompress(content)  # type: ignore[no-untyped-call]
    except Exception:  # of its own kinds, which have no types
        return gzip.decompress(content)
    return unpacked


def _layout(path: Path, header: bytes) -> _Layout:
    """Return the layout of NIfTI-1 and NIfTI-2 files of either byte order.

    Raises:
        LesionError: It is not NIfTI, or its header says what cannot be.
    """
    layouts = {348: ("8h", 40, 70, 72, "f", 108, "2f"), 540: ("8q", 16, 12, 14, "q", 168, "2d")}
    for order in "<>":
        size = struct.unpack_from(f"{order}i", header)[0] if len(header) >= 4 else 0
        if size not in layouts or len(header) < size:
            continue
        dims_format, dims_at, type_at, bits_at, offset_format, offset_at, scale_format = layouts[size]
        dims = struct.unpack_from(order + dims_format, header, dims_at)
        bits = struct.unpack_from(f"{order}h", header, bits_at)[0]
        offset = struct.unpack_from(order + offset_format, header, offset_at)[0]
        after_offset = offset_at + struct.calcsize(offset_format)
        scale = struct.unpack_from(order + scale_format, header, after_offset)
        code = _TYPES.get(struct.unpack_from(f"{order}h", header, type_at)[0])
        kind = np.dtype(order + code) if code else None
        if not 1 <= dims[0] <= _MOST_DIMENSIONS:
            raise _impossible(f"that the image has {dims[0]} dimensions", path)
        if not math.isfinite(offset):
            raise _impossible(f"that the voxels begin at byte {offset}", path)
        shape = tuple(max(int(n), 1) for n in dims[dims[0] : 0 : -1])
        return _Layout(
            offset=max(int(offset), size),  # as ITK takes it
            size=math.prod(shape) * (kind.itemsize if kind else max(int(bits), 0) // 8),
            kind=kind,
            shape=shape,
            plain=dims[0] == 3 and order == _NATIVE and scale in _UNSCALED,
        )
    raise LesionError("is not a NIfTI file", where=path, remedy="export it again")


def _impossible(what: str, path: Path) -> LesionError:
    return LesionError(f"the header says {what}", where=path, remedy="export or fetch the file again")


def read_sheared(path: Path, *, what: str) -> tuple[sitk.Image, str]:
    """Read a NIfTI file whose axes are not quite at right angles, as rounded or registered headers give.

    The direction is replaced by the nearest orthonormal one (polar decomposition, done by ITK).

    Args:
        path: The file that ITK refused with "only supports orthonormal direction cosines".
        what: "image" or "mask", for the note.

    Returns:
        The image, and a note for the case ledger that says by how many degrees the axes were turned.

    Raises:
        LesionError: An axis would have to turn by more than `MAXIMUM_SHEAR_DEGREES`, or has no length.
    """
    try:
        with _permissive():
            image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise _impossible(f"that the {what} has axes to which none at right angles are near", path) from error
    rows = [[float(x) for x in image.GetMetaData(f"srow_{axis}").split()[:3]] for axis in "xyz"]
    axes = np.array(rows)
    lengths = np.linalg.norm(axes, axis=0)
    if not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise _impossible(f"that the {what}'s axes have lengths of {lengths.tolist()} mm", path)
    axes = axes / lengths
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
