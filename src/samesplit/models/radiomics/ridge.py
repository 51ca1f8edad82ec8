"""The strong simple model: ridge on all features. What a search among candidates has to beat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from scipy.special import expit, log_softmax, xlogy
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.models.design_tables import feature_table
from samesplit.models.penalties import Penalties
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.feature_settings import FeatureSettings
from samesplit.models.radiomics.ridge_logistic import RidgeLogistic, fit_path
from samesplit.models.radiomics.search import inner_splits
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.ordering import first_best
from samesplit.tasks import TaskKind

__all__ = ["RidgeModel", "RidgeSettings"]

_STEPS = [float(10**step) for step in np.arange(2, -4.01, -0.5)]


class RidgeSettings(FeatureSettings):
    """`kind: ridge`: L2-penalised logistic regression on all features, without any selection.

    The penalty is the one with the smallest log loss in inner cross-validation, grouped by patient, inside the
    training part; imputation and standardisation are fitted inside each inner fold. Of more than two classes the
    regression is multinomial.
    """

    tasks: ClassVar[frozenset[TaskKind]] = frozenset({"binary", "multiclass"})
    kind: Literal["ridge"] = "ridge"
    penalties: Penalties = tuple(_STEPS)
    """On a standardised feature, per feature (see `RidgeLogistic`); of equally good ones the largest is taken."""
    inner_folds: int = Field(default=5, ge=2)

    def build(self, *, cache: Path | None = None) -> RidgeModel:
        """Build a fresh model."""
        return RidgeModel(self)


class RidgeModel(TabularModel):
    """Chooses the penalty inside the training part, then fits all of it."""

    settings: RidgeSettings

    def __init__(self, settings: RidgeSettings) -> None:
        super().__init__(settings)
        self.penalties: pd.DataFrame | None = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """Return the features."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Compare the penalties, then fit with the best.

        Raises:
            ModelError: A class has a single patient, no inner fold has all classes to fit on, or no feature is
                left.
        """
        y = np.asarray(labels, dtype=np.int64)
        patients = fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy(dtype=object)
        found = [*self._losses(inputs, y, patients, estimator_seed(fold.seed))]
        if not found:
            raise ModelError(
                "no inner fold of the training part has all classes to fit on, so no penalty can be chosen",
                where=self.where,
                remedy="make a split with fewer folds, or leave this model out",
            )
        losses = np.vstack(found)
        # Each held-out lesion counts once, whatever the sizes of the inner folds.
        mean = losses.mean(axis=0)
        best = first_best(mean, largest=False)
        chosen = np.arange(len(mean)) == best
        self.penalties = pd.DataFrame(
            {"penalty": self.settings.penalties, "inner_log_loss": mean, "chosen": chosen}
        )
        prepare = self.settings.preparation()
        X = fit_preparation(prepare, inputs, y, model=self.settings.name)
        return Pipeline(
            [*prepare.steps, ("ridge", RidgeLogistic(penalty=self.settings.penalties[best]).fit(X, y))]
        )

    def _losses(
        self, inputs: pd.DataFrame, y: npt.NDArray[np.int64], patients: npt.NDArray[Any], seed: int
    ) -> Iterator[npt.NDArray[np.float64]]:
        """Return the log loss of each held-out lesion under each penalty, fold by fold."""
        folds, name, classes = self.settings.inner_folds, self.settings.name, len(np.unique(y))
        for fit, held in inner_splits(y, patients, folds=folds, seed=seed, model=name):
            if len(np.unique(y[fit])) < classes:
                continue
            prepare = self.settings.preparation()
            X = fit_preparation(prepare, inputs.iloc[fit], y[fit], model=name)
            judged = np.asarray(prepare.transform(inputs.iloc[held]), dtype="float64")
            path = fit_path(X, y[fit], list(self.settings.penalties))
            if classes > 2:
                scores = [judged @ coefficients.T + intercept for coefficients, intercept in path]
                rows = np.arange(len(held))
                yield np.column_stack([-log_softmax(each, axis=1)[rows, y[held]] for each in scores])
                continue
            odds = np.column_stack([judged @ coefficients + intercept for coefficients, intercept in path])
            truth = y[held][:, np.newaxis]
            yield -(xlogy(truth, expit(odds)) + xlogy(1 - truth, expit(-odds)))

    def details(self) -> dict[str, pd.DataFrame]:
        """`penalties`: penalty, inner_log_loss (mean over held-out lesions), chosen."""
        return {} if self.penalties is None else {"penalties": self.penalties}
