"""The strong simple model: ridge on all features. What a search among candidates has to beat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field, field_validator
from scipy.special import expit, xlogy
from sklearn.pipeline import Pipeline

from samesplit.models.design_tables import feature_table
from samesplit.models.protocol import Cases, Needs, TrainingFold
from samesplit.models.radiomics.preparation import preparation_steps
from samesplit.models.radiomics.ridge_logistic import RidgeLogistic, fit_path
from samesplit.models.radiomics.search import inner_splits
from samesplit.models.radiomics.work_units import fit_preparation
from samesplit.models.settings import ModelSettings
from samesplit.models.tabular import TabularModel, estimator_seed
from samesplit.ordering import first_best

__all__ = ["RidgeModel", "RidgeSettings"]

_STEPS = [float(10**step) for step in np.arange(2, -4.01, -0.5)]


class RidgeSettings(ModelSettings):
    """`kind: ridge`: L2-penalised logistic regression on all features, without any selection.

    The penalty is the one with the smallest log loss in inner cross-validation, grouped by patient, inside the
    training part; imputation and standardisation are fitted inside each inner fold.
    """

    kind: Literal["ridge"] = "ridge"
    profiles: tuple[str, ...] = ("*",)
    """Feature profiles of the benchmark; `*` means all."""
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """A feature that more than this share of the training lesions lack is dropped."""
    near_constant: Annotated[float, Field(gt=0, le=1)] = 0.95
    """A feature with one value in this share of the training lesions is dropped."""
    impute: Literal["median", "mean"] = "median"
    """A missing value becomes this statistic of the training part. All features are standardised."""
    penalties: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=tuple(_STEPS), min_length=1)
    """On a standardised feature, per feature (see `RidgeLogistic`); of equally good ones the largest is taken."""
    inner_folds: int = Field(default=5, ge=2)

    @field_validator("penalties")
    @classmethod
    def _largest_first(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) < len(values):
            raise ValueError("a value is named twice")
        return tuple(sorted(values, reverse=True))

    def needs(self) -> Needs:
        """The features."""
        return Needs(profiles=self.profiles, sequences=self.sequences)

    def build(self, *, cache: Path | None = None) -> RidgeModel:
        """A fresh model."""
        return RidgeModel(self)

    def preparation(self) -> Pipeline:
        """The unfitted steps before the regression."""
        return Pipeline(
            preparation_steps(
                missing=self.missing,
                near_constant=self.near_constant,
                impute=self.impute,
                scale="standard",
                correlation=None,
            )
        )


class RidgeModel(TabularModel):
    """Chooses the penalty inside the training part, then fits all of it."""

    settings: RidgeSettings

    def __init__(self, settings: RidgeSettings) -> None:
        super().__init__(settings)
        self.penalties: pd.DataFrame | None = None

    def inputs(self, cases: Cases) -> pd.DataFrame:
        """The features."""
        return feature_table(cases, profiles=self.settings.profiles, model=self.settings.name)

    def learn(self, inputs: pd.DataFrame, labels: pd.Series[int], fold: TrainingFold) -> Pipeline:
        """Compare the penalties, then fit with the best.

        Raises:
            ModelError: A class has a single patient, or no feature is left.
        """
        y = np.asarray(labels, dtype=np.int64)
        patients = fold.training.lesions.loc[inputs.index, "patient_id"].to_numpy(dtype=object)
        losses = np.vstack([*self._losses(inputs, y, patients, estimator_seed(fold.seed))])
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
        """The log loss of each held-out lesion under each penalty, fold by fold."""
        folds, name = self.settings.inner_folds, self.settings.name
        for fit, held in inner_splits(y, patients, folds=folds, seed=seed, model=name):
            if len(np.unique(y[fit])) < 2:
                continue
            prepare = self.settings.preparation()
            X = fit_preparation(prepare, inputs.iloc[fit], y[fit], model=name)
            judged = np.asarray(prepare.transform(inputs.iloc[held]), dtype="float64")
            path = fit_path(X, y[fit], list(self.settings.penalties))
            odds = np.column_stack([judged @ coefficients + intercept for coefficients, intercept in path])
            truth = y[held][:, np.newaxis]
            yield -(xlogy(truth, expit(odds)) + xlogy(1 - truth, expit(-odds)))

    def details(self) -> dict[str, pd.DataFrame]:
        """`penalties`: penalty, inner_log_loss (mean over held-out lesions), chosen."""
        return {} if self.penalties is None else {"penalties": self.penalties}
