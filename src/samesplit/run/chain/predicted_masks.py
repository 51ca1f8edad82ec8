"""Which predicted component is which lesion: the masks that classifiers are given, and what was missed."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import SimpleITK as sitk

from samesplit.errors import LesionError
from samesplit.imaging.array_images import image_of_array
from samesplit.imaging.case import Case, read_case, read_image
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.image_references import parse_reference, read_array
from samesplit.run.plan import Plan
from samesplit.run.provenance import ContentHashes
from samesplit.statistics.detection import match_components
from samesplit.statistics.overlap import dice
from samesplit.storage import hash_object, write_bytes
from samesplit.tables import IMAGES
from samesplit.uses import uses

__all__ = ["PredictedMasks", "predicted_masks", "rater_of"]

Row = dict[str, Any]
Found = dict[str, tuple[sitk.Image, Row]]


def rater_of(segmentation: str) -> str:
    """Return the name under which the masks of a model stand beside those of raters."""
    return f"predicted by {segmentation}"


@dataclass
class PredictedMasks:
    """The masks that one model of masks predicted of the test lesions of every fold.

    Attributes:
        images: By repeat and fold, rows of the images table of the lesions that were found.
        content: Hash of each mask's content, by reference.
        lesions: One row a test lesion and fold, also one without an image to draw on: repeat, fold, lesion_id,
            found, reason, dice.
        scans: One row a tested image, of the first sequence that its lesions have: repeat, fold, patient_id,
            image, false_positives.
    """

    images: dict[tuple[int, int], pd.DataFrame] = field(default_factory=dict)
    content: dict[str, str] = field(default_factory=dict)
    lesions: list[Row] = field(default_factory=list)
    scans: list[Row] = field(default_factory=list)


def predicted_masks(
    plan: Plan, segmentation: str, predictions: pd.DataFrame, least_overlap: float
) -> PredictedMasks:
    """Tell which predicted components are which lesion, and write a mask for each lesion that was found.

    The rater's masks say which component is which lesion (and part a component that covers two); the outline that
    a classifier is given is the predicted one. In a sequence without a predicted mask of the lesion it is that of
    the first sequence which has one, resampled.

    Args:
        plan: The run.
        segmentation: The model of masks.
        predictions: Its predictions of masks; of several seeds the first counts.
        least_overlap: See `match_components`.
    """
    own = plan.cohort.images[plan.cohort.images["rater"] == plan.definition.cohort.rater]
    rows = {
        (str(row["lesion_id"]), str(row["sequence"])): {str(key): value for key, value in row.items()}
        for row in own.to_dict("records")
    }
    patients = plan.cohort.lesions.set_index("lesion_id")["patient_id"]
    made = PredictedMasks()
    tested = predictions[(predictions["model"] == segmentation) & (predictions["subset"] == "test")]
    tested = tested[tested["seed"] == tested["seed"].iloc[0]] if len(tested) else tested
    drawn = ", ".join(name for name in plan.definition.cohort.sequences if name in set(tested["sequence"]))
    undrawn = {"reason": f"no mask was drawn: it has no image of {drawn} that can be read", "dice": 0.0}
    for repeat, fold in plan.split.pairs():
        part = tested[(tested["repeat"] == repeat) & (tested["fold"] == fold)]
        place = {"repeat": int(repeat), "fold": int(fold)}
        found: dict[str, Found] = {str(lesion): {} for lesion in part["lesion_id"].unique()}
        told: dict[str, Row] = {}
        asked = [name for name in plan.definition.cohort.sequences if name in set(part["sequence"])]
        for sequence in asked:
            for mask, of_image in part[part["sequence"] == sequence].groupby("mask", sort=True):
                lesions = [str(lesion) for lesion in of_image["lesion_id"]]
                scan = _match(plan, lesions, sequence, str(mask), rows, least_overlap)
                first = not told.keys() & set(lesions)
                for lesion in lesions:
                    told.setdefault(lesion, scan.told[lesion])
                    if lesion in scan.masks:
                        found[lesion][sequence] = (scan.masks[lesion], rows[lesion, sequence])
                        told[lesion]["reason"] = ""
                if first:
                    image = str(rows[lesions[0], sequence]["image"])
                    about = {"patient_id": str(patients[lesions[0]]), "image": image}
                    made.scans.append(place | about | {"false_positives": scan.false_positives})
        for lesion in plan.split.lesions(plan.cohort.lesions, repeat, fold, "test"):
            told.setdefault(lesion, undrawn)
            found.setdefault(lesion, {})
        made.lesions += [
            place | {"lesion_id": lesion, "found": bool(found[lesion]), **told[lesion]}
            for lesion in sorted(told)
        ]
        made.images[place["repeat"], place["fold"]] = _written(plan, segmentation, found, rows, made.content)
    return made


@dataclass(frozen=True)
class _Scan:
    """What was found in one image."""

    masks: dict[str, sitk.Image]
    told: dict[str, Row]
    false_positives: int


def _match(
    plan: Plan,
    lesions: list[str],
    sequence: str,
    mask: str,
    rows: Mapping[tuple[str, str], Row],
    least: float,
) -> _Scan:
    numbers: npt.NDArray[np.int64] | None = None
    told: dict[str, Row] = {}
    case: Case | None = None
    for number, lesion in enumerate(lesions, start=1):
        try:
            case = _read(plan, rows[lesion, sequence], lesion)
        except LesionError as error:
            told[lesion] = {"reason": f"the rater's mask cannot be read: {error.problem}", "dice": 0.0}
            continue
        inside = sitk.GetArrayFromImage(case.mask) > 0
        numbers = np.zeros(inside.shape, dtype=np.int64) if numbers is None else numbers
        numbers[inside & (numbers == 0)] = number
    if case is None or numbers is None:
        return _Scan({}, told, 0)
    predicted = read_image(mask, "mask", of=case.image)
    if not same_grid(case.mask, predicted):
        predicted = sitk.Resample(predicted, case.mask, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    matches = match_components(sitk.GetArrayFromImage(predicted), numbers, least_overlap=least)
    masks: dict[str, sitk.Image] = {}
    for number, lesion in enumerate(lesions, start=1):
        if lesion in told:
            continue
        voxels = matches.of(number)
        fewest = plan.definition.cohort.minimum_voxels
        told[lesion] = {"reason": "no predicted component is this lesion", "dice": 0.0}
        if matches.found(number):
            told[lesion] = {"reason": "", "dice": dice(numbers == number, voxels)}
            if voxels.sum() < fewest:
                told[lesion]["reason"] = f"the predicted mask has fewer than {fewest} voxels"
                continue
            masks[lesion] = sitk.GetImageFromArray(voxels.astype(np.uint8))
            masks[lesion].CopyInformation(case.mask)
    return _Scan(masks, told, int((matches.owners == 0).sum()))


def _read(plan: Plan, row: Row, lesion: str) -> Case:
    return read_case(
        str(row["image"]),
        str(row["mask"]),
        lesion_id=lesion,
        mask_label=str(row["mask_label"]),
        spacing_mm=float(row["spacing_mm"]),
        geometry_repair=plan.definition.cohort.geometry_repair,
        minimum_voxels=plan.definition.cohort.minimum_voxels,
    )


def _written(
    plan: Plan,
    segmentation: str,
    found: Mapping[str, Found],
    rows: Mapping[tuple[str, str], Row],
    content: dict[str, str],
) -> pd.DataFrame:
    """Write a mask for each sequence of the lesions that were found; gives their rows of the images table."""
    table: list[Row] = []
    hashes = ContentHashes()
    for lesion, masks in found.items():
        for sequence in plan.definition.cohort.sequences if masks else ():
            row = rows.get((lesion, sequence))
            if row is None:
                continue
            mask = masks[sequence][0] if sequence in masks else _elsewhere(next(iter(masks.values()))[0], row)
            if mask is None:
                continue
            path = _write(mask, plan.workspace.cache / "chain", array=not np.isnan(float(row["spacing_mm"])))
            content[path] = hashes.of(path)
            changed = {"rater": rater_of(segmentation), "mask": path, "mask_label": "1"}
            table.append({name: row[name] for name in IMAGES.columns if name in row} | changed)
    columns = list(plan.cohort.images.columns)
    return pd.DataFrame(table).reindex(columns=columns) if table else plan.cohort.images.iloc[:0]


def _elsewhere(mask: sitk.Image, row: Row) -> sitk.Image | None:
    """Return a mask on the grid of another image of the lesion; None where nothing of it lies there."""
    try:
        reference = parse_reference(str(row["image"]))
        if reference.is_array:
            spacing = (float(row["spacing_mm"]),) * 3
            given: dict[str, Any] = {"where": reference.path, "spacing_remedy": "", "item_remedy": ""}
            image = image_of_array(read_array(reference), "image", spacing, **given)
        else:
            image = read_image(str(row["image"]), "image")
    except LesionError:
        return None
    moved = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return moved if sitk.GetArrayViewFromImage(moved).any() else None


def _write(mask: sitk.Image, folder: Path, *, array: bool) -> str:
    """Keep a mask under the hash of its voxels and grid; gives its reference.

    Args:
        mask: 0 and 1.
        folder: Of the cache.
        array: Whether its image is an array, which has no voxel size of its own: then the mask has none either.
    """
    voxels = np.ascontiguousarray(sitk.GetArrayFromImage(mask))
    grid = [mask.GetSize(), mask.GetSpacing(), mask.GetOrigin(), mask.GetDirection()]
    key = hash_object([np.packbits(voxels > 0).tobytes().hex(), grid, array])
    path = folder / key[:2] / f"{key}{'.npy' if array else '.nii.gz'}"
    uses([path])
    if not path.is_file():
        if array:
            buffer = io.BytesIO()
            np.save(buffer, voxels[None], allow_pickle=False)
            write_bytes(path, buffer.getvalue())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".nii.gz")
            os.close(handle)
            try:
                sitk.WriteImage(mask, name, useCompression=True)
                write_bytes(path, Path(name).read_bytes())
            finally:
                Path(name).unlink(missing_ok=True)
    return f"{path}[0]" if array else str(path)
