from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit import tables
from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.evaluate import RESULT_COLUMNS, Evaluation, evaluate
from samesplit.evaluation.claims import ClaimRules
from samesplit.execution.calls import Workers

Make = Callable[..., Any]

QUANTITIES = {
    "auc", "sensitivity", "specificity", "ppv", "fdr", "npv", "accuracy", "f1", "pr_auc", "brier", "brier_scaled",
    "log_loss", "ece", "ece_equal_frequency", "mce", "mce_equal_frequency", "ici", "e50", "e90", "emax",
    "calibration_slope", "calibration_in_the_large", "calibration_intercept", "spiegelhalter_z",
    *(f"sensitivity_at_specificity_{place:.2f}" for place in (0.95, 0.9, 0.8, 0.7, 0.5)),
    *(f"precision_at_recall_{place:.2f}" for place in (0.5, 0.7, 0.8, 0.9, 0.95)),
}  # fmt: skip


def _run(study: Any, **settings: Any) -> Evaluation:
    return evaluate(study.predictions, study.truth, **({"n_bootstrap": 50} | settings))


def _one(found: Evaluation, quantity: str, model: str, group: str = "all") -> pd.Series:
    rows = found.results
    return rows[(rows["quantity"] == quantity) & (rows["model"] == model) & (rows["group"] == group)].iloc[0]


def test_results_keep_the_schema_and_hold_every_quantity(make_study: Make) -> None:
    study = make_study()
    found = _run(study, readings=study.readings, reference="size", groups=["site"])
    tables.RESULTS.validate(found.results)
    assert list(found.results.columns) == RESULT_COLUMNS
    for model in ("size", "grid", "cnn"):
        rows = found.results[(found.results["model"] == model) & (found.results["group"] == "all")]
        assert set(rows.loc[rows["reference"] == "", "quantity"]) == QUANTITIES
    developed = found.results[found.results["subset"] != "test"]
    assert set(developed["subset"]) == {"validation"}
    assert set(developed["group"]) == {"subset=validation"}


@pytest.mark.parametrize(
    "settings", [{}, {"n_patients": 45}, {"n_folds": 5, "n_repeats": 2}, {"seeds": (0, 1)}]
)
def test_the_same_input_gives_the_same_results(make_study: Make, settings: dict[str, Any]) -> None:
    study = make_study(**settings)
    a = _run(study, readings=study.readings, reference="size")
    shuffled = dataclasses.replace(study, predictions=study.predictions.sample(frac=1, random_state=1))
    b = _run(shuffled, readings=study.readings, reference="size")
    pd.testing.assert_frame_equal(a.results, b.results)
    pd.testing.assert_frame_equal(a.pairs, b.pairs)
    for name in ("roc", "pr", "calibration", "calibration_smooth"):
        pd.testing.assert_frame_equal(a.curves[name], b.curves[name])
    for name in ("decision_curves", "reclassification"):
        pd.testing.assert_frame_equal(a.tables[name], b.tables[name])


@pytest.mark.parametrize("settings", [{}, {"n_patients": 45}, {"n_folds": 4}])
def test_last_digits_of_the_probabilities_change_no_result(
    make_study: Make, settings: dict[str, Any]
) -> None:
    study = make_study(**settings)
    rng = np.random.default_rng(0)
    # Shares of ten trees: ties everywhere, on the edges of bins and half-way between others.
    rough = study.predictions.assign(probability=study.predictions["probability"].round(1))
    noise = 1 + 1e-13 * rng.uniform(-1, 1, len(rough))
    moved = rough.assign(probability=np.minimum(rough["probability"] * noise, 1))
    a, b = (
        evaluate(table, study.truth, reference="size", groups=["site"], n_bootstrap=200)
        for table in (rough, moved)
    )
    pd.testing.assert_frame_equal(a.results, b.results, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(a.pairs, b.pairs, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(a.thresholds, b.thresholds, rtol=1e-9)
    pd.testing.assert_frame_equal(a.confusion, b.confusion)
    assert a.decisions["decision"].tolist() == b.decisions["decision"].tolist()
    for name in ("roc", "pr", "calibration", "calibration_smooth"):
        pd.testing.assert_frame_equal(a.curves[name], b.curves[name], rtol=1e-9, atol=1e-9)
    for name in ("decision_curves", "reclassification"):
        pd.testing.assert_frame_equal(a.tables[name], b.tables[name], rtol=1e-9, atol=1e-9)


def test_every_model_is_judged_on_the_same_lesions(make_study: Make) -> None:
    study = make_study()
    test = study.predictions["subset"] == "test"
    lacks = test & (study.predictions["model"] == "cnn") & (study.predictions["lesion_id"] < "L003")
    found = evaluate(study.predictions[~lacks], study.truth, n_bootstrap=50)
    assert {_one(found, "auc", model)["n"] for model in ("size", "grid", "cnn")} == {57}
    assert "cnn: 3 of 60 test predictions are missing (L000, L001, L002)" in found.notes[0]
    assert set(found.pairs["n"]) == {57}


def test_test_labels_do_not_reach_thresholds_or_calls(make_study: Make) -> None:
    study = make_study(n_folds=1)
    # A test set apart from the validation set, whose labels are then turned round.
    half = study.predictions["lesion_id"] < "L030"
    predictions = study.predictions[(study.predictions["subset"] == "test") == half]
    turned = study.truth.copy()
    turned.loc[turned.index < "L030", "label"] = 1 - turned.loc[turned.index < "L030", "label"]
    a, b = (evaluate(predictions, truth, n_bootstrap=0) for truth in (study.truth, turned))
    pd.testing.assert_frame_equal(a.thresholds, b.thresholds)
    pd.testing.assert_frame_equal(a.decisions, b.decisions)
    assert _one(a, "auc", "cnn")["estimate"] == pytest.approx(1 - _one(b, "auc", "cnn")["estimate"])


def test_one_claim_has_one_set_of_lesions_in_all_places(make_study: Make) -> None:
    for settings in ({}, {"n_folds": 5}):
        study = make_study(**settings)
        predictions = study.predictions
        lacks = (predictions["model"] == "grid") & (predictions["lesion_id"] < "L004")
        found = evaluate(predictions[~lacks], study.truth, reference="size", n_bootstrap=50)
        rows = found.results[found.results["quantity"] == "auc_difference"]
        assert len(rows) == len(found.pairs) == 3
        for row, pair in zip(rows.to_dict("records"), found.pairs.to_dict("records"), strict=True):
            assert (row["model"], row["reference"]) == (pair["model_a"], pair["model_b"])
            for one, other in (("estimate", "difference"), *((name, name) for name in (
                "ci_low", "ci_high", "p_value", "p_adjusted", "claim", "method", "n", "n_positive",
            ))):  # fmt: skip
                assert row[one] == pair[other], one
            aucs = [_one(found, "auc", row[side]) for side in ("model", "reference")]
            assert {auc["n"] for auc in aucs} == {row["n"]} == {56}
            assert row["estimate"] == pytest.approx(aucs[0]["estimate"] - aucs[1]["estimate"])


def test_what_models_tell_of_their_search_is_summed_up(make_study: Make) -> None:
    study = make_study(n_folds=2)
    cells = [("grid", 0, 0, fold, "mrmr", "svm", 5, 0.9, True) for fold in (0, 1)]
    columns = ["model", "seed", "repeat", "fold", "selector", "classifier", "size", "inner_auc", "chosen"]
    found = _run(study, details={"grid": pd.DataFrame(cells, columns=columns)})
    assert set(found.summaries) == {"grid_cells", "chosen_cells"}
    gap = _one(found, "choosing_gap", "grid")["estimate"]
    assert gap == pytest.approx(0.9 - _one(found, "auc", "grid")["estimate"])


def test_other_raters_get_rows_of_their_own(make_study: Make) -> None:
    study = make_study(raters=("R1", "R2"))
    lacks = (study.predictions["rater"] == "R2") & (study.predictions["lesion_id"] == "L000")
    lacks &= (study.predictions["model"] == "cnn") & (study.predictions["subset"] == "test")
    found = evaluate(study.predictions[~lacks], study.truth, primary_rater="R1", n_bootstrap=50)
    assert set(found.results["group"]) == {"all", "rater=R2", "subset=validation"}
    assert _one(found, "auc", "cnn")["estimate"] != _one(found, "auc", "cnn", "rater=R2")["estimate"]
    assert _one(found, "auc", "grid", "rater=R2")["n"] == 59
    assert found.notes == (
        "rater R2: cnn: 1 of 60 test predictions are missing (L000); left out for every model",
    )
    thresholds = found.thresholds.set_index("model")["threshold"]
    calls = found.decisions.query("rater == 'R2' and model == 'cnn'")
    assert (calls["threshold"] == thresholds["cnn"]).all()


def test_groups_split_the_lesions(make_study: Make) -> None:
    study = make_study()
    found = _run(study, groups=["site"])
    north, south = (_one(found, "auc", "cnn", f"site={site}") for site in ("north", "south"))
    assert north["n"] + south["n"] == 60
    counts = found.confusion.query("model == 'cnn'").set_index("group")
    assert counts.loc["site=north", "n_calls"] == north["n"]


def test_named_test_sets_are_judged_and_compared_apart_and_together(make_study: Make) -> None:
    study = make_study()
    truth = study.truth.assign(test_set=study.truth["site"].map({"north": "internal", "south": "external"}))
    found = evaluate(study.predictions, truth, reference="size", n_bootstrap=50)
    plain = _run(study, reference="size", groups=["site"])
    for name, site in (("internal", "north"), ("external", "south")):
        rows = found.results[found.results["group"] == f"test_set={name}"]
        same = plain.results[plain.results["group"] == f"site={site}"]
        judged = rows[rows["reference"] == ""].drop(columns="group").reset_index(drop=True)
        pd.testing.assert_frame_equal(judged, same.drop(columns="group").reset_index(drop=True))
        # The differences are those of an evaluation of that set alone, with claims of their own.
        alone = study.predictions[
            study.predictions["lesion_id"].isin(truth.index[truth["test_set"] == name])
            | (study.predictions["subset"] != "test")
        ]
        pairs = evaluate(alone, study.truth, reference="size", n_bootstrap=50).pairs
        differences = rows[rows["quantity"] == "auc_difference"]
        assert differences["estimate"].tolist() == pairs["difference"].tolist()
        assert differences["p_adjusted"].tolist() == pytest.approx(pairs["p_adjusted"].tolist())
        assert differences["claim"].tolist() == pairs["claim"].tolist()
    together = found.results[found.results["group"] == "all"].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        together, plain.results[plain.results["group"] == "all"].reset_index(drop=True)
    )


def test_a_test_set_of_one_class_has_no_comparison(make_study: Make) -> None:
    study = make_study()
    truth = study.truth.assign(test_set=np.where(study.truth["label"] == 1, "ill", "others"))
    found = evaluate(study.predictions, truth, reference="size", n_bootstrap=50)
    rows = found.results[found.results["group"] == "test_set=ill"]
    assert not (rows["quantity"] == "auc_difference").any()
    assert "no fold holds both classes" in _one(found, "auc", "cnn", "test_set=ill")["note"]


def test_a_group_of_one_class_is_reported_as_undefined(make_study: Make) -> None:
    study = make_study()
    truth = study.truth.assign(kind=np.where(study.truth["label"] == 1, "bad", None))
    found = evaluate(study.predictions, truth, groups=["kind"], n_bootstrap=50)
    row = _one(found, "auc", "cnn", "kind=bad")
    assert np.isnan(row["estimate"])
    assert "no fold holds both classes" in row["note"]
    assert "36 lesions have no kind; they are in no such group" in found.notes
    tables.RESULTS.validate(found.results)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": ["vendor"]}, "no column 'vendor'"),
        ({"groups": ["patient_id"]}, "too many to group by"),
        ({"reference": "resnet"}, "reference model 'resnet'"),
        ({"operating_point": "best"}, "unknown operating point"),
        ({"confidence": 95}, "not between 0 and 1"),
    ],
)
def test_unusable_settings_are_errors(make_study: Make, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        _run(make_study(), **settings)


def test_without_validation_predictions_there_is_no_operating_point_unless_fixed(make_study: Make) -> None:
    study = make_study()
    test = study.predictions.query("subset == 'test'")
    found = evaluate(test, study.truth, reference="size", n_bootstrap=50)
    row = _one(found, "sensitivity", "cnn")
    assert np.isnan(row["estimate"])
    assert "without a call" in row["note"]
    assert (found.confusion["n_calls"] == 0).all()
    assert "sensitivity_difference" not in set(found.results["quantity"])
    assert not np.isnan(_one(found, "auc", "cnn")["estimate"])
    fixed = evaluate(test, study.truth, operating_point=0.5, n_bootstrap=50)
    assert _one(fixed, "sensitivity", "cnn")["estimate"] > 0


def test_without_both_classes_in_any_fold_there_are_no_curves_and_no_differences(make_study: Make) -> None:
    study = make_study()
    truth = study.truth.assign(label=0)
    found = evaluate(study.predictions, truth, reference="size", n_bootstrap=50)
    assert found.curves["roc"].empty
    assert len(found.curves["calibration"])
    assert "auc_difference" not in set(found.results["quantity"])
    assert (found.pairs["method"] == "no test").all()


def test_readers_stand_beside_models(make_study: Make) -> None:
    study = make_study(n_lesions=50)
    readings = study.readings.copy()
    readings.loc[readings["lesion_id"] == "L001", "decision"] = pd.NA
    predictions = study.predictions[study.predictions["lesion_id"] != "L000"]
    found = evaluate(predictions, study.truth, readings=readings, reference="size", n_bootstrap=50)
    assert _one(found, "auc", "reader:anna/aided")["n"] == 49
    assert _one(found, "accuracy", "reader:anna/aided")["n"] == 48
    assert "4 readings are of lesions outside the test lesions; left out" in found.notes
    assert "reader:anna/aided: 1 of 49 calls are missing" in found.notes
    counts = found.confusion.set_index("model").loc["reader:ben/unaided"]
    assert counts[["tp", "fn", "tn", "fp"]].sum() == 48
    aided = found.results[found.results["model"] == "readers:mean/aided"]
    assert set(aided["reference"]) == {"", "size", "readers:mean/unaided"}
    assert set(aided.loc[aided["reference"] != "", "claim"]) <= {"higher", "lower", "not shown"}
    no_reference = evaluate(predictions, study.truth, readings=readings, n_bootstrap=50).results
    compared = no_reference[no_reference["reference"].isin(["size", "grid", "cnn"])]
    assert len(compared) == 3  # the pairs of models
    assert not compared["model"].str.startswith("reader").any()


def test_confusion_counts_add_up_over_repeats(make_study: Make) -> None:
    found = _run(make_study(n_folds=3, n_repeats=2))
    row = found.confusion.iloc[0]
    assert row[["tp", "fn", "tn", "fp"]].sum() == 120
    assert (row["n_lesions"], row["n_calls"]) == (60, 120)


def test_areas_under_the_curves_are_the_reported_aucs(make_study: Make) -> None:
    found = _run(make_study(n_folds=3, n_repeats=2, n_patients=50))
    for model, curve in found.curves["roc"].groupby("model"):
        area = np.trapezoid(curve["tpr"], curve["fpr"])
        assert area == pytest.approx(_one(found, "auc", model)["estimate"])
    for model, curve in found.curves["pr"].groupby("model"):
        area = (np.diff(curve["recall"], prepend=0) * curve["precision"]).sum()
        assert area == pytest.approx(_one(found, "pr_auc", model)["estimate"])


def test_perfect_and_constant_models_are_reported_not_hidden(make_study: Make) -> None:
    study = make_study(models=("perfect", "constant"))
    predictions = study.predictions.copy()
    label = study.truth["label"].loc[predictions["lesion_id"]].to_numpy()
    perfect = predictions["model"] == "perfect"
    predictions.loc[perfect, "probability"] = np.where(label[perfect] == 1, 0.9, 0.1)
    predictions.loc[~perfect, "probability"] = 0.4
    found = evaluate(predictions, study.truth, reference="constant", n_bootstrap=50)
    best, flat = (_one(found, "auc", model) for model in ("perfect", "constant"))
    assert (best["estimate"], flat["estimate"]) == (1, 0.5)
    assert best["method"] == flat["method"] == "Newcombe method 5"
    assert 0.9 < best["ci_low"] < best["ci_high"] == 1
    assert flat["ci_low"] < 0.5 < flat["ci_high"]
    assert np.isnan(_one(found, "calibration_slope", "perfect")["estimate"])
    difference = _one(found, "auc_difference", "perfect")
    assert difference["ci_low"] > 0
    assert difference["claim"] == "higher"


def test_shuffled_labels_fall_to_chance(make_study: Make) -> None:
    study = make_study(effect=0.0, n_lesions=100, n_folds=5)
    found = _run(study)
    for model in ("size", "grid", "cnn"):
        row = _one(found, "auc", model)
        assert row["ci_low"] < 0.5 < row["ci_high"]


def test_the_table_of_pairs_has_the_claims_of_families_that_hold_readers(make_study: Make) -> None:
    study = make_study()
    mean = "readers:mean/unaided"
    rules = ClaimRules(families={"primary": [("cnn", "size"), ("cnn", mean)]})
    found = evaluate(study.predictions, study.truth, readings=study.readings, reference="cnn", rules=rules)
    rows = found.results[(found.results["quantity"] == "auc_difference") & (found.results["group"] == "all")]
    family = rows[rows["model"].isin(["size", mean]) & (rows["reference"] == "cnn")]
    assert len(family) == 2
    assert family["p_adjusted"].min() == pytest.approx(min(1, 2 * family["p_value"].min()))
    pair = found.pairs[(found.pairs["model_a"] == "size") & (found.pairs["model_b"] == "cnn")].iloc[0]
    of_results = family[family["model"] == "size"].iloc[0]
    assert pair["p_adjusted"] == of_results["p_adjusted"] != of_results["p_value"]


def test_the_work_can_be_done_elsewhere(make_study: Make, elsewhere: Any) -> None:
    study = make_study(n_lesions=60, n_patients=50, n_folds=3)

    def evaluated(workers: Workers) -> Evaluation:
        return evaluate(
            study.predictions,
            study.truth,
            readings=study.readings,
            reference="grid",
            groups=["site"],
            n_bootstrap=400,
            workers=workers,
        )

    elsewhere.finds_the_same(evaluated)
    assert len(elsewhere.sizes) > 20
    assert max(elsewhere.sizes) < 400 * 50 * 8  # how samples are drawn is sent, not the samples
