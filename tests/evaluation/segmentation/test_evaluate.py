from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import SegmentationTask

TASK = SegmentationTask(question="Where?")
LESIONS = [f"L{i}" for i in range(30)]
TRUTH = pd.DataFrame(
    {"patient_id": [f"P{i // 2}" for i in range(30)], "test_set": ["internal"] * 20 + ["external"] * 10},
    index=pd.Index(LESIONS, name="lesion_id"),
)


def overlaps(*models: str) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    one = {"seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1"}
    return pd.DataFrame(
        [
            one | {"model": model, "lesion_id": lesion, "sequence": sequence, "dice": rng.uniform(0.5, 1)}
            for model in models
            for lesion in LESIONS
            for sequence in ("T1", "T2")
        ]
    )


def judge(table: pd.DataFrame, truth: pd.DataFrame = TRUTH) -> pd.DataFrame:
    options = EvaluationOptions(n_bootstrap=200, details={"overlap": table})
    results = evaluate_task(TASK, table, truth, options).results
    return results[results["quantity"] == "dice"].set_index(["model", "group"])


def test_a_lesion_counts_once_whatever_the_number_of_its_sequences() -> None:
    table = overlaps("net")
    results = judge(table)
    row = results.loc[("net", "all")]
    assert row["n"] == 30
    assert row["estimate"] == pytest.approx(table["dice"].mean(), rel=1e-12)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_the_interval_is_as_wide_as_that_of_the_mean_of_patients() -> None:
    table = overlaps("net")
    row = judge(table).loc[("net", "all")]
    of_patients = table.groupby("lesion_id")["dice"].mean().groupby(TRUTH["patient_id"]).mean()
    half = 1.96 * of_patients.std() / np.sqrt(len(of_patients))
    assert (row["ci_high"] - row["ci_low"]) / 2 == pytest.approx(half, rel=0.25)


def test_named_test_sets_are_judged_apart() -> None:
    results = judge(overlaps("net"))
    assert results.loc[("net", "test_set=external"), "n"] == 10
    assert results.loc[("net", "test_set=internal"), "n"] == 20


def test_all_models_are_judged_on_the_lesions_that_all_have_masks_of() -> None:
    table = overlaps("net", "other")
    lacking = table[~((table["model"] == "other") & (table["lesion_id"] == "L3"))]
    results = judge(lacking, TRUTH.drop(columns="test_set"))
    assert results.loc[("net", "all"), "n"] == results.loc[("other", "all"), "n"] == 29


def test_without_overlaps_or_test_masks_there_is_nothing_to_judge() -> None:
    with pytest.raises(StatisticsError, match="the overlaps of the masks were not measured"):
        evaluate_task(TASK, overlaps("net"), TRUTH, EvaluationOptions())
    table = overlaps("net").assign(subset="validation")
    with pytest.raises(PredictionsError, match="no predictions of the subset 'test'"):
        judge(table)


def test_one_patient_has_a_mean_and_no_interval() -> None:
    table = overlaps("net")
    row = judge(table[table["lesion_id"].isin(["L0", "L1"])], TRUTH.drop(columns="test_set")).loc[
        ("net", "all")
    ]
    assert np.isnan(row["ci_low"])
    assert row["note"] == "too few patients for an interval"
