"""Parts that are alike in the classes of several tasks at once: iterative stratification.

Patients with the rarest class are given out first, each to the part that lacks it most, so that a class of few
patients is spread before common ones leave no choice (Sechidis, Tsoumakas, Vlahavas 2011,
doi 10.1007/978-3-642-23808-6_10). Here patients are what is given out, the classes of all tasks count alike,
strata and the sizes of the parts settle ties, and every part asks for at least one patient of each class that has
as many patients as there are parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction

from samesplit.benchmarks.splits.drawing import Key, shuffled
from samesplit.benchmarks.splits.patients import Patient

__all__ = ["deal_by_classes", "draw_by_classes"]

_MOST_ATTEMPTS = 25
_FINEST_SHARE = 1000


def deal_by_classes(patients: Sequence[Patient], parts: int, key: Key) -> list[set[str]]:
    """Deal patients into parts of equal size that are alike in the classes of all tasks.

    Args:
        patients: From `stratified_patients`.
        parts: How many parts.
        key: The key of this deal's randomness.
    """
    return _allot(patients, [1] * parts, key)


def draw_by_classes(
    patients: Sequence[Patient], share: float, key: Key, *, never: Collection[str] = frozenset()
) -> set[str]:
    """Draw a share of the patients that is alike to the rest in the classes of all tasks.

    Args:
        patients: From `stratified_patients`.
        share: Share to draw, between 0 and 1.
        key: The key of this draw's randomness.
        never: Patients who must not be drawn. They count in the share, and the part is alike to the others.
    """
    may_be = [patient for patient in patients if patient.patient_id not in never]
    exact = Fraction(share * len(patients) / max(len(may_be), 1)).limit_denominator(_FINEST_SHARE)
    exact = min(max(exact, Fraction(1, _FINEST_SHARE)), Fraction(_FINEST_SHARE - 1, _FINEST_SHARE))
    return _allot(may_be, [exact.numerator, exact.denominator - exact.numerator], key)[0]


def _allot(patients: Sequence[Patient], weights: Sequence[int], key: Key) -> list[set[str]]:
    """Return the first attempt in which every part has every class that it can have, else the nearest to it."""
    best = _Deal(patients, weights, (*key, "attempt", 0)).parts()
    fewest = _lacking(best, patients)
    for number in range(1, _MOST_ATTEMPTS):
        if not fewest:
            break
        dealt = _Deal(patients, weights, (*key, "attempt", number)).parts()
        lacking = _lacking(dealt, patients)
        if lacking < fewest:
            best, fewest = dealt, lacking
    return best


def _lacking(parts: Sequence[set[str]], patients: Sequence[Patient]) -> int:
    """How many classes are missing from parts, those left out that have too few patients for all parts."""
    carriers = Counter(number for patient in patients for number in patient.classes)
    possible = {number for number, count in carriers.items() if count >= len(parts)}
    missing = sum(not part for part in parts) if len(patients) >= len(parts) else 0
    for part in parts:
        found = {number for patient in patients if patient.patient_id in part for number in patient.classes}
        missing += len(possible - found)
    return missing


class _Deal:
    """One attempt. What a part still asks for is counted in whole numbers: `sum(weights)` for one patient."""

    def __init__(self, patients: Sequence[Patient], weights: Sequence[int], key: Key) -> None:
        by_id = {patient.patient_id: patient for patient in patients}
        self._waiting = {name: by_id[name] for name in shuffled(list(by_id), (*key, "patients"))}
        self._weights = list(weights)
        self._one = sum(weights)
        turns = shuffled([f"{part:09d}" for part in range(len(weights))], (*key, "parts"))
        self._turn = [int(turn) for turn in turns]
        self._parts: list[set[str]] = [set() for _ in weights]
        classes = Counter(number for patient in patients for number in patient.classes)
        strata = Counter(patient.stratum for patient in patients)
        self._size = [weight * len(patients) for weight in weights]
        self._asked = {number: self._shares(count) for number, count in classes.items()}
        self._stratum = {name: [weight * count for weight in self._weights] for name, count in strata.items()}

    def _shares(self, count: int) -> list[int]:
        """Return how many of a class each part wants: its share, at least one where there is one for each."""
        shares = [weight * count for weight in self._weights]
        if count < len(shares):
            return shares
        raised = [max(share, self._one) for share in shares]
        largest = raised.index(max(raised))
        raised[largest] -= sum(raised) - sum(shares)
        return raised

    def parts(self) -> list[set[str]]:
        """Give out all patients."""
        while self._waiting:
            counts = Counter(number for patient in self._waiting.values() for number in patient.classes)
            rarest = min(counts, key=lambda number: (counts[number], number)) if counts else None
            chosen = [p for p in self._waiting.values() if rarest is None or rarest in p.classes]
            for patient in chosen:
                self._give(patient, rarest)
        return self._parts

    def _give(self, patient: Patient, rarest: int | None) -> None:
        others = sorted(patient.classes - {rarest})
        part = max(
            range(len(self._parts)),
            key=lambda part: (
                0 if rarest is None else self._asked[rarest][part],
                sum(self._asked[number][part] for number in others),
                self._stratum[patient.stratum][part],
                self._size[part],
                -self._turn[part],
            ),
        )
        self._parts[part].add(patient.patient_id)
        del self._waiting[patient.patient_id]
        self._size[part] -= self._one
        self._stratum[patient.stratum][part] -= self._one
        for number in patient.classes:
            self._asked[number][part] -= self._one
