"""A benchmark as a dataset of nnU-Net v2: images of each case on one grid, their labels, and dataset.json."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from samesplit.benchmarks.nnunet.cases import Case
from samesplit.errors import CohortError, LesionError
from samesplit.imaging.case import read_case, read_image
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.repairs import GeometryRepair
from samesplit.storage import write_text

__all__ = ["DATASET_FOLDER", "ENDING", "SPLITS_FILE", "read_channel", "read_label", "write_dataset"]

ENDING = ".nii.gz"
SPLITS_FILE = "splits_final.json"
DATASET_FOLDER = re.compile(r"Dataset\d{3}_[A-Za-z0-9_-]+")
"""What nnU-Net calls the folder of a dataset."""


def write_dataset(
    folder: Path,
    cases: Sequence[Case],
    sequences: Sequence[str],
    *,
    title: str,
    hounsfield: Collection[str] = (),
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """Write a dataset: imagesTr, labelsTr and dataset.json.

    Every case stands in imagesTr, also those that are tested: nnU-Net trains each fold without its validation
    cases, which are the tested ones (`split_of_cases`), and predicts these.

    Args:
        folder: `nnUNet_raw/DatasetXXX_Name`; made where it is not there.
        cases: The cases.
        sequences: One a channel, in order; all lie on the grid of the first.
        title: What the dataset is.
        hounsfield: Sequences whose grey levels are Hounsfield units, which nnU-Net treats in a way of its own.
        geometry_repair: See `samesplit.imaging.case.read_case`.
        minimum_voxels: As for `read_case`.

    Returns:
        The cases that were written, and in words what was resampled, missing or left out.

    Raises:
        CohortError: The folder's name is none of a dataset, or no case could be written.
    """
    if not DATASET_FOLDER.fullmatch(folder.name):
        raise CohortError(
            f"{folder.name!r} is no name of an nnU-Net dataset",
            where=folder,
            remedy="call the folder Dataset and three digits, '_' and a name: Dataset501_Kidney",
        )
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    written, notes = [], []
    for case in cases:
        try:
            notes += _write_case(
                case, folder, sequences, geometry_repair=geometry_repair, minimum_voxels=minimum_voxels
            )
            written.append(case)
        except LesionError as error:
            notes.append(f"left out: {error}")
    if not written:
        raise CohortError(
            f"no case could be written; the first reason: {notes[0] if notes else 'there are no lesions'}",
            where=folder,
            remedy="run samesplit validate on the benchmark",
        )
    declared: dict[str, Any] = {
        "channel_names": {
            str(number): "CT" if name in hounsfield else name for number, name in enumerate(sequences)
        },
        "labels": {"background": 0, "lesion": 1},
        "numTraining": len(written),
        "file_ending": ENDING,
        "overwrite_image_reader_writer": "SimpleITKIO",
        "name": folder.name,
        "description": title,
    }
    write_text(folder / "dataset.json", json.dumps(declared, indent=4, ensure_ascii=False) + "\n")
    return tuple(written), tuple(notes)


def read_label(
    case: Case, *, geometry_repair: GeometryRepair | None = None, minimum_voxels: int = 8
) -> tuple[sitk.Image, sitk.Image]:
    """Read the image of a case in its first sequence, and all lesions in it as one mask.

    Args:
        case: The case.
        geometry_repair: See `samesplit.imaging.case.read_case`.
        minimum_voxels: As for `read_case`, of each lesion.

    Raises:
        LesionError: The image or the mask of a lesion cannot be read.
    """
    read = [
        read_case(
            str(row["image"]),
            str(row["mask"]),
            lesion_id=str(row["lesion_id"]),
            mask_label=str(row["mask_label"]),
            spacing_mm=float(row["spacing_mm"]),
            geometry_repair=geometry_repair,
            minimum_voxels=minimum_voxels,
        )
        for row in case.masks.to_dict("records")
    ]
    inside = np.any([sitk.GetArrayViewFromImage(one.mask) > 0 for one in read], axis=0)
    label = sitk.GetImageFromArray(inside.astype(np.uint8))
    label.CopyInformation(read[0].image)
    return read[0].image, label


def read_channel(case: Case, sequence: str) -> sitk.Image | None:
    """Read the image of a sequence; None where the case has none.

    Args:
        case: The case.
        sequence: Which.

    Raises:
        LesionError: It cannot be read.
    """
    path = case.first_image(sequence)
    if path is None:
        return None
    row = case.images[case.images["image"] == path].iloc[0]
    return read_image(path, "image") if math.isnan(float(row["spacing_mm"])) else _of_array(row)


def _write_case(
    case: Case,
    folder: Path,
    sequences: Sequence[str],
    *,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
) -> list[str]:
    """Write the images and the label of a case, all on the grid of the first sequence; return notes.

    Images on another grid are resampled (linear; outside of their field their lowest value). A sequence that the
    case lacks is an image of zeros, as nnU-Net wants every channel of every case.
    """
    grid, label = read_label(case, geometry_repair=geometry_repair, minimum_voxels=minimum_voxels)
    opened = [read_channel(case, sequence) for sequence in sequences]  # all, before anything of it is written
    notes: list[str] = []
    for channel, (sequence, given) in enumerate(zip(sequences, opened, strict=True)):
        image, note = _on_grid(given, sequence, grid)
        notes += [f"{case.name}: {note}"] if note else []
        sitk.WriteImage(image, str(folder / "imagesTr" / f"{case.name}_{channel:04d}{ENDING}"), True)
    sitk.WriteImage(label, str(folder / "labelsTr" / f"{case.name}{ENDING}"), True)
    return notes


def _on_grid(image: sitk.Image | None, sequence: str, grid: sitk.Image) -> tuple[sitk.Image, str]:
    """Return the image of a sequence on a grid, and what had to be done."""
    if image is None:
        empty = sitk.Image(grid.GetSize(), sitk.sitkFloat32)
        empty.CopyInformation(grid)
        return empty, f"has no {sequence}: an image of zeros"
    if same_grid(grid, image):
        image.CopyInformation(grid)
        return image, ""
    lowest = float(sitk.GetArrayViewFromImage(image).min())
    moved = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, lowest, sitk.sitkFloat32)
    return moved, f"{sequence} resampled to the grid of the first sequence"


def _of_array(row: Any) -> sitk.Image:
    """Return an image that is an array in a file, whose voxel size stands in images.csv."""
    return read_case(
        str(row["image"]), str(row["mask"]), lesion_id=str(row["lesion_id"]), mask_label="any",
        spacing_mm=float(row["spacing_mm"]), minimum_voxels=1,
    ).image  # fmt: skip
