"""Hazard ratios, rates, the Cox table and subgroups of a survival task."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.survival.cox_table import clinical_design
from samesplit.evaluation.survival.evaluate import evaluate_survival
from samesplit.evaluation.survival.hazards import time_of_rates
from samesplit.evaluation.survival.lesion_risks import lesion_risks, validation_cuts
from samesplit.evaluation.survival.scores import model_table
from samesplit.statistics.survival import cox_regression, log_rank, share_without_event, uno_c

Make = Callable[..., Any]


def judged(study: Any, **settings: Any) -> Evaluation:
    return evaluate_survival(study.task, study.predictions, study.truth, EvaluationOptions(**settings))


@pytest.fixture(scope="module")
def plain(make_survival_study: Make) -> tuple[Any, Evaluation]:
    """The study that most tests ask about, judged once."""
    study = make_survival_study()
    return study, judged(study)


def row_of(found: Evaluation, quantity: str, model: str = "cox") -> pd.Series:
    rows = found.results
    return rows[(rows["quantity"] == quantity) & (rows["model"] == model) & (rows["group"] == "all")].iloc[0]


def with_clinical(study: Any) -> Any:
    rng = np.random.default_rng(7)
    n = len(study.truth)
    truth = study.truth.assign(
        age=rng.normal(60, 8, n), sex=rng.choice(["f", "m", "m"], n), same=1.0, one="x"
    )
    return dataclasses.replace(study, truth=truth)


def own(study: Any, model: str = "cox") -> tuple[pd.DataFrame, pd.DataFrame]:
    mine = study.predictions[study.predictions["model"] == model].set_index("lesion_id").sort_index()
    return mine, study.truth.loc[mine.index]


def test_the_hazard_ratio_is_per_standard_deviation_of_the_risk(plain: tuple[Any, Evaluation]) -> None:
    study, whole = plain
    found = row_of(whole, "hazard_ratio")
    mine, truth = own(study)
    expected = cox_regression(
        truth["time"], truth["label"], mine["risk"] / mine["risk"].std(ddof=0), ["risk"]
    )
    assert found["estimate"] == pytest.approx(expected.hazard_ratios["risk"].estimate, rel=1e-6)
    assert found["p_value"] == pytest.approx(expected.hazard_ratios["risk"].p_value, rel=1e-5)


def test_without_validation_risks_the_cut_is_the_median_of_the_test_part(
    plain: tuple[Any, Evaluation],
) -> None:
    study, found = plain
    mine, truth = own(study)
    high = (mine["risk"] > mine["risk"].median()).astype(int)
    test = row_of(found, "log_rank")
    expected = log_rank(truth["time"], truth["label"], high)
    assert test["estimate"] == pytest.approx(expected.statistic)
    assert test["p_value"] == pytest.approx(expected.p_value)
    assert "test part, there being no validation risks" in test["note"]
    ratio = cox_regression(truth["time"], truth["label"], high, ["high"]).hazard_ratios["high"]
    assert row_of(found, "hazard_ratio_high")["estimate"] == pytest.approx(ratio.estimate, rel=1e-6)


def test_the_cut_comes_from_the_validation_part_of_the_same_fit(make_survival_study: Make) -> None:
    study = make_survival_study(n_folds=2)
    validation = study.predictions.assign(subset="validation", risk=study.predictions["risk"] - 0.5)
    found = evaluate_survival(
        study.task, pd.concat([study.predictions, validation]), study.truth, EvaluationOptions()
    )
    mine, truth = own(study)
    cuts = mine.groupby("fold")["risk"].transform("median") - 0.5
    high = (mine["risk"] > cuts).astype(int)
    expected = log_rank(truth["time"], truth["label"], high)
    assert row_of(found, "log_rank")["estimate"] == pytest.approx(expected.statistic)
    assert "median risk of the validation part" in row_of(found, "log_rank")["note"]


def test_a_score_of_another_task_is_cut_where_that_task_calls_a_lesion_positive(
    make_survival_study: Make,
) -> None:
    study = make_survival_study(n_folds=2)
    mine, truth = own(study)
    limit = float(mine["risk"].quantile(0.7))
    fits = mine[["seed", "repeat", "fold"]].drop_duplicates()
    cuts = pd.Series(limit, index=pd.MultiIndex.from_frame(fits))

    found = judged(study, risk_cuts={"cox": cuts})

    expected = log_rank(truth["time"], truth["label"], (mine["risk"] > limit).astype(int))
    assert row_of(found, "log_rank")["estimate"] == pytest.approx(expected.statistic)
    assert "where the other task calls a lesion positive" in row_of(found, "log_rank")["note"]


def test_a_probability_that_reaches_the_threshold_of_its_task_is_high(make_survival_study: Make) -> None:
    study = make_survival_study()
    mine, _ = own(study)
    calls = mine.reset_index().assign(risk=np.arange(len(mine)) % 2 / 2)  # a call as a probability: 0 or 0.5
    fits = mine[["seed", "repeat", "fold"]].drop_duplicates()
    cuts = pd.Series(0.5, index=pd.MultiIndex.from_frame(fits))

    lesions, _ = lesion_risks(model_table(calls, study.truth), cuts, declared=True)

    high = lesions.set_index("lesion_id")["high"]
    assert (high == calls.set_index("lesion_id")["risk"].eq(0.5)).all()


def test_several_fits_of_a_lesion_are_averaged_and_vote(make_survival_study: Make) -> None:
    study = make_survival_study(n_folds=2, n_repeats=3)
    mine = study.predictions[study.predictions["model"] == "cox"]
    table = model_table(mine, study.truth)
    lesions, cut = lesion_risks(table, validation_cuts(mine.iloc[:0]))
    assert len(lesions) == 60
    assert lesions["score"].std(ddof=0) == pytest.approx(1)
    medians = table.groupby("cell")["score"].transform("median")
    votes = (table["score"] > medians).groupby(table["lesion_id"]).mean()
    assert (lesions.set_index("lesion_id")["high"] == (votes > 0.5)).all()
    assert "test part" in cut


def test_risks_that_are_all_the_same_have_no_hazard_ratio(make_survival_study: Make) -> None:
    study = make_survival_study()
    flat = dataclasses.replace(study, predictions=study.predictions.assign(risk=1.0))
    found = judged(flat)
    row = row_of(found, "hazard_ratio")
    assert math.isnan(row["estimate"])
    assert row["note"] == "all risks are the same"
    assert math.isnan(row_of(found, "log_rank")["estimate"])
    assert set(found.tables["survival_rates"]["risk"]) == {"low"}


def test_uno_counts_pairs_up_to_the_time_that_a_tenth_reach(plain: tuple[Any, Evaluation]) -> None:
    study, whole = plain
    row = row_of(whole, "uno_c")
    mine, truth = own(study)
    until = np.quantile(truth["time"], 0.9, method="higher")
    expected = uno_c(truth["time"], truth["label"], mine["risk"], until=until)
    assert row["estimate"] == pytest.approx(expected, rel=1e-9)
    assert row["ci_low"] < expected < row["ci_high"]
    assert row["note"].startswith("pairs up to ")


def test_uno_is_not_defined_where_all_events_come_after_most_follow_up(make_survival_study: Make) -> None:
    study = make_survival_study()
    late = study.truth.assign(time=np.where(study.truth["label"] == 1, 5.0, 9.0), label=0)
    late.loc[late.index[:2], ["label", "time"]] = [1, 9.0]
    row = row_of(judged(dataclasses.replace(study, truth=late)), "uno_c")
    assert math.isnan(row["estimate"])
    assert "not defined" in row["note"]


def test_shares_without_an_event_are_given_at_the_declared_time(make_survival_study: Make) -> None:
    study = make_survival_study()
    task = study.task.model_copy(update={"rates_at": 0.5})
    found = judged(dataclasses.replace(study, task=task)).tables["survival_rates"]
    mine, truth = own(study)
    high = truth[mine["risk"] > mine["risk"].median()]
    row = found[(found["model"] == "cox") & (found["risk"] == "high")].iloc[0]
    expected = share_without_event(high["time"], high["label"], 0.5)
    assert (row["time"], row["estimate"]) == (0.5, expected.estimate)
    assert row["at_risk"] == (high["time"] >= 0.5).sum()


@pytest.mark.parametrize(
    ("times", "unit", "expected"),
    [
        ([10.0, 70.0], "months", 60.0),
        ([10.0, 40.0], "months", 36.0),
        ([1.0, 2.0], "months", 2.0),
        ([100.0, 300.0], "visits", 200.0),
    ],
)
def test_the_time_of_rates_is_five_years_or_a_shorter_round_time(times, unit, expected) -> None:
    assert time_of_rates(pd.Series(times), unit) == expected


def test_the_cox_table_has_the_risk_alone_and_beside_clinical_variables(make_survival_study: Make) -> None:
    study = with_clinical(make_survival_study())
    clinical = {"age": "number", "sex": "category", "same": "number", "one": "category", "absent": "number"}
    found = judged(study, clinical=clinical).tables["survival_cox"]
    adjusted = found[(found["model"] == "cox") & (found["fit"] == "adjusted")]
    assert adjusted["term"].tolist() == ["risk score", "age", "sex: f"]
    assert adjusted["unit"].tolist() == ["per SD", "per unit", "against m"]
    mine, truth = own(study)
    design = np.column_stack([mine["risk"] / mine["risk"].std(ddof=0), truth["age"], truth["sex"] == "f"])
    expected = cox_regression(truth["time"], truth["label"], design, ["risk", "age", "sex"])
    assert adjusted["hazard_ratio"].tolist() == pytest.approx(
        [ratio.estimate for ratio in expected.hazard_ratios.values()], rel=1e-6
    )
    assert adjusted["proportional_p"].tolist() == pytest.approx(
        list(expected.proportional.values()), rel=1e-4
    )
    alone = found[(found["model"] == "") & (found["fit"] == "univariate")]
    assert alone["term"].tolist() == ["age", "sex: f"]
    together = found[(found["model"] == "") & (found["fit"] == "adjusted")]
    assert together["term"].tolist() == ["age", "sex: f"]


def test_lesions_with_missing_values_are_left_out_and_counted(make_survival_study: Make) -> None:
    study = with_clinical(make_survival_study())
    truth = study.truth.copy()
    truth.loc[truth.index[:50], "age"] = np.nan
    found = judged(dataclasses.replace(study, truth=truth), clinical={"age": "number"})
    row = found.tables["survival_cox"].query("model == 'cox' and fit == 'adjusted'").iloc[0]
    assert row["n"] == 10
    assert "50 lesions with missing values are left out" in row["note"]
    assert "unstable" in row["note"]


def test_too_few_events_leave_a_cox_table_without_numbers(make_survival_study: Make) -> None:
    study = with_clinical(make_survival_study())
    truth = study.truth.copy()
    truth.loc[truth.index[3:], "label"] = 0
    found = judged(dataclasses.replace(study, truth=truth), clinical={"age": "number", "sex": "category"})
    rows = found.tables["survival_cox"].query("model == 'cox' and fit == 'adjusted'")
    assert rows["hazard_ratio"].isna().all()
    assert "too few for 3 terms" in rows.iloc[0]["note"]


def test_subgroups_have_their_own_hazard_ratio_and_a_test_of_interaction(make_survival_study: Make) -> None:
    study = make_survival_study(n_lesions=120)
    found = judged(study, groups=["site"]).tables["survival_subgroups"]
    rows = found[found["model"] == "cox"]
    assert rows["value"].tolist() == ["all lesions", "north", "south"]
    assert rows["n"].iloc[0] == rows["n"].iloc[1:].sum() == 120
    assert 0 < rows["interaction_p"].iloc[1] < 1
    assert math.isnan(rows["interaction_p"].iloc[0])
    mine, truth = own(study)
    scaled = mine["risk"] / mine["risk"].std(ddof=0)
    north = truth["site"] == "north"
    expected = cox_regression(truth["time"][north], truth["label"][north], scaled[north], ["risk"])
    assert rows["hazard_ratio"].iloc[1] == pytest.approx(expected.hazard_ratios["risk"].estimate, rel=1e-6)


def test_small_subgroups_say_so_and_have_no_interaction(make_survival_study: Make) -> None:
    study = make_survival_study()
    truth = study.truth.assign(site=np.where(np.arange(60) < 2, "tiny", "rest"))
    found = judged(dataclasses.replace(study, truth=truth), groups=["site"]).tables["survival_subgroups"]
    tiny = found[(found["model"] == "cox") & (found["value"] == "tiny")].iloc[0]
    assert "too few to judge" in tiny["note"]
    alone = judged(dataclasses.replace(study, truth=study.truth.assign(site="one")), groups=["site"]).tables[
        "survival_subgroups"
    ]
    assert alone["interaction_p"].isna().all()


def test_an_interaction_that_cannot_be_fitted_is_none(make_survival_study: Make) -> None:
    study = make_survival_study()
    flat = dataclasses.replace(study, predictions=study.predictions.assign(risk=1.0))
    found = judged(flat, groups=["site"]).tables["survival_subgroups"]
    assert found["interaction_p"].isna().all()


def test_several_lesions_of_a_patient_are_told_of_the_log_rank_test(make_survival_study: Make) -> None:
    found = judged(make_survival_study(n_patients=40))
    assert "count as independent" in row_of(found, "log_rank")["note"]
    assert "clusters" in row_of(found, "hazard_ratio")["method"]


def test_categories_keep_missing_values_missing() -> None:
    truth = pd.DataFrame({"sex": ["f", None, "m", "m"]}, index=list("abcd"))
    design, units = clinical_design(truth, pd.Series(list("abcd")), {"sex": "category"})
    assert design["sex: f"].tolist()[0] == 1.0
    assert math.isnan(design["sex: f"].tolist()[1])
    assert units == {"sex: f": "against m"}
