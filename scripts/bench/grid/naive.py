"""The grid the naive way: every selection done anew in every cell.

What is here follows the published formulas in the style that the field's scripts share: scikit-learn where it
has the selector, else a Python loop over columns as scikit-feature has it, entropies from dictionaries of counts,
nothing kept between cells. A selection that would take hours is timed on a stated part of its columns and steps
and multiplied up; `Cost.part` says which part.
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.feature_selection import chi2, f_classif
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler

Floats = npt.NDArray[np.float64]

COLUMNS = 150
"""Columns on which a greedy selection is timed."""
STEPS = 3
"""Steps of a greedy selection that are timed."""


@dataclass(frozen=True)
class Cost:
    """What one selection costs.

    Attributes:
        fixed_s: Once a selection, in seconds.
        step_s: Once more for each feature that is chosen after the first.
        part: What was timed.
    """

    fixed_s: float
    step_s: float
    part: str

    def of(self, size: int) -> float:
        """Seconds of one selection of so many features."""
        return self.fixed_s + self.step_s * (size - 1)


def costs(X: Floats, y: Any, names: Sequence[str], tell: Callable[[str], None] = print) -> dict[str, Cost]:
    """Time every selection once.

    Args:
        X: Shape (n_lesions, n_features).
        y: 0 or 1.
        names: Selectors as tables call them: the key, and in brackets settings of its own.
        tell: Called with a line after each.
    """
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            key = name.partition("[")[0]  # without what differs from its usual settings
            found[name] = _greedy(key, X, y) if key in TERMS else _whole(WHOLE[key], X, y)
            tell(f"naive {name}: {found[name].of(50):.1f} s for 50 features ({found[name].part})")
    return found


def _whole(select: Callable[[Floats, Any], Any], X: Floats, y: Any) -> Cost:
    started = time.perf_counter()
    select(X, y)
    return Cost(time.perf_counter() - started, 0.0, "whole")


def _greedy(name: str, X: Floats, y: Any) -> Cost:
    """A step looks at every column left: time is proportional to columns, and alike for every step."""
    started = time.perf_counter()
    binned = KBinsDiscretizer(
        5, encode="ordinal", strategy="quantile", quantile_method="linear"
    ).fit_transform(X)
    binning = time.perf_counter() - started
    part = [tuple(column) for column in binned[:, :COLUMNS].T.astype(int)]
    labels = tuple(int(label) for label in y)
    scale = X.shape[1] / len(part)
    started = time.perf_counter()
    relevance = [mutual_information(column, labels) for column in part]
    first = (time.perf_counter() - started) * scale
    chosen = [int(np.argmax(relevance))]
    started = time.perf_counter()
    state = np.zeros(len(part))
    for _ in range(STEPS):
        new = part[chosen[-1]]
        for place, column in enumerate(part):
            state[place] += TERMS[name](column, new, labels)
        chosen.append(int(np.argmax(np.asarray(relevance) - state)))
    step = (time.perf_counter() - started) * scale / STEPS
    return Cost(binning + first, step, f"{STEPS} steps on {len(part)} of {X.shape[1]} columns, multiplied up")


def entropy(values: Sequence[Any]) -> float:
    """Shannon's entropy of a list, in nats."""
    n = len(values)
    return -sum(count / n * math.log(count / n) for count in Counter(values).values())


def mutual_information(a: Sequence[int], b: Sequence[int]) -> float:
    """I(a; b)."""
    return entropy(a) + entropy(b) - entropy(list(zip(a, b, strict=True)))


def conditional_information(a: Sequence[int], b: Sequence[int], given: Sequence[int]) -> float:
    """I(a; b | given)."""
    both = list(zip(a, b, given, strict=True))
    first, second = list(zip(a, given, strict=True)), list(zip(b, given, strict=True))
    return entropy(first) + entropy(second) - entropy(both) - entropy(given)


def _interaction(a: Sequence[int], b: Sequence[int], y: Sequence[int]) -> float:
    return mutual_information(a, b) - conditional_information(a, b, y)


def _symmetrical(a: Sequence[int], b: Sequence[int], y: Sequence[int]) -> float:
    pair = list(zip(a, b, strict=True))
    return (entropy(pair) + entropy(y) - entropy(list(zip(pair, y, strict=True)))) / entropy(
        list(zip(pair, y, strict=True))
    )


TERMS: dict[str, Callable[[Sequence[int], Sequence[int], Sequence[int]], float]] = {
    "mifs": lambda a, b, y: mutual_information(a, b),
    "mrmr": lambda a, b, y: mutual_information(a, b),
    "cife": _interaction,
    "jmi": _interaction,
    "cmim": _interaction,
    "icap": _interaction,
    "disr": _symmetrical,
}
"""What each greedy method works out for a column and the feature that was chosen last."""


def _t_score(X: Floats, y: Any) -> Any:
    # As scikit-feature writes it out; scipy's ttest_ind takes some twenty times as long for one column.
    scores = []
    for column in range(X.shape[1]):
        first, second = X[y == 0, column], X[y == 1, column]
        error = np.sqrt(first.std() ** 2 / len(first) + second.std() ** 2 / len(second))
        scores.append(abs(first.mean() - second.mean()) / error)
    return scores


def _fisher_score(X: Floats, y: Any) -> Any:
    scores = []
    for column in range(X.shape[1]):
        values = X[:, column]
        between = sum((y == c).sum() * (values[y == c].mean() - values.mean()) ** 2 for c in (0, 1))
        scores.append(between / sum((y == c).sum() * values[y == c].var() for c in (0, 1)))
    return scores


def _wilcoxon(X: Floats, y: Any) -> Any:
    return [stats.ranksums(X[y == 1, column], X[y == 0, column]).pvalue for column in range(X.shape[1])]


def _relieff(X: Floats, y: Any, k: int = 5) -> Any:
    distances = pairwise_distances(X, metric="manhattan")
    score = np.zeros(X.shape[1])
    for row in range(len(X)):
        order = [other for other in np.argsort(distances[row]) if other != row]
        hits = [other for other in order if y[other] == y[row]][:k]
        misses = [other for other in order if y[other] != y[row]][:k]
        for near in hits:
            score -= np.abs(X[row] - X[near]) / k
        for near in misses:
            score += np.abs(X[row] - X[near]) / k
    return score


WHOLE: dict[str, Callable[[Floats, Any], Any]] = {
    "chi-squared": lambda X, y: chi2(MinMaxScaler().fit_transform(X), y),
    "anova-f": f_classif,
    "t-score": _t_score,
    "fisher-score": _fisher_score,
    "wilcoxon": _wilcoxon,
    "relieff": _relieff,
}
"""Selections that score every column at once."""
