"""How the files of a synthetic cohort are written: resumable, and each whole or not at all."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
import SimpleITK as sitk

from samesplit.benchmarks.synthetic.base import CohortSettings
from samesplit.errors import WorkspaceError
from samesplit.storage import locked, write_json

__all__ = ["CohortMaker", "SyntheticCohort", "VolumeGrid", "fill_folder", "no_readings", "write_volume"]

Volume = npt.NDArray[np.integer[Any]]

_STARTED, _COMPLETE, _LOCK = "started.json", "complete.json", ".lock"


@dataclass(frozen=True)
class SyntheticCohort:
    """A generated cohort: the folder with the images and the three tables that describe it.

    Paths in `images` are relative to `directory`, with forward slashes. `readings` has no rows where the cohort
    has no readers.
    """

    directory: Path
    lesions: pd.DataFrame
    images: pd.DataFrame
    readings: pd.DataFrame


class CohortMaker(Protocol):
    """What makes one kind of synthetic cohort; it travels to other processes."""

    @property
    def settings(self) -> CohortSettings:
        """The cohort's settings: with others its files are made anew."""

    @property
    def version(self) -> int:
        """The version of the generator, so that a new one does not keep the files of an old one."""

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Lesions, images and readings, without making any image."""

    def units(self) -> Sequence[Any]:
        """Return what is written at one go: lesions, or patients."""

    def write(self, unit: Any, directory: Path) -> None:
        """Write the files of one unit that are not there yet."""


class VolumeGrid(Protocol):
    """Where the voxels of an image lie, in patient coordinates (LPS, mm); x, y, z order."""

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """The distance from voxel to voxel."""

    @property
    def origin_mm(self) -> tuple[float, float, float]:
        """The centre of the first voxel."""

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """The directions of the axes as columns, shape (3, 3)."""


def fill_folder(
    maker: CohortMaker, directory: Path, *, progress: Callable[[int, int], None] | None, n_jobs: int
) -> SyntheticCohort:
    """Write the files of a cohort, unless they are there already.

    A folder begun with the same settings is continued: files that exist are kept, and every file appears at
    once, so a killed run leaves no half-written one. Images of other settings are removed. A second process
    waits for the first and then finds everything done.

    Args:
        maker: What makes the cohort.
        directory: Folder for the files; made when absent.
        progress: Called with the number of finished units and of all units.
        n_jobs: Number of processes.

    Raises:
        WorkspaceError: The folder cannot be written.
    """
    cohort = SyntheticCohort(directory, *maker.tables())
    named = [cohort.images[column] for column in ("image", "mask", "organ_mask") if column in cohort.images]
    wanted = [directory / name for name in pd.unique(pd.concat(named))]
    stamp: dict[str, object] = {
        "settings_sha256": maker.settings.sha256(),
        "generator_version": maker.version,
    }
    if _stamp_of(directory / _COMPLETE) == stamp and all(path.is_file() for path in wanted):
        return cohort
    with locked(directory / _LOCK):
        _prepare(directory, stamp, maker.settings, wanted)
        units = maker.units()
        for done, _ in enumerate(_write_all(maker, units, directory, n_jobs), start=1):
            if progress is not None:
                progress(done, len(units))
        write_json(directory / _COMPLETE, {**stamp, "files": len(wanted)})
    return cohort


def no_readings() -> pd.DataFrame:
    """Return the readings of a cohort that has no readers."""
    columns = ["reader_id", "lesion_id", "modality", "decision", "score", "seconds"]
    return pd.DataFrame({column: [] for column in columns})


def write_volume(path: Path, array: Volume, grid: VolumeGrid) -> None:
    """Write one image or mask as compressed NIfTI; the file is there whole or not at all.

    Args:
        path: The file; folders above it are made.
        array: Shape (z, y, x).
        grid: Where the voxels lie.

    Raises:
        WorkspaceError: The file cannot be written.
    """
    volume: Any = sitk.GetImageFromArray(array)  # SimpleITK is not typed
    volume.SetSpacing(grid.spacing_mm)
    volume.SetOrigin(grid.origin_mm)
    volume.SetDirection(grid.direction.ravel().tolist())
    temporary = path.with_name(f".{uuid.uuid4().hex}.nii.gz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            sitk.WriteImage(volume, str(temporary), useCompression=True, compressionLevel=1)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        raise _unwritable(path, error) from error


def _prepare(
    directory: Path, stamp: dict[str, object], settings: CohortSettings, wanted: Sequence[Path]
) -> None:
    """Clear away what killed runs and other settings left behind, and sign the folder before the first file."""
    found = _stamp_of(directory / _STARTED)
    try:
        for path in directory.glob("images/*/.*.nii.gz"):  # half-written when a run was killed
            path.unlink(missing_ok=True)
        if found == stamp:
            return
        for path in (directory / _COMPLETE, *wanted):
            path.unlink(missing_ok=True)
        if found is not None:
            shutil.rmtree(directory / "images", ignore_errors=True)
    except OSError as error:
        raise _unwritable(directory, error) from error
    write_json(directory / _STARTED, {**stamp, "settings": settings.model_dump(mode="json")})


def _unwritable(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(
        f"cannot be written ({error})",
        where=path,
        remedy="free some disk space or choose a folder that you may write to; "
        "what was finished before is kept, and the same command goes on from there",
    )


def _stamp_of(path: Path) -> dict[str, object] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {key: found.get(key) for key in ("settings_sha256", "generator_version")}


def _write_all(maker: CohortMaker, units: Sequence[Any], directory: Path, n_jobs: int) -> Iterator[None]:
    if n_jobs == 1:
        for unit in units:
            maker.write(unit, directory)
            yield
        return
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    yield from parallel(joblib.delayed(maker.write)(unit, directory) for unit in units)
