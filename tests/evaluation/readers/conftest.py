"""A small reader study: three readers, with and without aid, and models on one test set or in folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.scores import model_table


@dataclass(frozen=True)
class SmallStudy:
    """Readings, truth and models."""

    readings: pd.DataFrame
    truth: pd.DataFrame
    models: dict[str, pd.DataFrame]
    in_folds: dict[str, pd.DataFrame]


def make_study(n: int = 40, n_readers: int = 3, seed: int = 4) -> SmallStudy:
    rng = np.random.default_rng(seed)
    labels = np.array([0, 1] * (n // 2))
    lesions = [f"L{place:02d}" for place in range(n)]
    truth = pd.DataFrame(
        {
            "patient_id": [f"P{place:02d}" for place in range(n)],
            "label": labels,
            "site": ["a", "b"] * (n // 2),
        },
        index=pd.Index(lesions, name="lesion_id"),
    )
    truth["site"] = np.where(np.arange(n) < n // 2, "a", "b")
    hard = rng.normal(size=n)
    rows = []
    for modality, skill in (("unaided", 1.0), ("aided", 1.6)):
        for reader in range(n_readers):
            values = skill * labels + 0.7 * hard + rng.normal(size=n)
            for lesion, value in zip(lesions, values, strict=True):
                rows.append(
                    {
                        "reader_id": f"R{reader + 1}",
                        "lesion_id": lesion,
                        "modality": modality,
                        "decision": float(value > 0.6),
                        "score": round(50 + 15 * value),
                        "seconds": round(float(np.exp(rng.normal(3.5, 0.3))), 1),
                    }
                )
    readings = pd.DataFrame(rows).astype({"decision": "Int8", "score": "float64"})
    tables = {}
    for name, skill in (("good", 1.8), ("poor", 0.4)):
        score = 1 / (1 + np.exp(-(skill * labels + 0.7 * hard + rng.normal(size=n) - 0.8)))
        decisions = pd.DataFrame(
            {
                "lesion_id": lesions,
                "probability": score,
                "decision": pd.array((score > 0.5).astype(int), dtype="Int8"),
                "seed": 0,
                "repeat": 0,
                "fold": 0,
            }
        )
        tables[name] = decisions
    models = {name: model_table(table, truth) for name, table in tables.items()}
    folds = np.arange(n) // 2 % 4
    in_folds = {name: model_table(table.assign(fold=folds), truth) for name, table in tables.items()}
    return SmallStudy(readings, truth, models, in_folds)


@pytest.fixture(scope="session")
def study() -> SmallStudy:
    return make_study()
