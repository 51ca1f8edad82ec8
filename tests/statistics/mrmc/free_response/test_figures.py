from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from reader_studies.free_response import simulated, worked_example
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.free_response import (
    FreeResponseFigure,
    FreeResponseStudy,
    HitRule,
    free_response_values,
)
from samesplit.statistics.mrmc.free_response.figures import _left_out, _sides

FIGURES = get_args(FreeResponseFigure)


def psi(false: float, lesion: float) -> float:
    return 1.0 if lesion > false else 0.5 if lesion == false else 0.0


def by_definition(study: FreeResponseStudy, i: int, j: int, figure: str, left: set[int]) -> float:
    """The figure summed pair by pair as Chakraborty writes it, without some cases."""
    kept = [k for k in range(len(study.cases)) if k not in left]
    normal, diseased = ([k for k in kept if study.truth[k] == kind] for kind in (0, 1))
    highest = study.highest_false(i, j)
    lesions = [
        (study.lesion_ratings[i, j, place], study.lesion_weights[place], case)
        for place, case in enumerate(study.lesion_case)
        if case in kept
    ]
    rows = kept if figure.endswith("1") else normal
    if figure == "ROC":
        best = [max([highest[k], *(rating for rating, _, case in lesions if case == k)]) for k in diseased]
        return sum(psi(highest[n], d) for n in normal for d in best) / (len(normal) * len(best))
    if figure == "FROC":
        false = [
            rating
            for rating, case in zip(study.false_ratings[i, j], study.false_cases[i, j], strict=True)
            if case in kept
        ]
        return sum(psi(f, rating) for f in false for rating, _, _ in lesions) / (len(kept) * len(lesions))
    if figure.startswith("w"):
        total = sum(weight * psi(highest[k], rating) for k in rows for rating, weight, _ in lesions)
        return total / (len(rows) * len(diseased))
    return sum(psi(highest[k], rating) for k in rows for rating, _, _ in lesions) / (len(rows) * len(lesions))


@pytest.mark.parametrize(("figure", "value"), [("AFROC", 0.8472222), ("wAFROC", 0.7425), ("FROC", 0.4074074)])
def test_the_worked_example_has_the_figures_of_rjafroc(figure: FreeResponseFigure, value: float) -> None:
    found = free_response_values(worked_example(), figure)
    assert found.figures.item() == pytest.approx(value, abs=5e-8)


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_and_jackknife_are_those_of_the_definition(figure: FreeResponseFigure) -> None:
    study = simulated()
    found = free_response_values(study, figure)
    for i in range(2):
        for j in range(3):
            assert found.figures[i, j] == pytest.approx(by_definition(study, i, j, figure, set()))
            for case in (0, 5, 17, 25):
                expected = by_definition(study, i, j, figure, {case})
                assert found.replicates[case, i, j] == pytest.approx(expected)
    assert found.n_cases == 26
    left = found.replicates.reshape(26, 6)
    assert found.covariance == pytest.approx(25 * np.cov(left.T, bias=True))
    spread = np.cov(found.pseudovalues.reshape(26, 6).T) / 26
    assert found.covariance == pytest.approx(spread)  # the same by pseudovalues


@pytest.mark.parametrize("figure", FIGURES)
def test_patients_are_left_out_with_all_their_cases(figure: FreeResponseFigure) -> None:
    study = simulated(cases=24, per_patient=4)
    found = free_response_values(study, figure)
    assert found.n_cases == 6
    for patient in range(6):
        left = {k for k in range(24) if study.patients[k] == patient}
        assert found.replicates[patient, 0, 1] == pytest.approx(by_definition(study, 0, 1, figure, left))


def test_no_marks_at_all_are_half_right_and_false_marks_alone_are_wrong() -> None:
    lesions = pd.DataFrame({"lesion": list("ab"), "case": list("pq"), "x_mm": 0.0, "y_mm": 0.0})
    nothing = pd.DataFrame(
        {"reader": "r", "case": list("pqmn"), "rating": np.nan, "x_mm": np.nan, "y_mm": np.nan}
    )
    silent = FreeResponseStudy.from_marks(nothing, lesions, list("pqmn"), HitRule(5))
    assert free_response_values(silent).figures.item() == 0.5
    noisy = nothing.assign(
        rating=[np.nan, np.nan, 1.0, 1.0], x_mm=[np.nan, np.nan, 9, 9], y_mm=[np.nan, np.nan, 9, 9]
    )
    wrong = FreeResponseStudy.from_marks(noisy, lesions, list("pqmn"), HitRule(5))
    assert free_response_values(wrong).figures.item() == 0.0


def test_mixed_patients_are_taken_off_once() -> None:
    study = simulated()
    units = np.arange(26) % 13  # every patient has a case with and one without lesions
    mixed = replace(study, patients=units)
    value, left = _left_out(_sides(mixed, 1, 2, "wAFROC"), units, 13)
    assert value == pytest.approx(by_definition(study, 1, 2, "wAFROC", set()))
    assert left[4] == pytest.approx(by_definition(study, 1, 2, "wAFROC", {4, 17}))


def test_what_has_no_figure_is_an_error() -> None:
    study = simulated()
    with pytest.raises(StatisticsError, match="unknown figure of merit"):
        free_response_values(study, "LROC")
    unread = study.is_read.copy()
    unread[1, 0, 3] = False
    with pytest.raises(StatisticsError, match="'r0' did not read case 'c3'"):
        free_response_values(replace(study, is_read=unread))
    with pytest.raises(StatisticsError, match="fewer than two patients"):
        free_response_values(replace(study, patients=np.zeros(26, dtype=np.int64)))
