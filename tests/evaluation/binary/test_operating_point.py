from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samesplit.errors import StatisticsError
from samesplit.evaluation.binary.operating_point import (
    Policy,
    apply_thresholds,
    choose_threshold,
    choose_thresholds,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("youden", Policy("youden")),
        (" Youden ", Policy("youden")),
        ("sensitivity>=0.9", Policy("sensitivity", 0.9)),
        ("specificity >= .8", Policy("specificity", 0.8)),
        (0.5, Policy("fixed", 0.5)),
        ("0.5", Policy("fixed", 0.5)),
        ("fixed=0.3", Policy("fixed", 0.3)),
    ],
)
def test_policies_are_read(text: str | float, expected: Policy) -> None:
    found = Policy.parse(text)
    assert found.kind == expected.kind
    assert found.value == pytest.approx(expected.value, nan_ok=True)
    assert str(Policy.parse(str(found))) == str(found)


@pytest.mark.parametrize("text", ["best", "sensitivity>=1.2", "specificity=0.9", 1.5, "sensitivity>0.9"])
def test_other_policies_are_errors_that_name_the_valid_ones(text: str | float) -> None:
    with pytest.raises(StatisticsError, match="unknown operating point") as caught:
        Policy.parse(text)
    assert "sensitivity>=0.9" in str(caught.value)


@st.composite
def validation(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(2, 15))
    labels = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))])
    return labels, np.array(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))) / 6


def _performance(labels: np.ndarray, p: np.ndarray, threshold: float) -> tuple[float, float]:
    return float((p[labels == 1] >= threshold).mean()), float((p[labels == 0] < threshold).mean())


@given(validation(), st.sampled_from(["youden", "sensitivity>=0.8", "specificity>=0.8", "0.5"]))
@settings(max_examples=150, deadline=None)
def test_no_other_threshold_would_have_been_better(case: tuple[np.ndarray, np.ndarray], text: str) -> None:
    labels, p = case
    policy = Policy.parse(text)
    found = choose_threshold(labels, p, policy)
    mine = _performance(labels, p, found.value)
    assert mine == pytest.approx((found.sensitivity, found.specificity))
    others = [_performance(labels, p, t) for t in [*np.unique(p), 2.0]]
    if policy.kind == "youden":
        best = max(sum(o) for o in others)
        assert sum(mine) == pytest.approx(best)
        assert mine[0] == pytest.approx(max(o[0] for o in others if sum(o) > best - 1e-9))
    elif policy.kind == "sensitivity":
        assert mine[0] >= 0.8 - 1e-9
        assert mine[1] == pytest.approx(max(o[1] for o in others if o[0] >= 0.8 - 1e-9))
    elif policy.kind == "specificity":
        assert mine[1] >= 0.8 - 1e-9
        assert mine[0] == pytest.approx(max(o[0] for o in others if o[1] >= 0.8 - 1e-9))
    else:
        assert found.value == 0.5


def test_threshold_lies_half_way_between_probabilities() -> None:
    assert choose_threshold([0, 1], [0.2, 0.6], Policy("youden")).value == pytest.approx(0.4)


def test_close_probabilities_are_told_apart_but_not_by_their_last_digits() -> None:
    found = choose_threshold([0, 1], [0.3, 0.3 * (1 + 1e-8)], Policy("youden"))
    assert (found.sensitivity, found.specificity) == (1, 1)
    assert 0.3 < found.value <= 0.3 * (1 + 1e-8)
    found = choose_threshold([0, 1], [0.3, float(np.nextafter(0.3, 1))], Policy("youden"))
    assert (found.value, found.sensitivity, found.specificity) == (0.3, 1, 0)


@pytest.mark.parametrize("policy", ["youden", "sensitivity>=0.75", "specificity>=0.75", "0.5"])
@pytest.mark.parametrize("seed", range(5))
def test_last_digits_change_neither_threshold_nor_call(policy: str, seed: int) -> None:
    # Shares of ten trees: many ties, and thresholds half-way that are probabilities of other lesions.
    rng = np.random.default_rng(seed)
    labels = np.arange(60) % 2
    probability = np.clip(np.round(rng.normal(0.4 + 0.2 * labels, 0.2), 1), 0, 1)
    subset = np.where(np.arange(60) < 30, "validation", "test")
    lesions = [f"L{number:02d}" for number in range(60)]
    truth = pd.DataFrame({"label": labels}, index=lesions)
    table = pd.DataFrame(
        {
            "model": "m",
            "seed": 0,
            "repeat": 0,
            "fold": 0,
            "subset": subset,
            "rater": "R1",
            "lesion_id": lesions,
        }
    )

    def found(values: np.ndarray) -> tuple[float, list[int]]:
        given = table.assign(probability=values)
        thresholds = choose_thresholds(given, truth, policy)
        called = apply_thresholds(given[given["subset"] == "test"], thresholds)
        return float(thresholds["threshold"].iloc[0]), called["decision"].tolist()

    threshold, decisions = found(probability)
    moved = np.clip(probability * (1 + 1e-13 * rng.uniform(-1, 1, 60)), 0, 1)
    again, others = found(moved)
    assert again == pytest.approx(threshold, rel=1e-9)
    assert others == decisions


def test_constant_probabilities_call_everything_positive() -> None:
    found = choose_threshold([0, 1], [0.4, 0.4], Policy("youden"))
    assert (found.value, found.sensitivity, found.specificity) == (0.4, 1, 0)


def test_specificity_of_1_may_call_nothing_positive() -> None:
    found = choose_threshold([0, 1], [1.0, 0.5], Policy("specificity", 1.0))
    assert found.value > 1
    assert (found.sensitivity, found.specificity) == (0, 1)


def test_one_class_of_validation_lesions_leaves_no_threshold() -> None:
    found = choose_threshold([1, 1], [0.2, 0.4], Policy("youden"))
    assert math.isnan(found.value)
    assert "one class" in found.note
    assert choose_threshold([1, 1], [0.2, 0.4], Policy("fixed", 0.3)).value == 0.3


def test_thresholds_come_from_validation_rows_alone(make_study: Callable[..., Any]) -> None:
    study = make_study(n_folds=3, seeds=(0, 1))
    before = choose_thresholds(study.predictions, study.truth, "youden")
    assert len(before) == 3 * 2 * 3
    changed = study.predictions.copy()
    test = changed["subset"] == "test"
    changed.loc[test, "probability"] = 1 - changed.loc[test, "probability"]
    after = choose_thresholds(changed, study.truth, "youden")
    pd.testing.assert_frame_equal(before, after)


def test_test_labels_do_not_move_the_calls(make_study: Callable[..., Any]) -> None:
    study = make_study(n_folds=3)
    thresholds = choose_thresholds(study.predictions, study.truth, "youden")
    first = thresholds.query("model == 'cnn' and fold == 0").iloc[0]
    part = study.predictions.query("model == 'cnn' and fold == 0 and subset == 'validation'")
    alone = choose_threshold(
        study.truth["label"].loc[part["lesion_id"]], part["probability"], Policy("youden")
    )
    assert first["threshold"] == alone.value
    assert first["n_validation"] == len(part)


def test_without_validation_rows_only_a_fixed_threshold_is_used(make_study: Callable[..., Any]) -> None:
    study = make_study()
    test_only = study.predictions.query("subset == 'test'")
    assert choose_thresholds(test_only, study.truth, "youden")["threshold"].isna().all()
    fixed = choose_thresholds(test_only, study.truth, 0.5)
    assert (fixed["threshold"] == 0.5).all()
    assert (fixed["note"] == "no validation predictions").all()


def test_calls_are_positive_at_or_above_the_threshold_and_missing_without_one(
    make_study: Callable[..., Any],
) -> None:
    study = make_study(models=("a", "b"))
    predictions = study.predictions.query("subset == 'test'").copy()
    predictions.iloc[0, predictions.columns.get_loc("probability")] = 0.5
    thresholds = choose_thresholds(predictions, study.truth, 0.5)
    thresholds.loc[thresholds["model"] == "b", "threshold"] = np.nan
    found = apply_thresholds(predictions, thresholds)
    assert found["decision"].dtype == "Int8"
    a, b = (found[found["model"] == model] for model in "ab")
    assert (a["decision"] == (a["probability"] >= 0.5).astype(int)).all()
    assert a["decision"].iloc[0] == 1
    assert b["decision"].isna().all()


def test_a_threshold_declared_with_the_predictions_wins_over_the_policy(
    make_study: Callable[..., Any],
) -> None:
    study = make_study()
    test_only = study.predictions.query("model != 'cnn' or subset == 'test'")

    found = choose_thresholds(test_only, study.truth, "youden", {"cnn": 0.37}).set_index("model")

    assert found.loc["cnn", "threshold"] == 0.37
    assert found.loc["cnn", "policy"] == "declared"
    assert found.loc["size", "policy"] == "youden"
    assert apply_thresholds(study.predictions, found.reset_index())["decision"].notna().all()
