"""Selection stability (Nogueira) and AUC variability over inner folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from samesplit.statistics.selection_stability import nogueira, relative_standard_deviation

__all__ = ["classifier_spread", "selector_stability"]


def selector_stability(
    rankings: pd.DataFrame, *, number: str, sizes: Sequence[int], features: int
) -> pd.DataFrame:
    """Nogueira's stability of every selector at every size.

    Args:
        rankings: `selector`, `rank` (1 is best), `feature`, and the column that numbers the training parts.
        number: That column: `inner_fold` or `draw`.
        sizes: How many features; sizes beyond the ranking are cut to it.
        features: How many features there were to choose from.

    Returns:
        selector, size, over (what numbers the parts), parts, stability, ci_low, ci_high: NaN where it is not
        defined, as where everything is chosen.

    Example:
        >>> table = pd.DataFrame({"inner_fold": [0, 0, 1, 1], "selector": "lasso", "rank": [1, 2, 1, 2],
        ...                       "feature": ["a", "b", "a", "c"]})
        >>> selector_stability(table, number="inner_fold", sizes=[2], features=4)["stability"].tolist()
        [0.0]
    """
    rows = []
    parts = np.sort(rankings[number].unique())
    for selector, own in rankings.groupby("selector", sort=False, observed=True):
        features_here, codes = np.unique(own["feature"].astype(str).to_numpy(), return_inverse=True)
        place = np.searchsorted(parts, own[number].to_numpy())
        ranks = own["rank"].to_numpy()
        for size in sizes:
            chosen = np.zeros((len(parts), max(features, len(features_here))), dtype=np.bool_)
            taken = ranks <= size
            chosen[place[taken], codes[taken]] = True
            found = nogueira(chosen)
            rows.append(
                (str(selector), size, number, len(parts), found.estimate, found.ci_low, found.ci_high)
            )
    names = ["selector", "size", "over", "parts", "stability", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


def classifier_spread(scores: pd.DataFrame, *, number: str) -> pd.DataFrame:
    """Return the relative standard deviation of every classifier's AUC over training parts.

    Args:
        scores: `selector`, `classifier`, `size`, `auc`, and the column that numbers the training parts.
        number: That column.

    Returns:
        classifier, size, over, parts, relative_sd (percent; the median over the selectors), mean_auc.

    Example:
        >>> table = pd.DataFrame({"draw": [0, 1], "selector": "lasso", "classifier": "lda", "size": 5,
        ...                       "auc": [0.7, 0.8]})
        >>> classifier_spread(table, number="draw")["relative_sd"].round(2).tolist()
        [9.43]
    """
    cells = scores.groupby(["classifier", "size", "selector"], sort=False, observed=True)["auc"]
    each = cells.agg(relative_sd=relative_standard_deviation, mean_auc="mean").reset_index()
    found = each.groupby(["classifier", "size"], sort=False, as_index=False)[["relative_sd", "mean_auc"]]
    table = found.agg({"relative_sd": "median", "mean_auc": "mean"})
    table.insert(2, "over", number)
    table.insert(3, "parts", int(scores[number].nunique()))
    return table
