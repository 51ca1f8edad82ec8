from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reader_studies.free_response import simulated, worked_example
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc.free_response import free_response_curve, free_response_values

# The table of operating points that the RJafrocFrocBook prints for its example; each distinct threshold once.
PRINTED = {
    "x": [0, 0, 0, 0, 0, 0, 0, 0.25, 0.5, 0.5, 0.75, 1],
    "AFROC": [0, 1 / 9, 2 / 9, 3 / 9, 4 / 9, 6 / 9, 7 / 9, 7 / 9, 7 / 9, 8 / 9, 8 / 9, 1],
    "wAFROC": [0, 0.18, 0.26, 0.28, 0.30, 0.42, 0.62, 0.62, 0.62, 0.82, 0.82, 1],
}


@pytest.mark.parametrize("curve", ["AFROC", "wAFROC"])
def test_the_worked_example_has_the_points_that_rjafroc_prints(curve: str) -> None:
    found = free_response_curve(worked_example(), "reading", "r", curve)
    points, printed = found[["x", "y"]].to_numpy(), np.column_stack([PRINTED["x"], PRINTED[curve]])
    assert points == pytest.approx(printed, abs=1e-9)


@pytest.mark.parametrize("curve", ["AFROC", "wAFROC", "AFROC1", "wAFROC1"])
def test_the_area_under_a_curve_is_the_figure_of_its_name(curve: str) -> None:
    study = simulated()
    values = free_response_values(study, curve).figures
    for i in range(2):
        for j in range(3):
            points = free_response_curve(study, f"m{i}", f"r{j}", curve)
            assert np.trapezoid(points["y"], points["x"]) == pytest.approx(values[i, j])


def test_the_froc_curve_ends_at_all_marks() -> None:
    study = simulated()
    points = free_response_curve(study, "m1", "r2", "FROC")
    last = points.iloc[-1]
    assert last["x"] == pytest.approx(study.false_ratings[1, 2].size / 26)
    assert last["y"] == pytest.approx(np.isfinite(study.lesion_ratings[1, 2]).mean())
    area = np.trapezoid(points["y"], points["x"])
    assert area == pytest.approx(free_response_values(study, "FROC").figures[1, 2])


def test_curves_of_readers_who_read_one_kind_of_case_only_are_an_error() -> None:
    study = simulated()
    ratings, read = study.lesion_ratings.copy(), study.is_read.copy()
    ratings[0, 0] = np.nan
    with pytest.raises(StatisticsError, match="read no case with"):
        free_response_curve(replace(study, lesion_ratings=ratings), "m0", "r0")
    read[0, 0, 13:] = False
    with pytest.raises(StatisticsError, match="none without"):
        free_response_curve(replace(study, is_read=read), "m0", "r0")
    with pytest.raises(StatisticsError, match="unknown curve"):
        free_response_curve(study, "m0", "r0", "ROC")
    with pytest.raises(StatisticsError, match="no reader 'zz'"):
        free_response_curve(study, "m0", "zz")
    with pytest.raises(StatisticsError, match="no modality 'zz'"):
        free_response_curve(study, "zz", "r0")
