"""How much a feature changes from one sequence to another, for quantitative maps and phases of contrast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.tables import FEATURES

__all__ = ["relative_changes"]

_KEY = ["lesion_id", "rater", "profile", "feature"]


def relative_changes(features: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the relative change of every feature of every other sequence from a baseline sequence.

    A change is (value - baseline value) / baseline value, as enhancement ratios and T1 reductions are written
    (with the sign of the change).

    Args:
        features: FEATURES table.
        baseline: The sequence to compare with.

    Returns:
        FEATURES rows named `<feature>_change_from_<baseline>` under the other sequence; NaN where the baseline's
        value is 0 or not defined. A lesion without the baseline has no such rows.

    Example:
        >>> row = {"lesion_id": "L1", "rater": "R1", "profile": "roi-mean", "feature": "stat_mean"}
        >>> values = [row | {"sequence": "T1", "value": 1500.0}, row | {"sequence": "T1e", "value": 600.0}]
        >>> relative_changes(pd.DataFrame(values), "T1")[["sequence", "feature", "value"]].to_numpy().tolist()
        [['T1e', 'stat_mean_change_from_T1', -0.6]]
    """
    before = features[features["sequence"] == baseline].set_index(_KEY)["value"]
    after = features[features["sequence"] != baseline].join(before.rename("before"), on=_KEY, how="inner")
    start = after["before"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (after["value"].to_numpy(dtype=np.float64) - start) / start
    after["value"] = np.where(np.isfinite(change), change, np.nan)
    after["feature"] = after["feature"] + f"_change_from_{baseline}"
    return after[list(FEATURES.columns)].reset_index(drop=True)
