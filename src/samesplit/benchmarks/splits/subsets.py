"""Nested subsets of a training part: what a model would have learnt from, had the cohort been smaller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from samesplit.benchmarks.splits.drawing import Key, shuffled

__all__ = ["nested_subsets"]


def nested_subsets(
    patients: Mapping[str, str], classes: Mapping[str, int], sizes: Sequence[int], key: Key
) -> list[list[str]]:
    """Draw subsets of lesions by patient, stratified by class, each smaller one inside every larger one.

    Patients are put into one random order in which every stratum (the classes of a patient's lesions) is
    spread evenly, so that any beginning of the order holds the strata in proportion. A subset is the longest
    beginning with no more lesions than its size.

    Args:
        patients: The patient of each lesion.
        classes: The number of the class of each lesion.
        sizes: How many lesions each subset is to have at most, in any order.
        key: The key of the randomness: another key, another order.

    Returns:
        The lesions of each subset, sorted, in the order of the sizes; a size of all lesions or more has all.

    Example:
        >>> patients = {"L1": "A", "L2": "B", "L3": "C", "L4": "D"}
        >>> small, large = nested_subsets(patients, {"L1": 0, "L2": 0, "L3": 1, "L4": 1}, [2, 4], (0,))
        >>> set(small) < set(large), len(set(small) & {"L1", "L2"})
        (True, 1)
    """
    lesions: dict[str, list[str]] = {}
    for lesion in sorted(patients):
        lesions.setdefault(patients[lesion], []).append(lesion)
    strata: dict[tuple[int, ...], list[str]] = {}
    for patient in sorted(lesions):
        stratum = tuple(sorted({classes[lesion] for lesion in lesions[patient]}))
        strata.setdefault(stratum, []).append(patient)
    places: list[tuple[Fraction, tuple[int, ...], str]] = []
    for stratum, members in sorted(strata.items()):
        order = shuffled(members, (*key, "subset", *stratum))
        places += [
            (Fraction(2 * place + 1, 2 * len(order)), stratum, patient) for place, patient in enumerate(order)
        ]
    ordered = [patient for _, _, patient in sorted(places)]
    return [_beginning(ordered, lesions, size) for size in sizes]


def _beginning(ordered: Sequence[str], lesions: Mapping[str, Sequence[str]], size: int) -> list[str]:
    """Return the lesions of the first patients, as long as they are no more than so many."""
    taken: list[str] = []
    for patient in ordered:
        if len(taken) + len(lesions[patient]) > size:
            break
        taken += lesions[patient]
    return sorted(taken)
