"""One search from beginning to end, in a form that can be sent to other processes and told as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.execution.work_units import Arrays, WorkUnit, is_kept, read_result
from samesplit.models.automl.evaluation import InnerFold, Judge, Limits, Score, Serial, Workers, remembering
from samesplit.models.automl.evolution import Evolved, evolve
from samesplit.models.automl.export import one_line
from samesplit.models.automl.search_space import quietly
from samesplit.models.automl.settings import TpotSettings
from samesplit.models.automl.spent import counting
from samesplit.models.radiomics.grid import inner_splits
from samesplit.models.radiomics.work_units import fit_preparation

__all__ = ["Search", "search_piece"]

_KEY = "tpot"


@dataclass(frozen=True)
class Search:
    """What a search is made of.

    Attributes:
        settings: The model.
        table: The training part, one row a lesion, NaN where missing.
        labels: 0 or 1, shape (n_lesions,).
        patients: The patient of each lesion, shape (n_lesions,).
        seed: Of the inner folds, the evolution and every step.
        directory: The fold's own. What is found is written down there as long as the folder is there to write to.
    """

    settings: TpotSettings
    table: pd.DataFrame
    labels: npt.NDArray[np.int64]
    patients: npt.NDArray[Any]
    seed: int
    directory: Path

    def piece(self) -> WorkUnit:
        """Return the whole search as one work unit: a generation needs the scores of the one before."""
        return WorkUnit(_KEY, search_piece, self, what="search")

    def run(self, *, jobs: int = 1) -> Evolved:
        """Search, or tell again what the piece of work has found.

        A search that was killed has what is left of its minutes: the time of earlier attempts counts.

        Args:
            jobs: Processes that score candidates side by side; the result does not depend on it.

        Raises:
            ModelError: Nothing can be searched, or no candidate could be scored.
        """
        folds = self._inner_folds()
        pieces = self.directory / "pieces"
        known = _scores(read_result(pieces, _KEY)) if is_kept(pieces, _KEY) else {}
        notes = self.directory / "scores.jsonl" if self.directory.is_dir() else None
        spent = self.directory / "spent.json" if notes is not None and not known else None
        with counting(spent) as earlier, self._judge(folds, 1 if known else jobs) as judge:
            return evolve(
                self.settings,
                remembering(judge, notes, key=one_line, known=known),
                seed=self.seed,
                rows=min(len(fold.y_fit) for fold in folds),
                columns=min(fold.X_fit.shape[1] for fold in folds),
                spent=earlier,
            )

    def _inner_folds(self) -> list[InnerFold]:
        """Return the inner folds, each prepared on its fitted rows.

        Raises:
            ModelError: No inner fold has both classes on both sides, or no feature is usable.
        """
        X, y = self.table.to_numpy(dtype="float64"), self.labels
        settings, name = self.settings, self.settings.name
        splits = inner_splits(y, self.patients, folds=settings.inner_folds, seed=self.seed, model=name)
        folds = []
        for fit, held in splits:
            prepare = Pipeline(settings.steps())
            with quietly():
                learn = fit_preparation(prepare, X[fit], y[fit], model=name)
                folds.append(InnerFold(learn, y[fit], np.asarray(prepare.transform(X[held])), y[held]))
        if not any(fold.both_classes for fold in folds):
            raise ModelError(
                "no inner fold of the training part has both classes on both sides",
                where=f"model '{name}'",
                remedy="make a split with fewer folds, or leave this model out",
            )
        return folds

    @contextmanager
    def _judge(self, folds: list[InnerFold], jobs: int) -> Iterator[Judge]:
        """In this process, or on Dask workers of this machine where there are several jobs."""
        minutes = self.settings.pipeline_minutes
        limits = Limits(None if minutes is None else 60 * minutes, self.settings.memory_gb)
        if jobs == 1:
            yield Serial(folds, limits)
            return
        directory = self.directory / "dask"
        with Workers.local(folds, jobs=jobs, directory=directory, limits=limits) as workers:
            yield workers


def search_piece(search: Search) -> Arrays:
    """Carry out a search; gives the pipeline, inner AUCs (NaN where there is none) and error of each candidate."""
    candidates = search.run().candidates
    n_folds = max(len(candidate.score.aucs) for candidate in candidates)
    aucs = np.full((len(candidates), n_folds), np.nan)
    for row, candidate in zip(aucs, candidates, strict=True):
        row[: len(candidate.score.aucs)] = candidate.score.aucs
    return {
        "pipeline": np.array([candidate.text for candidate in candidates]),
        "auc": aucs,
        "error": np.array([candidate.score.error for candidate in candidates]),
    }


def _scores(arrays: Arrays) -> dict[str, Score]:
    rows = zip(arrays["pipeline"], arrays["auc"], arrays["error"], strict=True)
    return {
        str(text): Score(error=str(error)) if error else Score(tuple(float(auc) for auc in aucs))
        for text, aucs, error in rows
    }
