from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samesplit.benchmarks.splits.drawing import deal, draw, shuffled
from samesplit.benchmarks.splits.patients import Patient

CLASSES = (frozenset({0}), frozenset({0, 1}), frozenset({1}))


def patients(*counts: int) -> list[Patient]:
    """So many negative, mixed and positive patients."""
    return [
        Patient(g, "", f"{g}-{i:03d}", CLASSES[g]) for g, count in enumerate(counts) for i in range(count)
    ]


def test_chance_decides_and_decides_evenly() -> None:
    """Over many deals two patients of one class share a part as often as chance has it."""
    everyone, deals = patients(10, 0, 10), 2000
    ids = [patient.patient_id for patient in everyone]
    part = np.array([[next(n for n, p in enumerate(dealt) if i in p) for i in ids]
                     for dealt in (deal(everyone, 5, (0, k)) for k in range(deals))])  # fmt: skip
    same = (part[:, :, None] == part[:, None, :]).mean(axis=0)
    within, across = same[:10, :10][np.triu_indices(10, 1)], same[:10, 10:]
    # Ten patients dealt into five parts of two: one of the nine others is the companion.
    assert within.mean() == pytest.approx(1 / 9, abs=1e-12)
    assert np.abs(within - 1 / 9).max() < 5 * np.sqrt(1 / 9 * 8 / 9 / deals)
    assert np.abs(across - 1 / 5).max() < 5 * np.sqrt(1 / 5 * 4 / 5 / deals)
    for number in range(5):
        share = (part == number).mean(axis=0)
        assert np.abs(share - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / deals)


def test_every_patient_is_drawn_as_often_as_the_others_of_the_group() -> None:
    everyone, draws = patients(12, 3, 6), 500
    times = dict.fromkeys((patient.patient_id for patient in everyone), 0)
    for number in range(draws):
        for patient in draw(everyone, 1 / 3, (0, number)):
            times[patient] += 1
    share = np.array(list(times.values())) / draws
    assert np.abs(share - 1 / 3).max() < 5 * np.sqrt(1 / 3 * 2 / 3 / draws)


def test_the_raw_stream_of_pcg64_is_what_it_was() -> None:
    assert "".join(shuffled("abcdefghij", (1, "x"))) == "eaibjfchdg"


@given(st.tuples(*[st.integers(0, 12)] * 3), st.floats(0.01, 0.99), st.integers(0, 10**6))
def test_both_the_drawn_and_the_rest_get_both_classes_whenever_that_can_be(
    counts: tuple[int, int, int], share: float, seed: int
) -> None:
    negative, both, positive = counts
    everyone = patients(*counts)
    # Each side needs a mixed patient, or one of each pure kind.
    possible = both + min(negative, positive) >= 2
    if not everyone:
        return
    drawn = draw(everyone, share, (seed,))
    rest = {patient.patient_id for patient in everyone} - drawn
    for part in (drawn, rest):
        groups = {patient.group for patient in everyone if patient.patient_id in part}
        assert not possible or 1 in groups or groups == {0, 2}
    assert abs(len(drawn) - share * len(everyone)) <= 2.5


def test_strata_give_their_share() -> None:
    everyone = sorted(
        Patient(0, stratum, f"{stratum}{i}", CLASSES[0]) for stratum in "abc" for i in range(10)
    )
    drawn = draw(everyone, 0.3, (5,))
    assert [sum(p.startswith(stratum) for p in drawn) for stratum in "abc"] == [3, 3, 3]
