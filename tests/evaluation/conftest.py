"""Small studies with known structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.evaluate import Evaluation
from samesplit.execution.calls import HERE, Workers


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


@dataclass(frozen=True)
class Elsewhere:
    """Another process that does what evaluations ask for, last call first; in truth this one.

    Attributes:
        workers: Who is said to do the work.
        sizes: Of the calls as they were sent, in bytes.
    """

    workers: Workers = field(default_factory=lambda: Workers(scheduler="tcp://10.0.0.1:8786"))
    sizes: list[int] = field(default_factory=list)

    def dispatch(
        self, function: Callable[[Any], Any], items: Sequence[Any], *, scheduler: str | None, **_: object
    ) -> Iterator[tuple[int, Any]]:
        """Do each call as it is when it was sent, where a cluster is asked for."""
        for place in range(len(items)) if scheduler is None else reversed(range(len(items))):
            if scheduler is None:
                yield place, function(items[place])
                continue
            call = cloudpickle.dumps((function, items[place]))
            self.sizes.append(len(call))
            does, item = cloudpickle.loads(call)
            yield place, cloudpickle.loads(cloudpickle.dumps(does(item)))

    def finds_the_same(self, evaluated: Callable[[Workers], Evaluation]) -> None:
        """Every table of an evaluation is the same to the last bit as when the work is done here."""
        there, here = evaluated(self.workers), evaluated(HERE)
        assert self.sizes
        assert there.notes == here.notes
        for name in ("results", "thresholds", "confusion", "decisions", "pairs", "folds"):
            pd.testing.assert_frame_equal(getattr(there, name), getattr(here, name), check_exact=True)
        for group in ("curves", "summaries", "tables"):
            found, expected = getattr(there, group), getattr(here, group)
            assert list(found) == list(expected)
            for name, table in found.items():
                pd.testing.assert_frame_equal(table, expected[name], check_exact=True)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Another process for the calls of evaluations."""
    found = Elsewhere()
    monkeypatch.setattr("samesplit.execution.calls.dispatch", found.dispatch)
    return found
