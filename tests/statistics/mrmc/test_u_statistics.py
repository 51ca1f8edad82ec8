from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from reader_studies.imrmc import joined, study_of, tables_of
from reader_studies.simulated import simulated
from samesplit.errors import StatisticsError
from samesplit.statistics.mrmc import ReaderStudy, u_statistic_analysis

Read = Callable[[str], pd.DataFrame]
DATA_SETS = ["VanDyke", "sim_roemetz", "sim_roemetz_ord", "sim_roemetz_splitplot", "sim_roemetz_missing"]


def _by_hand(study: ReaderStudy, a: int, b: int) -> tuple[float, float]:
    """The estimates of two modalities multiplied, and the mean product over comparisons that share nothing."""
    comparisons = []
    for modality in (a, b):
        rows = []
        for reader, i, j in product(range(len(study.readers)), *[range(len(study.cases))] * 2):
            low, high = study.scores[modality, reader, [i, j]]
            if study.truth[i] == 0 and study.truth[j] == 1 and not np.isnan(low + high):
                owners = frozenset(study.patients[[i, j]].tolist())
                rows.append((reader, owners, float(high > low) + 0.5 * float(high == low)))
        comparisons.append(rows)
    means = [np.mean([value for *_, value in rows]) for rows in comparisons]
    apart = [
        x * y
        for (reader, owners, x), (other, others, y) in product(*comparisons)
        if reader != other and not owners & others
    ]
    return float(means[0] * means[1]), float(np.mean(apart))


@pytest.mark.data
@pytest.mark.parametrize("name", DATA_SETS)
def test_every_number_of_imrmc_is_met(name: str, reference: Read) -> None:
    expected = reference("expected/imrmc_auc.csv").query("dataset == @name")
    table = joined(expected, tables_of(study_of(reference, name)))
    assert len(table) == 416
    assert table["agrees"].all(), table[~table["agrees"]].to_string()


@pytest.mark.data
def test_the_degrees_of_freedom_as_they_are_give_another_p_value_than_their_whole_part(
    reference: Read,
) -> None:
    study = study_of(reference, "VanDyke")
    exact = u_statistic_analysis(study).differences["m1", "m2"]
    as_imrmc = u_statistic_analysis(study, degrees="imrmc").differences["m1", "m2"]
    assert exact.p_value == pytest.approx(0.0542, abs=1e-4)
    assert as_imrmc.p_value == pytest.approx(0.055646664321810535, rel=1e-8)
    assert exact.estimate == as_imrmc.estimate


@pytest.mark.parametrize(
    ("missing", "patients"),
    [(0.0, 0), (0.3, 0), (0.0, 6), (0.3, 5)],
    ids=["crossed", "gaps", "patients", "both"],
)
def test_a_variance_is_the_squared_mean_less_the_mean_product_of_what_shares_nothing(
    missing: float, patients: int
) -> None:
    study = simulated(3, missing=missing, patients=patients, cases=10)
    found = u_statistic_analysis(study).moments
    for (i, a), (j, b) in product(enumerate(study.modalities), repeat=2):
        if i <= j:
            product_of_means, apart = _by_hand(study, i, j)
            assert found[a, b].covariance == pytest.approx(product_of_means - apart, abs=1e-12)


def test_a_second_look_at_every_case_changes_nothing_when_it_is_of_the_same_patient() -> None:
    once = simulated(5, readers=4, missing=0.2)
    twice = ReaderStudy(
        np.concatenate([once.scores, once.scores], axis=2),
        np.concatenate([once.truth, once.truth]),
        once.modalities,
        once.readers,
        tuple(f"{case}{half}" for half in "ab" for case in once.cases),
        np.concatenate([once.patients, once.patients]),
    )
    first, second = u_statistic_analysis(once, variance="centred"), u_statistic_analysis(twice)
    assert second.differences["A", "B"].ci_low == pytest.approx(first.differences["A", "B"].ci_low, rel=1e-9)
    assert second.variances["A"].df == pytest.approx(first.variances["A"].df, rel=1e-9)
    assert "patients random" in second.method
    assert "cases random" in first.method
    # Were they taken for cases of their own, the interval would be too narrow.
    apart = ReaderStudy(
        twice.scores, twice.truth, twice.modalities, twice.readers, twice.cases, np.arange(24)
    )
    assert u_statistic_analysis(apart).variances["A"].centred < second.variances["A"].centred


def test_a_patient_with_cases_of_both_classes_counts_as_one() -> None:
    study = simulated(2, readers=4, cases=40, patients=20)
    found = u_statistic_analysis(study)
    variance = found.difference_variances["A", "B"]
    assert found.moments["A", "A"].factors == ("patients",)
    assert found.moments["A", "A"].unbiased.shape == (4,)
    assert variance.df_floor == 3
    assert 3 <= variance.df < np.inf
    assert found.differences["A", "B"].ci_low < found.differences["A", "B"].estimate


def test_calls_are_averaged_over_the_cases_of_their_class() -> None:
    study = simulated(7, readers=4, cases=30, missing=0.1).decisions(4)
    truth, calls = study.truth, study.scores[0]
    for figure, places, right in (("sensitivity", truth == 1, 1.0), ("specificity", truth == 0, 0.0)):
        found = u_statistic_analysis(study, figure).modalities["A"]
        read = ~np.isnan(calls[:, places])
        assert found.estimate == pytest.approx((calls[:, places] == right).sum() / read.sum())
    accuracy = u_statistic_analysis(study, "accuracy")
    assert accuracy.modalities["A"].estimate == pytest.approx(
        (calls == truth).sum() / (~np.isnan(calls)).sum()
    )
    assert accuracy.n_read.shape == (2, 4, 1)
    mean = u_statistic_analysis(study, "mean score").modalities["A"]
    assert mean.estimate == pytest.approx(np.nanmean(calls))


def test_a_variance_that_comes_out_negative_is_replaced_by_the_biased_one_and_noted() -> None:
    found = next(
        analysis
        for seed in range(100)
        if (analysis := u_statistic_analysis(simulated(seed, readers=2, cases=8))).variances["A"].unbiased < 0
        and analysis.variances["A"].mle > 0
    )
    variance = found.variances["A"]
    assert variance.used == "mle"
    assert variance.value == variance.mle
    assert variance.df >= variance.df_floor == 1
    assert "the unbiased variance is not positive (-" in found.modalities["A"].note
    assert found.modalities["A"].method.startswith("V-statistics")
    assert found.modalities["A"].ci_low < found.modalities["A"].estimate


def test_with_gaps_centred_kernels_give_a_variance_that_scatters_less_about_the_same_mean() -> None:
    found = [
        u_statistic_analysis(simulated(seed, readers=4, cases=30, missing=0.5, levels=50)).variances["A"]
        for seed in range(60)
    ]
    unbiased = np.array([one.unbiased for one in found])
    centred = np.array([one.centred for one in found])
    assert centred.std() < 0.7 * unbiased.std()
    assert abs((centred - unbiased).mean()) < 3 * (centred - unbiased).std() / np.sqrt(60)
    instead = next(one for one in found if one.used == "centred")
    assert instead.unbiased < 0 < instead.centred == instead.value
    assert "that of centred kernels is used" in instead.note


def test_in_a_crossed_study_centred_kernels_change_nothing() -> None:
    study = simulated(3, readers=4, cases=20)
    moved = study.select(modalities=["A"])
    moved.scores[0, 0, 0] = np.nan
    whole = u_statistic_analysis(study, variance="centred").variances["A"]
    assert whole.value == whole.unbiased == whole.centred
    part = u_statistic_analysis(moved, variance="centred").variances["A"]
    assert part.value == part.centred != part.unbiased


def test_modalities_that_were_read_alike_do_not_differ() -> None:
    study = simulated(1)
    same = ReaderStudy(
        study.scores[[0, 0]], study.truth, ("A", "B"), study.readers, study.cases, study.patients
    )
    found = u_statistic_analysis(same).differences["A", "B"]
    assert found.estimate == 0
    assert found.p_value == 1
    assert np.isnan(found.ci_low)
    assert found.note == "no difference and no variance"


def test_readers_without_readings_of_a_modality_have_no_figure_there() -> None:
    study = simulated(4, readers=4, cases=20)
    study.scores[1, 0] = np.nan
    found = u_statistic_analysis(study)
    assert np.isnan(found.reader_values[1, 0])
    assert np.isnan(found.reader_covariances[1, 1, 0])
    assert found.reader_covariances[0, 0, 0] > 0
    assert np.isfinite(found.differences["A", "B"].p_value)


def test_modalities_with_readers_of_their_own_share_no_covariance_and_their_parts_count_apart() -> None:
    study = simulated(4, readers=6, cases=20)
    study.scores[0, :3] = np.nan
    study.scores[1, 3:] = np.nan
    found = u_statistic_analysis(study)
    cross = found.moments["A", "B"]
    assert cross.component_coefficients[3] == pytest.approx(0)
    expected = found.variances["A"].unbiased + found.variances["B"].unbiased - 2 * cross.covariance
    assert found.difference_variances["A", "B"].unbiased == pytest.approx(expected)
    assert found.difference_variances["A", "B"].df >= 2


@pytest.mark.parametrize("rule", ["unbiased", "mle"])
def test_an_interval_stays_between_zero_and_one(rule: str) -> None:
    study = simulated(11, readers=3, cases=10)
    study.scores[:, :, study.truth == 1] += 2
    found = u_statistic_analysis(study, variance=rule).modalities["A"]
    assert 0 <= found.ci_low <= found.estimate <= found.ci_high <= 1


def test_one_reader_cannot_stand_for_readers() -> None:
    study = simulated(0).select(readers=["r0"])
    with pytest.raises(StatisticsError, match="no two readers who read different cases"):
        u_statistic_analysis(study)


def test_what_a_figure_needs_is_asked_for() -> None:
    study = simulated(0)
    with pytest.raises(StatisticsError, match="sensitivity needs calls"):
        u_statistic_analysis(study, "sensitivity")
    with pytest.raises(StatisticsError, match="unknown figure of merit 'f1'"):
        u_statistic_analysis(study, "f1")  # type: ignore[arg-type]
    without = ReaderStudy(
        study.scores, np.zeros(12, int), study.modalities, study.readers, study.cases, study.patients
    )
    with pytest.raises(StatisticsError, match="no positive case"):
        u_statistic_analysis(without)
