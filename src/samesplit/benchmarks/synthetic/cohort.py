"""The synthetic cohort as tables and as files."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
import SimpleITK as sitk

from samesplit.benchmarks.synthetic.imaging import SEQUENCES, LesionScene
from samesplit.benchmarks.synthetic.outcomes import INDETERMINATE, draw_outcome
from samesplit.benchmarks.synthetic.population import Lesion, draw_population
from samesplit.benchmarks.synthetic.raters import RATERS
from samesplit.benchmarks.synthetic.readings import make_readings
from samesplit.benchmarks.synthetic.scanner import Grid
from samesplit.benchmarks.synthetic.settings import OutcomeSettings, SyntheticSettings
from samesplit.errors import WorkspaceError
from samesplit.storage import locked, write_json

Volume = npt.NDArray[np.integer[Any]]

MASK_LABEL = 1
# Part of the hash, so that a new version of the generator does not keep the files of an old one.
_GENERATOR_VERSION = 1
_STARTED, _COMPLETE, _LOCK = "started.json", "complete.json", ".lock"


@dataclass(frozen=True)
class SyntheticCohort:
    """A generated cohort: the folder with the images and the three tables that describe it.

    Paths in `images` are relative to `directory`, with forward slashes.
    """

    directory: Path
    lesions: pd.DataFrame
    images: pd.DataFrame
    readings: pd.DataFrame


def tables(settings: SyntheticSettings) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Lesions, images and readings of the cohort, without making any image.

    Args:
        settings: The cohort's settings.

    Returns:
        lesions (lesion_id, patient_id, label, label_provenance, site, scanner_vendor,
        field_strength_t, date, size_mm, age, sex, symptoms, side, location, subtype and, where `outcomes` are
        set, grade, months, recurrence), images
        (lesion_id, sequence, rater, image, mask, mask_label) and readings (reader_id, lesion_id,
        modality, decision, score, seconds).

    Example:
        >>> lesions, images, readings = tables(SyntheticSettings(n_patients=3))
        >>> lesions.loc[0, ["lesion_id", "patient_id"]].tolist()
        ['P001-L1', 'P001']
        >>> images.loc[0, "mask"]
        'images/P001-L1/T1C-R1.nii.gz'
    """
    population = draw_population(settings)
    lesions = _lesions_table(population)
    if settings.outcomes is not None:
        lesions = _with_outcomes(lesions, settings.outcomes, settings.seed, population)
    return lesions, _images_table(population), make_readings(settings, population)


def generate(
    settings: SyntheticSettings,
    directory: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    n_jobs: int = 1,
) -> SyntheticCohort:
    """Write the images and masks of the cohort, unless they are there already.

    A folder begun with the same settings is continued: files that exist are kept, and every file
    appears at once, so a killed run leaves no half-written one. Images of other settings are removed.
    A second process waits for the first and then finds everything done.

    Args:
        settings: The cohort's settings.
        directory: Folder for the files; made when absent.
        progress: Called with the number of finished lesions and of all lesions.
        n_jobs: Number of processes.

    Returns:
        The cohort with its tables, which are those of `tables`.

    Raises:
        WorkspaceError: The folder cannot be written.
    """
    lesions, images, readings = tables(settings)
    cohort = SyntheticCohort(directory, lesions, images, readings)
    stamp: dict[str, object] = {"settings_sha256": settings.sha256(), "generator_version": _GENERATOR_VERSION}
    wanted = [directory / name for name in pd.unique(pd.concat([images["image"], images["mask"]]))]
    if _stamp_of(directory / _COMPLETE) == stamp and all(path.is_file() for path in wanted):
        return cohort
    with locked(directory / _LOCK):
        _prepare(directory, stamp, settings, wanted)
        population = draw_population(settings)
        for done, _ in enumerate(_write_all(settings, population, directory, n_jobs), start=1):
            if progress is not None:
                progress(done, len(population))
        write_json(directory / _COMPLETE, {**stamp, "files": len(wanted)})
    return cohort


def _prepare(
    directory: Path, stamp: dict[str, object], settings: SyntheticSettings, wanted: Sequence[Path]
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


def lesion_files(lesion: Lesion, sequence: str) -> list[str]:
    """Paths of the image and of every rater's mask, relative to the cohort's folder."""
    folder = f"images/{lesion.lesion_id}"
    names = [sequence, *(f"{sequence}-{rater}" for rater in RATERS)]
    return [f"{folder}/{name}.nii.gz" for name in names]


def _sequences(lesion: Lesion) -> tuple[str, ...]:
    return SEQUENCES if lesion.has_t2 else SEQUENCES[:1]


def _lesions_table(population: Sequence[Lesion]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "lesion_id": lesion.lesion_id,
                "patient_id": lesion.patient.patient_id,
                "label": lesion.label,
                "label_provenance": lesion.label_provenance,
                "site": lesion.patient.site.name,
                "scanner_vendor": lesion.patient.site.vendor,
                "field_strength_t": lesion.patient.site.field_strength_t,
                "date": lesion.patient.date,
                "size_mm": float(lesion.size_mm),
                "age": lesion.patient.age,
                "sex": lesion.patient.sex,
                "symptoms": lesion.patient.symptoms,
                "side": lesion.side,
                "location": lesion.location,
                "subtype": lesion.subtype,
            }
            for lesion in population
        ]
    )


def _with_outcomes(
    lesions: pd.DataFrame, settings: OutcomeSettings, seed: int, population: Sequence[Lesion]
) -> pd.DataFrame:
    """Return the lesions table with what became of each lesion; what is not known of a lesion is empty."""
    found = [draw_outcome(settings, seed, lesion) for lesion in population]
    open_diagnosis = pd.Series([outcome.label == INDETERMINATE for outcome in found], index=lesions.index)
    return lesions.assign(
        label=[outcome.label for outcome in found],
        subtype=lesions["subtype"].mask(open_diagnosis, INDETERMINATE),
        grade=pd.Series([outcome.grade for outcome in found], index=lesions.index, dtype="str"),
        months=[np.nan if outcome.months is None else outcome.months for outcome in found],
        recurrence=pd.array([outcome.recurrence for outcome in found], dtype="Int8"),
    )


def _images_table(population: Sequence[Lesion]) -> pd.DataFrame:
    rows = []
    for lesion in population:
        for sequence in _sequences(lesion):
            image, *masks = lesion_files(lesion, sequence)
            rows += [
                (lesion.lesion_id, sequence, rater, image, mask, MASK_LABEL)
                for rater, mask in zip(RATERS, masks, strict=True)
            ]
    columns = ["lesion_id", "sequence", "rater", "image", "mask", "mask_label"]
    return pd.DataFrame(rows, columns=columns)


def _stamp_of(path: Path) -> dict[str, object] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {key: found.get(key) for key in ("settings_sha256", "generator_version")}


def _write_all(
    settings: SyntheticSettings, population: Sequence[Lesion], directory: Path, n_jobs: int
) -> Iterator[str]:
    if n_jobs == 1:
        yield from (_write_lesion(settings, lesion, directory) for lesion in population)
        return
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    yield from parallel(joblib.delayed(_write_lesion)(settings, lesion, directory) for lesion in population)


def _write_lesion(settings: SyntheticSettings, lesion: Lesion, directory: Path) -> str:
    scene: LesionScene | None = None
    for sequence in _sequences(lesion):
        paths = [directory / name for name in lesion_files(lesion, sequence)]
        if all(path.is_file() for path in paths):
            continue
        scene = scene or LesionScene(settings, lesion)
        rendered = scene.render(sequence)
        arrays: tuple[Volume, ...] = (rendered.image, *rendered.masks)
        for path, array in zip(paths, arrays, strict=True):
            if not path.is_file():
                _write_volume(path, array, rendered.grid)
    return lesion.lesion_id


def _write_volume(path: Path, array: Volume, grid: Grid) -> None:
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
