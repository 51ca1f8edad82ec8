from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.evaluate import evaluate
from samesplit.evaluation.options import EvaluationOptions
from samesplit.evaluation.task import EVALUATIONS, evaluate_task
from samesplit.tasks import BinaryTask, TaskKind


def test_every_kind_of_task_can_be_judged() -> None:
    assert set(EVALUATIONS) == set(get_args(TaskKind))


def test_a_task_of_two_classes_is_judged_as_ever() -> None:
    rng = np.random.default_rng(0)
    lesions = [f"L{i}" for i in range(40)]
    labels = np.arange(40) % 2
    truth = pd.DataFrame({"patient_id": lesions, "label": labels}, index=pd.Index(lesions, name="lesion_id"))
    one = {"seed": 0, "repeat": 0, "fold": 0, "subset": "test", "rater": "R1"}
    predictions = pd.DataFrame(
        [
            one
            | {"model": model, "lesion_id": lesion, "probability": rng.uniform(0, 0.6) + 0.4 * label * better}
            for model, better in (("a", 1), ("b", 0))
            for lesion, label in zip(lesions, labels, strict=True)
        ]
    )
    task = BinaryTask(question="?", positive="p", negative="n")
    options = EvaluationOptions(reference="a", operating_point=0.5, n_bootstrap=100)
    found = evaluate_task(task, predictions, truth, options)
    expected = evaluate(predictions, truth, reference="a", operating_point=0.5, n_bootstrap=100)
    pd.testing.assert_frame_equal(found.results, expected.results, check_exact=True)
