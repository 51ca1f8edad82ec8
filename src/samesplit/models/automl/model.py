"""The TPOT model: the best pipeline that the evolution found, fitted again on the whole training part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.automl.evaluation import InnerFold, Judge, Limits, Serial, Workers, remembering
from samesplit.models.automl.evolution import Evolved, evolve
from samesplit.models.automl.export import one_line, pipeline_code
from samesplit.models.automl.search_space import quietly
from samesplit.models.automl.settings import TpotSettings
from samesplit.models.inputs import feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.grid import inner_splits
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.storage import write_text

__all__ = ["TpotModel"]


class TpotModel(TabularModel):
    """Searches pipelines with TPOT, chooses by inner cross-validation, fits the chosen one on the training part.

    The validation part of the fold is not looked at. Preparation is fitted in each inner fold on its fitted rows.
    The kept model and its code need no TPOT.
    """

    settings: TpotSettings
    trusted = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier")

    def __init__(self, settings: TpotSettings) -> None:
        super().__init__(settings)
        self.evolved: Evolved | None = None
        self.chosen: int | None = None
        self.code = ""

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """The features of the model's profiles and sequences."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Search, then fit the best candidate that can be fitted on all training rows."""
        settings, seed = self.settings, estimator_seed(fold.seed)
        y = np.asarray(labels, dtype=np.int64)
        patients = fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy()
        folds = self._inner_folds(inputs, y, patients, seed)
        with self._judge(folds, fold) as judge:
            self.evolved = evolve(
                settings,
                remembering(judge, fold.directory / "scores.jsonl", key=one_line),
                seed=seed,
                rows=min(len(each.y_fit) for each in folds),
                columns=min(each.X_fit.shape[1] for each in folds),
            )
        return self._refit(inputs, y, fold)

    def _inner_folds(
        self, inputs: pd.DataFrame, y: npt.NDArray[np.int64], patients: npt.NDArray[Any], seed: int
    ) -> list[InnerFold]:
        """The inner folds, prepared.

        Raises:
            ModelError: No inner fold has both classes on both sides, or no feature is usable.
        """
        X = inputs.to_numpy(dtype="float64")
        name = self.settings.name
        splits = inner_splits(y, patients, folds=self.settings.inner_folds, seed=seed, model=name)
        folds = []
        for fit, held in splits:
            prepare = Pipeline(self.settings.steps())
            learn = _prepared(prepare, X[fit], y[fit], model=name)
            folds.append(InnerFold(learn, y[fit], prepare.transform(X[held]), y[held]))
        if not any(fold.both_classes for fold in folds):
            raise ModelError(
                "no inner fold of the training part has both classes on both sides",
                where=self.where,
                remedy="make a split with fewer folds, or leave this model out",
            )
        return folds

    @contextmanager
    def _judge(self, folds: list[InnerFold], fold: TrainingFold) -> Iterator[Judge]:
        """In this process, or on Dask workers of this machine where there are several jobs."""
        settings = self.settings
        seconds = None if settings.pipeline_minutes is None else 60 * settings.pipeline_minutes
        limits = Limits(seconds, settings.memory_gb)
        if fold.jobs == 1:
            yield Serial(folds, limits)
            return
        directory = fold.directory / "dask"
        with Workers.local(folds, jobs=fold.jobs, directory=directory, limits=limits) as workers:
            yield workers

    def _refit(self, inputs: pd.DataFrame, y: npt.NDArray[np.int64], fold: TrainingFold) -> Pipeline:
        """The best candidate that can be fitted on all rows.

        Raises:
            ModelError: None can.
        """
        evolved = self.evolved or Evolved()
        reason = ""
        for place in evolved.best_first():
            candidate = evolved.candidates[place]
            pipeline = Pipeline([*self.settings.steps(), *clone(candidate.pipeline).steps])
            code = pipeline_code(pipeline, about=self._about(place, fold.seed))
            try:
                with quietly():
                    fitted = pipeline.fit(inputs, y)
            except Exception as error:  # what fitted in every inner fold may fail on all rows
                reason = reason or f"{type(error).__name__}: {error}"
                continue
            self.chosen = place
            self.code = code
            return fitted
        raise ModelError(
            f"none of the pipelines that TPOT found can be fitted on the whole training part ({reason})",
            where=self.where,
        )

    def _about(self, place: int, seed: int) -> str:
        evolved = self.evolved or Evolved()
        mean = evolved.candidates[place].score.mean
        return (
            f"The pipeline of the model '{self.settings.name}', found by TPOT (seed {seed}).\n\n"
            f"Candidate {place} of {len(evolved.candidates)}; mean AUC over the inner folds {mean:.4f}. "
            "Runs without TPOT:\n"
            "`pipeline.fit(X, y).predict_proba(X_new)[:, 1]` with X a table of features, NaN where missing.\n"
        )

    def predict(self, cases: Cases) -> pd.Series[float]:
        """The probability of the positive class for each lesion of which anything is known."""
        with quietly():
            return super().predict(cases)

    def details(self) -> dict[str, pd.DataFrame]:
        """`pipelines` and `pipeline_folds` (see `Evolved`), and `search`: what was asked for and what ended it."""
        if self.evolved is None:
            return {}
        settings = self.settings
        search = {
            "space": settings.space,
            "generations": settings.generations,
            "population": settings.population,
            "inner_folds": settings.inner_folds,
            "candidates": len(self.evolved.candidates),
            "scored": len(self.evolved.best_first()),
            "stopped_by": self.evolved.stopped_by,
        }
        return {
            "pipelines": self.evolved.pipelines(self.chosen),
            "pipeline_folds": self.evolved.folds(),
            "search": pd.DataFrame([search]),
        }

    def save(self, directory: Path) -> None:
        """Keep the fitted pipeline, and its code as `pipeline.py`."""
        super().save(directory)
        write_text(directory / "pipeline.py", self.code)

    def restore(self, directory: Path, state: dict[str, Any]) -> None:
        """Take up what `save` left."""
        super().restore(directory, state)
        self.code = (directory / "pipeline.py").read_text(encoding="utf-8")


def _prepared(
    prepare: Pipeline, X: npt.NDArray[np.float64], y: npt.NDArray[np.int64], *, model: str
) -> npt.NDArray[np.float64]:
    """Fit a preparation and transform with it.

    Raises:
        ModelError: No feature is left.
    """
    try:
        with quietly():
            made = np.asarray(prepare.fit_transform(X, y), dtype="float64")
    except ValueError as error:
        if "0 feature(s)" not in str(error):
            raise
        made = np.empty((len(X), 0))
    if made.shape[1] == 0:
        raise ModelError(
            "no feature is usable: all are missing or near constant in the training part",
            where=f"model '{model}'",
            remedy="see the feature tables in the run's folder",
        )
    return made
