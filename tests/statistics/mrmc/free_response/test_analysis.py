from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reader_studies.free_response import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy, model_against_readers, obuchowski_rockette
from samesplit.statistics.mrmc.free_response import (
    FreeResponseStudy,
    HitRule,
    free_response_analysis,
    free_response_model_against_readers,
    free_response_values,
)


@pytest.fixture(scope="module")
def both_ways() -> tuple[FreeResponseStudy, ReaderStudy]:
    """The same readings as marks (one a case, on the lesion where there is one) and as scores of cases."""
    rng = np.random.default_rng(4)
    cases = [f"c{place}" for place in range(30)]
    truth = np.arange(30) < 15
    rows = [
        (m, r, case, float(rng.integers(1, 6) + (1 + (m == "aided")) * truth[place]), 0.0, 0.0)
        for m in ("plain", "aided")
        for r in "wxyz"
        for place, case in enumerate(cases)
    ]
    marks = pd.DataFrame(rows, columns=["modality", "reader", "case", "rating", "x_mm", "y_mm"])
    lesions = pd.DataFrame({"lesion": cases[:15], "case": cases[:15], "x_mm": 1.0, "y_mm": 1.0})
    truths = marks["case"].isin(cases[:15]).astype(int)
    study = ReaderStudy.from_columns(
        marks["reader"], marks["case"], marks["rating"], truths, modality=marks["modality"]
    )
    return FreeResponseStudy.from_marks(marks, lesions, cases, HitRule(5)), study


@pytest.mark.parametrize("figure", ["wAFROC", "AFROC", "ROC"])
def test_one_mark_a_case_on_its_one_lesion_is_the_analysis_of_the_auc(
    figure: str, both_ways: tuple[FreeResponseStudy, ReaderStudy]
) -> None:
    marks, scores = both_ways
    found, expected = free_response_analysis(marks, figure), obuchowski_rockette(scores)
    assert found.figures == pytest.approx(expected.figures)
    assert found.covariance == pytest.approx(expected.covariance)
    difference, other = found.differences["plain", "aided"], expected.differences["plain", "aided"]
    assert (difference.df, difference.p_value) == pytest.approx((other.df, other.p_value))
    assert found.n_cases == 30


def test_a_model_among_the_readers_is_compared_as_a_model_against_readers(
    both_ways: tuple[FreeResponseStudy, ReaderStudy],
) -> None:
    marks, scores = both_ways
    one = scores.select(modalities=["aided"])
    expected = model_against_readers(one.select(readers=list("xyz")), one.scores[0, 0])
    rows = {
        name: getattr(marks, name)
        for name in ("lesion_case", "lesion_weights", "cases", "lesions", "patients", "rule", "readers")
    }
    aided = FreeResponseStudy(
        lesion_ratings=marks.lesion_ratings[1:],
        false_ratings={(0, j): marks.false_ratings[1, j] for j in range(4)},
        false_cases={(0, j): marks.false_cases[1, j] for j in range(4)},
        is_read=marks.is_read[1:],
        modalities=("aided",),
        **rows,
    )
    found = free_response_model_against_readers(aided, "w", "ROC")
    assert found.estimate == pytest.approx(expected.difference.estimate)
    assert found.df == pytest.approx(expected.difference.df)
    assert found.p_value == pytest.approx(expected.difference.p_value)


def test_modalities_are_compared_by_where_the_marks_lie() -> None:
    study = simulated(cases=60, readers=4, seed=3)
    found = free_response_analysis(study, "wAFROC")
    values = free_response_values(study, "wAFROC").figures
    difference = found.differences["m0", "m1"]
    assert difference.estimate == pytest.approx(values[0].mean() - values[1].mean())
    assert difference.estimate < 0  # the second finds more lesions
    assert free_response_analysis(study, "FROC", random="cases").figure == "FROC"


def test_a_model_that_is_not_there_is_an_error() -> None:
    study = simulated()
    with pytest.raises(StatisticsError, match="no single modality"):
        free_response_model_against_readers(study, "r0")
    with pytest.raises(StatisticsError, match="with a model 'net'"):
        free_response_model_against_readers(simulated(modalities=1), "net")
