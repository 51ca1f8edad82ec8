"""P-values of several comparisons that answer the same question."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.ordering import merge_equals

__all__ = ["holm"]


def holm(p_values: pd.Series[float]) -> pd.Series[float]:
    """Adjust p-values by Holm's method; missing ones stay missing and do not count, equal ones stay equal.

    Not statsmodels' `multipletests`, which collects garbage at every call: a second each in a large process, for
    dozens of families.

    Args:
        p_values: Any number of them, NaN for none.

    References:
        Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.

    Example:
        >>> holm(pd.Series([0.01, np.nan, 0.04])).tolist()
        [0.02, nan, 0.04]
    """
    adjusted = pd.Series(np.nan, index=p_values.index, dtype="float64")
    known = p_values.notna()
    values = merge_equals(p_values[known])
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted[known] = np.minimum(steps, 1.0)[np.argsort(order, kind="stable")]
    return adjusted
