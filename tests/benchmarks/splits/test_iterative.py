from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from samesplit.benchmarks.splits.iterative import deal_by_classes, draw_by_classes
from samesplit.benchmarks.splits.patients import Patient
from samesplit.storage import hash_object

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def patients(classes: list[set[int]], strata: list[str] | None = None) -> list[Patient]:
    return [
        Patient(0, strata[i] if strata else "", f"P{i:03d}", frozenset(found))
        for i, found in enumerate(classes)
    ]


def carriers(part: set[str], everyone: list[Patient], number: int) -> int:
    return sum(patient.patient_id in part and number in patient.classes for patient in everyone)


class_sets = st.lists(
    st.sets(st.integers(0, 5), max_size=3).map(lambda found: found | {0} if len(found) > 1 else found),
    min_size=12,
    max_size=60,
)


@QUICK
@given(st.lists(st.integers(0, 4), min_size=10, max_size=60), st.integers(2, 6), st.integers(0, 99))
def test_parts_of_one_task_differ_by_one_patient_at_most_in_every_class_and_in_size(
    classes: list[int], parts: int, seed: int
) -> None:
    everyone = patients([{number} for number in classes])
    dealt = deal_by_classes(everyone, parts, (seed,))
    assert sorted(set().union(*dealt)) == [patient.patient_id for patient in everyone]
    assert sum(map(len, dealt)) == len(everyone)
    for counts in (
        [len(part) for part in dealt],
        *([carriers(part, everyone, number) for part in dealt] for number in range(5)),
    ):
        assert max(counts) - min(counts) <= 1


@QUICK
@given(st.lists(st.integers(0, 3), min_size=20, max_size=80), st.floats(0.1, 0.5), st.integers(0, 99))
def test_a_drawn_part_has_its_share_of_every_class_and_both_sides_have_one(
    classes: list[int], share: float, seed: int
) -> None:
    everyone = patients([{number} for number in classes])
    drawn = draw_by_classes(everyone, share, (seed,))
    rest = {patient.patient_id for patient in everyone} - drawn
    for number in range(4):
        count, taken = classes.count(number), carriers(drawn, everyone, number)
        assert abs(taken - share * count) < 1.01
        assert count < 2 or (taken and carriers(rest, everyone, number))


@QUICK
@given(class_sets, st.integers(2, 4), st.integers(0, 99))
def test_classes_of_several_tasks_are_spread_over_all_parts(
    classes: list[set[int]], parts: int, seed: int
) -> None:
    everyone = patients(classes)
    counts = {number: sum(number in found for found in classes) for number in range(6)}
    assume(all(count == 0 or count >= 2 * parts for count in counts.values()))
    dealt = deal_by_classes(everyone, parts, (seed,))
    for number, count in counts.items():
        for part in dealt:
            # Classes that always go together are dealt together: the method promises no bound.
            assert abs(carriers(part, everyone, number) - count / parts) <= 3
            assert not count or carriers(part, everyone, number)


def test_rare_classes_that_go_together_are_spread_after_some_attempts() -> None:
    """Two patients have three rare classes between them, so that only one way of drawing serves all."""
    everyone = patients([{0, 1, 2}, {0, 1, 2}, *[{3}] * 8])
    for seed in range(20):
        drawn = draw_by_classes(everyone, 0.2, (seed,))
        assert carriers(drawn, everyone, 0) == 1
        assert carriers(drawn, everyone, 3) in (1, 2)


def test_what_cannot_be_had_comes_as_near_as_it_can() -> None:
    """The three patients of class 0 are in one part each; class 1 has two patients for three parts."""
    everyone = patients([{0}, {0}, {0}, {1}, {1}])
    dealt = deal_by_classes(everyone, 3, (1,))
    assert [carriers(part, everyone, 0) for part in dealt] == [1, 1, 1]
    assert sorted(carriers(part, everyone, 1) for part in dealt) == [0, 1, 1]
    # Class 0 asks for one patient on each side, and so does class 1, but they are the same two and a third.
    everyone = patients([{0, 1}, {0}, {1}])
    drawn = draw_by_classes(everyone, 0.5, (2,))
    rest = {patient.patient_id for patient in everyone} - drawn
    found = [{number for number in (0, 1) if carriers(part, everyone, number)} for part in (drawn, rest)]
    assert found == [{0, 1}, {0, 1}]


def test_another_attempt_is_made_where_the_first_leaves_a_part_without_a_class() -> None:
    """With the last key the first five attempts leave a class out of a part, and the sixth does not."""
    for parts, classes, key in (
        (2, [{0, 3}, {0, 2}, {0, 2, 3}, {0, 1}], (0,)),
        (3, [{0, 1}, {2}, {0, 2, 3}, {0, 1, 2}, {1}, {0, 1, 3}, {1}], (0,)),
    ):
        everyone = patients([set(found) for found in classes])
        dealt = deal_by_classes(everyone, parts, key)
        for number in range(4):
            held = [carriers(part, everyone, number) for part in dealt]
            assert all(held) or sum(held) < parts


def test_where_no_attempt_serves_all_parts_the_nearest_is_taken() -> None:
    """Three patients with two of three classes each: one of two parts has a single patient, whoever it is."""
    everyone = patients([{0, 1}, {0, 2}, {1, 2}])
    dealt = deal_by_classes(everyone, 2, (0,))
    held = sorted(sum(bool(carriers(part, everyone, n)) for n in range(3)) for part in dealt)
    assert held == [2, 3]


def test_strata_settle_what_the_classes_leave_open() -> None:
    everyone = patients([{i % 2} for i in range(40)], [f"site {i // 20}" for i in range(40)])
    for part in deal_by_classes(everyone, 4, (3,)):
        inside = [patient.stratum for patient in everyone if patient.patient_id in part]
        assert 4 <= inside.count("site 0") <= 6


def test_patients_without_a_known_class_are_given_out_too() -> None:
    everyone = patients([set()] * 7 + [{0}] * 4 + [{1}] * 4)
    assert sorted(map(len, deal_by_classes(everyone, 3, (0,)))) == [5, 5, 5]
    assert len(draw_by_classes(everyone, 1 / 3, (0,))) in (4, 5)


def test_every_patient_is_drawn_as_often_as_the_others_of_the_class() -> None:
    everyone, draws = patients([{0}] * 12 + [{1}] * 6 + [{2}] * 3), 400
    times = dict.fromkeys((patient.patient_id for patient in everyone), 0)
    for number in range(draws):
        for patient in draw_by_classes(everyone, 1 / 3, (0, number)):
            times[patient] += 1
    share = np.array(list(times.values())) / draws
    assert np.abs(share - 1 / 3).max() < 5 * np.sqrt(1 / 3 * 2 / 3 / draws)


@pytest.mark.parametrize("share", [1e-9, 1 - 1e-9])
def test_a_share_near_an_end_still_leaves_someone_on_both_sides(share: float) -> None:
    everyone = patients([{0}] * 5 + [{1}] * 5)
    assert len(draw_by_classes(everyone, share, (0,))) in (2, 8)


def test_the_same_key_gives_the_same_parts_in_whatever_order_patients_come() -> None:
    rng = np.random.default_rng(0)
    everyone = patients([set(rng.choice(6, size=2).tolist()) for _ in range(40)])
    shuffled: list[Any] = [everyone[i] for i in rng.permutation(40)]
    assert deal_by_classes(everyone, 5, (7, "x")) == deal_by_classes(shuffled, 5, (7, "x"))
    assert deal_by_classes(everyone, 5, (7, "x")) != deal_by_classes(everyone, 5, (8, "x"))
    dealt = [sorted(part) for part in deal_by_classes(everyone, 5, (7, "x"))]
    assert hash_object(dealt)[:16] == EXPECTED


EXPECTED = "7ad7070b63dcedb8"
