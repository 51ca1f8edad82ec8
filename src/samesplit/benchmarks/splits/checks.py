"""What every split must keep: no patient on two sides, and both classes in every part."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.splits.split import SUBSETS
from samesplit.errors import SplitError

__all__ = ["check_classes", "check_patients", "check_sides"]


def check_sides(table: pd.DataFrame, *, where: str | Path) -> None:
    """Check that no patient stands on two sides, or twice on one, of any fold.

    Raises:
        SplitError: One does; the message names the patient, the fold and the sides.
    """
    doubled = table[table.duplicated(["patient_id", "repeat", "fold"], keep=False)]
    if len(doubled):
        patient, repeat, fold = doubled.iloc[0][["patient_id", "repeat", "fold"]]
        same = doubled[(doubled["patient_id"] == patient) & (doubled["repeat"] == repeat)]
        subsets = sorted(set(same.loc[same["fold"] == fold, "subset"]))
        sides = f"on two sides, {' and '.join(subsets)}," if len(subsets) > 1 else f"twice in {subsets[0]}"
        raise SplitError(
            f"patient {patient!r} stands {sides} in repeat {repeat}, fold {fold}",
            where=where,
            remedy="all lesions of a patient belong on one side: take the patient out of the others",
        )


def check_patients(table: pd.DataFrame, patients: Iterable[str], *, where: str | Path) -> None:
    """Check that every fold places each patient of the cohort and nobody else.

    Raises:
        SplitError: One does not; the message names the fold and the patients.
    """
    expected = set(patients)
    for (repeat, fold), part in table.groupby(["repeat", "fold"]):
        found = set(part["patient_id"])
        for ids, problem in (
            (found - expected, "that the cohort does not have"),
            (expected - found, "fewer than the cohort has; not placed are"),
        ):
            if ids:
                raise SplitError(
                    f"repeat {repeat}, fold {fold} has {len(ids)} patients {problem}: {some(ids)}",
                    where=where,
                    remedy="give every patient of lesions.csv one side in every fold",
                )


def check_classes(
    table: pd.DataFrame, lesions: pd.DataFrame, labels: pd.Series[int], *, where: str | Path
) -> None:
    """Check that train, validation and test of every fold hold lesions of both classes.

    Raises:
        SplitError: One does not; the message names the fold, the part and the class.
    """
    classes: dict[str, set[int]] = {}
    for patient, label in zip(lesions["patient_id"], lesions["lesion_id"].map(labels), strict=True):
        classes.setdefault(patient, set()).add(int(label))
    for (repeat, fold), part in table.groupby(["repeat", "fold"]):
        sides = dict(zip(part["patient_id"], part["subset"], strict=True))
        for subset in SUBSETS:
            ids = [patient for patient, side in sides.items() if side == subset]
            found: set[int] = set().union(*(classes[patient] for patient in ids))
            if len(found) < 2:
                lacking = "any" if not found else "a negative" if found == {1} else "a positive"
                raise SplitError(
                    f"the {subset} part of repeat {repeat}, fold {fold} ({len(ids)} patients) is without "
                    f"{lacking} lesion",
                    where=where,
                    remedy="use fewer folds, a larger share for this part or another scheme, "
                    "or add patients of that class",
                )


def some(ids: Iterable[str], count: int = 5) -> str:
    """The first few ids, quoted.

    Example:
        >>> some({"b", "a", "c"}, 2)
        "'a', 'b', ..."
    """
    ordered = sorted(ids)
    return ", ".join(map(repr, ordered[:count])) + (", ..." if len(ordered) > count else "")
