"""Small studies of three classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from samesplit.tasks import MulticlassTask

CLASSES = ("AML", "cystic", "solid")


@dataclass(frozen=True)
class ClassStudy:
    task: MulticlassTask
    predictions: pd.DataFrame
    truth: pd.DataFrame


def _study(
    *,
    n_lesions: int = 60,
    n_patients: int | None = None,
    n_folds: int = 1,
    n_repeats: int = 1,
    models: tuple[str, ...] = ("size", "grid"),
    seeds: tuple[int, ...] = (0,),
    raters: tuple[str, ...] = ("R1",),
    effect: float = 1.0,
    classes: tuple[str, ...] = CLASSES,
) -> ClassStudy:
    generator = np.random.default_rng(0)
    n_patients = n_patients or n_lesions
    lesions = np.array([f"L{i:03d}" for i in range(n_lesions)])
    owner = np.arange(n_lesions) % n_patients
    labels = generator.permutation(np.arange(n_lesions) % len(classes))
    truth = pd.DataFrame(
        {
            "patient_id": [f"P{i:03d}" for i in owner],
            "label": labels,
            "site": generator.choice(["north", "south"], n_lesions),
        },
        index=pd.Index(lesions, name="lesion_id"),
    )
    rows = []
    for number, model in enumerate(models):
        for seed in seeds:
            for rater in raters:
                scores = np.exp(
                    generator.normal(size=(n_lesions, len(classes)))
                    + effect * (1 + 0.5 * number) * np.eye(len(classes))[labels]
                )
                p = scores / scores.sum(axis=1, keepdims=True)
                for repeat in range(n_repeats):
                    fold_of = np.random.default_rng(100 + repeat).permutation(n_patients)[owner] % n_folds
                    for fold in range(n_folds):
                        inside = fold_of == fold
                        for k, name in enumerate(classes):
                            rows.append(
                                pd.DataFrame(
                                    {
                                        "model": model,
                                        "seed": seed,
                                        "repeat": repeat,
                                        "fold": fold,
                                        "subset": "test",
                                        "rater": rater,
                                        "lesion_id": lesions[inside],
                                        "class": name,
                                        "probability": p[inside, k],
                                    }
                                )
                            )
    task = MulticlassTask.model_construct(question="Which subtype?", classes=classes, kind="multiclass")
    return ClassStudy(task, pd.concat(rows, ignore_index=True), truth)


@pytest.fixture(scope="session")
def make_class_study() -> Callable[..., ClassStudy]:
    """A maker of studies: same arguments, same study."""
    return _study
