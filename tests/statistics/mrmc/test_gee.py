from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy
from samesplit.statistics.mrmc.gee import gee_correctness


@pytest.fixture(scope="module")
def study() -> ReaderStudy:
    """Three modalities, four readers, 60 cases of 30 patients; some readings are missing."""
    generator = np.random.default_rng(17)
    truth = np.repeat([0, 1], 30)
    hard = generator.normal(0, 1, 60)
    skill = np.array([0.4, 0.9, 1.4])[:, None, None]
    right = generator.normal(0, 1, (3, 4, 60)) + hard < skill
    calls = np.where(right, truth, 1 - truth).astype(float)
    calls[0, 0, :7] = np.nan
    return ReaderStudy(
        calls,
        truth,
        ("plain", "aided", "late"),
        tuple("wxyz"),
        tuple(map(str, range(60))),
        np.arange(60) // 2,
    )


@pytest.mark.parametrize("target", ["accuracy", "sensitivity", "specificity"])
def test_shares_and_odds_are_those_of_the_readings_up_to_the_weights(study: ReaderStudy, target: str) -> None:
    found = gee_correctness(study, target)
    rows = slice(None) if target == "accuracy" else study.truth == (1 if target == "sensitivity" else 0)
    right = np.where(study.is_read, study.scores == study.truth, np.nan)[:, :, rows]
    for place, name in enumerate(study.modalities):
        assert found.shares[name].estimate == pytest.approx(np.nanmean(right[place]), abs=0.01)
        assert found.shares[name].ci_low < found.shares[name].estimate < found.shares[name].ci_high
    assert found.odds_ratios["late"].estimate > found.odds_ratios["aided"].estimate
    assert found.n_clusters == 30 if target == "accuracy" else 15
    assert found.n_readings == int((~np.isnan(right)).sum())
    assert 0 < found.correlation < 1


def test_another_reference_turns_the_odds_ratio_round(study: ReaderStudy) -> None:
    found, turned = gee_correctness(study), gee_correctness(study, reference="late")
    assert turned.odds_ratios["plain"].estimate == pytest.approx(1 / found.odds_ratios["late"].estimate)
    assert turned.odds_ratios["plain"].p_value == pytest.approx(found.odds_ratios["late"].p_value)
    assert turned.shares["aided"].ci_low == pytest.approx(found.shares["aided"].ci_low)


def test_what_has_no_odds_is_an_error(study: ReaderStudy) -> None:
    with pytest.raises(StatisticsError, match="unknown target"):
        gee_correctness(study, "ppv")
    with pytest.raises(StatisticsError, match="no modality 'other'"):
        gee_correctness(study, reference="other")
    scores = ReaderStudy.from_columns(["a"] * 4, range(4), [0.1, 0.4, 0.2, 0.8], [0, 1, 0, 1])
    with pytest.raises(StatisticsError, match="need calls"):
        gee_correctness(scores)
    perfect = ReaderStudy.from_columns(["a"] * 4, range(4), [0, 1, 0, 1], [0, 1, 0, 1])
    with pytest.raises(StatisticsError, match="all calls, or none, are right"):
        gee_correctness(perfect)
    alone = ReaderStudy.from_columns(["a"] * 4, range(4), [0, 1, 1, 1], [0, 1, 0, 1], patient=["p"] * 4)
    with pytest.raises(StatisticsError, match="of one patient"):
        gee_correctness(alone)


@pytest.mark.data
@pytest.mark.parametrize("target", ["sensitivity", "specificity"])
def test_estimates_and_both_kinds_of_standard_error_match_r(
    target: str, reference: Callable[[str], pd.DataFrame]
) -> None:
    rows = reference("vandyke.csv")
    study = ReaderStudy.from_columns(
        rows["reader"], rows["case"], (rows["rating"] >= 3) * 1.0, rows["truth"], modality=rows["treatment"]
    )
    found = gee_correctness(study, target)
    table = reference("expected/glmm_gee.csv").query("table == 'gee_exchangeable_cluster_case'")
    table = table[table["analysis_id"].str.contains(target[:4])].set_index(["row", "stat"])["value"]
    for row, name in (("(Intercept)", "1"), ("treatment2", "2")):
        each, naive = found.log_odds[name], found.naive_standard_errors[name]
        assert each.estimate == pytest.approx(table[row, "Estimate"], rel=1e-9)
        assert each.standard_error == pytest.approx(table[row, "Robust S.E."], rel=1e-9)
        assert each.statistic == pytest.approx(table[row, "Robust z"], rel=1e-9)
        assert naive == pytest.approx(table[row, "Naive S.E."], rel=1e-9)
        assert each.estimate / naive == pytest.approx(table[row, "Naive z"], rel=1e-9)
    assert len(table) == 10
