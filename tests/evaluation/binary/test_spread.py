from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.evaluation.binary.spread import FOLD_COLUMNS, fold_table
from samesplit.statistics.cross_validated import fold_aucs

Make = Callable[..., Any]


def _quantities(study: Any) -> Any:
    found = evaluate(study.predictions, study.truth, n_bootstrap=0)
    rows = found.results[(found.results["model"] == "cnn") & (found.results["subset"] == "test")]
    return found, rows.set_index("quantity")["estimate"]


def test_every_fitted_model_has_its_auc(make_study: Make) -> None:
    found, _ = _quantities(make_study(n_folds=3, seeds=(0, 1)))
    assert list(found.folds.columns) == FOLD_COLUMNS
    assert found.folds.groupby("model").size().to_dict() == {"cnn": 6, "grid": 6, "size": 6}
    assert found.folds["n"].tolist() == [20] * 18
    assert fold_table({}).empty


def test_the_spread_over_folds_and_seeds_is_in_the_results(make_study: Make) -> None:
    found, rows = _quantities(make_study(n_folds=3, n_repeats=2, seeds=(0, 1)))
    mine = found.folds[found.folds["model"] == "cnn"]
    by_fold = mine.pivot_table(index=["repeat", "fold"], columns="seed", values="auc")
    assert rows["auc_lowest"] == mine["auc"].min()
    assert rows["auc_highest"] == mine["auc"].max()
    assert rows["auc_sd_over_folds"] == pytest.approx(by_fold.mean(axis=1).std())
    assert rows["auc_sd_over_seeds"] == pytest.approx(by_fold.std(axis=1).mean())
    assert rows["auc"] == pytest.approx(mine["auc"].mean())


@pytest.mark.parametrize(
    ("settings", "there", "absent"),
    [
        ({}, set(), {"auc_lowest", "auc_sd_over_folds", "auc_sd_over_seeds"}),
        ({"seeds": (0, 1)}, {"auc_lowest", "auc_sd_over_seeds"}, {"auc_sd_over_folds"}),
        ({"n_folds": 3}, {"auc_lowest", "auc_sd_over_folds"}, {"auc_sd_over_seeds"}),
    ],
)
def test_what_does_not_vary_has_no_spread(
    make_study: Make, settings: dict[str, Any], there: set[str], absent: set[str]
) -> None:
    _, rows = _quantities(make_study(**settings))
    assert there <= set(rows.index)
    assert not absent & set(rows.index)


def test_the_folds_are_those_that_the_auc_is_the_mean_of(make_study: Make) -> None:
    study = make_study(n_folds=3)
    found, rows = _quantities(study)
    test = study.predictions.query("subset == 'test' and model == 'cnn'").sort_values(["fold", "lesion_id"])
    expected = fold_aucs(study.truth["label"].loc[test["lesion_id"]], test["probability"], test["fold"])
    assert found.folds.query("model == 'cnn'")["auc"].tolist() == pytest.approx(expected.tolist())
    assert rows["auc"] == pytest.approx(expected.mean())
