"""Relative changes between sequences, measurement by measurement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.features.perturbation.extraction import KEY

__all__ = ["with_changes"]

_MEASUREMENT = [column for column in KEY if column != "sequence"]


def with_changes(table: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Add the relative change of every feature from a baseline sequence, as the features table has it.

    A change is taken between measurements of the same perturbation and repetition.

    Args:
        table: `Repeats.table`.
        baseline: The sequence to compare with.

    Returns:
        The table with columns `<feature>_change_from_<baseline>`, NaN for the baseline itself and where its value
        is 0 or missing; see `samesplit.features.changes.relative_changes`.

    Example:
        >>> rows = {"lesion_id": "L1", "sequence": ["T1", "T1e"], "perturbation": "noise", "repetition": 0}
        >>> changed = with_changes(pd.DataFrame(rows | {"mean": [1500.0, 600.0]}), "T1")
        >>> changed["mean_change_from_T1"].tolist()
        [nan, -0.6]
    """
    features = [column for column in table.columns if column not in KEY]
    before = table[table["sequence"] == baseline].set_index(_MEASUREMENT)[features]
    start = before.reindex(pd.MultiIndex.from_frame(table[_MEASUREMENT])).to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (table[features].to_numpy(dtype=np.float64) - start) / start
    change[~np.isfinite(change) | (table["sequence"] == baseline).to_numpy()[:, np.newaxis]] = np.nan
    names = [f"{name}_change_from_{baseline}" for name in features]
    return pd.concat([table, pd.DataFrame(change, columns=names, index=table.index)], axis=1)
