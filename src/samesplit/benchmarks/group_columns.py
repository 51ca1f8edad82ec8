"""The columns of lesions.csv that results are grouped by: they exist, and those that are cut hold numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.lesion_table import columns_that_exist
from samesplit.benchmarks.statistics_settings import StatisticsSettings
from samesplit.errors import DeclarationError, Faults

__all__ = ["check_group_columns", "numbers_of"]


def numbers_of(values: pd.Series[Any]) -> pd.Series[float]:
    """Return a column of lesions.csv as numbers; what is none is missing.

    Args:
        values: Text or numbers.

    Example:
        >>> numbers_of(pd.Series(["12.5", None, "large"])).tolist()
        [12.5, nan, nan]
    """
    return pd.to_numeric(values, errors="coerce").astype("float64")


def check_group_columns(
    lesions: pd.DataFrame, settings: StatisticsSettings, path: Path, faults: Faults
) -> None:
    """Check the columns that `statistics.groups`, `.group_cuts`, `.mask_regression` and `.prognosis` name.

    Args:
        lesions: The lesions table.
        settings: What benchmark.yaml declares.
        path: lesions.csv, for messages.
        faults: Gathers the columns that do not exist, and those that are cut and hold no numbers.
    """
    columns_that_exist(lesions, settings.groups or (), path, needed_by="statistics.groups", faults=faults)
    asked = settings.mask_regression.columns if settings.mask_regression is not None else ()
    columns_that_exist(
        lesions,
        [column for column in asked if column != "diameter_mm"],
        path,
        needed_by="statistics.mask_regression.columns",
        faults=faults,
    )
    for prognosis in settings.prognosis:
        columns = (*prognosis.adjust, *prognosis.comparators)
        columns_that_exist(lesions, columns, path, needed_by="statistics.prognosis", faults=faults)
    cut = columns_that_exist(
        lesions, settings.group_cuts, path, needed_by="statistics.group_cuts", faults=faults
    )
    for column in cut:
        wrong = lesions[lesions[column].notna() & ~np.isfinite(numbers_of(lesions[column]))]
        if len(wrong):
            first = wrong.iloc[0]
            faults.add(
                DeclarationError(
                    f"'statistics.group_cuts' cuts the column '{column}', but lesion {first['lesion_id']!r} holds "
                    f"{first[column]!r}, which is no number",
                    where=path,
                    remedy=f"correct the column, or name '{column}' under 'statistics.groups' instead",
                )
            )
