from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs

from samesplit import tables
from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation import evaluate
from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.evaluation.multiclass.evaluate import evaluate_classes
from samesplit.evaluation.options import EvaluationOptions
from samesplit.statistics import calibration_in_the_large, calibration_slope
from samesplit.tasks import MulticlassTask

Make = Callable[..., Any]
ALL = {
    "auc", "auc_hand_till", "accuracy", "balanced_accuracy", "f1_macro", "cohen_kappa", "brier", "log_loss",
    "expected_calibration_error",
}  # fmt: skip
OF_ONE = {
    "auc", "sensitivity", "specificity", "ppv", "npv", "fdr", "f1", "expected_calibration_error",
    "calibration_slope", "calibration_in_the_large",
}  # fmt: skip


def _run(study: Any, **settings: Any) -> Evaluation:
    options = EvaluationOptions(**({"n_bootstrap": 30} | settings))
    return evaluate_classes(study.task, study.predictions, study.truth, options)


def _one(found: Evaluation, quantity: str, model: str = "grid", group: str = "all") -> pd.Series:
    rows = found.results
    return rows[(rows["quantity"] == quantity) & (rows["model"] == model) & (rows["group"] == group)].iloc[0]


def _wide(study: Any, model: str = "grid") -> tuple[Any, Any]:
    mine = study.predictions[study.predictions["model"] == model]
    p = mine.pivot_table(index="lesion_id", columns="class", values="probability")[list(study.task.classes)]
    return study.truth.loc[p.index, "label"].to_numpy(), p.to_numpy()


@pytest.fixture(scope="module")
def judged(make_class_study: Make) -> Evaluation:
    """What is found of the plain study, at both sites apart as well."""
    return _run(make_class_study(), groups=["site"])


def test_results_keep_the_schema_and_hold_every_quantity(judged: Evaluation) -> None:
    found = judged
    tables.RESULTS.validate(found.results)
    assert set(found.results["subset"]) == {"test"}
    for model in ("size", "grid"):
        mine = found.results[(found.results["model"] == model) & (found.results["reference"] == "")]
        assert set(mine.loc[mine["group"] == "all", "quantity"]) == ALL
        for group in ("class=AML", "class=solid", "site=north, class=cystic"):
            assert set(mine.loc[mine["group"] == group, "quantity"]) == OF_ONE
        assert set(mine.loc[mine["group"] == "site=south", "quantity"]) == ALL


def test_estimates_are_those_of_scikit_learn(judged: Evaluation, make_class_study: Make) -> None:
    study, found = make_class_study(), judged
    labels, p = _wide(study)
    calls = p.argmax(axis=1)
    assert _one(found, "auc")["estimate"] == pytest.approx(theirs.roc_auc_score(labels, p, multi_class="ovr"))
    assert _one(found, "auc_hand_till")["estimate"] == pytest.approx(
        theirs.roc_auc_score(labels, p, multi_class="ovo")
    )
    assert _one(found, "accuracy")["estimate"] == pytest.approx(theirs.accuracy_score(labels, calls))
    assert _one(found, "log_loss")["estimate"] == pytest.approx(theirs.log_loss(labels, p))
    assert _one(found, "cohen_kappa")["estimate"] == pytest.approx(theirs.cohen_kappa_score(labels, calls))
    for number, name in enumerate(study.task.classes):
        row = _one(found, "auc", group=f"class={name}")
        assert row["estimate"] == pytest.approx(theirs.roc_auc_score(labels == number, p[:, number]))
        assert row["n_positive"] == (labels == number).sum()
        recall = theirs.recall_score(labels, calls, average=None)[number]
        assert _one(found, "sensitivity", group=f"class={name}")["estimate"] == pytest.approx(recall)
    each = [_one(found, "auc", group=f"class={name}")["estimate"] for name in study.task.classes]
    assert _one(found, "auc")["estimate"] == pytest.approx(np.mean(each))
    assert _one(found, "auc")["n_positive"] == 0


@pytest.mark.parametrize("settings", [{}, {"n_patients": 40}, {"n_folds": 3, "seeds": (0, 1)}])
def test_two_classes_come_out_as_a_binary_task(make_class_study: Make, settings: dict[str, Any]) -> None:
    study = make_class_study(classes=("benign", "malignant"), **settings)
    several = _run(study)
    positive = study.predictions[study.predictions["class"] == "malignant"].drop(columns="class")
    binary = evaluate(positive, study.truth, n_bootstrap=30, operating_point=0.5)
    for quantity in ("auc", "accuracy", "brier", "log_loss"):
        ours, its = _one(several, quantity), _one(binary, quantity)
        for column in ("estimate", "ci_low", "ci_high"):
            assert ours[column] == pytest.approx(its[column], abs=1e-12), (quantity, column)
    columns = ["auc_a", "auc_b", "difference", "ci_low", "ci_high", "p_value", "p_influence", "p_corrected_t"]
    np.testing.assert_allclose(
        several.pairs[columns].astype(float), binary.pairs[columns].astype(float), atol=1e-12
    )
    np.testing.assert_allclose(several.folds["auc"], binary.folds["auc"], atol=1e-12)


def test_slope_and_intercept_of_a_class_are_those_of_it_against_the_rest(
    judged: Evaluation, make_class_study: Make
) -> None:
    study = make_class_study()
    rows = study.predictions[
        (study.predictions["model"] == "grid")
        & (study.predictions["class"] == "AML")
        & (study.predictions["subset"] == "test")
    ].set_index("lesion_id")
    truth = (study.truth.loc[rows.index, "label"] == 0).astype(int)
    patients = study.truth.loc[rows.index, "patient_id"]
    for quantity, estimate in (
        ("calibration_slope", calibration_slope),
        ("calibration_in_the_large", calibration_in_the_large),
    ):
        expected = estimate(truth, rows["probability"], patients=patients)
        found = _one(judged, quantity, group="class=AML")
        assert found["estimate"] == pytest.approx(expected.estimate)
        assert (found["ci_low"], found["ci_high"]) == pytest.approx((expected.ci_low, expected.ci_high))


def test_the_order_of_rows_does_not_matter(make_class_study: Make) -> None:
    study = make_class_study(n_folds=2, raters=("R1", "R2"), models=("grid",))
    a = _run(study, primary_rater="R1")
    shuffled = dataclasses.replace(study, predictions=study.predictions.sample(frac=1, random_state=1))
    b = _run(shuffled, primary_rater="R1")
    pd.testing.assert_frame_equal(a.results, b.results)
    pd.testing.assert_frame_equal(a.pairs, b.pairs)
    pd.testing.assert_frame_equal(a.tables["confusion_classes"], b.tables["confusion_classes"])
    assert "rater=R2" in set(a.results["group"])
    assert "rater=R2, class=AML" in set(a.results["group"])


def test_calls_are_counted_class_by_class_and_listed(make_class_study: Make) -> None:
    study = make_class_study(seeds=(0, 1), models=("grid",))
    found = _run(study)
    counts = found.tables["confusion_classes"]
    mine = counts[(counts["model"] == "grid") & (counts["group"] == "all")]
    assert mine["n"].sum() == 2 * len(study.truth)
    diagonal = mine.loc[mine["true"] == mine["predicted"], "n"].sum()
    assert diagonal / mine["n"].sum() == pytest.approx(_one(found, "accuracy")["estimate"])
    assert set(found.decisions["decision"]) == {0, 1, 2}
    assert len(found.decisions) == 2 * len(study.truth)
    assert set(found.curves["roc"]["class"]) == set(study.task.classes)
    assert {"model", "class", "mean_probability", "observed"} <= set(found.curves["calibration"].columns)


def test_models_trained_in_folds_have_both_intervals(make_class_study: Make) -> None:
    found = _run(make_class_study(n_folds=4))
    wide, narrow = _one(found, "auc"), _one(found, "auc_as_fitted")
    assert "training" in wide["method"]
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]
    assert found.pairs.loc[0, "method"].startswith("stricter of influence values")
    assert _one(found, "auc_lowest")["n_positive"] == 0
    assert "auc_as_fitted" in set(found.results.loc[found.results["group"] == "class=AML", "quantity"])


def test_named_test_sets_are_judged_apart_and_their_models_compared(make_class_study: Make) -> None:
    study = make_class_study()
    sets = pd.Series(["internal", "external"] * 30, index=study.truth.index)
    named = dataclasses.replace(study, truth=study.truth.assign(test_set=sets))
    found = _run(named, reference="size", n_bootstrap=0)
    alone = dataclasses.replace(
        study,
        truth=study.truth[sets == "external"],
        predictions=study.predictions[
            (study.predictions["lesion_id"].map(sets) == "external") & (study.predictions["model"] == "grid")
        ],
    )
    inside, expected = _one(found, "auc", group="test_set=external"), _one(_run(alone), "auc")
    for column in ("estimate", "ci_low", "ci_high"):
        assert inside[column] == pytest.approx(expected[column], abs=1e-12)
    differences = found.results[found.results["quantity"] == "auc_difference"]
    assert sorted(differences["group"]) == ["all", "test_set=external", "test_set=internal"]
    assert differences["p_adjusted"].tolist() == differences["p_value"].tolist()  # families of one each


def test_a_class_that_a_group_lacks_leaves_what_needs_it_undefined(make_class_study: Make) -> None:
    study = make_class_study(models=("grid",))
    site = np.where(study.truth["label"] == 2, "north", study.truth["site"])
    study = dataclasses.replace(study, truth=study.truth.assign(site=site))
    found = _run(study, groups=["site"])
    for quantity in ("auc", "auc_hand_till"):
        assert np.isnan(_one(found, quantity, group="site=south")["estimate"])
    assert np.isnan(_one(found, "auc", group="site=south, class=solid")["estimate"])
    assert _one(found, "auc", group="site=south, class=AML")["estimate"] > 0.5
    assert 0 < _one(found, "balanced_accuracy", group="site=south")["estimate"] < 1
    assert found.curves["roc"]["class"].nunique() == 3


def test_a_group_of_one_class_has_no_curve_and_no_bootstrap(make_class_study: Make) -> None:
    study = make_class_study(models=("grid",))
    one = study.truth.index[study.truth["label"] == 0]
    study = dataclasses.replace(
        study,
        truth=study.truth.loc[one],
        predictions=study.predictions[study.predictions["lesion_id"].isin(one)],
    )
    found = _run(study)
    assert found.curves["roc"].empty
    assert found.pairs.empty
    assert _one(found, "brier")["method"] == "no interval"
    assert "one class" in _one(found, "expected_calibration_error")["note"]


def test_perfect_models_get_exact_and_newcombes_intervals(make_class_study: Make) -> None:
    study = make_class_study(effect=30.0, n_patients=40)
    found = _run(study)
    auc = _one(found, "auc")
    assert auc["estimate"] == 1
    assert auc["method"] == "Newcombe method 5"
    assert 0.7 < auc["ci_low"] < 0.95
    assert _one(found, "accuracy")["method"] == "Clopper-Pearson, patients counted once"
    assert found.pairs.loc[0, "claim"] == "not shown"


def test_a_perfect_model_in_folds_that_lack_a_class_gets_newcombes_interval(make_class_study: Make) -> None:
    found = _run(make_class_study(effect=30.0, n_lesions=30, n_folds=10, models=("grid",)), n_bootstrap=0)
    assert _one(found, "auc")["method"] == "Newcombe method 5"
    assert "lack a class" in _one(found, "auc")["note"]


def test_without_a_bootstrap_there_are_estimates_alone(make_class_study: Make) -> None:
    found = _run(make_class_study(models=("grid",)), n_bootstrap=0)
    assert np.isnan(_one(found, "cohen_kappa")["ci_low"])
    assert _one(found, "auc")["ci_low"] > 0.5


def test_classes_too_many_for_the_bootstrap_leave_estimates_alone_and_stop_nothing(
    make_class_study: Make,
) -> None:
    names = tuple("abcdefghij")
    found = _run(make_class_study(n_lesions=10, classes=names, models=("grid",)), n_bootstrap=200)
    assert "held all classes: no bootstrap" in _one(found, "f1_macro")["note"]
    assert np.isnan(_one(found, "f1_macro")["ci_low"])
    assert np.isfinite(_one(found, "auc")["ci_low"])


def test_a_grids_search_is_summed_up(make_class_study: Make) -> None:
    study = make_class_study(n_folds=3, models=("grid",))
    grid = pd.DataFrame(
        [
            {"model": "grid", "seed": 0, "repeat": 0, "fold": fold, "selector": "anova", "classifier": "lda",
             "size": size, "inner_auc": 0.7 + size / 100, "chosen": size == 5}
            for fold in range(3) for size in (3, 5)
        ]
    )  # fmt: skip
    found = _run(study, details={"grid": grid})
    assert {"grid_cells", "chosen_cells"} <= set(found.summaries)
    chosen = found.results[found.results["quantity"] == "choosing_auc"]
    assert (chosen["n_positive"] == 0).all()
    assert len(chosen) > 0


def test_a_reference_without_predictions_is_told(make_class_study: Make) -> None:
    with pytest.raises(StatisticsError, match="reference model 'ridge' has no predictions"):
        _run(make_class_study(), reference="ridge")


def test_models_are_compared_on_the_lesions_that_all_predicted(make_class_study: Make) -> None:
    study = make_class_study(models=("size", "grid"))
    lacking = (study.predictions["model"] == "grid") & (study.predictions["lesion_id"] == "L003")
    found = _run(dataclasses.replace(study, predictions=study.predictions[~lacking]), n_bootstrap=0)
    assert (found.results.loc[found.results["group"] == "all", "n"] == 59).all()
    assert "grid: 1 of 60 test predictions are missing" in found.notes[0]


def _spoil(study: Any, **columns: Any) -> Any:
    table = study.predictions.copy()
    for name, value in columns.items():
        table.loc[0, name] = value
    return dataclasses.replace(study, predictions=table)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: _spoil(s, lesion_id="L999"), "lesions without truth: L999"),
        (lambda s: _spoil(s, **{"class": "oncocytoma"}), "classes that the task does not have: oncocytoma"),
        (lambda s: _spoil(s, **{"class": "cystic"}), "predicted twice"),
        (lambda s: _spoil(s, probability=0.999), "do not sum to 1: L000"),
        (lambda s: _spoil(s, probability=1.5), "outside \\[0, 1\\]: L000"),
        (lambda s: dataclasses.replace(s, predictions=s.predictions.iloc[1:]), "missing or outside"),
        (
            lambda s: dataclasses.replace(s, predictions=s.predictions.drop(columns="class")),
            "columns class are missing",
        ),
        (
            lambda s: dataclasses.replace(s, predictions=s.predictions.assign(subset="validation")),
            "no predictions of the subset 'test'",
        ),
    ],
)
def test_predictions_that_do_not_fit_are_told(make_class_study: Make, spoil: Any, message: str) -> None:
    with pytest.raises(PredictionsError, match=message):
        _run(spoil(make_class_study()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="label"), "lacks the columns label"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "lesions occur twice: L000"),
        (lambda t: t.assign(label=3), "class numbers 0 to 2"),
        (lambda t: t.assign(patient_id=None), "lesions without a patient"),
    ],
)
def test_a_truth_that_cannot_be_is_told(make_class_study: Make, change: Any, message: str) -> None:
    study = make_class_study()
    with pytest.raises(StatisticsError, match=message):
        _run(dataclasses.replace(study, truth=change(study.truth)))


def test_a_task_of_six_classes_is_judged(make_class_study: Make) -> None:
    names = tuple("abcdef")
    study = make_class_study(classes=names, n_lesions=72, models=("grid",))
    assert isinstance(study.task, MulticlassTask)
    found = _run(study, n_bootstrap=10)
    assert _one(found, "auc")["estimate"] > 0.6
    assert len(found.tables["confusion_classes"]) == 36


def test_the_work_can_be_done_elsewhere(make_class_study: Make, elsewhere: Any) -> None:
    study = make_class_study(n_folds=2)
    elsewhere.finds_the_same(
        lambda workers: evaluate_classes(
            study.task,
            study.predictions,
            study.truth,
            EvaluationOptions(n_bootstrap=100, groups=["site"], workers=workers),
        )
    )
