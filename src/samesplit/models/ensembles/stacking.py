"""Stacking: a ridge logistic regression on what the members say of lesions that they did not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.ensembles.fitted import FittedEnsemble, FittedEnsembleSettings, MemberPredictions
from samesplit.models.ensembles.members import log_scores
from samesplit.models.penalties import Penalties
from samesplit.models.protocol import TrainingFold
from samesplit.models.radiomics.ridge_logistic import RidgeLogistic
from samesplit.models.radiomics.search import inner_splits
from samesplit.models.tabular import estimator_seed, linear_terms
from samesplit.models.task_classes import class_names
from samesplit.ordering import first_best

__all__ = ["StackingModel", "StackingSettings"]

Floats = npt.NDArray[np.float64]
_PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.001)


class StackingSettings(FittedEnsembleSettings):
    """`kind: stacking`: a ridge logistic regression on the log odds of other models.

    It is fitted on predictions of lesions that the members did not learn from (Wolpert 1992,
    doi 10.1016/S0893-6080(05)80023-1). The log odds are standardised; the penalty is the one with the smallest log
    loss in a cross-validation of these predictions, grouped by patient. With more than two classes the regression
    is multinomial, on the logarithms of all probabilities.
    """

    kind: Literal["stacking"] = "stacking"
    penalties: Penalties = _PENALTIES
    """Per standardised column (see `RidgeLogistic`); of equally good ones the largest is taken."""

    def build(self, *, cache: Path | None = None) -> StackingModel:
        """Build a fresh ensemble."""
        return StackingModel(self)


class StackingModel(FittedEnsemble):
    """A ridge logistic regression on the members' log odds."""

    settings: StackingSettings

    def __init__(self, settings: StackingSettings) -> None:
        super().__init__(settings)
        self.fitted: Pipeline | None = None
        self.tables: dict[str, pd.DataFrame] = {}

    def learn(self, known: MemberPredictions, fold: TrainingFold) -> None:
        """Choose the penalty, then fit to all lesions that are learnt from."""
        X, y, penalties = log_scores(known.probabilities), known.labels, self.settings.penalties
        best, losses = 0, np.full(len(penalties), np.nan)
        if len(penalties) > 1:
            losses = self._losses(X, known, estimator_seed(fold.seed))
            best = first_best(losses, largest=False)
        self.fitted = _regression(penalties[best]).fit(X, y)
        names, coefficients = class_names(fold.task), self.fitted[-1].coef_
        terms = list(self.members)
        if len(names) > 2:
            terms = [f"{member}: {name}" for member in self.members for name in names]
        self.tables = {
            "stacking_terms": linear_terms(terms, np.atleast_2d(coefficients), names),
            "stacking_penalties": pd.DataFrame(
                {
                    "penalty": penalties,
                    "inner_log_loss": losses,
                    "chosen": np.arange(len(penalties)) == best,
                }
            ),
        }

    def _losses(self, X: Floats, known: MemberPredictions, seed: int) -> Floats:
        """Return the log loss of each penalty over all held-out lesions."""
        y, classes = known.labels, np.unique(known.labels)
        penalties = self.settings.penalties
        cut = inner_splits(
            y, known.patients, folds=self.settings.inner_folds, seed=seed, model=self.settings.name
        )
        usable = [(fit, held) for fit, held in cut if len(np.unique(y[fit])) == len(classes)]
        if not usable:
            raise ModelError(
                "no part of the lesions that it learns from has all classes, so no penalty can be chosen",
                where=self.where,
                remedy="name a single penalty under 'penalties' in the model file",
            )
        held_out = np.concatenate([held for _, held in usable])
        found = []
        for penalty in penalties:
            told = [_regression(penalty).fit(X[fit], y[fit]).predict_proba(X[held]) for fit, held in usable]
            found.append(log_loss(y[held_out], np.vstack(told), labels=classes))
        return np.asarray(found)

    def combine(self, probabilities: Floats) -> Floats:
        """Predict with the regression."""
        assert self.fitted is not None
        return np.asarray(self.fitted.predict_proba(log_scores(probabilities)), dtype="float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """`stacking_terms` (coefficient per SD of a member's log odds) and `stacking_penalties`."""
        return super().details() | self.tables

    def fitted_part(self) -> object | None:
        """Return the scaler and the regression."""
        return self.fitted

    def take_up(self, state: dict[str, Any], fitted: Any) -> None:
        """Take up the scaler and the regression."""
        self.fitted = fitted


def _regression(penalty: float) -> Pipeline:
    return make_pipeline(StandardScaler(), RidgeLogistic(penalty=penalty))
