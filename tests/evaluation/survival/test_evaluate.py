from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit import tables
from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation import evaluate
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.survival.evaluate import evaluate_survival
from samesplit.statistics.survival.concordance import concordance_influence, harrell_c

Make = Callable[..., Any]


def _run(study: Any, **settings: Any) -> Evaluation:
    return evaluate_survival(study.task, study.predictions, study.truth, EvaluationOptions(**settings))


def _one(found: Evaluation, quantity: str = "c_index", model: str = "cox", group: str = "all") -> pd.Series:
    rows = found.results
    return rows[(rows["quantity"] == quantity) & (rows["model"] == model) & (rows["group"] == group)].iloc[0]


def _aligned(study: Any, model: str = "cox") -> tuple[Any, Any, Any, Any]:
    mine = study.predictions[study.predictions["model"] == model].set_index("lesion_id").sort_index()
    truth = study.truth.loc[mine.index]
    return truth["time"].to_numpy(), truth["label"].to_numpy(), mine["risk"].to_numpy(), truth["patient_id"]


def test_results_keep_the_schema_and_hold_the_index_of_every_model(make_survival_study: Make) -> None:
    study = make_survival_study()
    found = _run(study, groups=["site"])
    tables.RESULTS.validate(found.results)
    for model in ("size", "cox"):
        times, events, risks, _ = _aligned(study, model)
        row = _one(found, model=model)
        assert row["estimate"] == pytest.approx(harrell_c(times, events, risks), rel=1e-12)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert (row["n"], row["n_positive"]) == (60, events.sum())
    assert {"site=north", "site=south"} <= set(found.results["group"])
    assert found.results.loc[0, "method"] == "jackknife, test patients, logit"


@pytest.mark.parametrize("n_patients", [60, 35])
def test_a_difference_is_paired_over_patients(make_survival_study: Make, n_patients: int) -> None:
    study = make_survival_study(n_patients=n_patients)
    found = _run(study)
    pair = found.pairs.iloc[0]
    parts = [concordance_influence(*_aligned(study, model)) for model in ("cox", "size")]
    difference = parts[0] - parts[1]
    assert pair["difference"] == pytest.approx(difference.estimate, rel=1e-12)
    half = 1.959963984540054 * math.sqrt(difference.variance)
    assert pair["ci_high"] - pair["difference"] == pytest.approx(half, rel=1e-9)
    assert pair["c_index_a"] - pair["c_index_b"] == pytest.approx(pair["difference"], rel=1e-12)
    row = found.results[found.results["quantity"] == "c_index_difference"].iloc[0]
    assert (
        row[["p_value", "p_adjusted", "claim"]].tolist() == pair[["p_value", "p_adjusted", "claim"]].tolist()
    )


def test_one_time_of_all_events_is_a_binary_task(make_survival_study: Make) -> None:
    study = make_survival_study(n_folds=3)
    truth = study.truth.assign(time=np.where(study.truth["label"] == 1, 1.0, 2.0))
    found = _run(dataclasses.replace(study, truth=truth))
    rank = study.predictions.groupby("fold")["risk"].rank(pct=True)
    binary = evaluate(
        study.predictions.drop(columns="risk").assign(probability=rank),
        truth,
        n_bootstrap=0,
        operating_point=0.5,
    )
    auc = binary.results[(binary.results["quantity"] == "auc") & (binary.results["model"] == "cox")].iloc[0]
    for column in ("estimate", "ci_low", "ci_high"):
        assert _one(found)[column] == pytest.approx(auc[column], abs=0.01)
    np.testing.assert_allclose(found.folds["c_index"], binary.folds["auc"], atol=1e-12)


def test_models_trained_in_folds_have_both_intervals(make_survival_study: Make) -> None:
    found = _run(make_survival_study(n_folds=4, n_repeats=2))
    wide, narrow = _one(found), _one(found, "c_index_as_fitted")
    assert "training" in wide["method"]
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]
    assert found.pairs.loc[0, "method"].startswith("stricter of jackknife")
    assert (
        _one(found, "c_index_lowest")["estimate"]
        < wide["estimate"]
        < _one(found, "c_index_highest")["estimate"]
    )
    assert found.folds["n"].sum() == 2 * 2 * 60


def test_named_test_sets_are_judged_apart_and_their_models_compared(make_survival_study: Make) -> None:
    study = make_survival_study()
    sets = pd.Series(["internal", "external"] * 30, index=study.truth.index)
    found = _run(dataclasses.replace(study, truth=study.truth.assign(test_set=sets)), reference="size")
    times, events, risks, _ = _aligned(study)
    inside = (sets.sort_index() == "external").to_numpy()
    expected = harrell_c(times[inside], events[inside], risks[inside])
    assert _one(found, group="test_set=external")["estimate"] == pytest.approx(expected, rel=1e-12)
    differences = found.results[found.results["quantity"] == "c_index_difference"]
    assert sorted(differences["group"]) == ["all", "test_set=external", "test_set=internal"]


def test_curves_part_thirds_of_risk_and_count_each_lesion_once(make_survival_study: Make) -> None:
    found = _run(make_survival_study(n_lesions=90, n_folds=3, n_repeats=2))
    curves = found.curves["kaplan_meier"]
    mine = curves[curves["model"] == "cox"]
    assert list(mine["risk"].unique()) == ["low", "middle", "high"]
    start = mine.groupby("risk").first()
    assert start["at_risk"].sum() == pytest.approx(90)
    assert (start["time"] == 0).all()
    at_one = mine[mine["time"] <= 1].groupby("risk")["survival"].last()
    assert at_one["low"] > at_one["middle"] > at_one["high"]


def test_equal_risks_are_one_group_and_half_of_everything(make_survival_study: Make) -> None:
    study = make_survival_study(models=("zero",))
    found = _run(dataclasses.replace(study, predictions=study.predictions.assign(risk=0.3)))
    row = _one(found, model="zero")
    assert row["estimate"] == 0.5
    assert row["method"] == "Newcombe method 5" or row["ci_low"] < 0.5 < row["ci_high"]
    assert found.curves["kaplan_meier"]["risk"].unique().tolist() == ["middle"]
    assert found.pairs.empty


def test_other_raters_are_told_apart(make_survival_study: Make) -> None:
    found = _run(make_survival_study(raters=("R1", "R2")), primary_rater="R1")
    assert "rater=R2" in set(found.results["group"])


def test_a_group_without_events_has_no_index(make_survival_study: Make) -> None:
    study = make_survival_study()
    site = np.where(study.truth["label"] == 1, "north", study.truth["site"])
    found = _run(dataclasses.replace(study, truth=study.truth.assign(site=site)), groups=["site"])
    row = _one(found, group="site=south")
    assert math.isnan(row["estimate"])
    assert "not defined" in row["note"]


def test_models_without_a_fold_to_compare_them_on_have_no_test(make_survival_study: Make) -> None:
    study = make_survival_study()
    found = _run(dataclasses.replace(study, truth=study.truth.assign(label=0)))
    assert found.pairs.loc[0, "method"] == "no test"
    assert "c_index_difference" not in set(found.results["quantity"])


def test_the_order_of_rows_does_not_matter(make_survival_study: Make) -> None:
    study = make_survival_study(n_folds=3)
    a = _run(study)
    b = _run(dataclasses.replace(study, predictions=study.predictions.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(a.results, b.results)
    pd.testing.assert_frame_equal(a.curves["kaplan_meier"], b.curves["kaplan_meier"])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("lesion_id", "L999", "lesions without truth: L999"),
        ("lesion_id", "L001", "predicted twice by the same model, seed, repeat and fold: L001"),
        ("risk", math.inf, "risks missing or infinite: L000"),
        ("risk", math.nan, "risks missing or infinite: L000"),
    ],
)
def test_predictions_that_do_not_fit_are_told(
    make_survival_study: Make, column: str, value: Any, message: str
) -> None:
    study = make_survival_study()
    spoiled = study.predictions.copy()
    spoiled.loc[0, column] = value
    with pytest.raises(PredictionsError, match=message):
        _run(dataclasses.replace(study, predictions=spoiled))


def test_predictions_without_risks_or_test_lesions_are_told(make_survival_study: Make) -> None:
    study = make_survival_study()
    with pytest.raises(PredictionsError, match="columns risk are missing"):
        _run(dataclasses.replace(study, predictions=study.predictions.drop(columns="risk")))
    with pytest.raises(PredictionsError, match="no predictions of the subset 'test'"):
        _run(dataclasses.replace(study, predictions=study.predictions.assign(subset="validation")))
    with pytest.raises(StatisticsError, match="reference model 'ridge' has no predictions"):
        _run(study, reference="ridge")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="time"), "lacks the columns time"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "lesions occur twice: L000"),
        (lambda t: t.assign(label=2), "events other than 0 and 1"),
        (lambda t: t.assign(time=0.0), "times that are missing or not above 0"),
        (lambda t: t.assign(time=math.inf), "times that are missing or not above 0"),
        (lambda t: t.assign(patient_id=None), "lesions without a patient"),
    ],
)
def test_a_truth_that_cannot_be_is_told(make_survival_study: Make, change: Any, message: str) -> None:
    study = make_survival_study()
    with pytest.raises(StatisticsError, match=message):
        _run(dataclasses.replace(study, truth=change(study.truth)))


def test_the_work_can_be_done_elsewhere(make_survival_study: Make, elsewhere: Any) -> None:
    study = make_survival_study(n_folds=2)
    elsewhere.finds_the_same(
        lambda workers: evaluate_survival(
            study.task, study.predictions, study.truth, EvaluationOptions(groups=["site"], workers=workers)
        )
    )
