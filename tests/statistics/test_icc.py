from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f as f_distribution

from samesplit.errors import StatisticsError
from samesplit.statistics.icc import IccForm, icc

FORMS: tuple[IccForm, ...] = get_args(IccForm)
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float
)
IRR = {
    "ICC(1,1)": "oneway.consistency.single",
    "ICC(A,1)": "twoway.agreement.single",
    "ICC(C,1)": "twoway.consistency.single",
    "ICC(1,k)": "oneway.consistency.average",
    "ICC(A,k)": "twoway.agreement.average",
    "ICC(C,k)": "twoway.consistency.average",
}
PSYCH = dict(zip(FORMS, ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"), strict=True))
# Estimate, lower and upper bound of R's irr 0.84.1 on the ratings of Shrout and Fleiss (1979).
PUBLISHED = {
    "ICC(1,1)": (0.16574176840547539, -0.13293232487475098, 0.72256006232812098),
    "ICC(A,1)": (0.28976377952755905, 0.018786513374712023, 0.76108436964895299),
    "ICC(C,1)": (0.7148407148407151, 0.34246476503392548, 0.94585825995535955),
    "ICC(1,k)": (0.4427971336792686, -0.88444215523812009, 0.9124154203407755),
    "ICC(A,k)": (0.62005054759898903, 0.039440179921391136, 0.92857318337716799),
    "ICC(C,k)": (0.90931554237706946, 0.67567471381630484, 0.98589167816906231),
}


def _three(values: object, form: IccForm, **options: str) -> list[float]:
    found = icc(values, form=form, **options)
    return [float(found.estimate), float(found.ci_low), float(found.ci_high)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_published_estimate_and_interval(form: IccForm) -> None:
    assert _three(SHROUT_FLEISS, form) == pytest.approx(PUBLISHED[form], rel=1e-10)


@pytest.mark.data
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("analysis", ["shrout_fleiss", "vandyke_t1"])
def test_every_form_equals_both_r_packages(
    form: IccForm, analysis: str, reference: Callable[[str], pd.DataFrame]
) -> None:
    if analysis == "shrout_fleiss":
        ratings = reference("shrout_fleiss_1979.csv").to_numpy()
    else:
        rows = reference("vandyke.csv").query("treatment == 1")
        ratings = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    expected = reference("expected/agreement_paired.csv").query("analysis_id == @analysis")
    expected = expected.set_index(["table", "row", "stat"])["value"].astype(float)
    irr = [expected["icc_irr", IRR[form], stat] for stat in ("value", "lbound", "ubound")]
    assert _three(ratings, form) == pytest.approx(irr, rel=1e-8)
    if analysis == "shrout_fleiss":
        psych = [expected["icc_psych", PSYCH[form], stat] for stat in ("ICC", "lower bound", "upper bound")]
        assert _three(ratings, form, average_bounds="Spearman-Brown") == pytest.approx(psych, rel=1e-8)


@pytest.mark.data
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("analysis", ["shrout_fleiss", "vandyke_t1"])
def test_the_f_test_of_every_form_equals_both_r_packages(
    form: IccForm, analysis: str, reference: Callable[[str], pd.DataFrame]
) -> None:
    if analysis == "shrout_fleiss":
        ratings = reference("shrout_fleiss_1979.csv").to_numpy()
    else:
        rows = reference("vandyke.csv").query("treatment == 1")
        ratings = rows.pivot_table(index="case", columns="reader", values="rating").to_numpy()
    expected = reference("expected/agreement_paired.csv").query("analysis_id == @analysis")
    expected = expected.set_index(["table", "row", "stat"])["value"].astype(float)
    found, stepped = icc(ratings, form=form), icc(ratings, form=form, average_bounds="Spearman-Brown")
    psych = {
        "ICC": stepped.estimate,
        "F": found.f_value,
        "df1": found.df1,
        "df2": found.df2,
        "p": found.p_value,
        "lower bound": stepped.ci_low,
        "upper bound": stepped.ci_high,
    }
    own = f_distribution.sf(found.f_value, found.df1, found.df2_interval)
    irr = {"Fvalue": found.f_value, "df1": found.df1, "df2": found.df2_interval, "p.value": own}
    for table, row, numbers in (("icc_psych", PSYCH[form], psych), ("icc_irr", IRR[form], irr)):
        for stat, number in numbers.items():
            assert float(number) == pytest.approx(expected[table, row, stat], rel=1e-8)


def test_the_two_conventions_differ_for_the_mean_of_agreeing_raters_only() -> None:
    stepped = icc(SHROUT_FLEISS, form="ICC(A,k)", average_bounds="Spearman-Brown")
    assert [float(stepped.ci_low), float(stepped.ci_high)] == pytest.approx(
        [0.0711368153025, 0.9272320401677]
    )
    for form in set(FORMS) - {"ICC(A,k)"}:
        assert _three(SHROUT_FLEISS, form, average_bounds="Spearman-Brown") == _three(SHROUT_FLEISS, form)


@pytest.mark.parametrize("form", FORMS)
def test_many_quantities_at_once_give_what_each_gives_alone(form: IccForm) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 1, 2, 3)) * [[[[1.0, 2.0, 50.0]]]] + rng.normal(size=(12, 4, 2, 3))
    together = icc(values, form=form)
    assert together.estimate.shape == (2, 3)
    for place in np.ndindex(2, 3):
        alone = _three(values[(slice(None), slice(None), *place)], form)
        assert [together.estimate[place], together.ci_low[place], together.ci_high[place]] == pytest.approx(
            alone
        )
    assert (together.ci_low < together.estimate).all()
    assert (together.estimate < together.ci_high).all()


@pytest.mark.parametrize("form", FORMS)
def test_a_subject_with_a_gap_is_left_out_of_that_quantity_alone(form: IccForm) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(10, 1, 2)) + 0.3 * rng.normal(size=(10, 3, 2))
    gapped = values.copy()
    gapped[4, 1, 0], gapped[7, 0, 0] = np.nan, np.inf
    found, kept = icc(gapped, form=form), np.delete(np.arange(10), [4, 7])
    assert found.n_subjects.tolist() == [8, 10]
    assert found.estimate[0] == pytest.approx(icc(values[kept, :, 0], form=form).estimate)
    assert found.estimate[1] == pytest.approx(icc(values[:, :, 1], form=form).estimate)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_defined_is_nan_without_a_warning(form: IccForm) -> None:
    equal = np.full((5, 3), 7.0)
    rounding = 1.0 + 1e-15 * np.arange(15).reshape(5, 3)
    one = np.where(np.arange(5)[:, np.newaxis] == 2, SHROUT_FLEISS[:5, :3], np.nan)
    none = np.full((5, 3), np.nan)
    found = icc(np.stack([equal, rounding, one, none], axis=-1), form=form)
    for part in (found.estimate, found.ci_low, found.ci_high):
        assert np.isnan(part).all()
    assert found.n_subjects.tolist() == [5, 5, 1, 0]


@pytest.mark.parametrize("form", FORMS)
def test_perfect_agreement_is_one_with_an_interval_of_one(form: IccForm) -> None:
    values = np.repeat(np.arange(6.0)[:, np.newaxis], 3, axis=1)
    for bounds in ("McGraw-Wong", "Spearman-Brown"):
        assert _three(values, form, average_bounds=bounds) == pytest.approx([1.0, 1.0, 1.0])


def test_a_shift_between_raters_costs_agreement_and_not_consistency() -> None:
    subjects = np.random.default_rng(2).normal(size=(30, 1))
    values = subjects + np.array([[0.0, 3.0]])
    assert float(icc(values, form="ICC(C,1)").estimate) == pytest.approx(1.0)
    assert float(icc(values, form="ICC(A,1)").estimate) < 0.4
    assert float(icc(values, form="ICC(1,1)").estimate) < 0.4


def test_a_higher_confidence_gives_a_wider_interval() -> None:
    narrow, wide = (icc(SHROUT_FLEISS, confidence=level) for level in (0.8, 0.99))
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


@given(shift=st.floats(-1e3, 1e3), factor=st.floats(1e-3, 1e3), form=st.sampled_from(FORMS))
@settings(max_examples=30, deadline=None)
def test_unit_and_origin_play_no_part(shift: float, factor: float, form: IccForm) -> None:
    assert _three(SHROUT_FLEISS * factor + shift, form) == pytest.approx(
        _three(SHROUT_FLEISS, form), rel=1e-5
    )


def test_the_one_way_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(20, 1, 4000)) * np.sqrt(3.0) + rng.normal(size=(20, 3, 4000))  # true ICC: 0.75
    found = icc(values, form="ICC(1,1)")
    covered = (found.ci_low <= 0.75) & (found.ci_high >= 0.75)
    assert covered.mean() == pytest.approx(0.95, abs=0.012)  # 3.5 standard errors


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.ones((5, 1)), {}, "needs two measurements"),
        (np.ones(5), {}, "needs two measurements"),
        (SHROUT_FLEISS, {"form": "ICC(2,1)"}, "unknown form"),
        (SHROUT_FLEISS, {"average_bounds": "irr"}, "unknown bounds"),
        (SHROUT_FLEISS, {"confidence": 95}, "confidence"),
    ],
)
def test_what_cannot_be_computed_is_an_error(
    values: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(StatisticsError, match=message):
        icc(values, **options)
