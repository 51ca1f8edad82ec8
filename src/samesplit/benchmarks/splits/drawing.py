"""Chance, kept the same on every machine, and two fair ways to use it: dealing and drawing.

These two are for one task with two classes; `iterative` has those for any other.

Permutations come from the raw output of PCG64, which NumPy promises never to change
(https://numpy.org/neps/nep-0019-rng-policy.html), and start from sorted ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import groupby

import numpy as np

from samesplit.benchmarks.splits.patients import GROUPS, Patient
from samesplit.storage import canonical_json

__all__ = ["Key", "deal", "draw", "shuffled"]

Key = tuple[int | str, ...]
"""What a piece of randomness is for: the seed and the names of the place. Other key, other randomness."""


def _raw(key: Key, count: int) -> list[int]:
    digest = hashlib.sha256(canonical_json(list(key)).encode()).digest()
    stream = np.random.PCG64(np.random.SeedSequence(int.from_bytes(digest, "big")))
    return [int(stream.random_raw()) for _ in range(count)]


def shuffled(items: Sequence[str], key: Key) -> list[str]:
    """Return the items, sorted and then put in the random order that belongs to the key.

    Example:
        >>> shuffled(["a", "b", "c", "d"], (7, "x")) == shuffled(["d", "b", "a", "c"], (7, "x"))
        True
    """
    return [item for _, item in sorted(zip(_raw(key, len(items)), sorted(items), strict=True))]


def deal(patients: Sequence[Patient], parts: int, key: Key) -> list[set[str]]:
    """Deal patients into parts like cards: stratum after stratum, one to each part in turn.

    Any run of neighbouring strata is spread so that no two parts differ by more than one patient: the single
    strata, all patients with a positive lesion, all with a negative lesion, and all patients.

    Args:
        patients: In the order of `stratified_patients`.
        parts: How many parts.
        key: The key of this deal's randomness.
    """
    order = _in_random_order(patients, (*key, "patients"))
    turns = shuffled([f"{part:09d}" for part in range(parts)], (*key, "parts"))
    dealt: list[set[str]] = [set() for _ in range(parts)]
    for position, patient in enumerate(order):
        dealt[int(turns[position % parts])].add(patient)
    return dealt


def draw(
    patients: Sequence[Patient], share: float, key: Key, *, never: Collection[str] = frozenset()
) -> set[str]:
    """Draw a share of the patients, in proportion from every stratum.

    Both the drawn and the rest get both classes whenever there are patients enough for that, at the price of
    a drawn part one or two patients larger or smaller than the share.

    Args:
        patients: In the order of `stratified_patients`.
        share: Share to draw, between 0 and 1.
        key: The key of this draw's randomness.
        never: Patients who must not be drawn. They count in the share, and others with the same classes are
            drawn in their place, as far as there are some.
    """
    may_be = [patient for patient in patients if patient.patient_id not in never]
    counts, most = _of_each_group(patients), _of_each_group(may_be)
    quotas = _quotas(counts, share, most)
    drawn: set[str] = set()
    for group, quota in enumerate(quotas):
        members = [patient for patient in may_be if patient.group == group]
        order = _in_random_order(members, (*key, "patients"))
        start = _raw((*key, "start", GROUPS[group]), 1)[0] % max(len(order), 1)
        # Evenly spaced along the strata, so that each gives its share.
        drawn |= {
            patient
            for position, patient in enumerate(order)
            if (start + (position + 1) * quota) // len(order) > (start + position * quota) // len(order)
        }
    return drawn


def _in_random_order(patients: Sequence[Patient], key: Key) -> list[str]:
    order: list[str] = []
    strata = groupby(patients, key=lambda patient: (patient.group, patient.stratum))
    for (group, stratum), members in strata:
        order += shuffled([patient.patient_id for patient in members], (*key, GROUPS[group], stratum))
    return order


def _of_each_group(patients: Sequence[Patient]) -> list[int]:
    return [sum(patient.group == group for patient in patients) for group in range(len(GROUPS))]


def _quotas(counts: Sequence[int], share: float, most: Sequence[int]) -> list[int]:
    """How many to draw from each group: in proportion, by largest remainder, then mended for the classes.

    No more than `most` come from a group; the others do not make good what it lacks: that would shift the classes.
    """
    total = sum(counts)
    wanted = min(max(round(share * total), 1), max(total - 1, 1))
    exact = [count * wanted / total for count in counts]
    quotas = [int(value) for value in exact]
    by_remainder = sorted(range(len(counts)), key=lambda group: (quotas[group] - exact[group], group))
    for group in by_remainder[: wanted - sum(quotas)]:
        quotas[group] += 1
    quotas = [min(quota, limit) for quota, limit in zip(quotas, most, strict=True)]
    candidates = _neighbours(quotas, most)
    return min(candidates, key=lambda option: _cost(option, counts, quotas))


def _neighbours(quotas: Sequence[int], counts: Sequence[int]) -> list[list[int]]:
    """All quotas within two of the given ones in every group."""
    spans = [
        range(max(quota - 2, 0), min(quota + 2, count) + 1)
        for quota, count in zip(quotas, counts, strict=True)
    ]
    return [[a, b, c] for a in spans[0] for b in spans[1] for c in spans[2]]


def _cost(option: Sequence[int], counts: Sequence[int], wanted: Sequence[int]) -> tuple[int, int, list[int]]:
    """Parts that lack a class weigh most, then the distance from what was wanted, then a fixed order."""
    rest = [count - taken for count, taken in zip(counts, option, strict=True)]
    lacking = sum(part[0] + part[1] == 0 for part in (option, rest)) + sum(
        part[1] + part[2] == 0 for part in (option, rest)
    )
    distance = 10 * abs(sum(option) - sum(wanted)) + sum(
        abs(taken - quota) for taken, quota in zip(option, wanted, strict=True)
    )
    return lacking, distance, list(option)
