from __future__ import annotations

from itertools import pairwise

from samesplit.benchmarks.splits.subsets import nested_subsets

PATIENTS = {f"L{n:03d}": f"P{n // 2 if n < 20 else n:03d}" for n in range(100)}
"""Ten patients of two lesions and eighty of one."""
CLASSES = {lesion: int(lesion[1:]) % 4 == 0 for lesion in PATIENTS}
SIZES = (10, 25, 50, 100)


def test_each_smaller_subset_lies_inside_every_larger_one_and_the_largest_is_all() -> None:
    subsets = nested_subsets(PATIENTS, CLASSES, SIZES, (1,))

    assert all(set(a) < set(b) for a, b in pairwise(subsets))
    assert subsets[-1] == sorted(PATIENTS)


def test_lesions_of_a_patient_stay_together_and_a_size_is_not_exceeded() -> None:
    for draw in range(20):
        for size, subset in zip(SIZES, nested_subsets(PATIENTS, CLASSES, SIZES, (draw,)), strict=True):
            inside = {PATIENTS[lesion] for lesion in subset}
            assert subset == sorted(lesion for lesion in PATIENTS if PATIENTS[lesion] in inside)
            assert size - 1 <= len(subset) <= size


def test_classes_keep_their_proportion_in_every_subset() -> None:
    for draw in range(20):
        for subset in nested_subsets(PATIENTS, CLASSES, SIZES, (draw,)):
            positive = sum(CLASSES[lesion] for lesion in subset)
            assert abs(positive - len(subset) / 4) <= 2


def test_another_key_draws_another_subset_and_the_same_key_the_same() -> None:
    first, again, other = (nested_subsets(PATIENTS, CLASSES, [25], (key,))[0] for key in (1, 1, 2))

    assert first == again
    assert first != other


def test_the_order_of_the_sizes_is_that_of_the_subsets() -> None:
    large, small = nested_subsets(PATIENTS, CLASSES, [50, 10], (1,))

    assert (len(large), len(small)) == (50, 10) or len(large) > len(small)
    assert nested_subsets(PATIENTS, CLASSES, [10, 50], (1,)) == [small, large]
