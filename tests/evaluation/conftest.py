"""Small studies with known structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Study:
    predictions: pd.DataFrame
    truth: pd.DataFrame
    readings: pd.DataFrame


def _study(
    *,
    n_lesions: int = 60,
    n_patients: int | None = None,
    n_folds: int = 1,
    n_repeats: int = 1,
    models: tuple[str, ...] = ("size", "grid", "cnn"),
    seeds: tuple[int, ...] = (0,),
    raters: tuple[str, ...] = ("R1",),
    effect: float = 1.2,
    seed: int = 0,
) -> Study:
    generator = np.random.default_rng(seed)
    n_patients = n_patients or n_lesions
    lesions = np.array([f"L{i:03d}" for i in range(n_lesions)])
    patients = np.array([f"P{i % n_patients:03d}" for i in range(n_lesions)])
    labels = generator.permutation((np.arange(n_lesions) % 5 < 2).astype(int))
    site = generator.choice(["north", "south"], n_lesions)
    truth = pd.DataFrame(
        {"patient_id": patients, "label": labels, "site": site}, index=pd.Index(lesions, name="lesion_id")
    )
    rows = []
    for number, model in enumerate(models):
        for one_seed in seeds:
            for repeat in range(n_repeats):
                order = np.random.default_rng(1000 + repeat).permutation(n_patients)
                fold_of = dict(zip(np.unique(patients), order % n_folds, strict=True))
                fold = np.array([fold_of[patient] for patient in patients])
                for rater in raters:
                    score = labels * effect * (1 + 0.3 * number) + generator.normal(size=n_lesions)
                    probability = 1 / (1 + np.exp(-(score - effect / 2)))
                    for k in range(n_folds):
                        validation = fold == (k + 1) % n_folds if n_folds > 1 else fold >= 0
                        # The model of another fold orders the lesions a little otherwise.
                        moved = score + 0.2 * np.random.default_rng(k).normal(size=n_lesions) * (n_folds > 1)
                        otherwise = 1 / (1 + np.exp(-(moved - effect / 2)))
                        parts = (("test", fold == k, probability), ("validation", validation, otherwise))
                        for subset, inside, told in parts:
                            rows.append(
                                pd.DataFrame(
                                    {
                                        "model": model,
                                        "seed": one_seed,
                                        "repeat": repeat,
                                        "fold": k,
                                        "subset": subset,
                                        "rater": rater,
                                        "lesion_id": lesions[inside],
                                        "probability": told[inside],
                                    }
                                )
                            )
    return Study(pd.concat(rows, ignore_index=True), truth, _readings(lesions, labels, generator))


def _readings(lesions: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> pd.DataFrame:
    rows = []
    for reader in ("anna", "ben"):
        for modality in ("unaided", "aided"):
            score = labels * 1.5 + generator.normal(size=labels.size)
            rows.append(
                pd.DataFrame(
                    {
                        "reader_id": reader,
                        "lesion_id": lesions,
                        "modality": modality,
                        "decision": pd.array((score > 0.75).astype(int), dtype="Int8"),
                        "score": score,
                        "seconds": 30.0,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    """A maker of studies: same arguments, same study."""
    return _study
