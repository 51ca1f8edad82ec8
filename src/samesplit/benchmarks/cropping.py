"""Public volumes of which a benchmark uses a part: downloaded whole, cut, and verified by their voxels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
import SimpleITK as sitk

from samesplit.benchmarks.downloads import Progress, download
from samesplit.csv_files import read_cells
from samesplit.errors import DeclarationError, FetchError
from samesplit.imaging.itk_warnings import itk_warnings

__all__ = ["CroppedFile", "fetch_cropped", "read_file_list", "voxels_sha256"]

COLUMNS = ["path", "url", "crop_start", "crop_size", "voxels_sha256"]


@dataclass(frozen=True)
class CroppedFile:
    """A part of a public volume.

    Attributes:
        path: Where it goes inside the data folder.
        url: Of the whole volume.
        start: Index (x, y, z) of the first voxel that is kept.
        size: How many voxels are kept along x, y and z.
        voxels_sha256: Of the voxels that are kept, see `voxels_sha256`.
    """

    path: str
    url: str
    start: tuple[int, int, int]
    size: tuple[int, int, int]
    voxels_sha256: str


def voxels_sha256(volume: sitk.Image) -> str:
    """SHA-256 of a volume's size and voxels (as little-endian float64), however the file was written.

    Example:
        >>> import numpy as np
        >>> a = sitk.GetImageFromArray(np.ones((2, 2, 2), np.int16))
        >>> voxels_sha256(a) == voxels_sha256(sitk.Cast(a, sitk.sitkFloat32))
        True
    """
    voxels = sitk.GetArrayFromImage(volume).astype("<f8")
    return hashlib.sha256(repr(voxels.shape).encode() + voxels.tobytes()).hexdigest()


def read_file_list(path: Path) -> list[CroppedFile]:
    """Read a list of cropped files: columns path, url, crop_start, crop_size (as `33 33 6`), voxels_sha256.

    Raises:
        DeclarationError: The list is missing, lacks a column or holds a cell that cannot be.
    """
    rows = read_cells(path, error=DeclarationError, known=COLUMNS)
    missing = [column for column in COLUMNS if column not in rows]
    if missing:
        raise DeclarationError(f"lacks the column {', '.join(missing)}", where=path)
    return [_parse(row, f"{path}, line {line}") for line, row in rows.iterrows()]


def _parse(row: pd.Series[str], where: str) -> CroppedFile:
    parts = PurePosixPath(str(row["path"])).parts
    if row.isna().any() or ".." in parts or str(row["path"]).startswith("/"):
        raise DeclarationError("a cell is empty, or the path leaves the data folder", where=where)
    try:
        start, size = (tuple(map(int, str(row[c]).split())) for c in ("crop_start", "crop_size"))
    except ValueError:
        raise DeclarationError(
            "crop_start and crop_size hold three whole numbers each", where=where
        ) from None
    if len(start) != 3 or len(size) != 3 or min(start) < 0 or min(size) < 1:
        raise DeclarationError("crop_start and crop_size hold three whole numbers each", where=where)
    return CroppedFile(str(row["path"]), str(row["url"]), start, size, str(row["voxels_sha256"]))


def fetch_cropped(file: CroppedFile, folder: Path, *, progress: Progress | None = None) -> Path:
    """Download a volume, keep the wanted part, and verify it, unless it is there already.

    Raises:
        FetchError: The volume cannot be fetched or read, or its voxels are not those promised.
        WorkspaceError: The folder cannot be written.
    """
    target = folder / file.path
    if target.exists() and _is_right(target, file):
        return target
    whole = target.with_name(f"whole-{target.name}")
    download(file.url, None, whole, progress=progress)
    try:
        with itk_warnings():
            volume = sitk.ReadImage(str(whole))
        part = sitk.RegionOfInterest(volume, file.size, file.start)
    except RuntimeError as error:
        whole.unlink(missing_ok=True)
        raise FetchError(
            f"what arrived from {file.url} is not a volume of the size that was promised",
            where=target,
            remedy="try again; if it stays so, the file was changed at its source",
        ) from error
    whole.unlink()
    found = voxels_sha256(part)
    if found != file.voxels_sha256:
        raise FetchError(
            f"the voxels of {file.url} are not those promised (SHA-256 {found[:12]}...)",
            where=target,
            remedy="try again; if it stays so, the file was changed at its source",
        )
    fresh = target.with_name(f"fresh-{target.name}")
    sitk.WriteImage(part, str(fresh), useCompression=True)
    fresh.replace(target)
    return target


def _is_right(path: Path, file: CroppedFile) -> bool:
    try:
        with itk_warnings():
            return voxels_sha256(sitk.ReadImage(str(path))) == file.voxels_sha256
    except RuntimeError:  # an unreadable file is fetched again
        return False
