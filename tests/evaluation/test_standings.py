from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import StatisticsError
from samesplit.evaluation.claims import ClaimRules
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.standings import (
    compare_entries,
    entry_results,
    entry_table,
    measure_of,
    with_claims,
)
from samesplit.evaluation.task import evaluate_task
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task

BINARY = BinaryTask(question="?", positive="p", negative="n")
CLASSES = MulticlassTask(question="?", classes=("a", "b", "c"))
SURVIVAL = SurvivalTask(question="?", time="time", event="event")


def cohort(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The truth of 60 lesions, and predictions of three models in two folds with validation lesions."""
    rng = np.random.default_rng(2)
    lesions = [f"L{k}" for k in range(60)]
    truth = pd.DataFrame(
        {"patient_id": [f"P{k // 2}" for k in range(60)]}, index=pd.Index(lesions, name="lesion_id")
    )
    truth["label"] = rng.integers(0, 3 if task is CLASSES else 2, 60)
    if task is SURVIVAL:
        truth["time"] = rng.exponential(10, 60) + 1
    rows = []
    for model, strength in (("first", 0.5), ("second", 1.5), ("third", 1.4)):
        for fold in (0, 1):
            for place, lesion in enumerate(lesions):
                subset = "test" if (place // 2) % 2 == fold else "validation" if place % 5 == 0 else ""
                if not subset:
                    continue
                head = {"model": model, "seed": 0, "repeat": 0, "fold": fold, "subset": subset, "rater": "R1",
                        "lesion_id": lesion}  # fmt: skip
                score = rng.normal(size=3) + strength * (np.arange(3) == truth["label"][lesion])
                if task is CLASSES:
                    shares = np.exp(score) / np.exp(score).sum()
                    rows += [
                        head | {"class": one, "probability": p} for one, p in zip("abc", shares, strict=True)
                    ]
                elif task is SURVIVAL:
                    rows.append(head | {"risk": score[0] - strength * truth["time"][lesion] / 10})
                else:
                    rows.append(head | {"probability": 1 / (1 + np.exp(score[0] - score[1]))})
    return truth, pd.DataFrame(rows)


@pytest.mark.parametrize("task", [BINARY, CLASSES, SURVIVAL], ids=["binary", "multiclass", "survival"])
def test_judged_one_by_one_entries_have_the_numbers_of_one_evaluation_of_all(task: Task) -> None:
    truth, predictions = cohort(task)
    options = EvaluationOptions(n_bootstrap=0, primary_rater="R1")
    measure = measure_of(task)

    together = evaluate_task(task, predictions, truth, options)

    names = ["first", "second", "third"]
    parts = {name: predictions[predictions["model"] == name] for name in names}
    tables = {name: entry_table(task, part, truth) for name, part in parts.items()}
    wanted = [("first", "second"), ("first", "third"), ("second", "third")]
    pairs = pd.DataFrame(
        [{"model_a": a, "model_b": b, **row} for (a, b), row in compare_entries(tables, task, wanted)]
    )
    pairs = with_claims(pairs, measure, rules=ClaimRules())
    pd.testing.assert_frame_equal(
        pairs[list(together.pairs)].reset_index(drop=True), together.pairs.reset_index(drop=True), rtol=1e-12
    )
    for name, part in list(parts.items())[:1]:
        alone = entry_results(task, part, truth, options)
        ours = alone[(alone["quantity"] == measure.name) & (alone["group"] == "all")]
        theirs = together.results
        theirs = theirs[(theirs["quantity"] == measure.name) & (theirs["group"] == "all")]
        theirs = theirs[(theirs["model"] == name) & (theirs["subset"] == "test")]
        np.testing.assert_allclose(
            ours[["estimate", "ci_low", "ci_high"]].to_numpy(),
            theirs[["estimate", "ci_low", "ci_high"]].to_numpy(),
        )


def test_one_entry_alone_has_no_pairs_and_no_claims() -> None:
    none = pd.DataFrame(columns=["model_a", "model_b", "difference", "p_value"])

    assert list(with_claims(none, measure_of(BINARY), rules=ClaimRules()))[-3:] == [
        "p_adjusted",
        "claim",
        "false_claim_probability",
    ]


def test_entries_of_a_task_of_masks_are_not_ranked() -> None:
    with pytest.raises(StatisticsError, match="of the kind 'segmentation' are not ranked"):
        measure_of(SegmentationTask(question="Where?"))
    with pytest.raises(StatisticsError, match="of the kind 'segmentation' are not ranked"):
        entry_table(SegmentationTask(question="Where?"), pd.DataFrame(), pd.DataFrame())
