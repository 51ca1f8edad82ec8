from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.evaluation.binary.rankings import rank_alike

Make = Callable[..., Any]


def _as_fixed(study: Any, model: str) -> pd.DataFrame:
    """Let a model's fits differ in scale but not in the order of the lesions."""
    predictions = study.predictions.copy()
    mine = predictions["model"] == model
    size = predictions.loc[mine, "lesion_id"].str[1:].astype(int).to_numpy() * 37 % 101 / 101
    noise = study.truth["label"].loc[predictions.loc[mine, "lesion_id"]].to_numpy() * 0.3
    predictions.loc[mine, "probability"] = (size + noise) / (2 + 0.1 * predictions.loc[mine, "fold"])
    return predictions


def test_a_score_that_no_training_changes_has_no_training_part(make_study: Make) -> None:
    study = make_study(n_folds=5)
    results = evaluate(_as_fixed(study, "size"), study.truth, n_bootstrap=0).results
    auc = results[(results["quantity"] == "auc") & (results["subset"] == "test")].set_index("model")
    assert auc.loc["size", "method"] == "influence values, test patients, logit"
    assert auc.loc["cnn", "method"] == "influence values, test and training patients, logit"
    width = auc["ci_high"] - auc["ci_low"]
    assert width["size"] < 0.8 * width["cnn"]


def test_two_such_scores_need_no_corrected_t(make_study: Make) -> None:
    study = make_study(n_folds=5, models=("size", "grid"))
    predictions = _as_fixed(study, "size")
    flat = predictions["model"] == "grid"
    predictions.loc[flat, "probability"] = 0.1 + 0.1 * predictions.loc[flat, "fold"]
    pairs = evaluate(predictions, study.truth, n_bootstrap=0).pairs
    assert pairs["p_corrected_t"].isna().all()
    assert pairs["p_value"].notna().all()


def test_one_lesion_in_another_order_is_another_ranking(make_study: Make) -> None:
    study = make_study(n_folds=5)
    mine = _as_fixed(study, "size").query("model == 'size'")
    assert rank_alike(mine)
    changed = mine.copy()
    changed.iloc[0, changed.columns.get_loc("probability")] = 0.99
    changed.iloc[1, changed.columns.get_loc("probability")] = 0.0
    assert not rank_alike(changed)


def test_a_small_study_has_enough_in_common() -> None:
    """Forty lesions in three folds: two fits share half a dozen, which is 15 pairs of lesions each time."""
    lesions = np.arange(18)
    shared = [np.r_[lesions[:12]], np.r_[lesions[:6], lesions[12:]], np.r_[lesions[6:]]]
    fits = [
        pd.DataFrame(
            {"seed": 0, "repeat": 0, "fold": k, "lesion_id": seen.astype(str), "probability": seen / (20 + k)}
        )
        for k, seen in enumerate(shared)
    ]
    assert rank_alike(pd.concat(fits))
    assert not rank_alike(pd.concat(fits[:2]))  # 15 pairs


def test_another_seed_of_the_same_training_part_shows_nothing() -> None:
    """A model that does not look at its seed orders the lesions of a fold alike, whoever was trained on."""
    fits = [
        pd.DataFrame(
            {
                "seed": seed,
                "repeat": 0,
                "fold": fold,
                "lesion_id": [f"L{fold}-{i}" for i in range(20)],
                "probability": np.arange(20) / 20,
            }
        )
        for seed in (0, 1, 2)
        for fold in (0, 1)
    ]
    assert not rank_alike(pd.concat(fits))


@pytest.mark.parametrize("n", [1, 5, 8])
def test_too_little_in_common_shows_nothing(n: int) -> None:
    lesions = [f"L{i}" for i in range(n)]
    fits = [
        pd.DataFrame(
            {"seed": 0, "repeat": 0, "fold": k, "lesion_id": lesions, "probability": np.arange(n) / 20}
        )
        for k in (0, 1)
    ]
    assert not rank_alike(pd.concat(fits))
    apart = [fit.assign(lesion_id=fit["lesion_id"] + f"-{k}") for k, fit in enumerate(fits)]
    assert not rank_alike(pd.concat(apart))
