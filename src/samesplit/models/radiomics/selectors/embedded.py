"""Selectors that rank by a fitted model: penalised regression paths and random forests with shadow features."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from boruta import BorutaPy
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from samesplit.models.radiomics.selectors.base import (
    Codes,
    RankingSelector,
    Scores,
    Shared,
    Values,
    check_count,
    check_share,
    copies,
    scores_of_order,
)
from samesplit.models.radiomics.selectors.univariate import mean_ranks
from samesplit.ordering import RELATIVE, merge_equals

__all__ = ["Boruta", "ElasticNet", "Lasso"]


class _Path(RankingSelector):
    """The order in which features enter a path of falling penalties."""

    penalties: int
    smallest: float
    enough: int

    def _l1_share(self) -> float:
        return 1.0

    def check(self) -> None:
        """Check that counts are counts and shares are shares."""
        check_count("penalties", self.penalties)
        check_count("enough", self.enough)
        check_share("smallest", self.smallest)

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Give a score whose order is the order of entry."""
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        first = copies(Z)
        distinct, original = np.unique(first, return_inverse=True)
        step, entry, left = self._path(np.asfortranarray(Z[:, distinct]), _targets(y))
        # Which of a column and its copies the path takes is an accident: the first may enter, and no other.
        entered = (step < self.penalties)[original] & (first == np.arange(len(first)))
        second = np.where(entered, entry[original], left[original])
        step = np.where(entered, step[original], self.penalties)
        return scores_of_order(np.lexsort((-merge_equals(second, scale=1.0), step)))

    def _path(self, Z: Values, target: Scores) -> tuple[Any, Any, Any]:
        """Per column: step of entry (`penalties` if never), correlation left before it and at the end."""
        n, p = Z.shape
        share = self._l1_share()
        step, entry = np.full(p, self.penalties), np.zeros(p)
        coefficients = np.zeros((p, *target.shape[1:]))
        left = _sizes(Z.T @ target) / n
        before = first = left.max() / share
        penalties = np.geomspace(first, first * self.smallest, self.penalties) if first > 0 else np.empty(0)
        for number, penalty in enumerate(penalties):
            # Strong rule (doi:10.1111/j.1467-9868.2011.01004.x): columns below it hardly ever enter here, and
            # those that do are found out by the correlation that is left, and taken in.
            inside = (left >= share * (2 * penalty - before)) | (_sizes(coefficients) != 0)
            missed, at_start = inside, left
            while missed.any():
                coefficients = _fitted(Z, target, inside, coefficients, penalty, share)
                left = _sizes(Z.T @ (target - Z[:, inside] @ coefficients[inside])) / n
                missed = ~inside & (left > share * penalty * (1 + 1e-6))
                inside = inside | missed
            new = (step == self.penalties) & (_sizes(coefficients) > RELATIVE)
            step[new], entry[new] = number, at_start[new]
            before = penalty
            if (step < self.penalties).sum() >= self.enough:
                break
        return step, entry, left


def _fitted(
    Z: Values, target: Scores, inside: npt.NDArray[np.bool_], start: Scores, penalty: float, l1_share: float
) -> Scores:
    """Fit the coefficients at a penalty when only some columns may have one, from those of the one before."""
    begin = np.asfortranarray(start[inside].T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the order is settled long before
        _, path, _ = enet_path(Z[:, inside], target, l1_ratio=l1_share, alphas=[penalty], coef_init=begin)
    coefficients = np.zeros(start.shape)
    coefficients[inside] = path[..., 0].T
    return coefficients


def _targets(y: Codes) -> Scores:
    """Make what the path explains: the centred 0/1 label, shape (n,); of K > 2 classes one each, shape (n, K)."""
    classes = int(y.max(initial=0)) + 1
    labels = y if classes == 2 else np.eye(classes)[y]
    return np.asfortranarray(labels - labels.mean(axis=0))


def _sizes(values: Values) -> Scores:
    """How large what stands for each column is: a number's absolute value, or the length of several."""
    return np.abs(values) if values.ndim == 1 else np.sqrt((values**2).sum(axis=1))


class Lasso(_Path, key="lasso"):
    """The order in which features enter the LASSO path of the 0/1 label (Tibshirani 1996).

    More than two classes have one 0/1 label each, explained together with one penalty for all coefficients of a
    feature (the group LASSO of Yuan and Lin 2006), so that a feature enters for all classes at once; for two
    classes that is the same path.

    Columns are standardised, the label is centred, and the penalty falls on a geometric grid from the value
    at which the first feature enters. Features are ranked by the penalty at which they first have a
    coefficient; of those that enter at the same step the one comes first that correlates more with what was
    unexplained before. Of columns that differ in their units alone only the first takes part. The path ends when
    `enough` features have entered. The others follow by their absolute correlation with what the path leaves
    unexplained. `scores_` is 1 for the best and 1 / n_features for the last.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        penalties: Number of penalties on the path.
        smallest: The last penalty as a share of the first.
        enough: The path ends at the first penalty at which so many features have entered.

    References:
        https://doi.org/10.1111/j.2517-6161.1996.tb02080.x
        https://doi.org/10.1111/j.1467-9868.2005.00532.x

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> Lasso(size=1).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "LASSO"
    definition = (
        "order of entry into the path of min_b ||y - Zb||^2 / (2n) + a ||b||_1 as the penalty a falls; more than "
        "two classes: y and b with a column for each, and the sum over features of the lengths of b's rows"
    )
    source = "https://doi.org/10.1111/j.2517-6161.1996.tb02080.x"

    def __init__(
        self, *, size: int | None = 10, penalties: int = 100, smallest: float = 0.01, enough: int = 150
    ) -> None:
        self.size = size
        self.penalties = penalties
        self.smallest = smallest
        self.enough = enough


class ElasticNet(_Path, key="elastic-net"):
    """The order in which features enter the elastic-net path of the 0/1 label (Zou and Hastie 2005).

    As `Lasso`, also with more than two classes, and with a penalty that is part L1 and part L2: correlated
    features enter together.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        l1_share: The share of L1 in the penalty, in (0, 1]; 1 is the LASSO.
        penalties: Number of penalties on the path.
        smallest: The last penalty as a share of the first.
        enough: The path ends at the first penalty at which so many features have entered.

    References:
        https://doi.org/10.1111/j.1467-9868.2005.00503.x

    Example:
        >>> X = np.array([[0.0, 5.0], [1.0, 0.0], [10.0, 4.0], [11.0, 1.0]])
        >>> ElasticNet(size=1, l1_share=0.5).fit(X, [0, 0, 1, 1]).ranking_
        array([0, 1])
    """

    title = "Elastic net"
    definition = (
        "order of entry into the path of min_b ||y - Zb||^2 / (2n) + a (s ||b||_1 + (1 - s)/2 ||b||^2)"
    )
    source = "https://doi.org/10.1111/j.1467-9868.2005.00503.x"

    def __init__(
        self,
        *,
        size: int | None = 10,
        l1_share: float = 0.5,
        penalties: int = 100,
        smallest: float = 0.01,
        enough: int = 150,
    ) -> None:
        self.size = size
        self.l1_share = l1_share
        self.penalties = penalties
        self.smallest = smallest
        self.enough = enough

    def _l1_share(self) -> float:
        return self.l1_share

    def check(self) -> None:
        """Check that counts are counts and shares are shares."""
        super().check()
        check_share("l1_share", self.l1_share)


class Boruta(RankingSelector, key="boruta"):
    """Boruta: which features matter more to a random forest than shuffled copies of features do?

    In each round a forest is grown on the features and their shuffled copies (shadows). A feature that beats
    the best shadow scores a hit; by a binomial test on its hits it is confirmed or rejected, with correction
    for the number of features (Benjamini-Hochberg) and of rounds (Bonferroni), as the package `boruta` does.
    Ranked first are the confirmed ones by their mean importance, then by theirs the undecided ones whose
    median importance is above that of the best shadow, then all others by their median rank over the rounds.
    The forest sees the ranks of the values, so that units do not matter. `scores_` is 1 for the best and
    1 / n_features for the last.

    Args:
        size: How many columns `transform` keeps; None keeps all.
        trees: Trees of a forest.
        depth: Largest depth of a tree.
        rounds: Largest number of rounds; fewer when all features are decided.
        alpha: Level of the tests.
        random_state: Seed of the forests and the shuffling.

    References:
        https://doi.org/10.18637/jss.v036.i11

    Example:
        >>> y = np.arange(40) % 2
        >>> X = np.random.default_rng(0).normal(size=(40, 3)) + 4 * np.outer(y, [0, 0, 1])
        >>> Boruta(size=1, trees=10, rounds=10).fit(X, y).get_support()
        array([False, False,  True])
    """

    title = "Boruta"
    definition = (
        "hits of the forest importance above that of the best shuffled copy; confirmed, tentative, others"
    )
    source = "https://doi.org/10.18637/jss.v036.i11"

    def __init__(
        self,
        *,
        size: int | None = 10,
        trees: int = 100,
        depth: int = 5,
        rounds: int = 40,
        alpha: float = 0.05,
        random_state: int = 0,
    ) -> None:
        self.size = size
        self.trees = trees
        self.depth = depth
        self.rounds = rounds
        self.alpha = alpha
        self.random_state = random_state

    def check(self) -> None:
        """Check that counts are counts and shares are shares."""
        for name in ("trees", "depth", "rounds"):
            check_count(name, getattr(self, name))
        check_share("alpha", self.alpha)

    def score(self, X: Values, y: Codes, *, shared: Shared) -> Scores:
        """Give a score whose order is confirmed, tentative, others."""
        forest = RandomForestClassifier(max_depth=self.depth, n_jobs=1)
        boruta = BorutaPy(
            forest,
            n_estimators=self.trees,
            max_iter=self.rounds + 1,  # the package stops one short
            alpha=self.alpha,
            random_state=self.random_state,
        )
        boruta.fit(mean_ranks(X, shared).astype("float32"), y)
        # The package ranks all confirmed ones 1 and all tentative ones 2; their history has no gaps.
        importance = np.nan_to_num(boruta.importance_history_[1:]).mean(axis=0)
        within = np.where(boruta.ranking_ <= 2, -merge_equals(importance), 0.0)
        return scores_of_order(np.lexsort((within, boruta.ranking_)))
