"""Power and size of reader studies against RJafroc, and what they do at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from samesplit.errors import StatisticsError
from samesplit.statistics.planning import (
    DifferenceVariance,
    cases_needed,
    reader_study_power,
    reader_study_table,
    readers_needed,
)

RANDOM = {"RRRC": "readers and cases", "FRRC": "cases", "RRFC": "readers"}
VAN_DYKE = DifferenceVariance.of_two_modalities(
    modality_reader=0.00020040252358145841,
    error=0.00080228826557206712,
    cov1=0.00034661370944073214,
    cov2=0.00034407482886088914,
    cov3=0.00023902837089215378,
    cases=114,
)
"""Components of the data set that RJafroc calls dataset02, as RJafroc prints them."""


@pytest.mark.data
def test_all_powers_and_numbers_of_cases_are_those_of_rjafroc(reference):
    rows = reference("expected/rjafroc_power.csv")
    compared = 0
    for row in rows.itertuples():
        random = RANDOM[row.analysis]
        variance = VAN_DYKE if row.dataset == "dataset02" else typed_in(row.dataset)
        if row.table == "SsSampleSizeKGivenJ":
            target = float(row.analysis_id.rsplit("|", 1)[1])
            found = cases_needed(variance, readers=row.J, effect=row.effect, power=target, random=random)
        else:
            found = reader_study_power(
                variance, readers=row.J, cases=int(row.K), effect=row.effect, random=random
            )
        critical = stats.chi2.isf(0.05, 1) if random == "cases" else stats.f.isf(0.05, 1, found.df)
        values = {"power": found.power, "ncp": found.noncentrality, "K": found.cases, "df2": found.df}
        values |= {"f": critical, "chsq": critical}
        name = row.stat.removesuffix(row.analysis)
        expected = np.inf if np.isnan(row.value) else row.value
        assert values[name] == pytest.approx(expected, rel=1e-8), row.analysis_id
        compared += 1
    assert compared == 140


def typed_in(text: str) -> DifferenceVariance:
    given = {name: float(value) for name, value in (part.split("=") for part in text.split(","))}
    return DifferenceVariance.of_two_modalities(
        modality_reader=given["VarTR"],
        error=given["Var"],
        cov1=given["Cov1"],
        cov2=given["Cov2"],
        cov3=given["Cov3"],
        cases=given["KStar"],
    )


def test_power_has_the_value_of_rjafroc_for_ten_readers_and_163_cases():
    found = reader_study_power(VAN_DYKE, readers=10, cases=163, effect=0.05)
    assert found.power == pytest.approx(0.89333306981099969, rel=1e-8)
    assert found.df == pytest.approx(63.137870900368988, rel=1e-8)


def test_one_modality_has_the_variance_of_a_mean_of_correlated_differences():
    variance = DifferenceVariance.of_one_modality(reader=1e-3, error=9e-4, cov2=4e-4, cases=200)
    found = reader_study_power(variance, readers=9, cases=200, effect=0.05)
    covariance = np.full((9, 9), 4e-4) + np.eye(9) * (5e-4 + 1e-3)
    assert found.standard_error**2 == pytest.approx(covariance.mean())


def test_the_smallest_detectable_effect_is_found_four_times_in_five():
    planned = reader_study_power(VAN_DYKE, readers=6, cases=120, effect=0.05)
    at_it = reader_study_power(VAN_DYKE, readers=6, cases=120, effect=planned.detectable)
    assert at_it.power == pytest.approx(0.8)


def test_non_inferiority_of_equals_has_the_power_of_finding_the_margin_one_sided():
    equal = reader_study_power(VAN_DYKE, readers=8, cases=200, effect=0.0, margin=0.05)
    different = reader_study_power(VAN_DYKE, readers=8, cases=200, effect=0.05)
    assert equal.power == pytest.approx(different.power, abs=1e-4)
    assert equal.noncentrality == pytest.approx(different.noncentrality)
    needed = cases_needed(VAN_DYKE, readers=8, effect=0.0, margin=0.05)
    assert (
        needed.power
        >= 0.8
        > reader_study_power(VAN_DYKE, readers=8, cases=needed.cases - 1, effect=0.0, margin=0.05).power
    )


@pytest.mark.parametrize("random", RANDOM.values())
def test_the_numbers_needed_are_the_smallest_that_suffice(random):
    readers = readers_needed(VAN_DYKE, cases=150, effect=0.05, random=random)
    fewer = reader_study_power(VAN_DYKE, readers=readers.readers - 1, cases=150, effect=0.05, random=random)
    assert fewer.power < 0.8 <= readers.power


def test_negative_components_count_as_zero():
    odd = DifferenceVariance(between_readers=-1e-4, error=9e-4, covariance=-2e-4, cases=100)
    zero = DifferenceVariance(between_readers=0.0, error=9e-4, covariance=0.0, cases=100)
    assert reader_study_power(odd, readers=5, cases=80, effect=0.03) == reader_study_power(
        zero, readers=5, cases=80, effect=0.03
    )


def test_the_table_goes_through_all_combinations():
    table = reader_study_table(VAN_DYKE, readers=[4, 8], cases=[100, 200, 300], effect=0.05)
    assert [(row.readers, row.cases) for row in table][:4] == [(4, 100), (4, 200), (4, 300), (8, 100)]
    assert table[-1].power > table[0].power


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cases_needed(VAN_DYKE, readers=2, effect=0.03), "plan with more readers"),
        (lambda: readers_needed(VAN_DYKE, cases=20, effect=0.02), "plan with more cases"),
        (lambda: reader_study_power(VAN_DYKE, readers=1, cases=20, effect=0.02), "2 or more readers"),
        (
            lambda: reader_study_power(VAN_DYKE, readers=4, cases=20, effect=0.02, random="all"),
            "unknown random",
        ),
        (lambda: DifferenceVariance(1e-4, float("nan"), 0.0, 10), "finite"),
        (lambda: DifferenceVariance(1e-4, 1e-4, 2e-4, 10), "belong to no study"),
    ],
)
def test_what_cannot_be_planned_is_an_error(call, message):
    with pytest.raises(StatisticsError, match=message):
        call()
