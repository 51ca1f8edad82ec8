"""Repeated measurements as models and statistics want them: one row a lesion, perturbation and repetition."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from samesplit.features.perturbation.extraction import KEY

__all__ = ["MEASUREMENT", "wide_repeats"]

MEASUREMENT = ["lesion_id", "perturbation", "repetition"]


def wide_repeats(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Set the repeated measurements of several profiles and all sequences side by side.

    Args:
        tables: `Repeats.table` by the profile's name.

    Returns:
        `lesion_id`, `perturbation`, `repetition` and float columns `<profile>/<sequence>/<feature>` as in the wide
        features table; NaN where a measurement is missing. Sorted by the three ids.

    Example:
        >>> rows = {"lesion_id": "L1", "sequence": ["T1", "T2"], "perturbation": "noise", "repetition": 0}
        >>> list(wide_repeats({"shape": pd.DataFrame(rows | {"volume": [2.0, 3.0]})}).columns[3:])
        ['shape/T1/volume', 'shape/T2/volume']
    """
    parts = []
    for profile, table in tables.items():
        for sequence, part in table.groupby("sequence", sort=True):
            features = [column for column in part.columns if column not in KEY]
            named = part.set_index(MEASUREMENT)[features]
            parts.append(named.rename(columns=lambda name: f"{profile}/{sequence}/{name}"))  # noqa: B023
    if not parts:
        return pd.DataFrame(columns=MEASUREMENT)
    wide = pd.concat(parts, axis=1).sort_index().dropna(axis=1, how="all")
    return wide[sorted(wide.columns)].reset_index()
