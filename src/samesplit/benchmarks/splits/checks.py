"""What every split must keep: no patient on two sides, classes where they are needed, one test set a patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pandas as pd

from samesplit.benchmarks.lesion_classes import LesionClasses, as_lesion_classes
from samesplit.benchmarks.splits.split import SUBSETS
from samesplit.errors import SplitError

__all__ = ["check_classes", "check_never_tested", "check_patients", "check_sides", "check_test_sets", "some"]

_MORE_OF_IT = "use fewer folds, a larger share for this part or another scheme, or add patients of that class"


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


def check_test_sets(table: pd.DataFrame, *, only_tested: Collection[str] = (), where: str | Path) -> None:
    """Check the named test sets: all test rows have a name or none has, and a patient belongs to one set.

    Args:
        table: The splits table; without the column `test_set` there is nothing to check.
        only_tested: The sets whose patients must not be trained on in any fold.
        where: The file or scheme, for messages.

    Raises:
        SplitError: A name is missing or stands where nobody is tested, a patient is in two sets, or a patient of a
            set that is only tested stands in another part of some fold.
    """
    if "test_set" not in table:
        return
    named, tested = table["test_set"].notna(), table["subset"] == "test"
    for wrong, problem, remedy in (
        (tested & ~named, "is tested, but belongs to no test set", "name the test set of every test patient"),
        (named & ~tested, "belongs to a test set, but is not tested", "leave test_set empty there"),
    ):
        if wrong.any():
            patient, repeat, fold = table[wrong].iloc[0][["patient_id", "repeat", "fold"]]
            raise SplitError(
                f"patient {patient!r} {problem} in repeat {repeat}, fold {fold}", where=where, remedy=remedy
            )
    sets = table[named].groupby("patient_id")["test_set"].unique()
    several = sets[sets.map(len) > 1]
    if len(several):
        raise SplitError(
            f"patient {several.index[0]!r} belongs to the test sets {' and '.join(sorted(several.iloc[0]))}",
            where=where,
            remedy="a patient belongs to one test set, the same in every fold",
        )
    reserved = set(sets.index[sets.map(lambda names: names[0] in only_tested)])
    learnt_from = table[table["patient_id"].isin(reserved) & ~tested]
    if len(learnt_from):
        patient, repeat, fold, subset = learnt_from.iloc[0][["patient_id", "repeat", "fold", "subset"]]
        raise SplitError(
            f"patient {patient!r} of the test set {sets[patient][0]!r} stands in {subset} in repeat {repeat}, "
            f"fold {fold}",
            where=where,
            remedy="patients of a declared test set are tested in every fold and train in none",
        )


def check_never_tested(table: pd.DataFrame, never: Collection[str], *, where: str | Path) -> None:
    """Check that no patient whom `split.never_tested` keeps out of every test part is tested.

    Args:
        table: The splits table.
        never: Those patients.
        where: The file or scheme, for messages.

    Raises:
        SplitError: One is; the message names the patient and the fold.
    """
    wrong = table[table["patient_id"].isin(set(never)) & (table["subset"] == "test")]
    if len(wrong):
        patient, repeat, fold = wrong.iloc[0][["patient_id", "repeat", "fold"]]
        raise SplitError(
            f"patient {patient!r} is tested in repeat {repeat}, fold {fold}, against the rule 'never_tested'",
            where=where,
            remedy="a patient with a lesion that the rule names trains or validates in every fold",
        )


def check_classes(
    table: pd.DataFrame,
    lesions: pd.DataFrame,
    labels: pd.Series[int] | Sequence[LesionClasses],
    *,
    where: str | Path,
) -> tuple[str, ...]:
    """Check that the parts of every fold hold lesions of all classes that they need.

    With `task:` train, validation and test of every fold need both classes. With `tasks:` every training part
    needs every class (of a survival task: an event), the validation part both classes of a binary task, and each
    class must be tested somewhere; a test part without one is noted.

    Returns:
        Notes on test parts, and named test sets, that lack a class.

    Raises:
        SplitError: A part lacks a class that it needs; the message names the fold, the part and the class.
    """
    notes: list[str] = []
    for task in as_lesion_classes(labels):
        classes = task.by_patient(lesions)
        lacking: dict[str, int] = {}
        folds = list(table.groupby(["repeat", "fold"]))
        for (repeat, fold), part in folds:
            sides = dict(zip(part["patient_id"], part["subset"], strict=True))
            for subset in SUBSETS:
                ids = [patient for patient, side in sides.items() if side == subset]
                missing = _missing(task, classes, ids)
                if missing and subset in task.parts:
                    text = (
                        f"the {subset} part of repeat {repeat}, fold {fold} ({len(ids)} patients) is without "
                    )
                    raise SplitError(text + _shown(task, missing), where=where, remedy=_MORE_OF_IT)
                for name in missing if subset == "test" else ():
                    lacking[name] = lacking.get(name, 0) + 1
        for name, count in lacking.items():
            if count == len(folds):
                raise SplitError(
                    f"no test part holds {_shown(task, [name])}", where=where, remedy=_MORE_OF_IT
                )
            notes.append(
                f"task {task.task}: {count} of {len(folds)} test parts are without {_lesion(task, name)}"
            )
        notes += _sets_without(task, classes, table)
    return tuple(notes)


def _missing(task: LesionClasses, classes: dict[str, frozenset[int]], ids: Collection[str]) -> list[str]:
    """Return the names of the needed classes that some patients' lesions lack."""
    found: frozenset[int] = frozenset().union(*(classes[patient] for patient in ids))
    return [task.classes[number] for number in task.needed if number not in found]


def _shown(task: LesionClasses, missing: Sequence[str]) -> str:
    """Return what a part is without, in words."""
    if not task.task:
        return "any lesion" if len(missing) == 2 else f"a {missing[0]} lesion"
    return f"{_lesion(task, missing[0])} (task {task.task})"


def _lesion(task: LesionClasses, name: str) -> str:
    return "an event" if task.kind == "survival" else f"a lesion of class {name!r}"


def _sets_without(task: LesionClasses, classes: dict[str, frozenset[int]], table: pd.DataFrame) -> list[str]:
    """Write notes on named test sets in which a class is missing; one with a single class has no AUC."""
    if "test_set" not in table:
        return []
    about = f"task {task.task}: " if task.task else ""
    notes = []
    for name, part in table[table["test_set"].notna()].groupby("test_set", sort=True):
        missing = _missing(task, classes, sorted(set(part["patient_id"])))
        if missing:
            told = " and ".join(_lesion(task, one) for one in missing)
            notes.append(f"{about}the test set {name!r} is without {told}")
    return notes


def some(ids: Iterable[str], count: int = 5) -> str:
    """Return the first few ids, quoted.

    Example:
        >>> some({"b", "a", "c"}, 2)
        "'a', 'b', ..."
    """
    ordered = sorted(ids)
    return ", ".join(map(repr, ordered[:count])) + (", ..." if len(ordered) > count else "")
