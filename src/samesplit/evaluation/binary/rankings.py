"""Whether other training patients would have given another ranking, as far as the fitted models show it."""

from __future__ import annotations

import itertools

import pandas as pd
from scipy import stats

from samesplit.ordering import merge_equals

__all__ = ["rank_alike"]

_ENOUGH = 30
"""Pairs of lesions that two fits put in order, all pairs of fits together.

Fits that agree on nine pairs of ten, and so are nearly alike, agree on 30 of 30 in one study of twenty; in such
models the training part is small. Two fits that share half a dozen lesions compare 15 pairs.
"""
_MOST_FITS = 20


def rank_alike(predictions: pd.DataFrame) -> bool:
    """Tell whether all fitted models of one model order the lesions that they share in the same way.

    A lesion is predicted by the model of the fold that tests it and by those that validated on it. Where all of
    them order their common lesions alike (lesion size, a fixed score, the same probability for all), the AUC does
    not depend on who was trained on, and its interval needs no part for that.

    Args:
        predictions: Of one model and rater, test and validation: seed, repeat, fold, lesion_id, probability.

    Returns:
        True only where enough was compared; False without validation predictions and repeats.

    Example:
        >>> lesions = [f"L{i:02d}" for i in range(40)]
        >>> parts = [pd.DataFrame({"seed": 0, "repeat": 0, "fold": fold, "lesion_id": lesions,
        ...                        "probability": [0.1 * fold + i / 100 for i in range(40)]}) for fold in (0, 1)]
        >>> rank_alike(pd.concat(parts))
        True
    """
    fits = [
        (key[1:], part.set_index("lesion_id")["probability"])  # repeat and fold say who was trained on
        for key, part in predictions.groupby(["seed", "repeat", "fold"], sort=True)
    ]
    compared = 0
    for (trained, first), (others, second) in itertools.combinations(fits[:_MOST_FITS], 2):
        both = first.index.intersection(second.index)
        if len(both) < 2:
            continue
        ranks = [stats.rankdata(merge_equals(fit.loc[both])) for fit in (first, second)]
        if (ranks[0] != ranks[1]).any():
            return False
        if trained != others:  # another seed alone has the same training patients
            compared += len(both) * (len(both) - 1) // 2
    return compared >= _ENOUGH
