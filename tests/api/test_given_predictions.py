from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.api.given_predictions import as_predictions
from samesplit.errors import PredictionsError
from samesplit.tasks import BinaryTask, MulticlassTask, SurvivalTask

BINARY = BinaryTask(question="Malignant?", positive="malignant", negative="benign")
SUBTYPES = MulticlassTask(question="Which subtype?", classes=("AML", "cystic", "solid"))
SURVIVAL = SurvivalTask(question="How long?", time="months", event="recurrence")
LESIONS = ["L1", "L2", "L3"]


def read(given: Any, task: Any = BINARY, **more: Any) -> pd.DataFrame:
    return as_predictions(given, lesions=LESIONS, task=task, where="My model", **more)


@pytest.mark.parametrize(
    "given",
    [
        [0.1, 0.5, 0.9],
        np.array([0.1, 0.5, 0.9], dtype=np.float64),
        np.array([[0.1], [0.5], [0.9]]),
        np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]),
        pd.Series({"L3": 0.9, "L1": 0.1, "L2": 0.5}),
        {"L2": 0.5, "L3": 0.9, "L1": 0.1},
        {"L2": [0.5, 0.5], "L3": [0.1, 0.9], "L1": [0.9, 0.1]},
        pd.DataFrame({"probability": [0.9, 0.1, 0.5]}, index=["L3", "L1", "L2"]),
        pd.DataFrame({"malignant": [0.9, 0.1, 0.5], "benign": [0.1, 0.9, 0.5]}, index=["L3", "L1", "L2"]),
    ],
    ids=[
        "list",
        "array",
        "column",
        "predict_proba",
        "series",
        "dict",
        "dict of rows",
        "table",
        "table of classes",
    ],
)
def test_every_form_of_probabilities_means_the_same(given: Any) -> None:
    table = read(given)

    assert table.index.tolist() == LESIONS
    assert table.columns.tolist() == ["probability"]
    np.testing.assert_allclose(table["probability"], [0.1, 0.5, 0.9])


class TensorWithGradient:
    """Behaves as PyTorch's tensors do: numpy may read it only when it is detached and on the CPU."""

    def __init__(self, values: list[float], *, ready: tuple[str, ...] = ()) -> None:
        self.values, self.ready = values, ready

    def detach(self) -> TensorWithGradient:
        return TensorWithGradient(self.values, ready=("detached",))

    def cpu(self) -> TensorWithGradient:
        return TensorWithGradient(self.values, ready=(*self.ready, "on the CPU"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        assert self.ready == ("detached", "on the CPU")
        return np.array(self.values, dtype=dtype)


def test_a_tensor_with_a_gradient_is_taken() -> None:
    table = read(TensorWithGradient([0.25, 0.5, 0.75]))

    assert table["probability"].tolist() == [0.25, 0.5, 0.75]


def test_several_classes_come_in_their_declared_order_and_sum_to_one() -> None:
    by_name = pd.DataFrame(
        {"solid": [0.2, 0.1, 0.6], "AML": [0.5, 0.8, 0.3], "cystic": [0.3, 0.1, 0.1]},
        index=["L1", "L2", "L3"],
    )

    table = read(by_name, SUBTYPES)

    assert table.columns.tolist() == ["AML", "cystic", "solid"]
    assert table.loc["L2"].tolist() == pytest.approx([0.8, 0.1, 0.1])
    np.testing.assert_allclose(read(by_name[["AML", "cystic", "solid"]].to_numpy(), SUBTYPES), table)


def test_each_lesion_may_name_its_classes_in_an_order_of_its_own() -> None:
    given = {
        "L1": {"AML": 0.7, "cystic": 0.2, "solid": 0.1},
        "L2": {"solid": 0.5, "AML": 0.3, "cystic": 0.2},
        "L3": {"cystic": 1.0, "solid": 0.0, "AML": 0.0},
    }

    table = read(given, SUBTYPES)

    assert table.loc["L2"].to_dict() == pytest.approx({"AML": 0.3, "cystic": 0.2, "solid": 0.5})
    assert table.loc["L3", "cystic"] == 1.0
    with pytest.raises(PredictionsError, match="lesion L3: the probability is missing"):
        read(given | {"L3": {"cystic": 1.0, "AML": 0.0}}, SUBTYPES)


def test_a_table_of_words_is_told_as_such() -> None:
    words = pd.DataFrame({"probability": ["high", "low", "low"]}, index=LESIONS)

    with pytest.raises(PredictionsError, match="holds something that is no number"):
        read(words)


def test_a_softmax_in_single_precision_is_brought_to_sum_to_one_exactly() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    given = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True, dtype=np.float32)

    table = read(given, SUBTYPES)

    np.testing.assert_allclose(table.sum(axis="columns"), 1, rtol=0, atol=1e-15)


def test_risks_may_be_any_finite_numbers() -> None:
    assert read([-2.5, 0, 7], SURVIVAL)["risk"].tolist() == [-2.5, 0.0, 7.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.1, 0.5], "holds 2 predictions, and there are 3 lesions"),
        (0.5, "holds 1 predictions, and there are 3 lesions"),
        ({"L1": 0.1, "L2": 0.5}, "1 lesion has no prediction: L3"),
        ({"L1": 0.1, "L2": 0.5, "L3": 0.5, "L9": 0.5}, "there is no lesion 'L9' in this fold"),
        (pd.Series([0.1, 0.5, 0.9]), r"there is no lesion '0' in this fold \(3 such lesions\)"),
        (
            pd.Series([0.1, 0.2, 0.3, 0.4], index=["L1", "L2", "L3", "L1"]),
            "the lesion 'L1' is predicted twice",
        ),
        ([0.1, np.nan, 0.9], r"lesion L2: the probability is missing \(NaN\)"),
        ([0.1, None, 0.9], "lesion L2: the probability is missing"),
        ([0.1, 0.5, 1.5], r"lesion L3: the probability 1.5 lies outside \[0, 1\]"),
        ([-0.1, 0.5, 1.5], r"-0.1 lies outside \[0, 1\] \(2 lesions have such a value\)"),
        (["low", "high", "low"], "holds something that is no number"),
        (np.full((3, 4), 0.25), r"has the shape \(3, 4\)"),
        ([[0.9, 0.2], [0.5, 0.5], [0.1, 0.9]], "lesion L1: the probabilities of the classes sum to 1.1"),
        (pd.DataFrame({"score": [0.1, 0.2, 0.3]}, index=LESIONS), "has the columns score"),
    ],
)
def test_what_is_wrong_is_said_with_the_lesion(given: Any, message: str) -> None:
    with pytest.raises(PredictionsError, match=message):
        read(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.1, 0.5, 0.9], r"has the shape \(3,\)"),
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], r"has the shape \(3, 2\)"),
        ([[0.2, 0.2, 0.2], [0.3, 0.3, 0.4], [0.3, 0.3, 0.4]], "lesion L1: the probabilities .* sum to 0.6"),
    ],
)
def test_several_classes_need_a_probability_each(given: Any, message: str) -> None:
    with pytest.raises(PredictionsError, match=message):
        read(given, SUBTYPES)


def test_a_risk_that_is_not_finite_is_refused() -> None:
    with pytest.raises(PredictionsError, match="lesion L2: the risk inf is not finite"):
        read([1.0, np.inf, 2.0], SURVIVAL)


def test_a_lesion_of_another_part_is_told_as_such() -> None:
    with pytest.raises(PredictionsError, match="the lesion 'L9' stands in the train part of this fold"):
        read({"L1": 0.1, "L9": 0.2}, elsewhere={"L9": "train"})
