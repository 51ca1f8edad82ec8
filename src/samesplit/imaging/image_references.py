"""What the `image` and `mask` columns name: a file, a volume in a numpy file, or DICOM; and its content's hash."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from samesplit.errors import LesionError
from samesplit.imaging.file_hashes import file_hash

__all__ = ["IMAGE_SUFFIXES", "Reference", "content_hash", "parse_reference", "read_array", "split_reference"]

IMAGE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
"""The image files that are read: NIfTI, NRRD and MetaImage."""

_NPZ = re.compile(r"^(?P<file>.+\.npz)::(?P<array>[^\[\]]+?)(?:\[(?P<index>\d+)\])?$")
_NPY = re.compile(r"^(?P<file>.+\.npy)(?:\[(?P<index>\d+)\])?$")
_PART = re.compile(r"^(?P<file>.+?)::(?P<part>.+)$")
_HEADER_SUFFIXES = (".nhdr", ".mhd")
_DICOM_MARK = (128, b"DICM")


@dataclass(frozen=True)
class Reference:
    """A parsed image reference.

    Attributes:
        path: The file.
        array: The array's name in a `.npz`; None otherwise.
        index: Which item of the first axis; None takes the whole array.
        is_dicom: Whether it names something in DICOM: a folder of slices, an RTSTRUCT, a SEG, a multi-frame file.
        part: Which ROI, segment or series of it: a name, a pattern between slashes or a number in brackets.
    """

    path: Path
    array: str | None = None
    index: int | None = None
    is_dicom: bool = False
    part: str | None = None

    @property
    def is_array(self) -> bool:
        """Whether it names a volume in a numpy file, which knows no voxel size."""
        return self.path.suffix in (".npz", ".npy")


def split_reference(text: str) -> tuple[str, str]:
    """Return the path of a reference, and what follows it (empty for a plain path); nothing is looked up on disk.

    Example:
        >>> split_reference("cases.npz::images[17]"), split_reference("L1/rt.dcm::GTV-1")
        (('cases.npz', '::images[17]'), ('L1/rt.dcm', '::GTV-1'))
        >>> split_reference("cases.npy[17]"), split_reference("L1/ct")
        (('cases.npy', '[17]'), ('L1/ct', ''))
    """
    match = _NPZ.match(text) or _NPY.match(text) or _PART.match(text)
    path = text if match is None else match["file"]
    return path, text[len(path) :]


def parse_reference(text: str) -> Reference:
    """Read a path, an array reference or a DICOM reference.

    A folder is a DICOM series; a file whose name does not say what it is may be DICOM by its content.

    Example:
        >>> array = parse_reference("/data/cases.npz::test_images[17]")
        >>> array.path, array.array, array.index
        (PosixPath('/data/cases.npz'), 'test_images', 17)
        >>> roi = parse_reference("/data/rt.dcm::GTV-1")
        >>> roi.path, roi.is_dicom, roi.part
        (PosixPath('/data/rt.dcm'), True, 'GTV-1')
        >>> parse_reference("/data/L1.nii.gz").is_array
        False

    Raises:
        LesionError: It names neither an image file, an array, nor something in DICOM.
    """
    match = _NPZ.match(text) or _NPY.match(text)
    if match is not None:
        parts = match.groupdict()
        index = None if parts["index"] is None else int(parts["index"])
        return Reference(Path(parts["file"]), parts.get("array"), index)
    if text.lower().endswith(IMAGE_SUFFIXES):
        return Reference(Path(text))
    name, part = split_reference(text)
    if name.lower().endswith(".dcm") or (name and _is_dicom(Path(name))):
        return Reference(Path(name), is_dicom=True, part=part.removeprefix("::") or None)
    raise LesionError(
        f"{text!r} is not an image file that samesplit reads",
        remedy=f"use {', '.join(IMAGE_SUFFIXES)}, file.npz::array[17], file.npy[17], the folder of a DICOM series "
        "or file.dcm::ROI name",
    )


def _is_dicom(path: Path) -> bool:
    """Whether it is a folder, or a file with DICOM's mark; many DICOM files have no ending."""
    start, mark = _DICOM_MARK
    try:
        if not path.is_file():
            return path.is_dir()
        with path.open("rb") as file:
            file.seek(start)
            return file.read(len(mark)) == mark
    except OSError:
        return False


def read_array(reference: Reference) -> npt.NDArray[Any]:
    """Read the volume that an array reference names, axes in the order z, y, x.

    Raises:
        LesionError: The file is missing or damaged, or has no such array or item.
    """
    path = reference.path
    if not path.is_file():
        raise LesionError("the file does not exist", where=path, remedy="correct the path, or fetch the data")
    stamp = path.stat()
    try:
        array = _load(path, reference.array, stamp.st_mtime_ns, stamp.st_size)
    except KeyError:
        with np.load(path, allow_pickle=False) as archive:
            names = ", ".join(archive.files)
        raise LesionError(
            f"there is no array '{reference.array}'", where=path, remedy=f"it holds: {names}"
        ) from None
    except Exception as error:  # numpy and zipfile raise many kinds for a damaged file
        raise LesionError(
            f"is not a readable numpy file ({error})", where=path, remedy="fetch or export it again"
        ) from error
    if reference.index is None:
        return np.asarray(array)
    if array.ndim < 1 or reference.index >= len(array):
        raise LesionError(
            f"there is no item {reference.index}: the array has the shape {array.shape}",
            where=path,
            remedy="count items from 0",
        )
    return np.asarray(array[reference.index])


@lru_cache(maxsize=2)
def _load(path: Path, array: str | None, modified_ns: int, size: int) -> npt.NDArray[Any]:
    """Load an array, kept for its next item; the file's time and size tell whether it is still the same."""
    if array is None:
        loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return loaded
    with np.load(path, allow_pickle=False) as archive:
        inside: npt.NDArray[Any] = archive[array]
        return inside


def content_hash(text: str) -> str:
    """SHA-256 of the content that a reference names.

    It does not depend on the path. Of an array only the named item counts, so that a change of one item leaves
    its neighbours' results valid; of a header with its data in other files, those files count too; of a folder,
    the files of the DICOM series that is meant.

    Raises:
        LesionError: The file or item is missing or cannot be read.
    """
    reference = parse_reference(text)
    if reference.is_array:
        array = np.ascontiguousarray(read_array(reference))
        digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.data if array.ndim else array.tobytes())
        return digest.hexdigest()
    try:
        if reference.is_dicom:
            from samesplit.imaging.dicom.read import dicom_hash

            return dicom_hash(reference.path, reference.part)
        hashes = [file_hash(path) for path in (reference.path, *_data_files(reference.path))]
    except FileNotFoundError as error:
        raise LesionError(
            "the file does not exist",
            where=error.filename or reference.path,
            remedy="correct the path, or fetch the data",
        ) from None
    except OSError as error:
        raise LesionError(
            f"cannot be opened ({error.strerror})",
            where=reference.path,
            remedy="see to it that the file may be read",
        ) from error
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _data_files(header: Path) -> list[Path]:
    """Return the voxel files that a detached header (.mhd, .nhdr) names."""
    if header.suffix not in _HEADER_SUFFIXES:
        return []
    text = header.read_text(encoding="latin-1")
    match = re.search(r"^\s*(?:ElementDataFile\s*=|data ?file\s*:)\s*(?P<name>.+?)\s*$", text, re.M | re.I)
    if match is None or match["name"].upper() == "LOCAL":
        return []
    if match["name"].upper().startswith("LIST") or "%" in match["name"]:
        raise LesionError(
            "its voxels are spread over a list of files, which samesplit does not read",
            where=header,
            remedy="save it as one .mha, .nrrd or .nii.gz file",
        )
    return [Path(os.path.normpath(header.parent / match["name"]))]
