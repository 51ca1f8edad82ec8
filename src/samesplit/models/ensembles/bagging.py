"""The bagging classifier of Xi et al. 2020 over the outputs of other models, fitted out of fold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field
from sklearn.ensemble import BaggingClassifier

from samesplit.errors import ModelError
from samesplit.models.ensembles.fitted import FittedEnsemble, FittedEnsembleSettings, MemberPredictions
from samesplit.models.protocol import TrainingFold
from samesplit.models.tabular import estimator_seed
from samesplit.ordering import first_best, probability_at_least

__all__ = ["BaggingModel", "BaggingSettings"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class BaggingSettings(FittedEnsembleSettings):
    """`kind: bagging`: bagged decision trees on the probabilities of other models, after Xi et al. 2020.

    The study (doi 10.1158/1078-0432.CCR-19-0374) fitted 100 of them on predictions of the very lesions that the
    members had been trained on, and kept the one with the best validation accuracy. Here they are fitted on
    predictions of lesions that the members did not learn from. Defaults of trees, samples and features are those
    of its code, which is scikit-learn's `BaggingClassifier`.
    """

    kind: Literal["bagging"] = "bagging"
    trees: int = Field(default=20, ge=1)
    max_samples: Annotated[float, Field(gt=0, le=1)] = 0.1
    """The share of the lesions that each tree is grown on."""
    max_features: int = Field(default=1, ge=1)
    """How many columns (one a member, or with more than two classes one a member and class) each tree is given."""
    candidates: int = Field(default=1, ge=1)
    """So many are grown from seeds that follow each other; the one with the best accuracy at 0.5 (of the likeliest
    class) on the validation part is kept, of equals the first."""

    def build(self, *, cache: Path | None = None) -> BaggingModel:
        """Build a fresh ensemble."""
        return BaggingModel(self)


class BaggingModel(FittedEnsemble):
    """Bagged trees on the members' probabilities."""

    settings: BaggingSettings

    def __init__(self, settings: BaggingSettings) -> None:
        super().__init__(settings)
        self.fitted: BaggingClassifier | None = None
        self.candidates = pd.DataFrame()

    def learn(self, known: MemberPredictions, fold: TrainingFold) -> None:
        """Grow the candidates and keep the best on the validation part."""
        settings = self.settings
        X, y = _columns(known.probabilities), known.labels
        if int(settings.max_samples * len(X)) < 1 or settings.max_features > X.shape[1]:
            raise ModelError(
                f"{len(X)} lesions with {X.shape[1]} columns are too few for max_samples {settings.max_samples:g} "
                f"and max_features {settings.max_features}",
                where=self.where,
                remedy="raise 'max_samples' or lower 'max_features' in the model file",
            )
        if settings.candidates == 1:
            self.fitted = self._grow(X, y, fold.seed, 0)
            return
        judged = MemberPredictions(
            fold.validation, fold.validation_labels, self.members, fold.task, model=settings.name
        )
        if not len(judged) or settings.out_of_fold == "validation":
            raise ModelError(
                "one of several candidates is chosen on the validation part, which is "
                + ("what they are fitted on" if len(judged) else "empty"),
                where=self.where,
                remedy="write 'candidates: 1' in the model file, "
                + (
                    "or 'out_of_fold: inner'" if len(judged) else "or hold a validation part out in the split"
                ),
            )
        rows = _columns(judged.probabilities)
        accuracies = []
        for number in range(settings.candidates):  # grown again below: a hundred forests need not be held
            told = self._grow(X, y, fold.seed, number).predict_proba(rows)
            accuracies.append(float(np.mean(_likeliest(told) == judged.labels)))
        best = first_best(accuracies)
        self.fitted = self._grow(X, y, fold.seed, best)
        self.notes.append(f"The best of {settings.candidates} candidates on the validation part was kept")
        self.candidates = pd.DataFrame(
            {
                "candidate": np.arange(settings.candidates),
                "validation_accuracy": accuracies,
                "chosen": np.arange(settings.candidates) == best,
            }
        )

    def _grow(self, X: Floats, y: Numbers, seed: int, number: int) -> BaggingClassifier:
        settings = self.settings
        bagging = BaggingClassifier(
            n_estimators=settings.trees,
            max_samples=int(settings.max_samples * len(X)),  # a share would warn that it is few lesions
            max_features=settings.max_features,
            random_state=estimator_seed(seed + number),
        )
        return bagging.fit(X, y)

    def combine(self, probabilities: Floats) -> Floats:
        """Predict with the trees."""
        assert self.fitted is not None
        return np.asarray(self.fitted.predict_proba(_columns(probabilities)), dtype="float64")

    def details(self) -> dict[str, pd.DataFrame]:
        """`ensemble_candidates`: candidate, validation_accuracy, chosen; where there are several."""
        return super().details() | ({"ensemble_candidates": self.candidates} if len(self.candidates) else {})

    def fitted_part(self) -> object | None:
        """Return the trees."""
        return self.fitted

    def take_up(self, state: dict[str, Any], fitted: Any) -> None:
        """Take up the trees."""
        self.fitted = fitted


def _columns(probabilities: Floats) -> Floats:
    """Return one column a member, of more than two classes one a member and class."""
    if probabilities.shape[2] == 2:
        return np.asarray(probabilities[:, :, 1])
    return probabilities.reshape(len(probabilities), -1)


def _likeliest(probabilities: Floats) -> Numbers:
    """Return the likeliest class; of those that are alike the first, but of two classes the positive one."""
    if probabilities.shape[1] == 2:
        return probability_at_least(probabilities[:, 1], 0.5).astype(np.int64)
    most = probabilities.max(axis=1, keepdims=True)
    return np.asarray(probability_at_least(probabilities, most).argmax(axis=1))
