"""Small synthetic folds for the models that learn from tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.models.protocol import Cases, TrainingFold
from samesplit.tasks import BinaryTask, MulticlassTask, Task

MakeFold = Callable[..., tuple[TrainingFold, Cases, "pd.Series[int]"]]


def _lesions(rng: np.random.Generator, labels: np.ndarray, effect: float, prefix: str) -> pd.DataFrame:
    n = len(labels)
    # Every fourth lesion shares its patient with the one before.
    patients = [f"{prefix}P{index - (index % 4 == 3):03d}" for index in range(n)]
    return pd.DataFrame(
        {
            "patient_id": patients,
            "site": rng.choice(["A", "B"], n),
            "age": rng.normal(60, 10, n) + 10 * effect * labels,
            "sex": rng.choice(["female", "male"], n),
            "size_mm": np.exp(rng.normal(3, 0.4, n) + 0.4 * effect * labels),
        },
        index=pd.Index([f"{prefix}L{index:03d}" for index in range(n)], name="lesion_id"),
    )


def _cases(
    rng: np.random.Generator, labels: np.ndarray, n_features: int, effect: float, prefix: str
) -> Cases:
    lesions = _lesions(rng, labels, effect, prefix)
    values = rng.normal(size=(len(labels), n_features))
    values[:, :3] += effect * labels[:, None]
    for label in range(2, int(labels.max(initial=0)) + 1):  # of several classes each has a feature of its own
        values[:, 1 + label] += 2 * effect * (labels == label)
    names = [f"mr/{'T1C' if index % 2 else 'T2'}/original_firstorder_F{index}" for index in range(n_features)]
    return Cases(
        lesions=lesions,
        images=pd.DataFrame({"lesion_id": list(lesions.index)}),
        features=pd.DataFrame(values, index=lesions.index, columns=names),
        predictions=pd.DataFrame(index=lesions.index),
        sequences=("T1C", "T2"),
        rater="R1",
    )


def task_of(classes: int) -> Task:
    """A task of the classes A, B, C and so on; of two, negative and positive."""
    if classes == 2:
        return BinaryTask(question="Which?", positive="positive", negative="negative")
    return MulticlassTask(question="Which?", classes=tuple("ABCDEFGHIJ"[:classes]))


@pytest.fixture
def make_fold(tmp_path: Path) -> MakeFold:
    """Gives a fold to fit on, test cases, and the test labels that no model may see."""

    def make(
        *,
        n: int = 80,
        n_test: int = 200,
        n_features: int = 30,
        effect: float = 1.0,
        shuffled: bool = False,
        seed: int = 0,
        classes: int = 2,
    ) -> tuple[TrainingFold, Cases, pd.Series[int]]:
        rng = np.random.default_rng(seed)
        train, test = rng.permutation(np.arange(n) % classes), rng.permutation(np.arange(n_test) % classes)
        training = _cases(rng, train, n_features, effect, "A")
        cases = _cases(rng, test, n_features, effect, "B")
        shown = rng.permutation(train) if shuffled else train
        labels = pd.Series(shown, index=training.lesions.index, name="label")
        fold = TrainingFold(
            training=training,
            training_labels=labels,
            validation=training.select([]),
            validation_labels=labels.iloc[:0],
            seed=seed,
            directory=tmp_path,
            task=task_of(classes),
        )
        return fold, cases, pd.Series(test, index=cases.lesions.index, name="label")

    return make
