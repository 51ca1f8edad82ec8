"""The validation folders of a trained nnU-Net as predicted masks, checked against the frozen split."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import SimpleITK as sitk

from samesplit.benchmarks.nnunet.cases import Case
from samesplit.benchmarks.nnunet.dataset import ENDING, SPLITS_FILE, read_channel, read_label
from samesplit.benchmarks.splits.checks import some
from samesplit.errors import LesionError, PredictionsError, SplitError
from samesplit.imaging.case import read_image
from samesplit.imaging.geometry import same_grid
from samesplit.imaging.repairs import GeometryRepair
from samesplit.statistics.overlap import dice

__all__ = ["read_results", "readable_cases"]

Fold = Mapping[str, Sequence[str]]

_SAME = 1e-6
"""How far a Dice may lie from that of summary.json."""


def read_results(
    folder: Path,
    cases: Sequence[Case],
    folds: Sequence[Fold],
    pairs: Sequence[tuple[int, int]],
    *,
    splits: Path | None = None,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
) -> tuple[pd.DataFrame, list[str]]:
    """Read the validation folders of all folds of a trained nnU-Net.

    Args:
        folder: `nnUNet_results/DatasetXXX_Name/<trainer>__<plans>__<configuration>`, with fold_0, fold_1, ...
        cases: The benchmark's cases.
        folds: The frozen split as `split_of_cases` gives it.
        pairs: The repeat and fold that each of them is.
        splits: nnU-Net's splits_final.json; None to look for it in the folder and the two above.
        geometry_repair: See `samesplit.imaging.case.read_case`.
        minimum_voxels: As for `read_case`.

    Returns:
        A row a lesion, sequence and fold: lesion_id, sequence, repeat, fold, mask (absolute path); and notes.

    Raises:
        SplitError: splits_final.json is not the frozen split.
        PredictionsError: A fold is missing, or holds other cases than the frozen split tests in it, or its
            summary.json has another Dice than the masks.
    """
    settings: dict[str, Any] = {"geometry_repair": geometry_repair, "minimum_voxels": minimum_voxels}
    notes = _check_splits(folder, folds, splits)
    rows = []
    by_name = {case.name: case for case in cases}
    for number, ((repeat, fold), wanted) in enumerate(zip(pairs, folds, strict=True)):
        here = folder / f"fold_{number}" / "validation"
        masks = {path.name[: -len(ENDING)]: path.resolve() for path in sorted(here.glob(f"*{ENDING}"))}
        if not masks:
            raise PredictionsError(
                "holds no predicted masks",
                where=here,
                remedy=f"train fold {number} to its end: nnUNetv2_train ... {number} (of 0 to {len(folds) - 1})",
            )
        _check_cases(set(masks), set(wanted["val"]), here)
        tested = [by_name[name] for name in wanted["val"]]
        for case in tested:
            _check_labels(masks[case.name])
        labels = {case.name: read_label(case, **settings)[1] for case in tested}
        notes += _check_summary(here, {case.name: masks[case.name] for case in tested}, labels)
        rows += [
            {
                "lesion_id": row["lesion_id"],
                "sequence": row["sequence"],
                "repeat": repeat,
                "fold": fold,
                "mask": str(masks[case.name]),
            }
            for case in tested
            for row in case.images[["lesion_id", "sequence"]].to_dict("records")
        ]
    return pd.DataFrame(rows), notes


def readable_cases(
    cases: Sequence[Case],
    sequences: Sequence[str],
    *,
    geometry_repair: GeometryRepair | None = None,
    minimum_voxels: int = 8,
) -> tuple[Case, ...]:
    """Return the cases whose images and lesions can all be read: those that a dataset has.

    Args:
        cases: All cases.
        sequences: The channels of the dataset.
        geometry_repair: See `samesplit.imaging.case.read_case`.
        minimum_voxels: As for `read_case`.
    """
    kept = []
    for case in cases:
        with contextlib.suppress(LesionError):
            read_label(case, geometry_repair=geometry_repair, minimum_voxels=minimum_voxels)
            for sequence in sequences[1:]:
                read_channel(case, sequence)
            kept.append(case)
    return tuple(kept)


def _find_splits(folder: Path) -> Path | None:
    """Find splits_final.json in the results or the two folders above; None where there is none."""
    places = [one / SPLITS_FILE for one in (folder, *list(folder.parents)[:2])]
    return next((path for path in places if path.is_file()), None)


def _check_splits(folder: Path, folds: Sequence[Fold], splits: Path | None) -> list[str]:
    """Refuse splits_final.json unless it is the frozen split; return a note where there is none."""
    path = _find_splits(folder) if splits is None else splits
    if path is None:
        return [
            f"there is no {SPLITS_FILE} beside the results, so only the tested cases of each fold were compared "
            "with the frozen split, not those trained on"
        ]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        given = [{side: sorted(set(fold[side])) for side in ("train", "val")} for fold in found]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SplitError(
            f"is no list of nnU-Net's folds ({error})", where=path, remedy="copy it again"
        ) from error
    remedy = "train with the splits_final.json that samesplit nnunet export wrote"
    if len(given) != len(folds):
        raise SplitError(f"has {len(given)} folds, the frozen split {len(folds)}", where=path, remedy=remedy)
    for number, (theirs, ours) in enumerate(zip(given, folds, strict=True)):
        for side in ("train", "val"):
            other = set(theirs[side]) ^ set(ours[side])
            if other:
                raise SplitError(
                    f"is not the frozen split: '{side}' of fold {number} differs in {len(other)} cases: "
                    f"{some(other)}",
                    where=path,
                    remedy=remedy,
                )
    return []


def _check_cases(found: set[str], wanted: set[str], where: Path) -> None:
    problems = {
        "cases that the frozen split does not test there": found - wanted,
        "no mask of cases that it tests there": wanted - found,
    }
    for what, names in problems.items():
        if names:
            raise PredictionsError(
                f"holds {what}: {some(names)}",
                where=where,
                remedy="train with the splits_final.json that samesplit nnunet export wrote",
            )


def _check_labels(path: Path) -> None:
    """Refuse a mask with more than the one label of the dataset."""
    try:
        highest = int(np.max(sitk.GetArrayFromImage(read_image(str(path), "mask"))))
    except LesionError as error:
        raise PredictionsError(error.problem, where=path, remedy=error.remedy) from error
    if highest > 1:
        raise PredictionsError(
            f"has the label {highest}, but the dataset has the one label 1",
            where=path,
            remedy="train on the dataset that samesplit nnunet export wrote",
        )


def _check_summary(folder: Path, masks: Mapping[str, Path], labels: Mapping[str, sitk.Image]) -> list[str]:
    """Compare the Dice of each case with nnU-Net's summary.json; return a note where there is no such file."""
    path = folder / "summary.json"
    if not path.is_file():
        return [f"{folder.parent.name} has no summary.json to compare with"]
    try:
        told = _dice_of_summary(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PredictionsError(
            f"is no summary of nnU-Net ({error})", where=path, remedy="evaluate the fold again"
        ) from error
    for name, mask in masks.items():
        ours, theirs = _dice(labels[name], mask), told.get(name, math.nan)
        if not abs(ours - theirs) <= _SAME:
            raise PredictionsError(
                f"the case {name} has a Dice of {theirs:.6f} there, and {ours:.6f} with the benchmark's "
                "masks",
                where=path,
                remedy="export the benchmark again and train on it: nnU-Net was given other masks",
            )
    return []


def _dice_of_summary(summary: Any) -> dict[str, float]:
    """Return the Dice of the label 1 by case."""
    found = {}
    for item in summary["metric_per_case"]:
        name = str(item["prediction_file"]).replace("\\", "/").rsplit("/", 1)[-1]
        value = item["metrics"]["1"]["Dice"]
        found[name.removesuffix(ENDING)] = math.nan if value is None else float(value)
    return found


def _dice(label: sitk.Image, mask: Path) -> float:
    """Return the Dice of a predicted mask with all lesions of its case together."""
    predicted = read_image(str(mask), "mask")
    if not same_grid(label, predicted):
        predicted = sitk.Resample(predicted, label, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    return dice(sitk.GetArrayViewFromImage(label), sitk.GetArrayViewFromImage(predicted))
