from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.evaluation.binary.evaluate import Evaluation, evaluate
from samesplit.statistics.auc import auc_influence

Make = Callable[..., Any]


def _found(study: Any, **options: Any) -> Evaluation:
    return evaluate(study.predictions, study.truth, groups=["site"], n_bootstrap=20, **options)


def test_each_subgroup_has_its_counts_its_auc_and_its_difference_to_the_reference(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    told = _found(study, reference="size").tables["subgroups"].set_index(["model", "value"])
    test = study.predictions.query("subset == 'test' and model == 'cnn'").set_index("lesion_id")[
        "probability"
    ]
    north = study.truth.index[study.truth["site"] == "north"]
    row = told.loc[("cnn", "north")]
    assert row["n"] == len(north)
    assert row["n_positive"] == study.truth.loc[north, "label"].sum()
    labels = study.truth.loc[north, "label"]
    assert row["auc"] == pytest.approx(auc_influence(labels, test[north], north).estimate)
    assert row["ci_low"] < row["auc"] < row["ci_high"]
    assert row["difference"] == pytest.approx(row["auc"] - told.loc[("size", "north"), "auc"])
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert np.isnan(told.loc[("size", "north"), "difference"])


def test_the_interaction_of_two_subgroups_is_the_z_test_of_their_aucs(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    found = _found(study, reference="size")
    tests = found.tables["subgroup_tests"].set_index(["model", "reference"])
    parts = []
    for site in ("north", "south"):
        test = study.predictions.query("subset == 'test' and model == 'cnn'").set_index("lesion_id")
        lesions = study.truth.index[study.truth["site"] == site]
        labels = study.truth.loc[lesions, "label"]
        parts.append(auc_influence(labels, test.loc[lesions, "probability"], lesions))
    z = (parts[0].estimate - parts[1].estimate) / np.sqrt(parts[0].variance + parts[1].variance)
    assert tests.loc[("cnn", ""), "p_value"] == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert tests.loc[("cnn", ""), "p_adjusted"] == tests.loc[("cnn", ""), "p_value"]  # one column
    assert tests.loc[("cnn", "size"), "n_groups"] == 2
    for row in tests.to_dict("records"):
        assert row["claim"] == ("differs" if row["p_adjusted"] < 0.05 else "not shown")


def test_subgroups_whose_auc_is_far_apart_are_shown_to_differ(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    test = (study.predictions["subset"] == "test") & (study.predictions["model"] == "cnn")
    north = study.predictions["lesion_id"].isin(study.truth.index[study.truth["site"] == "north"])
    labels = study.predictions["lesion_id"].map(study.truth["label"])
    noise = np.random.default_rng(1).uniform(0.0, 0.4, len(labels))
    study.predictions.loc[test & north, "probability"] = (0.2 + 0.3 * labels + noise)[test & north]
    study.predictions.loc[test & ~north, "probability"] = (0.5 - 0.3 * labels + noise)[test & ~north]
    tests = _found(study).tables["subgroup_tests"].set_index("model")
    assert tests.loc["cnn", "claim"] == "differs"


def test_a_small_subgroup_cannot_be_judged_and_says_so(make_study: Make) -> None:
    study = make_study(n_lesions=60)
    positive = study.truth.index[study.truth["label"] == 1]
    study.truth["site"] = "north"
    study.truth.loc[positive[:4], "site"] = "south"
    found = _found(study)
    south = found.tables["subgroups"].query("value == 'south'")
    assert south["auc"].isna().all()
    assert south["reason"].eq("cannot be judged: 4 positive and 0 negative lesions, fewer than 10").all()
    assert found.tables["subgroup_tests"]["claim"].eq("").all()
    assert found.tables["subgroup_tests"]["note"].eq("fewer than two groups can be judged: no test").all()
    assert found.tables["fairness"]["reason"].str.startswith("cannot be judged").all()


def test_fairness_names_the_worst_subgroup_and_the_distance_of_the_sensitivities(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    found = _found(study)
    row = found.tables["fairness"].set_index("model").loc["cnn"]
    of_group = found.tables["subgroups"].query("model == 'cnn'").set_index("value")["auc"]
    assert row["worst_auc"] == of_group.min()
    assert row["worst_group"] == of_group.idxmin()
    results = found.results.query("model == 'cnn' and quantity == 'sensitivity'").drop_duplicates("group")
    rates = results.set_index("group")["estimate"]
    apart = abs(rates["site=north"] - rates["site=south"])
    assert row["equal_opportunity_difference"] == pytest.approx(apart)
    assert row["equalized_odds_difference"] >= apart - 1e-12
    assert row["equal_opportunity_low"] < apart < row["equal_opportunity_high"]


def test_where_calls_are_missing_error_rates_are_not_compared(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    alone = study.predictions.query("subset == 'test'")
    found = evaluate(alone, study.truth, groups=["site"], n_bootstrap=20, declared_thresholds={"cnn": 0.5})
    told = found.tables["fairness"].set_index("model")["reason"]
    assert told["cnn"] == ""
    assert told["size"] == "calls are missing: error rates cannot be judged"


def test_without_declared_columns_there_are_no_tables_of_subgroups(make_study: Make) -> None:
    study = make_study()
    assert "subgroups" not in evaluate(study.predictions, study.truth, n_bootstrap=20).tables


def test_lesions_without_both_classes_in_a_fold_give_no_estimate(make_study: Make) -> None:
    study = make_study(n_lesions=100, n_folds=5, models=("cnn",))
    # In the north the positives are tested in other folds than the negatives.
    test = study.predictions.query("subset == 'test'").set_index("lesion_id")["fold"]
    label = study.truth["label"]
    north = ((label == 1) & test.reindex(label.index).isin([0, 1])) | (
        (label == 0) & test.reindex(label.index).isin([2, 3])
    )
    study.truth["site"] = np.where(north, "north", "south")
    told = _found(study).tables["subgroups"].set_index("value")
    assert pd.isna(told.loc["north", "auc"])
    assert told.loc["north", "reason"] == "cannot be judged: no fold holds both classes"
    assert told.loc["south", "auc"] > 0.5
