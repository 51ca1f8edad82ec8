"""Selectors that rank by a fitted model."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

from samesplit.models.radiomics.selectors.base import Codes, RankingSelector, Scores, Shared, Values

__all__ = ["Lasso"]


class Lasso(RankingSelector, key="lasso"):
    """The order in which features enter the LASSO path of the 0/1 label (Tibshirani 1996).

    Columns are standardised, the label is centred, and the penalty falls on a geometric grid from the value
    at which the first feature enters. Features are ranked by the penalty at which they first have a
    coefficient; of those that enter at the same step the larger coefficient comes first. The path ends when
    `enough` features have entered. The others follow by their absolute correlation with what the path
    leaves unexplained. `scores_` is 1 for the best and 1 / n_features for the last.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        penalties: Number of penalties on the path.
        smallest: The last penalty as a share of the first.
        enough: The path ends early at the first ten penalties after which so many features have entered.

    References:
        https://doi.org/10.1111/j.2517-6161.1996.tb02080.x
    """

    title = "LASSO"
    definition = (
        "order of entry into the path of min_b ||y - Zb||^2 / (2n) + a ||b||_1 as the penalty a falls"
    )
    source = "https://doi.org/10.1111/j.2517-6161.1996.tb02080.x"

    def __init__(
        self, *, size: int | None = 10, penalties: int = 100, smallest: float = 0.01, enough: int = 150
    ) -> None:
        self.size = size
        self.penalties = penalties
        self.smallest = smallest
        self.enough = enough

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """A score whose order is the order of entry."""
        spread = X.std(axis=0)
        usable = spread > 1e-12 * np.maximum(1.0, np.abs(X).max(axis=0))
        Z = np.asfortranarray((X - X.mean(axis=0)) / np.where(usable, spread, 1.0) * usable)
        target = y - y.mean()
        step, entry, left = self._path(Z, target)
        order = np.lexsort((-np.where(step < self.penalties, entry, left), step))
        scores = np.empty(len(step))
        scores[order] = np.arange(len(step), 0, -1) / len(step)
        return np.where(usable, scores, np.nan)

    def _path(self, Z: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> tuple[Any, Any, Any]:
        """Per column: step of entry (`penalties` if never), coefficient there, correlation left at the end."""
        n, p = Z.shape
        step, entry, coefficients = np.full(p, self.penalties), np.zeros(p), np.zeros(p)
        first = np.abs(Z.T @ target).max() / n
        penalties = np.geomspace(first, first * self.smallest, self.penalties) if first > 0 else np.empty(0)
        for start in range(0, len(penalties), 10):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the order is settled long before
                _, path, _ = lasso_path(
                    Z, target, alphas=penalties[start : start + 10], coef_init=coefficients
                )
            active = path != 0
            new = (step == self.penalties) & active.any(axis=1)
            at = active[new].argmax(axis=1)
            step[new], entry[new] = start + at, np.abs(path[new][np.arange(len(at)), at])
            coefficients = np.ascontiguousarray(path[:, -1])
            if (step < self.penalties).sum() >= self.enough:
                break
        return step, entry, np.abs(Z.T @ (target - Z @ coefficients)) / n
