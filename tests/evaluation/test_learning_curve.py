from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import PredictionsError
from samesplit.evaluation.learning_curve import (
    ALL_DRAWS,
    CROSSINGS,
    CURVE,
    DIFFERENCES,
    CurveTables,
    judge_curves,
)
from samesplit.statistics.auc import empirical_auc

SIZES = (20, 40)
LESIONS = [f"L{n:02d}" for n in range(40)]
TRUTH = pd.DataFrame(
    {"patient_id": [f"P{n // 2:02d}" for n in range(40)], "label": [n % 2 for n in range(40)]}, index=LESIONS
)


def predictions(*, seeds: int = 1) -> pd.DataFrame:
    """Two models in two folds, two draws of the small size and one fit for the large; `late` learns with size."""
    rng = np.random.default_rng(4)
    parts = []
    for model, gains in {"late": (0.1, 2.0), "early": (1.0, 1.0)}.items():
        for size, gain, draws in zip(SIZES, gains, ((0, 1), (ALL_DRAWS,)), strict=True):
            for draw in draws:
                for seed in range(seeds if model == "late" else 1):
                    for fold in range(2):
                        tested = LESIONS[fold * 20 : fold * 20 + 20]
                        logit = rng.normal(size=20) + gain * TRUTH.loc[tested, "label"].to_numpy()
                        parts.append(
                            pd.DataFrame(
                                {
                                    "model": model, "size": size, "draw": draw, "seed": seed, "repeat": 0,
                                    "fold": fold, "lesion_id": tested, "probability": 1 / (1 + np.exp(-logit)),
                                }
                            )
                        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def judged(rows: pd.DataFrame, *, late_seeds: int = 1) -> CurveTables:
    return judge_curves(
        rows,
        TRUTH,
        models={"late": late_seeds, "early": 1},
        sizes=SIZES,
        draws=2,
        classes=("benign", "malignant"),
        n_resamples=200,
    )


def auc_of(rows: pd.DataFrame, model: str, size: int) -> float:
    mine = rows[(rows["model"] == model) & (rows["size"] == size)]
    return float(
        np.mean(
            [
                empirical_auc(TRUTH.loc[part["lesion_id"], "label"], part["probability"])
                for _, part in mine.groupby(["draw", "seed", "fold"])
            ]
        )
    )


def test_each_point_is_the_mean_auc_of_folds_and_draws_with_what_it_rests_on() -> None:
    rows = predictions()
    curve = judged(rows).curve.set_index(["model", "size"])

    assert list(judged(rows).curve.columns) == CURVE
    for model in ("late", "early"):
        for size in SIZES:
            assert curve.loc[(model, size), "auc"] == pytest.approx(auc_of(rows, model, size), abs=1e-12)
    assert curve.loc[("late", 20), ["draws", "fits", "n", "n_patients"]].tolist() == [2, 4, 40, 20]
    assert curve.loc[("late", 40), ["draws", "fits"]].tolist() == [1, 2]
    assert curve.loc[("late", 20), "sd_draws"] > 0
    assert np.isnan(curve.loc[("late", 40), "sd_draws"])


def test_differences_and_crossings_name_the_model_that_leads_at_first() -> None:
    found = judged(predictions())

    assert list(found.differences.columns) == DIFFERENCES
    assert list(found.crossings.columns) == CROSSINGS
    large = found.differences.set_index("size").loc[40]
    assert (large["first"], large["second"]) == ("late", "early")
    assert large["difference"] < 0
    crossing = found.crossings.iloc[0]
    assert (crossing["first"], crossing["second"]) == ("early", "late")
    assert 20 < crossing["crossing"] < 40


def test_the_model_that_leads_at_first_stands_first_whichever_is_declared_first() -> None:
    rows = predictions()
    found = [
        judge_curves(
            rows,
            TRUTH,
            models=dict.fromkeys(order, 1),
            sizes=SIZES,
            draws=2,
            classes=("benign", "malignant"),
            n_resamples=50,
        ).crossings.iloc[0]
        for order in (("late", "early"), ("early", "late"))
    ]
    pd.testing.assert_series_equal(found[0].iloc[:3], found[1].iloc[:3])
    assert list(found[0].iloc[:2]) == ["early", "late"]


def test_a_subset_of_which_a_fit_failed_counts_for_no_model() -> None:
    rows = predictions()
    failed = (rows["model"] == "late") & (rows["size"] == 20) & (rows["draw"] == 1) & (rows["fold"] == 0)
    found = judged(rows[~failed])

    early = found.curve.set_index(["model", "size"]).loc[("early", 20)]
    kept = rows[~((rows["draw"] == 1) & (rows["fold"] == 0))]
    assert early["fits"] == 3
    # The mean of the draws, each of them the mean of the folds that it has.
    by_draw = [auc_of(kept[kept["draw"] == draw], "early", 20) for draw in (0, 1)]
    assert early["auc"] == pytest.approx(np.mean(by_draw), abs=1e-12)
    assert found.notes[0].startswith("1 of 6 subsets are left out for all models")


def test_a_lesion_that_one_fit_did_not_predict_is_left_out_for_all() -> None:
    rows = predictions()
    lost = (rows["model"] == "late") & (rows["size"] == 40) & (rows["lesion_id"] == "L03")
    found = judged(rows[~lost])

    assert found.curve["n"].unique().tolist() == [39]
    assert found.notes == ("test lesions that some fit did not predict are left out for all: L03",)


def test_seeds_of_a_model_are_averaged() -> None:
    rows = predictions(seeds=2)
    curve = judged(rows, late_seeds=2).curve.set_index(["model", "size"])

    assert curve.loc[("late", 40), "fits"] == 4
    assert curve.loc[("late", 40), "auc"] == pytest.approx(auc_of(rows, "late", 40), abs=1e-12)


def test_several_classes_are_judged_by_the_mean_of_each_against_the_others() -> None:
    rng = np.random.default_rng(0)
    truth = TRUTH.assign(label=np.arange(40) % 3)
    names = ("a", "b", "c")
    parts = []
    for gain, model in ((0.5, "weak"), (3.0, "strong")):
        p = rng.dirichlet(np.ones(3), size=40) + gain * np.eye(3)[truth["label"]]
        p /= p.sum(axis=1, keepdims=True)
        for number, name in enumerate(names):
            parts.append(
                pd.DataFrame(
                    {
                        "model": model, "size": 20, "draw": 0, "seed": 0, "repeat": 0, "fold": 0,
                        "lesion_id": LESIONS, "class": name, "probability": p[:, number],
                    }
                )
            )  # fmt: skip
    found = judge_curves(
        pd.concat(parts),
        truth,
        models={"weak": 1, "strong": 1},
        sizes=[20],
        draws=1,
        classes=names,
        n_resamples=50,
    )
    weak, strong = found.curve["auc"]
    assert 0.5 < weak < strong <= 1
    assert found.crossings.loc[0, "first"] == "strong"


def test_where_nothing_is_common_to_all_models_there_is_no_curve() -> None:
    rows = predictions()
    with pytest.raises(PredictionsError, match="no subset was learnt from by all models"):
        judged(rows[rows["model"] == "late"])
    halves = np.where(rows["model"] == "late", LESIONS[0], LESIONS[1])
    with pytest.raises(PredictionsError, match="no test lesion"):
        judged(rows[(rows["fold"] == 0) & (rows["lesion_id"] == halves)])
