"""Small studies of the time until an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from samesplit.tasks import SurvivalTask

TASK = SurvivalTask(question="How long until recurrence?", time="months", event="recurrence")


@dataclass(frozen=True)
class SurvivalStudy:
    predictions: pd.DataFrame
    truth: pd.DataFrame
    task: SurvivalTask = TASK


def _study(
    *,
    n_lesions: int = 60,
    n_patients: int | None = None,
    n_folds: int = 1,
    n_repeats: int = 1,
    models: tuple[str, ...] = ("size", "cox"),
    raters: tuple[str, ...] = ("R1",),
    effect: float = 1.0,
) -> SurvivalStudy:
    generator = np.random.default_rng(0)
    n_patients = n_patients or n_lesions
    lesions = np.array([f"L{i:03d}" for i in range(n_lesions)])
    owner = np.arange(n_lesions) % n_patients
    hazard = generator.normal(size=n_lesions)
    until = generator.exponential(size=n_lesions) / np.exp(hazard)
    end = 1.5 * generator.exponential(size=n_lesions)
    truth = pd.DataFrame(
        {
            "patient_id": [f"P{i:03d}" for i in owner],
            "label": (until <= end).astype(int),
            "time": np.minimum(until, end) + 0.01,
            "site": generator.choice(["north", "south"], n_lesions),
        },
        index=pd.Index(lesions, name="lesion_id"),
    )
    rows = []
    for number, model in enumerate(models):
        for rater in raters:
            risk = effect * (1 + number) * hazard + generator.normal(size=n_lesions)
            for repeat in range(n_repeats):
                moved = risk + 0.3 * np.random.default_rng(repeat).normal(size=n_lesions)
                fold_of = np.random.default_rng(100 + repeat).permutation(n_patients)[owner] % n_folds
                for fold in range(n_folds):
                    inside = fold_of == fold
                    rows.append(
                        pd.DataFrame(
                            {
                                "model": model,
                                "seed": 0,
                                "repeat": repeat,
                                "fold": fold,
                                "subset": "test",
                                "rater": rater,
                                "lesion_id": lesions[inside],
                                "risk": moved[inside] + 10 * fold,
                            }
                        )
                    )
    return SurvivalStudy(pd.concat(rows, ignore_index=True), truth)


@pytest.fixture(scope="session")
def make_survival_study() -> Callable[..., SurvivalStudy]:
    """A maker of studies: same arguments, same study."""
    return _study
