"""The named test sets of a run, such as internal and external: which there are, and where a model is worst."""

from __future__ import annotations

from samesplit.ordering import first_best
from samesplit.reports.context import Context
from samesplit.reports.estimates import Estimate

__all__ = [
    "INTERNAL",
    "lowest_site",
    "lowest_test_set",
    "names_of_test_sets",
    "of_test_set",
    "sets_in_more_folds",
    "undefined_test_sets",
]

INTERNAL = "internal"
"""The set that the others are held against, where there is one."""
_GROUP = "test_set="
_SITE = "site="
FEWEST_OF_A_CLASS = 10
"""Lesions of each class that a site needs for its AUC to be spoken of."""


def names_of_test_sets(context: Context) -> list[str]:
    """Name the test sets of a run: the internal one first, then as they are declared, then by name; or none."""
    splits = context.data.splits
    if "test_set" not in splits:
        return []
    names = splits.loc[splits["subset"] == "test", "test_set"].dropna().astype(str)
    settings = context.data.section("split").get("settings")
    declared = list((settings if isinstance(settings, dict) else {}).get("test_sets") or ())
    last = len(declared)
    place = {name: number for number, name in enumerate(declared)}
    return sorted({name for name in names if name}, key=lambda n: (n != INTERNAL, place.get(n, last), n))


def of_test_set(context: Context, model: str, name: str) -> Estimate | None:
    """Give the main quantity of a model in one test set; None where the results have none.

    Args:
        context: The run.
        model: Its name.
        name: Of the test set.
    """
    found = context.numbers.get(context.main.quantity, model, group=f"{_GROUP}{name}")
    return found if found is not None and found.is_known() else None


def undefined_test_sets(context: Context, model: str) -> list[str]:
    """Name the test sets in which the main quantity of a model is not defined, as in one that lacks a class.

    Sets that are not judged apart, such as the only one of a run, are not among them.

    Args:
        context: The run.
        model: Its name.
    """
    found = {
        name: context.numbers.get(context.main.quantity, model, group=f"{_GROUP}{name}")
        for name in names_of_test_sets(context)
    }
    return [name for name, one in found.items() if one is not None and not one.is_known()]


def sets_in_more_folds(context: Context) -> dict[str, int]:
    """Count the folds that test a patient of each set, of the sets that are tested in more folds than others.

    A declared set is tested in every fold, and the rest of the patients in one fold of a cross-validation, so that
    in numbers over all predictions together the declared set weighs more.

    Args:
        context: The run.
    """
    splits = context.data.splits
    if "test_set" not in splits:
        return {}
    tested = splits[splits["subset"] == "test"]
    folds = tested.groupby(["test_set", "patient_id"]).size().groupby("test_set").min()
    return {name: int(folds[name]) for name in names_of_test_sets(context) if folds[name] > folds.min()}


def lowest_test_set(context: Context, model: str) -> tuple[str, Estimate] | None:
    """Give the test set in which a model is worst, and its main quantity there; None below two sets.

    Args:
        context: The run.
        model: Its name.
    """
    known = [
        (name, found)
        for name in names_of_test_sets(context)
        if (found := of_test_set(context, model, name)) is not None
    ]
    if len(known) < 2:
        return None
    return known[first_best([found.estimate for _, found in known], largest=False)]


def lowest_site(context: Context, model: str) -> tuple[str, Estimate] | None:
    """Give the site in which a model is worst, and its main quantity there; None below two sites that count.

    In a task of two classes a site with fewer than `FEWEST_OF_A_CLASS` lesions of either counts as little as any
    subgroup of that size: nothing is said of it.

    Args:
        context: The run; its results have sites where `statistics.groups` names them.
        model: Its name.
    """
    quantity = context.main.quantity
    known = [
        (group.removeprefix(_SITE), found)
        for group in context.numbers.groups(model, quantity)
        if group.startswith(_SITE)
        and (found := context.numbers.get(quantity, model, group=group)) is not None
        and found.is_known()
        and (context.data.task.kind != "binary" or _enough(found))
    ]
    if len(known) < 2:
        return None
    return known[first_best([found.estimate for _, found in known], largest=False)]


def _enough(found: Estimate) -> bool:
    return min(found.n_positive, found.n - found.n_positive) >= FEWEST_OF_A_CLASS
