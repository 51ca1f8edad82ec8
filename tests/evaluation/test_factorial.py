from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.factorial import (
    FACTORIAL,
    FACTORIAL_LEVELS,
    FACTORIAL_MODELS,
    evaluate_factorial,
)
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.statistics.auc import empirical_auc
from samesplit.tasks import BinaryTask, MulticlassTask, Task

LESIONS = [f"L{n:03d}" for n in range(120)]
TASK = BinaryTask(question="?", positive="m", negative="b")
CLASSES = MulticlassTask(question="?", classes=("a", "b", "c"))
LEVELS = {
    f"{features}-{head}": {"features": features, "mask regime": "lesion", "head": head}
    for features in ("good", "poor")
    for head in ("one", "other")
}


def study(task: Task, *, folds: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four combinations: good features tell the classes apart better, and the head makes no difference."""
    rng = np.random.default_rng(6)
    n = 2 if task is TASK else 3
    truth = pd.DataFrame({"patient_id": LESIONS, "label": np.arange(120) % n}, index=LESIONS)
    shared = rng.normal(size=120)
    parts = []
    for model, levels in LEVELS.items():
        gain = 2.0 if levels["features"] == "good" else 0.5
        logits = np.zeros((120, n))
        logits[np.arange(120), truth["label"]] = gain
        logits += (shared + 0.3 * rng.normal(size=120))[:, None] * np.linspace(0, 1, n)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        for subset in ("validation", "test"):
            base = pd.DataFrame(
                {
                    "model": model, "seed": 0, "repeat": 0, "fold": np.arange(120) // n % folds, "subset": subset,
                    "rater": "R1", "lesion_id": LESIONS,
                }
            )  # fmt: skip
            if n == 2:
                parts.append(base.assign(probability=p[:, 1]))
            else:
                parts += [base.assign(**{"class": c, "probability": p[:, k]}) for k, c in enumerate("abc")]
    return pd.concat(parts, ignore_index=True), truth


def judged(task: Task, *, folds: int = 2) -> dict[str, pd.DataFrame]:
    predictions, truth = study(task, folds=folds)
    options = EvaluationOptions(n_bootstrap=100, factorial=LEVELS)
    return evaluate_task(task, predictions, truth, options).tables


def test_what_the_features_explain_is_told_from_what_the_head_does() -> None:
    tables = judged(TASK)
    shares = tables[FACTORIAL].set_index("term")

    assert list(shares.index) == ["features", "head", "interactions", "folds", "folds by combinations"]
    assert shares["share"].sum() == pytest.approx(1)
    assert shares.loc["features", "share"] > 0.5 > shares.loc["head", "share"]
    assert (shares["share_low"] <= shares["share"]).all()
    assert (shares["share"] <= shares["share_high"]).all()
    assert shares.loc["features", "range_low"] > 0.05
    levels = tables[FACTORIAL_LEVELS].set_index("level")
    assert levels.loc["good", "auc"] - levels.loc["poor", "auc"] == pytest.approx(
        shares.loc["features", "range"]
    )
    assert levels["combinations"].tolist() == [2, 2, 2, 2]


def test_the_auc_of_a_combination_is_the_mean_of_its_folds() -> None:
    predictions, truth = study(TASK)
    table = judged(TASK)[FACTORIAL_MODELS].set_index("model")
    for model in LEVELS:
        mine = predictions[(predictions["model"] == model) & (predictions["subset"] == "test")]
        each = [
            empirical_auc(truth.loc[part["lesion_id"], "label"], part["probability"])
            for _, part in mine.groupby("fold")
        ]
        assert table.loc[model, "auc"] == pytest.approx(np.mean(each), abs=1e-12)
    assert table.loc["good-one", ["features", "head"]].tolist() == ["good", "one"]


def test_one_test_part_has_no_folds_to_tell_apart() -> None:
    shares = judged(TASK, folds=1)[FACTORIAL]

    assert list(shares["term"]) == ["features", "head", "interactions"]


def test_several_classes_are_taken_apart_too() -> None:
    shares = judged(CLASSES)[FACTORIAL].set_index("term")

    assert shares.loc["features", "share"] > 0.5


def test_where_levels_do_not_meet_equally_often_what_they_share_stands_by_itself() -> None:
    predictions, truth = study(TASK)
    kept = {
        "good-one": LEVELS["good-one"],
        "good-other": LEVELS["good-other"],
        "poor-one": LEVELS["poor-one"],
    }
    found = evaluate_task(TASK, predictions, truth, EvaluationOptions(n_bootstrap=100, factorial=kept))

    shares = found.tables[FACTORIAL].set_index("term")["share"]
    assert "shared by factors" in shares
    assert shares.sum() == pytest.approx(1)


def test_where_no_fold_holds_both_classes_there_is_nothing_to_take_apart() -> None:
    predictions, truth = study(TASK)
    apart = predictions.assign(fold=truth.loc[predictions["lesion_id"], "label"].to_numpy())

    found = evaluate_factorial(TASK, apart, truth, EvaluationOptions(n_bootstrap=20, factorial=LEVELS))
    assert found[FACTORIAL].empty


def test_a_single_level_of_everything_explains_nothing() -> None:
    predictions, truth = study(TASK)
    alone = {"good-one": LEVELS["good-one"]}
    found = evaluate_task(TASK, predictions, truth, EvaluationOptions(n_bootstrap=100, factorial=alone))

    assert found.tables[FACTORIAL].empty
