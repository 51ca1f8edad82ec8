"""Folds with predictions of two or three members, as an ensemble is given them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax

from samesplit.models.protocol import Cases, TrainingFold
from samesplit.tasks import BinaryTask, MulticlassTask, Task

MembersFold = Callable[..., tuple[TrainingFold, Cases, "pd.Series[int]"]]


def _predictions(
    rng: np.random.Generator, labels: np.ndarray, skills: dict[str, float], task: Task
) -> pd.DataFrame:
    """Probabilities that are right in the mean for a skill, however large: log odds of normal scores."""
    found: dict[Any, Any] = {}
    for name, skill in skills.items():
        if isinstance(task, MulticlassTask):
            scores = rng.normal(size=(len(labels), len(task.classes)))
            scores[np.arange(len(labels)), labels] += skill
            found |= {
                (name, each): p
                for each, p in zip(task.classes, softmax(skill * scores, axis=1).T, strict=True)
            }
        else:
            found[name] = expit(skill * rng.normal(skill * (labels - 0.5)))
    table = pd.DataFrame(found)
    return (
        table
        if isinstance(task, BinaryTask)
        else table.reindex(columns=pd.MultiIndex.from_tuples(list(found)))
    )


def _cases(labels: np.ndarray, predictions: pd.DataFrame, prefix: str) -> Cases:
    ids = pd.Index([f"{prefix}{i:03d}" for i in range(len(labels))], name="lesion_id")
    nothing = pd.DataFrame(index=ids)
    lesions = pd.DataFrame({"patient_id": [f"P{i}" for i in ids], "site": "A"}, index=ids)
    return Cases(
        lesions, pd.DataFrame({"lesion_id": list(ids)}), nothing, predictions.set_index(ids), (), "R1"
    )


@pytest.fixture
def members_fold(tmp_path: Path) -> MembersFold:
    """Gives a fold whose training and validation lesions have members' predictions, test cases and labels."""

    def make(
        skills: dict[str, float],
        *,
        n: int = 120,
        n_validation: int = 60,
        n_test: int = 400,
        classes: int = 2,
        seed: int = 0,
    ) -> tuple[TrainingFold, Cases, pd.Series[int]]:
        rng = np.random.default_rng(0)
        task: Task = BinaryTask(question="Which?", positive="positive", negative="negative")
        if classes > 2:
            task = MulticlassTask(question="Which?", classes=tuple("ABCDE"[:classes]))
        parts, labels = [], []
        for size, prefix in ((n, "T"), (n_validation, "V"), (n_test, "X")):
            truth = rng.permutation(np.arange(size) % classes)
            parts.append(_cases(truth, _predictions(rng, truth, skills, task), prefix))
            labels.append(pd.Series(truth, index=parts[-1].lesions.index, name="label"))
        fold = TrainingFold(parts[0], labels[0], parts[1], labels[1], seed=0, directory=tmp_path, task=task)
        return fold, parts[2], labels[2]

    return make


def changed(cases: Cases, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Cases:
    """The same cases with other predictions of the members."""
    return replace(cases, predictions=change(cases.predictions.copy()))
