"""Models under other raters' masks, on tables whose answers can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import RATERS, evaluate_raters
from samesplit.evaluation.task import evaluate_task
from samesplit.statistics.icc import icc
from samesplit.tasks import BinaryTask, MulticlassTask

TASK = BinaryTask(question="Malignant?", positive="malignant", negative="benign")
N = 40
LESIONS = [f"L{i:02d}" for i in range(N)]
LABELS = np.tile([0, 1], N // 2)
TRUTH = pd.DataFrame(
    {"patient_id": [f"P{i:02d}" for i in range(N)], "label": LABELS},
    index=pd.Index(LESIONS, name="lesion_id"),
)
OPTIONS = EvaluationOptions(operating_point=0.5, primary_rater="R1", n_bootstrap=0)
RANDOM = np.random.default_rng(8)
OWN = np.clip(0.5 + 0.2 * (2 * LABELS - 1) + RANDOM.normal(0, 0.25, N), 0.02, 0.98)
OTHER = np.clip(OWN + RANDOM.normal(0, 0.12, N), 0.01, 0.99)


def rows(model: str, rater: str, values: np.ndarray, lesions: list[str] = LESIONS) -> pd.DataFrame:
    fit = {"model": model, "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": rater}
    return pd.DataFrame({"lesion_id": lesions, "probability": values}).assign(**fit)


def of(table: pd.DataFrame, quantity: str, *, model: str = "net", rater: str = "R2") -> pd.Series:
    mine = (table["model"] == model) & (table["rater"] == rater) & (table["quantity"] == quantity)
    return table[mine].iloc[0]


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    parts = [
        rows("net", "R1", OWN),
        rows("net", "R2", OTHER),
        rows("net", "R3", OWN),
        rows("clinical", "R1", OWN),
    ]
    return evaluate_raters(TASK, pd.concat(parts, ignore_index=True), TRUTH, OPTIONS)


def test_both_aucs_and_their_difference_are_those_of_scikit_learn(judged):
    first, second = roc_auc_score(LABELS, OWN), roc_auc_score(LABELS, OTHER)
    assert of(judged, "auc_primary")["estimate"] == pytest.approx(first, abs=1e-12)
    assert of(judged, "auc_rater")["estimate"] == pytest.approx(second, abs=1e-12)
    difference = of(judged, "auc_difference")
    assert difference["estimate"] == pytest.approx(second - first, abs=1e-12)
    assert difference["ci_low"] < difference["estimate"] < difference["ci_high"]


def test_the_change_of_right_calls_is_counted_at_the_primary_raters_threshold(judged):
    right = [((values >= 0.5) == LABELS).astype(float) for values in (OWN, OTHER)]
    for name, inside in (
        ("accuracy", LABELS >= 0),
        ("sensitivity", LABELS == 1),
        ("specificity", LABELS == 0),
    ):
        expected = (right[1] - right[0])[inside].mean()
        assert of(judged, f"{name}_difference")["estimate"] == pytest.approx(expected, abs=1e-12)


def test_the_icc_is_that_of_the_two_columns_of_probabilities(judged):
    assert of(judged, "icc")["estimate"] == pytest.approx(
        float(icc(np.column_stack([OWN, OTHER])).estimate), abs=1e-12
    )


def test_masks_that_change_no_prediction_change_nothing_and_agree_perfectly(judged):
    assert of(judged, "auc_difference", rater="R3")["estimate"] == 0
    assert of(judged, "icc", rater="R3")["estimate"] == pytest.approx(1)


def test_p_values_are_adjusted_over_models_and_raters(judged):
    tested = judged[judged["quantity"] == "auc_difference"]
    smallest = tested.sort_values("p_value").iloc[0]
    assert smallest["p_adjusted"] == pytest.approx(min(1, 2 * smallest["p_value"]))
    assert judged.loc[judged["quantity"] != "auc_difference", "p_adjusted"].isna().all()


def test_a_model_that_knows_no_masks_has_no_row(judged):
    assert set(judged["model"]) == {"net"}


def test_only_lesions_with_both_predictions_count():
    few = LESIONS[:30]
    table = pd.concat([rows("net", "R1", OWN), rows("net", "R2", OTHER[:30], few)], ignore_index=True)
    found = evaluate_raters(TASK, table, TRUTH, OPTIONS)
    assert set(found["n"]) == {30}
    assert of(found, "auc_primary")["estimate"] == pytest.approx(
        roc_auc_score(LABELS[:30], OWN[:30]), abs=1e-12
    )


def test_with_one_class_in_the_test_part_there_is_no_auc_and_one_rate():
    benign = [lesion for lesion, label in zip(LESIONS, LABELS, strict=True) if not label]
    table = pd.concat(
        [rows("net", "R1", OWN[::2], benign), rows("net", "R2", OTHER[::2], benign)], ignore_index=True
    )
    found = evaluate_raters(TASK, table, TRUTH, OPTIONS)
    assert set(found["quantity"]) == {"accuracy_difference", "specificity_difference", "icc"}


def test_without_a_threshold_there_are_no_calls_to_compare():
    table = pd.concat([rows("net", "R1", OWN), rows("net", "R2", OTHER)], ignore_index=True)
    found = evaluate_raters(TASK, table, TRUTH, EvaluationOptions(primary_rater="R1", n_bootstrap=0))
    assert set(found["quantity"]) == {"auc_primary", "auc_rater", "auc_difference", "icc"}


def test_probabilities_that_are_all_the_same_have_no_icc():
    same = np.full(N, 0.4)
    table = pd.concat([rows("net", "R1", same), rows("net", "R2", same)], ignore_index=True)
    found = of(evaluate_raters(TASK, table, TRUTH, OPTIONS), "icc")
    assert np.isnan(found["estimate"])
    assert found["note"] == "all lesions have the same probability"


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (rows("net", "R1", OWN), OPTIONS),
        (
            pd.concat([rows("net", "R1", OWN), rows("net", "R2", OTHER)]),
            EvaluationOptions(primary_rater=None),
        ),
        (pd.concat([rows("net", "R1", OWN), rows("net", "R2", OTHER).assign(subset="validation")]), OPTIONS),
    ],
    ids=["one rater", "no primary rater", "no test lesions of the other"],
)
def test_where_nothing_can_be_compared_the_table_is_empty(table, options):
    assert evaluate_raters(TASK, table, TRUTH, options).empty


def test_a_model_of_which_no_lesion_has_both_predictions_is_left_out():
    table = pd.concat(
        [
            rows("net", "R1", OWN),
            rows("net", "R2", OTHER),
            rows("late", "R1", OWN[:20], LESIONS[:20]),
            rows("late", "R2", OTHER[20:], LESIONS[20:]),
        ],
        ignore_index=True,
    )
    assert set(evaluate_raters(TASK, table, TRUTH, OPTIONS)["model"]) == {"net"}


def test_of_three_classes_the_macro_auc_is_compared_and_each_class_has_its_icc():
    task = MulticlassTask(question="Which?", classes=("AML", "cystic", "solid"))
    labels = np.tile([0, 1, 2], 10)
    lesions = LESIONS[:30]
    truth = TRUTH.loc[lesions].assign(label=labels)
    random = np.random.default_rng(2)
    parts, arrays = [], []
    for rater in ("R1", "R2"):
        values = random.dirichlet([1, 1, 1], 30) + 0.8 * np.eye(3)[labels]
        values /= values.sum(axis=1, keepdims=True)
        arrays.append(values)
        parts += [
            rows("net", rater, values[:, n], lesions).assign(**{"class": name})
            for n, name in enumerate(task.classes)
        ]
    found = evaluate_task(task, pd.concat(parts, ignore_index=True), truth, OPTIONS).tables[RATERS]
    assert {"icc AML", "icc cystic", "icc solid", "accuracy_difference"} <= set(found["quantity"])
    assert "sensitivity_difference" not in set(found["quantity"])
    expected = [roc_auc_score(labels, values, multi_class="ovr") for values in arrays]
    assert of(found, "auc_difference")["estimate"] == pytest.approx(expected[1] - expected[0], abs=1e-9)


def test_a_model_whose_fits_rank_alike_has_the_interval_that_the_main_table_gives_it():
    fits = []
    for fold in (0, 1):
        subset = np.where(np.arange(N) // 2 % 2 == fold, "test", "validation")
        values = {"R1": OWN, "R2": OTHER}
        fits += [
            rows("size", rater, 0.9 * values[rater] + 0.05 * fold).assign(fold=fold, subset=subset)
            for rater in values
        ]
    predictions = pd.concat(fits, ignore_index=True)
    judged = evaluate_raters(TASK, predictions, TRUTH, OPTIONS)
    results = evaluate_task(TASK, predictions, TRUTH, OPTIONS).results
    auc = results[
        (results["quantity"] == "auc") & (results["group"] == "all") & (results["subset"] == "test")
    ].iloc[0]
    primary = of(judged, "auc_primary", model="size")
    bounds = ["estimate", "ci_low", "ci_high"]
    assert primary[bounds].tolist() == pytest.approx(auc[bounds].tolist())
    assert auc["method"].startswith("influence values, test patients")
