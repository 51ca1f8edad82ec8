from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.statistics.auc import auc_interval
from samesplit.statistics.cross_validated import fold_aucs

Make = Callable[..., Any]


def _rows(study: Any, **settings: Any) -> pd.DataFrame:
    found = evaluate(study.predictions, study.truth, **({"n_bootstrap": 50} | settings)).results
    return found[found["subset"] != "test"].set_index(["subset", "model", "quantity"]).sort_index()


def _with_training(study: Any) -> Any:
    """The test predictions of the CNN also as predictions of training lesions."""
    mine = study.predictions.query("model == 'cnn' and subset == 'test'")
    return replace(
        study, predictions=pd.concat([study.predictions, mine.assign(subset="train")], ignore_index=True)
    )


def test_the_validation_part_has_rows_of_its_own(make_study: Make) -> None:
    study = make_study()
    rows = _rows(study)
    assert set(rows.index.get_level_values("subset")) == {"validation"}
    assert set(rows["group"]) == {"subset=validation"}
    quantities = {"auc", "pr_auc", "f1", "accuracy", "sensitivity", "specificity", "ppv", "npv", "fdr"}
    mine = study.predictions.query("model == 'cnn' and subset == 'validation'")
    labels = study.truth["label"].loc[mine["lesion_id"]]
    expected = auc_interval(labels, mine["probability"])
    own = rows.loc[("validation", "cnn")]
    assert set(own.index) == quantities
    auc = own.loc[["auc"]].iloc[0]
    assert auc["estimate"] == pytest.approx(expected.estimate)
    assert (auc["n"], auc["n_positive"]) == (len(mine), labels.sum())
    assert auc["note"].endswith("optimistic: models and thresholds were chosen on these lesions")
    assert (rows["claim"] == "").all()
    assert rows["p_value"].isna().all()


def test_the_training_part_is_judged_where_it_was_predicted(make_study: Make) -> None:
    study = _with_training(make_study())
    rows = _rows(study)
    assert set(rows.loc["train"].index.get_level_values("model")) == {"cnn"}
    assert rows.loc[[("train", "cnn", "auc")], "note"].iloc[0].startswith("apparent: ")
    every = evaluate(study.predictions, study.truth, n_bootstrap=50).results
    tested = every[(every["model"] == "cnn") & (every["group"] == "all")].set_index("quantity")
    again = rows.loc[[("train", "cnn", "auc")]].iloc[0]
    assert again["estimate"] == pytest.approx(tested.loc["auc", "estimate"])
    assert again["ci_low"] == pytest.approx(tested.loc["auc", "ci_low"])


def test_over_folds_the_mean_of_the_fitted_models_is_reported(make_study: Make) -> None:
    study = make_study(n_folds=3)
    auc = _rows(study).loc[[("validation", "cnn", "auc")]].iloc[0]
    part = study.predictions.query("model == 'cnn' and subset == 'validation'")
    labels = study.truth["label"].loc[part["lesion_id"]]
    cells = part.groupby(["seed", "repeat", "fold"]).ngroup()
    expected = fold_aucs(labels.to_numpy(), part["probability"].to_numpy(), cells.to_numpy()).mean()
    assert auc["estimate"] == pytest.approx(expected)
    assert "as fitted" in auc["method"]
    assert auc["ci_low"] < auc["estimate"] < auc["ci_high"]


def test_a_part_of_one_class_has_no_auc_and_says_so(make_study: Make) -> None:
    study = make_study()
    malignant = study.truth.index[study.truth["label"] == 1]
    one_class = (study.predictions["subset"] == "validation") & ~study.predictions["lesion_id"].isin(
        malignant
    )
    study = replace(study, predictions=study.predictions[~one_class])
    auc = _rows(study, operating_point=0.5).loc[[("validation", "cnn", "auc")]].iloc[0]
    assert pd.isna(auc["estimate"])
    assert "no fold holds both classes" in auc["note"]


def test_the_false_discovery_rate_is_what_the_predictive_value_leaves(make_study: Make) -> None:
    study = make_study()
    found = evaluate(study.predictions, study.truth, readings=study.readings, n_bootstrap=50).results
    for _, rows in found[found["group"] == "all"].groupby("model"):
        ppv, fdr = (rows[rows["quantity"] == name].reset_index(drop=True) for name in ("ppv", "fdr"))
        assert len(ppv) == len(fdr)
        assert (fdr["estimate"] + ppv["estimate"]).tolist() == pytest.approx([1] * len(ppv))
        assert (fdr["ci_low"] + ppv["ci_high"]).tolist() == pytest.approx([1] * len(ppv))
        assert (fdr["ci_high"] + ppv["ci_low"]).tolist() == pytest.approx([1] * len(ppv))


def test_what_is_read_off_a_curve_has_the_interval_of_its_band(make_study: Make) -> None:
    found = evaluate(make_study().predictions, make_study().truth, n_bootstrap=50)
    read = found.results[found.results["quantity"].str.contains("_at_")]
    assert (read["ci_low"] <= read["estimate"]).all()
    assert (read["estimate"] <= read["ci_high"]).all()
    assert {"roc_bands", "pr_bands"} <= set(found.curves)
    assert (found.curves["roc_bands"].groupby("model").size() == 101).all()
    bare = evaluate(make_study().predictions, make_study().truth, n_bootstrap=0)
    assert bare.curves["roc_bands"].empty
    assert (
        bare.results.loc[bare.results["quantity"].str.contains("_at_"), "note"]
        .eq("no bootstrap samples")
        .all()
    )
