"""A weighted mean of models' probabilities, the weights fitted on lesions that the members did not learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from samesplit.errors import ModelError
from samesplit.models.ensembles.fitted import FittedEnsemble, FittedEnsembleSettings, MemberPredictions
from samesplit.models.ensembles.members import SMALLEST
from samesplit.models.protocol import TrainingFold

__all__ = ["WeightedModel", "WeightedSettings", "fit_weights"]

Floats = npt.NDArray[np.float64]
_EVEN = 1e-4
_NOTHING = 1e-6


class WeightedSettings(FittedEnsembleSettings):
    """`kind: weighted-average`: a mean of other models' probabilities with weights that are fitted.

    The weights are at least 0, sum to 1 and minimise the log loss of the mean on predictions of lesions that the
    members did not learn from; of equally good weights the most even ones are taken. With more than two classes a
    member has one weight for all of them.
    """

    kind: Literal["weighted-average"] = "weighted-average"

    def build(self, *, cache: Path | None = None) -> WeightedModel:
        """Build a fresh ensemble."""
        return WeightedModel(self)


class WeightedModel(FittedEnsemble):
    """A linear opinion pool with fitted weights."""

    def __init__(self, settings: WeightedSettings) -> None:
        super().__init__(settings)
        self.weights: Floats = np.full(len(settings.members), 1 / len(settings.members))
        self.table = pd.DataFrame()

    def learn(self, known: MemberPredictions, fold: TrainingFold) -> None:
        """Fit the weights."""
        true = known.probabilities[np.arange(len(known)), :, known.labels]
        self.weights = fit_weights(true, model=self.settings.name)
        self.table = pd.DataFrame(
            {"member": list(self.members), "weight": self.weights, "log_loss": known.log_losses()}
        ).assign(lesions=len(known))

    def combine(self, probabilities: Floats) -> Floats:
        """Return the weighted mean."""
        return np.asarray(np.einsum("imk,m->ik", probabilities, self.weights))

    def details(self) -> dict[str, pd.DataFrame]:
        """Return `ensemble_weights`: member, weight, the member's own log loss, lesions learnt from."""
        return super().details() | ({"ensemble_weights": self.table} if len(self.table) else {})

    def plain_state(self) -> dict[str, Any]:
        """Return the weights."""
        return {"weights": self.weights.tolist()}

    def take_up(self, state: dict[str, Any], fitted: Any) -> None:
        """Take up the weights."""
        self.weights = np.asarray(state["weights"], dtype="float64")


def fit_weights(true: Floats, *, model: str = "") -> Floats:
    """Find the weights of a mean of probabilities that has the smallest log loss.

    Args:
        true: What each member gave to the class that each lesion has, shape (n_lesions, n_members).
        model: The model's name, for messages.

    Returns:
        Weights of at least 0 that sum to 1, shape (n_members,).

    Raises:
        ModelError: The search does not end.

    Example:
        >>> fit_weights(np.array([[0.9, 0.5], [0.8, 0.5]])).round(3).tolist()
        [1.0, 0.0]
        >>> fit_weights(np.array([[0.7, 0.7], [0.4, 0.4]])).round(3).tolist()
        [0.5, 0.5]
    """
    known, members = np.maximum(true, SMALLEST), true.shape[1]
    even = np.full(members, 1 / members)

    def loss(weights: Floats) -> tuple[float, Floats]:
        mean = known @ weights
        uneven = weights - even
        slope = -(known / mean[:, None]).mean(axis=0) + 2 * _EVEN * uneven
        return float(-np.log(mean).mean() + _EVEN * uneven @ uneven), slope

    found = minimize(
        loss,
        even,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * members,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    if not found.success:
        raise ModelError(f"its weights cannot be fitted: {found.message}", where=f"model '{model}'")
    weights = np.where(found.x < _NOTHING, 0.0, found.x)
    return np.asarray(weights / weights.sum())
