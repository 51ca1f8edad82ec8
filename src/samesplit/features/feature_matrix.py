"""The features table turned to one row a lesion, as models want it."""

from __future__ import annotations

import pandas as pd

from samesplit.errors import SamesplitError

__all__ = ["to_wide"]


def to_wide(features: pd.DataFrame) -> pd.DataFrame:
    """Turn the long features table of one rater to one row a lesion.

    Args:
        features: FEATURES table with the rows of one rater.

    Returns:
        Index `lesion_id` (sorted), float columns `<profile>/<sequence>/<feature>` (sorted); NaN where a lesion
        lacks the sequence or the feature is not defined.

    Raises:
        SamesplitError: The table holds several raters, or a value twice.

    Example:
        >>> row = {"lesion_id": "L1", "sequence": "T2", "rater": "R1", "profile": "shape", "feature": "volume"}
        >>> to_wide(pd.DataFrame([row | {"value": 2.5}])).loc["L1", "shape/T2/volume"].item()
        2.5
    """
    raters = sorted(set(features["rater"]))
    if len(raters) > 1:
        raise SamesplitError(
            f"the features are of several raters: {', '.join(raters)}", remedy="choose the rows of one rater"
        )
    columns = features["profile"] + "/" + features["sequence"] + "/" + features["feature"]
    doubled = pd.MultiIndex.from_arrays([features["lesion_id"], columns]).duplicated()
    if doubled.any():
        first = int(doubled.argmax())
        raise SamesplitError(
            f"{int(doubled.sum())} feature values are there twice; the first: {columns.iloc[first]} of lesion "
            f"{features['lesion_id'].iloc[first]!r}"
        )
    table = pd.DataFrame({"lesion_id": features["lesion_id"], "column": columns, "value": features["value"]})
    wide = table.pivot_table(
        index="lesion_id", columns="column", values="value", aggfunc="first", dropna=False
    )
    wide = wide.sort_index().sort_index(axis=1).astype("float64")
    wide.columns.name = None
    return wide
