"""The TPOT model: the best pipeline that the evolution found, fitted again on the whole training part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from samesplit.errors import ModelError
from samesplit.execution.work_units import WorkUnit
from samesplit.models.automl.evolution import Evolved
from samesplit.models.automl.export import pipeline_code
from samesplit.models.automl.search import Search
from samesplit.models.automl.search_space import quietly
from samesplit.models.automl.settings import TpotSettings
from samesplit.models.design_tables import feature_table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.storage import write_text

__all__ = ["TpotModel"]


class TpotModel(TabularModel):
    """Searches pipelines with TPOT, chooses by inner cross-validation, fits the chosen one on the training part.

    The validation part of the fold is not looked at. Preparation is fitted in each inner fold on its fitted rows.
    The kept model and its code need no TPOT.
    """

    settings: TpotSettings
    trusted = (
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "numpy.max",
        "numpy.mean",
        "numpy.median",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.metrics._dist_metrics.",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.",
    )
    """What the steps of TPOT's templates hold."""

    def __init__(self, settings: TpotSettings) -> None:
        super().__init__(settings)
        self.evolved = Evolved()
        self.chosen: int | None = None
        self.code = ""

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the features of the model's profiles and sequences."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def work_unit_stages(self, fold: TrainingFold) -> Sequence[Sequence[WorkUnit]]:
        """Return the search as one piece of work, which a run may have done elsewhere."""
        inputs, labels = self.known(fold)
        return [[self._search(inputs, labels, fold).piece()]]

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Search, then fit the best candidate that can be fitted on all training rows."""
        search = self._search(inputs, labels, fold)
        self.evolved = search.run(jobs=fold.jobs)
        with threadpool_limits(1), quietly():  # the number of threads decides the last digits
            return self._refit(inputs, search.labels, search.seed)

    def _search(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Search:
        return Search(
            settings=self.settings,
            table=inputs,
            labels=np.asarray(labels, dtype=np.int64),
            patients=fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy(dtype=object),
            seed=estimator_seed(fold.seed),
            directory=fold.directory,
        )

    def _refit(self, inputs: pd.DataFrame, y: npt.NDArray[np.int64], seed: int) -> Pipeline:
        """Return the best candidate that can be fitted on all rows.

        Raises:
            ModelError: None can.
        """
        reason = ""
        for place in self.evolved.best_first():
            steps = clone(self.evolved.candidates[place].pipeline).steps
            pipeline = Pipeline([*self.settings.steps(), *steps])
            code = pipeline_code(pipeline, about=self._about(place, seed))
            try:
                fitted = pipeline.fit(inputs, y)
            except Exception as error:  # what was fitted in every inner fold may still fail on all rows
                reason = reason or f"{type(error).__name__}: {error}"
                continue
            self.chosen, self.code = place, code
            return fitted
        raise ModelError(
            f"none of the pipelines that TPOT found can be fitted on the whole training part ({reason})",
            where=self.where,
        )

    def _about(self, place: int, seed: int) -> str:
        candidates = self.evolved.candidates
        return (
            f"The pipeline of the model '{self.settings.name}', found by TPOT with seed {seed}.\n\n"
            f"Candidate {place} (the first is 0) of {len(candidates)}; mean AUC over the inner folds "
            f"{candidates[place].score.mean:.4f}. It runs without TPOT:\n"
            "`pipeline.fit(X, y).predict_proba(X_new)[:, 1]`, X being a table of features, NaN where missing.\n"
        )

    def predict(self, cases: Cases) -> pd.DataFrame:
        """Predict the probability of the positive class for each lesion of which anything is known."""
        with quietly():
            return super().predict(cases)

    def details(self) -> dict[str, pd.DataFrame]:
        """Tell what the search found; a model that was loaded has its code only.

        `pipelines` has one row a candidate, `pipeline_folds` one a candidate and inner fold (see `Evolved`),
        `search` one: what was asked for, how many candidates there were, and what ended it.
        """
        if not self.evolved.candidates:
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
