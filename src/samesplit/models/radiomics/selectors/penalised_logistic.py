"""A selector that ranks by the coefficients of one L1-penalised logistic regression."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from samesplit.models.radiomics.selectors.base import (
    Codes,
    RankingSelector,
    Scores,
    Shared,
    Values,
    check_count,
    copies,
)

__all__ = ["L1Logistic"]


class L1Logistic(RankingSelector, key="l1-logistic"):
    """The size of the coefficients of a logistic regression with an L1 penalty, solved by liblinear.

    Many published pipelines call this LASSO (scikit-learn's `SelectFromModel` around such a regression); `Lasso`
    is the path of the squared loss. The intercept is penalised too, as liblinear does. Only features with a
    coefficient are told apart: the others have the score 0 and follow in the order of their columns, so sizes
    beyond the number of coefficients mean nothing. C says how many there are. More than two classes get one
    regression each, against all others; a feature's score is the sum of its coefficients' sizes, as
    `SelectFromModel` has it. Of columns that are equal, or
    equal but for their sign, the first is used: liblinear gives the coefficient to any of them, or parts of it to
    several, as the order in which it visits them has it (`equal_columns: all`).

    Args:
        size: How many columns `transform` keeps; None keeps all.
        C: Weight of the log loss against the penalty, above 0; more features have a coefficient the larger it is.
        standardise: Whether columns are standardised first, so that units do not matter.
        tolerance: liblinear's stopping rule, above 0. With scikit-learn's 1e-4 the order of small coefficients
            is not settled.
        iterations: Largest number of passes.
        random_state: Seed of the order in which liblinear visits the columns.
        equal_columns: `first`: of equal columns only the first takes part; `all`: all are handed to liblinear, as
            scikit-learn's `SelectFromModel` does.

    References:
        https://www.jmlr.org/papers/v9/fan08a.html

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> L1Logistic(size=1).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "L1-penalised logistic regression"
    definition = (
        "|b| of min_(a, b) |a| + ||b||_1 + C sum log(1 + exp(-y (a + Xb))), y = -1 or 1; more than two classes: "
        "the sum over one such regression of each class against the others"
    )
    source = "https://www.jmlr.org/papers/v9/fan08a.html"

    def __init__(
        self,
        *,
        size: int | None = 10,
        C: float = 1.0,
        standardise: bool = True,
        tolerance: float = 1e-6,
        iterations: int = 2000,
        random_state: int = 0,
        equal_columns: Literal["first", "all"] = "first",
    ) -> None:
        self.size = size
        self.C = C
        self.standardise = standardise
        self.tolerance = tolerance
        self.iterations = iterations
        self.random_state = random_state
        self.equal_columns = equal_columns

    def check(self) -> None:
        """Penalty and tolerance are above 0, and there is an iteration."""
        check_count("iterations", self.iterations)
        for name in ("C", "tolerance"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
                raise ValueError(f"{name} must be a number above 0, got {value!r}")
        if self.equal_columns not in ("first", "all"):
            raise ValueError(f"equal_columns must be 'first' or 'all', got {self.equal_columns!r}")

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Compute the absolute coefficients, summed over the classes where there are more than two."""
        if self.standardise:
            spread = X.std(axis=0)
            X = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        model = LogisticRegression(
            l1_ratio=1.0,
            C=self.C,
            solver="liblinear",
            tol=self.tolerance,
            max_iter=self.iterations,
            random_state=self.random_state,
        )
        # Copies could share a coefficient in any way: the first gets it, unless liblinear is to decide.
        distinct = np.unique(copies(X)) if self.equal_columns == "first" else np.arange(X.shape[1])
        scores = np.zeros(X.shape[1])
        labels = range(int(y.max(initial=0)) + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the order is settled long before
            for label in labels if len(labels) > 2 else labels[1:]:
                model.fit(X[:, distinct], y == label)
                scores[distinct] += np.abs(model.coef_[0])
        return scores
