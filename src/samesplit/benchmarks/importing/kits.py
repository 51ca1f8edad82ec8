"""The KiTS challenges (2019, 2021, 2023) as a benchmark: CT, masks and what kits.json says of each patient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import SimpleITK as sitk

from samesplit.benchmarks.importing.kits_benchmark import kits_benchmark
from samesplit.benchmarks.importing.kits_outcomes import KITS_COLUMNS, outcomes_of
from samesplit.benchmarks.importing.writing import Imported, benchmark_folder, read_json, write_benchmark
from samesplit.errors import CohortError
from samesplit.imaging.case import read_image

__all__ = ["import_kits"]

Lesions = Literal["patient", "tumour"]

SEQUENCE = "CT"
TUMOUR = 2
_SEGMENTATIONS = ("segmentation.nii.gz", "aggregated_MAJ_seg.nii.gz", "aggregated_AND_seg.nii.gz")
"""One file a case, labels 1 kidney, 2 tumour, 3 cyst: of KiTS19 and 23, and two of KiTS21 (the first counts)."""
_INSTANCE = re.compile(r"(tumor|cyst)_instance-(\d+)_annotation-(\d+)\.nii\.gz")
_SMALLEST_MM3 = 100.0
_CLINICAL = "malignant"


@dataclass(frozen=True)
class _Case:
    """One case: its folder, and what kits.json says."""

    name: str
    folder: Path
    record: dict[str, Any]

    @property
    def image(self) -> Path:
        return self.folder / "imaging.nii.gz"

    @property
    def segmentation(self) -> Path | None:
        return next((self.folder / name for name in _SEGMENTATIONS if (self.folder / name).is_file()), None)


def import_kits(
    source: Path, out: Path, *, lesions: Lesions = "patient", cysts: bool = False, title: str | None = None
) -> Imported:
    """Make a benchmark of a downloaded KiTS19, KiTS21 or KiTS23 folder.

    Images stay where they are. kits.json speaks of patients: with `lesions="patient"` all tumour voxels of a
    patient are one lesion. With `"tumour"` each tumour is a lesion of its own, from the files of single instances
    (KiTS21 and 23; each annotator is a rater R1, R2, R3) or, without them, from the connected parts of the tumour
    label of at least 100 mm3, whose masks are written into the benchmark's folder; every tumour of a patient then
    has the patient's outcome, and the column `n_tumours` says how many there are.

    Args:
        source: The folder that holds `case_00000` and so on; also one above it (`data` of KiTS19, `dataset` of
            KiTS23).
        out: Name of the benchmark, or folder of a new workspace.
        lesions: See above.
        cysts: Take cysts as lesions of their own (label benign, proven by imaging, subtype cyst), for tasks that
            tell masses apart. Needs `lesions="tumour"`.
        title: Title of the benchmark.

    Returns:
        The benchmark and what is to be known about it.

    Raises:
        CohortError: There are no cases, kits.json is missing or holds no clinical data, no case has a
            segmentation, or no question has both classes.
    """
    if cysts and lesions != "tumour":
        raise CohortError(
            "cysts are lesions of their own only where tumours are",
            where=source,
            remedy="give --lesions tumour with --cysts",
        )
    cases = _cases(source)
    absent = [case.name for case in cases if not case.image.is_file()]
    unsegmented = [case.name for case in cases if case.segmentation is None]
    cases = [case for case in cases if case.segmentation is not None]
    if not cases:
        raise CohortError(
            "no case has a segmentation",
            where=source,
            remedy=f"each case_... folder needs one of: {', '.join(_SEGMENTATIONS)}",
        )
    patients = [{"patient_id": case.name, **outcomes_of(case.record)} for case in cases]
    kits_benchmark(
        pd.DataFrame(patients), where=source
    )  # before anything is written: can it be asked at all?
    folder = benchmark_folder(out)
    found = [row for case in cases for row in _lesions_of(case, folder, lesions, cysts=cysts)]
    table = pd.DataFrame([row for row, _ in found])
    images = pd.DataFrame([image for _, rows in found for image in rows])
    for column in ("isup_grade", "death", "n_tumours"):
        table[column] = table[column].astype("Int64")
    notes = (*_missing(absent, unsegmented), *_about(table, lesions))
    definition = kits_benchmark(table, where=source, title=title, several=lesions == "tumour")
    return write_benchmark(
        folder,
        definition,
        table[["lesion_id", "patient_id", *KITS_COLUMNS, "n_tumours"]],
        images,
        comment=f"KiTS, from {len(cases)} cases. Data: CC BY-NC-SA 4.0, https://kits-challenge.org\n"
        "docs/importing.md says what the columns of lesions.csv are.",
        notes=notes,
    )


def _cases(source: Path) -> list[_Case]:
    """Find the folders of the cases and what kits.json says of each."""
    for root in (source, *(source / name for name in ("data", "dataset", "kits21/data"))):
        folders = sorted(path for path in root.glob("case_*") if path.is_dir())
        if folders:
            break
    else:
        raise CohortError(
            "there are no folders case_00000, case_00001, ...",
            where=source,
            remedy="name the folder that the challenge's download script filled: 'data' of kits19 and kits21, "
            "'dataset' of kits23",
        )
    path = next(
        (root / name for name in ("kits.json", "kits23.json", "kits21.json") if (root / name).is_file()), None
    )
    if path is None:
        raise CohortError(
            "there is no kits.json (kits23.json) beside the cases",
            where=root,
            remedy="take it from the challenge's repository: it holds diagnosis, grade, stage and survival",
        )
    told = read_json(path, "kits.json")
    records = (
        {str(one.get("case_id")): one for one in told if isinstance(one, dict)}
        if isinstance(told, list)
        else {}
    )
    if not any(_CLINICAL in record for record in records.values()):
        raise CohortError(
            "holds no clinical data: no entry has the key 'malignant'",
            where=path,
            remedy="the first release of KiTS19 had voxel sizes only; take the file of a newer commit "
            "of the repository",
        )
    return [
        _Case(folder.name, folder, records.get(folder.name, {"case_id": folder.name})) for folder in folders
    ]


def _lesions_of(
    case: _Case, folder: Path, lesions: Lesions, *, cysts: bool
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Give the lesions of a case as rows of lesions.csv, each with its rows of images.csv."""
    outcome = outcomes_of(case.record)
    of_patient = {"patient_id": case.name, **outcome}
    if lesions == "patient":
        row = {"lesion_id": case.name, **of_patient, "n_tumours": None}
        yield row, _images(case, case.name, {"R1": (case.segmentation, str(TUMOUR))})
        return
    instances = _instances(case)
    tumours = instances.get("tumor") or _components(case, folder / "masks")
    for number, masks in tumours.items():
        lesion = f"{case.name}-tumour-{number}"
        size = outcome["size_mm"] if len(tumours) == 1 else None  # kits.json has one size a patient
        row = {"lesion_id": lesion, **of_patient, "size_mm": size, "n_tumours": len(tumours)}
        yield row, _images(case, lesion, masks)
    for number, masks in (instances.get("cyst", {}) if cysts else {}).items():
        lesion = f"{case.name}-cyst-{number}"
        known = {name: outcome[name] for name in ("age", "sex", "bmi", "release")}
        row = {
            "lesion_id": lesion,
            "patient_id": case.name,
            **dict.fromkeys(KITS_COLUMNS),
            **known,
            "label": "benign",
            "label_provenance": "imaging",
            "subtype": "cyst",
            "n_tumours": len(tumours),
        }
        yield row, _images(case, lesion, masks)


def _images(case: _Case, lesion: str, masks: dict[str, tuple[Path | None, str]]) -> list[dict[str, Any]]:
    if not case.image.is_file():
        return []
    organ = None if case.segmentation is None else str(case.segmentation.absolute())
    return [
        {
            "lesion_id": lesion,
            "sequence": SEQUENCE,
            "rater": rater,
            "image": str(case.image.absolute()),
            "mask": str(mask.absolute()),
            "mask_label": label,
            "organ_mask": organ,
        }
        for rater, (mask, label) in masks.items()
        if mask is not None
    ]


def _instances(case: _Case) -> dict[str, dict[int, dict[str, tuple[Path | None, str]]]]:
    """Find the files of single tumours and cysts: kind, number, and by annotator the mask."""
    found: dict[str, dict[int, dict[str, tuple[Path | None, str]]]] = {}
    for place in ("instances", "segmentations"):
        for path in sorted((case.folder / place).glob("*_instance-*_annotation-*.nii.gz")):
            told = _INSTANCE.fullmatch(path.name)
            if told:
                kind, number, annotator = told[1], int(told[2]), int(told[3])
                found.setdefault(kind, {}).setdefault(number, {})[f"R{annotator}"] = (path, "any")
    return {kind: dict(sorted(of_kind.items())) for kind, of_kind in found.items()}


def _components(case: _Case, place: Path) -> dict[int, dict[str, tuple[Path | None, str]]]:
    """Write each connected part of the tumour label as a label of one mask file, the largest first."""
    if case.segmentation is None:
        return {}
    labels = read_image(str(case.segmentation), "mask")
    tumour = sitk.Equal(sitk.Cast(labels, sitk.sitkInt16), TUMOUR)
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(tumour, True), sortByObjectSize=True)
    volume = float(np.prod(labels.GetSpacing()))
    counts = np.bincount(sitk.GetArrayViewFromImage(parts).ravel())[1:]
    number = max(int(np.count_nonzero(counts * volume >= _SMALLEST_MM3)), min(len(counts), 1))
    if number <= 1:
        return {1: {"R1": (case.segmentation, str(TUMOUR))}} if number else {}
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{case.name}-tumours.nii.gz"
    sitk.WriteImage(sitk.Cast(parts, sitk.sitkUInt8), str(path), True)
    return {one: {"R1": (path, str(one))} for one in range(1, number + 1)}


def _missing(absent: Sequence[str], unsegmented: Sequence[str]) -> list[str]:
    notes = []
    if absent:
        notes.append(
            f"{len(absent)} case{'s' * (len(absent) > 1)} without imaging.nii.gz ({_some(absent)}): their lesions "
            "stand in lesions.csv and are lost in the cohort flow until the images are downloaded and the import "
            "is repeated"
        )
    if unsegmented:
        notes.append(f"left out, without a segmentation: {_some(unsegmented)}")
    return notes


def _about(table: pd.DataFrame, lesions: Lesions) -> list[str]:
    counts = table["label"].value_counts()
    malignant, benign = int(counts.get("malignant", 0)), int(counts.get("benign", 0))
    notes = [
        f"{malignant} malignant and {benign} benign lesions; "
        f"{int(table['label'].isna().sum())} without a diagnosis"
    ]
    several = int(table.loc[table["n_tumours"].fillna(1) > 1, "patient_id"].nunique())
    if lesions == "tumour" and several:
        notes.append(
            f"{several} patients have several tumours: kits.json has one diagnosis a patient, which each of them "
            "was given"
        )
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
