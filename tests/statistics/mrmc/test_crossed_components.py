from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from reader_studies.imrmc import study_of
from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import u_statistic_analysis
from samesplit.statistics.mrmc.crossed_components import crossed_components


@pytest.mark.data
def test_components_from_moments_are_those_of_mrmcaov_with_unbiased_covariances(
    reference: Callable[[str], pd.DataFrame],
) -> None:
    table = reference("expected/mrmcaov_or_main.csv")
    table = table[(table["table"] == "vcov_comps") & (table["stat"] == "Estimate")]
    table = table[table["analysis_id"] == "VanDyke|empirical_auc|unbiased|fixed_none"]
    expected = dict(zip(table["row"], table["value"].astype(float), strict=True))
    found = crossed_components(study_of(reference, "VanDyke"), "m1", "m2").obuchowski_rockette
    for ours, theirs in (
        ("reader", "reader"),
        ("modality x reader", "treatment:reader"),
        ("error", "Error"),
        ("cov1", "Cov1"),
        ("cov2", "Cov2"),
        ("cov3", "Cov3"),
    ):
        assert found[ours] == pytest.approx(expected[theirs], rel=1e-9)


@pytest.mark.parametrize("biased", [False, True])
def test_all_ways_of_writing_the_variance_make_the_same_variance(biased: bool) -> None:
    study = simulated(1, readers=4, cases=20)
    found = crossed_components(study, "A", "B", biased=biased)
    variance = u_statistic_analysis(study).difference_variances["A", "B"]
    assert found.variance == pytest.approx(variance.mle if biased else variance.unbiased, rel=1e-9)
    errors = found.obuchowski_rockette
    by_errors = errors["modality x reader"] + errors["error"] - errors["cov1"]
    by_errors += 3 * (errors["cov2"] - errors["cov3"])
    assert 2 / 4 * by_errors == pytest.approx(found.variance, rel=1e-9)


def test_an_incomplete_study_has_no_such_components() -> None:
    with pytest.raises(StatisticsError, match="some reader did not read every case"):
        crossed_components(simulated(1, missing=0.2), "A", "B")
