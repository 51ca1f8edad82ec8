from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.evaluation.run_differences import run_differences
from samesplit.statistics.auc import auc_test
from samesplit.statistics.multiplicity import holm

Make = Callable[..., Any]


def _noisy(predictions: pd.DataFrame, *models: str) -> pd.DataFrame:
    """The same run with other probabilities of some models."""
    rng = np.random.default_rng(3)
    other = (predictions["probability"] + rng.uniform(0, 1, len(predictions))) / 2
    return predictions.assign(
        probability=other.where(predictions["model"].isin(models), predictions["probability"])
    )


def _compare(study: Any, second: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    found = run_differences(
        study.predictions, second, study.truth, **({"kind": "binary", "rater": "R1"} | settings)
    )
    return found.set_index("model")


def test_a_model_is_compared_with_itself_on_the_same_lesions(make_study: Make) -> None:
    study = make_study()
    second = _noisy(study.predictions, "cnn", "grid")
    found = _compare(study, second)
    a, b = (
        t.query("model == 'cnn' and subset == 'test'").set_index("lesion_id")
        for t in (study.predictions, second)
    )
    labels = study.truth["label"].loc[a.index]
    expected = auc_test(labels, b.loc[a.index, "probability"], a["probability"])
    row = found.loc["cnn"]
    assert row["difference"] == pytest.approx(row["second"] - row["first"])
    assert (row["difference"], row["p_value"]) == pytest.approx((expected.estimate, expected.p_value))
    assert (row["n"], row["n_positive"]) == (len(a), labels.sum())


def test_p_is_adjusted_over_the_models_that_changed(make_study: Make) -> None:
    study = make_study(n_lesions=120)
    found = _compare(study, _noisy(study.predictions, "cnn", "grid"))
    changed = found.loc[["cnn", "grid"]]
    assert changed["p_adjusted"].tolist() == pytest.approx(holm(changed["p_value"]).tolist())
    assert not changed["same_predictions"].any()
    expected = ["not shown" if p >= 0.05 else "lower" for p in changed["p_adjusted"]]
    assert changed["claim"].tolist() == expected


def test_a_model_with_the_same_predictions_is_said_to_have_them_and_is_not_tested(make_study: Make) -> None:
    study = make_study(n_folds=3)
    row = _compare(study, _noisy(study.predictions, "cnn")).loc["grid"]
    assert row["same_predictions"]
    assert row["difference"] == 0
    assert row[["ci_low", "ci_high", "p_value"]].isna().all()
    assert row["claim"] == "not shown"


def test_lesions_that_one_run_lacks_do_not_count(make_study: Make) -> None:
    study = make_study()
    lost = study.truth.index[:4]
    second = _noisy(study.predictions, "cnn")
    found = _compare(study, second[~second["lesion_id"].isin(lost)])
    tested = study.predictions.query("model == 'cnn' and subset == 'test'")["lesion_id"]
    assert found.loc["cnn", "n"] == (~tested.isin(lost)).sum()


def test_another_number_of_seeds_is_another_model(make_study: Make) -> None:
    study = make_study()
    once = study.predictions[study.predictions["model"] == "cnn"]
    found = _compare(study, pd.concat([once, once.assign(seed=1)]))
    assert not found.loc["cnn", "same_predictions"]


def test_models_of_one_run_alone_are_left_out(make_study: Make) -> None:
    study = make_study()
    second = study.predictions[study.predictions["model"] == "cnn"].assign(model="another")
    assert _compare(study, second).empty


def test_several_classes_and_risks_are_compared_by_their_own_quantity(make_study: Make) -> None:
    study = make_study(models=("cnn",))
    key = study.predictions.drop(columns="probability")
    classes = ("a", "b", "c")
    rng = np.random.default_rng(1)
    numbers = pd.Series(np.arange(len(study.truth)) % 3, index=study.truth.index)

    def of_classes() -> pd.DataFrame:
        truth = numbers.loc[key["lesion_id"]].to_numpy()
        values = rng.dirichlet([1, 1, 1], len(key)) + 0.4 * np.eye(3)[truth]
        values /= values.sum(axis=1, keepdims=True)
        return pd.concat(
            [key.assign(**{"class": c, "probability": values[:, i]}) for i, c in enumerate(classes)]
        )

    truth = study.truth.assign(label=numbers)
    found = run_differences(of_classes(), of_classes(), truth, kind="multiclass", classes=classes, rater="R1")
    assert found["difference"].notna().all()
    assert not found["same_predictions"].any()
    table = of_classes()
    again = run_differences(table, table, truth, kind="multiclass", classes=classes, rater="R1")
    assert again["same_predictions"].all()

    def risks() -> pd.DataFrame:
        return key.assign(risk=rng.normal(size=len(key)))

    followed = study.truth.assign(time=rng.exponential(10, len(study.truth)) + 0.1)
    found = run_differences(risks(), risks(), followed, kind="survival", rater="R1")
    assert found["first"].between(0, 1).all()
    assert found["difference"].iloc[0] == pytest.approx(found["second"].iloc[0] - found["first"].iloc[0])


def test_predicted_masks_are_not_compared(make_study: Make) -> None:
    study = make_study()
    with pytest.raises(StatisticsError, match="segmentation"):
        run_differences(study.predictions, study.predictions, study.truth, kind="segmentation", rater="R1")
