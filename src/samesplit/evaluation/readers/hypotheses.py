"""Hypotheses about a model and readers that were declared beforehand, tested in their order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.ordering import below

__all__ = ["hypotheses_table"]

_COLUMNS = [
    "place", "hypothesis", "model", "modality", "quantity", "margin", "alpha", "p_one_sided",
    "p_two_sided", "decision",
]  # fmt: skip


def hypotheses_table(against: pd.DataFrame, settings: ReaderSettings) -> pd.DataFrame:
    """Test the primary comparison in a fixed sequence: each hypothesis only where all before it were shown.

    No adjustment is needed, since a hypothesis is not tested unless the one before was shown. Each is one-sided at
    half of 1 - confidence, which is the same as asking where the two-sided interval lies: above the margin,
    above 0.

    Args:
        against: As `against_model` returns it.
        settings: The hypotheses in their order, and the margin.

    Returns:
        One row a hypothesis; `p_two_sided` is against the same value in both directions;
        `decision` is `shown`, `not shown` or `not tested`. Empty where nothing was
        declared or there is no primary comparison.
    """
    primary = against[against["primary"].astype(bool)]
    if primary.empty:
        return pd.DataFrame(columns=_COLUMNS)
    row = primary.iloc[0]
    alpha = (1 - settings.confidence) / 2
    going_on = True
    rows: list[dict[str, Any]] = []
    for place, hypothesis in enumerate(settings.hypotheses, start=1):
        p = row["p_superiority"] if hypothesis == "superiority" else row["p_non_inferiority"]
        shown = bool(below(p, alpha))
        rows.append(
            {
                "place": place,
                "hypothesis": hypothesis,
                "model": row["model"],
                "modality": row["modality"],
                "quantity": row["quantity"],
                "margin": row["margin"] if hypothesis == "non-inferiority" else np.nan,
                "alpha": alpha,
                "p_one_sided": p,
                "p_two_sided": row["p_value"] if hypothesis == "superiority" else 2 * min(p, 1 - p),
                "decision": ("shown" if shown else "not shown") if going_on else "not tested",
            }
        )
        going_on = going_on and shown
    return pd.DataFrame(rows, columns=_COLUMNS)
