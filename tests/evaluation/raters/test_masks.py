from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.raters import MASK_PAIRS, RATER_MASKS, mask_agreement
from samesplit.evaluation.task import evaluate_task
from samesplit.statistics.icc import icc
from samesplit.tasks import BinaryTask

LESIONS = [f"L{i}" for i in range(8)]
LABELS = [0, 1] * 4
TRUTH = pd.DataFrame(
    {"patient_id": [f"P{i}" for i in range(8)], "label": LABELS}, index=pd.Index(LESIONS, name="lesion_id")
)
DICE = np.array([0.9, 0.7, 0.8, 0.6, 0.95, 0.75, 0.85, 0.65])
VOLUMES = np.column_stack([np.arange(1.0, 9.0), np.arange(1.0, 9.0) * 1.1])
PAIRS = pd.DataFrame(
    {
        "lesion_id": LESIONS,
        "sequence": "T2",
        "rater_a": "R1",
        "rater_b": "R2",
        "dice": DICE,
        "volume_a_ml": VOLUMES[:, 0],
        "volume_b_ml": VOLUMES[:, 1],
    }
)
OPTIONS = EvaluationOptions(n_bootstrap=200)
CLASSES = ("benign", "malignant")


def test_dice_is_the_mean_over_lesions_of_all_and_of_each_class():
    found = mask_agreement(PAIRS, TRUTH, OPTIONS, classes=CLASSES)
    dice = found[found["quantity"] == "dice"].set_index("group")
    for group, inside in (
        ("all", DICE > 0),
        ("label=benign", np.equal(LABELS, 0)),
        ("label=malignant", np.equal(LABELS, 1)),
    ):
        assert dice.loc[group, "estimate"] == pytest.approx(DICE[inside].mean(), abs=1e-12)
        assert dice.loc[group, "ci_low"] < dice.loc[group, "estimate"] < dice.loc[group, "ci_high"]


def test_the_volumes_of_two_raters_have_an_icc():
    found = mask_agreement(PAIRS, TRUTH, OPTIONS, classes=CLASSES)
    row = found[found["quantity"] == "icc_volume"].iloc[0]
    assert row["estimate"] == pytest.approx(float(icc(VOLUMES).estimate), abs=1e-12)


def test_lesions_without_an_outcome_and_classes_without_a_lesion_have_no_part():
    few = TRUTH.iloc[[0]]
    found = mask_agreement(PAIRS, few, OPTIONS, classes=CLASSES)
    assert set(found["group"]) == {"all", "label=benign"}
    assert set(found["n"]) == {1}
    row = found[found["quantity"] == "icc_volume"].iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"] == "too few lesions, or all of one volume"


def test_the_evaluation_of_a_task_has_the_agreement_of_its_lesions():
    fit = {"model": "net", "seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1"}
    predictions = pd.DataFrame({"lesion_id": LESIONS, "probability": np.linspace(0.1, 0.9, 8)}).assign(**fit)
    task = BinaryTask(question="Malignant?", positive="malignant", negative="benign")
    options = EvaluationOptions(
        n_bootstrap=0, primary_rater="R1", operating_point=0.5, details={MASK_PAIRS: PAIRS}
    )
    assert len(evaluate_task(task, predictions, TRUTH, options).tables[RATER_MASKS]) == 4
