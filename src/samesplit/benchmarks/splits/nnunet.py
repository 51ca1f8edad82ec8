"""nnU-Net's splits_final.json, read and written.

The format is a list of folds, each `{"train": [case, ...], "val": [case, ...]}`
(Isensee 2021, doi 10.1038/s41592-020-01008-z; https://github.com/MIC-DKFZ/nnUNet).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from samesplit.benchmarks.splits.checks import check_sides, some
from samesplit.benchmarks.splits.split import Row, Split, split_table
from samesplit.errors import SplitError
from samesplit.storage import write_text

__all__ = ["read_nnunet", "write_nnunet"]


def read_nnunet(
    path: Path, lesions: pd.DataFrame, *, val: Literal["test", "validation"] = "test"
) -> list[Row]:
    """Read `splits_final.json`.

    Args:
        path: The file. Its cases are lesions or patients, whichever all of its names are.
        lesions: The lesions table.
        val: What the `val` lists are. "test": nnU-Net's cross-validation is ours, and validation has yet to be
            drawn from train. "validation": the patients in no list at all are tested in every fold.

    Returns:
        Rows (patient_id, repeat 0, fold, subset).

    Raises:
        SplitError: The file is not such a list, names unknown cases, or puts a patient on two sides.
    """
    folds = _read(path)
    owners = _owners({case for fold in folds for side in fold.values() for case in side}, lesions, path)
    listed = {owners[case] for fold in folds for side in fold.values() for case in side}
    unlisted = sorted(set(lesions["patient_id"]) - listed)
    rows: list[Row] = []
    for number, fold in enumerate(folds):
        part: set[Row] = {(owners[case], 0, number, "train") for case in fold["train"]}
        part |= {(owners[case], 0, number, val) for case in fold["val"]}
        if val == "validation":
            part |= {(patient, 0, number, "test") for patient in unlisted}
        rows += sorted(part)
    check_sides(split_table(rows), where=path)
    return rows


def write_nnunet(
    split: Split,
    lesions: pd.DataFrame,
    path: Path,
    *,
    cases: Literal["lesion_id", "patient_id"] = "lesion_id",
    val: Literal["test", "validation"] = "test",
) -> Path:
    """Write a split as `splits_final.json`, one nnU-Net fold a (repeat, fold), in order.

    Args:
        split: The split.
        lesions: The lesions table.
        path: The file to write.
        cases: Whether an nnU-Net case is a lesion or a patient.
        val: What goes into the `val` lists. "test": our test part, with validation back in train.
            "validation": our validation part, and the tested patients are in no list.
    """
    folds = []
    for repeat, fold in split.pairs():
        ids = {
            subset: split.lesions(lesions, repeat, fold, subset)
            if cases == "lesion_id"
            else split.patient_ids(repeat, fold, subset)
            for subset in ("train", "validation", "test")
        }
        train = ids["train"] + (ids["validation"] if val == "test" else [])
        folds.append({"train": sorted(train), "val": ids[val]})
    return write_text(path, json.dumps(folds, indent=4, ensure_ascii=False) + "\n")


def _read(path: Path) -> list[dict[str, list[str]]]:
    try:
        folds: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SplitError("does not exist", where=path, remedy="check the name of the file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SplitError(
            f"is not readable JSON ({error})", where=path, remedy="copy the file from nnU-Net again"
        ) from None
    fine = isinstance(folds, list) and len(folds) > 0 and all(_is_fold(fold) for fold in folds)
    if not fine:
        raise SplitError(
            "is not a list of folds with the lists 'train' and 'val'",
            where=path,
            remedy='it should read [{"train": ["case1", ...], "val": ["case2", ...]}, ...]',
        )
    for number, fold in enumerate(folds):
        for side in ("train", "val"):
            if len(set(fold[side])) < len(fold[side]):
                doubled = {case for case in fold[side] if fold[side].count(case) > 1}
                raise SplitError(
                    f"fold {number} names cases twice in '{side}': {some(doubled)}",
                    where=path,
                    remedy="keep each case once",
                )
    return list(folds)


def _is_fold(fold: Any) -> bool:
    return (
        isinstance(fold, dict)
        and set(fold) == {"train", "val"}
        and all(
            isinstance(side, list) and all(isinstance(case, str) for case in side) for side in fold.values()
        )
    )


def _owners(named: set[str], lesions: pd.DataFrame, path: Path) -> dict[str, str]:
    by_lesion: dict[str, str] = dict(zip(lesions["lesion_id"], lesions["patient_id"], strict=True))
    by_patient: dict[str, str] = {patient: patient for patient in lesions["patient_id"]}
    unknown = min((named - set(by_lesion), named - set(by_patient)), key=len)
    if unknown:
        raise SplitError(
            f"{len(unknown)} cases are neither lesions nor patients of the cohort: {some(unknown)}",
            where=path,
            remedy="name cases by lesion_id or patient_id, as lesions.csv does",
        )
    return by_patient if named <= set(by_patient) else by_lesion
