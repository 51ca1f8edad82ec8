"""Named test sets, and who is never tested: which patients the rules of the section `split` mean."""

from __future__ import annotations

import pandas as pd

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits.rules import lesions_that_fit
from samesplit.errors import SplitError

__all__ = ["patients_never_tested", "patients_of_test_sets"]


def patients_of_test_sets(lesions: pd.DataFrame, settings: SplitSettings) -> dict[str, str]:
    """Find the test set of each patient whom a rule of `split.test_sets` names.

    A lesion fits a rule when it meets all of its conditions, and one such lesion puts the patient into the set. A
    patient who fits several rules belongs to the first of them.

    Args:
        lesions: The lesions table.
        settings: The `split` section.

    Returns:
        Patient -> name of the set, for the patients of a set.

    Raises:
        SplitError: A rule names an unknown column or value, a lesion's cell is empty, or a rule fits nobody whom
            the rules before it do not take.
    """
    found: dict[str, str] = {}
    for name, rule in settings.test_sets.items():
        where = f"split.test_sets.{name}"
        fits = lesions_that_fit(lesions, rule, where, decided=found)
        members = {str(patient) for patient in lesions.loc[fits, "patient_id"]} - found.keys()
        if not members:
            raise SplitError(
                "no patient belongs to the test set" + (", or all belong to one before it" if found else ""),
                where=where,
                remedy="correct the rule, or take the test set out",
            )
        found |= dict.fromkeys(members, name)
    return found


def patients_never_tested(lesions: pd.DataFrame, settings: SplitSettings) -> frozenset[str]:
    """Find the patients who have a lesion that `split.never_tested` keeps out of every test part.

    Args:
        lesions: The lesions table.
        settings: The `split` section.

    Raises:
        SplitError: The rule names an unknown column or value, a lesion's cell is empty, or such a patient belongs
            to a named test set.
    """
    if not settings.never_tested:
        return frozenset()
    where = "split.never_tested"
    fits = lesions_that_fit(lesions, settings.never_tested, where)
    never = frozenset(str(patient) for patient in lesions.loc[fits, "patient_id"])
    named = patients_of_test_sets(lesions, settings)
    both = sorted(never & named.keys())
    if both:
        raise SplitError(
            f"{len(both)} patients must not be tested and belong to a named test set, the first {both[0]!r} to "
            f"{named[both[0]]!r}",
            where=where,
            remedy="give that test set a second condition that leaves them out, or take 'never_tested' out",
        )
    return never
