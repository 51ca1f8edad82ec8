"""Variables as terms of a regression: numbers per SD or per unit, categories against a reference."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype

from samesplit.ordering import merge_equals

__all__ = ["DesignMatrix"]


class DesignMatrix:
    """How the columns of a table become terms, settled on the training part.

    A number becomes (value - centre) / scale: per SD, or per unit. A number with two values in the training
    part is 0 at the lower and 1 at the higher one, whatever the scale of the others. A category becomes one
    term for each level but the first in alphabetical order, which is the reference; a level that the training
    part lacks counts as the reference. A missing number becomes the median or mean of the training part,
    a missing category its commonest level (of equally common ones the first).

    Args:
        table: The training part, NaN where missing; numbers or text.
        per: What the odds ratio of a number stands for.
        impute: What a missing number becomes.

    Attributes:
        table: One row a term, in the order of the columns of `matrix`: variable, term, unit (what the odds
            ratio compares), centre, scale (NaN for categories).
        unusable: Why a variable has no term, by its name.

    Example:
        >>> table = pd.DataFrame({"age": [50.0, 60.0, np.nan], "sex": ["male", "female", "male"]})
        >>> terms = DesignMatrix(table, per="unit")
        >>> terms.table[["term", "unit"]].values.tolist()
        [['age', '60 against 50'], ['sex=male', 'male against female']]
        >>> terms.matrix(table).tolist()
        [[0.0, 1.0], [1.0, 0.0], [0.5, 1.0]]
    """

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        per: Literal["sd", "unit"] = "sd",
        impute: Literal["median", "mean"] = "median",
    ) -> None:
        self.fills: dict[str, Any] = {}
        self.unusable: dict[str, str] = {}
        rows: list[dict[str, Any]] = []
        self.levels: list[str | None] = []
        for name in map(str, table.columns):
            known = table[name].dropna()
            if is_numeric_dtype(known) and len(known):
                values = known.to_numpy(dtype="float64")
                merged = merge_equals(values, scale=float(np.abs(values).max()))
                known = pd.Series(merged, index=known.index)
            if known.nunique() < 2:
                self.unusable[name] = "no value" if known.empty else "one value only"
            elif is_numeric_dtype(table[name]):
                self.fills[name] = float(known.median() if impute == "median" else known.mean())
                rows.append(_number(name, known.astype("float64"), per))
                self.levels.append(None)
            else:
                levels = sorted(map(str, known.unique()))
                counts = known.astype(str).value_counts()
                self.fills[name] = min(levels, key=lambda level: (-int(counts[level]), level))
                rows += [_level(name, level, levels[0]) for level in levels[1:]]
                self.levels += levels[1:]
        self.rows = rows
        self.places: dict[str, list[int]] = {}
        for column, row in enumerate(rows):
            self.places.setdefault(row["variable"], []).append(column)

    @property
    def table(self) -> pd.DataFrame:
        """One row a term."""
        columns = ["variable", "term", "unit", "centre", "scale"]
        return pd.DataFrame(self.rows, columns=columns).astype({"centre": "float64", "scale": "float64"})

    def matrix(self, table: pd.DataFrame, columns: list[int] | None = None) -> npt.NDArray[np.float64]:
        """Return the terms of some lesions, shape (n_lesions, n_terms).

        Args:
            table: The variables of the terms, NaN where missing.
            columns: Which terms, by their rows in the attribute `table`; None for all.
        """
        wanted = list(range(len(self.rows))) if columns is None else columns
        filled = np.empty((len(table), len(wanted)))
        for place, column in enumerate(wanted):
            row, level = self.rows[column], self.levels[column]
            values = table[row["variable"]]
            values = values.where(values.notna(), self.fills[row["variable"]])
            if level is None:
                filled[:, place] = (values.to_numpy(dtype="float64") - row["centre"]) / row["scale"]
            else:
                filled[:, place] = (values.astype(str) == level).to_numpy(dtype="float64")
        return filled

    def of(self, variables: list[str]) -> list[int]:
        """Return the columns of `matrix` that belong to these variables, in the order of the variables."""
        return [column for name in variables for column in self.places.get(name, ())]


def _number(name: str, known: pd.Series[float], per: str) -> dict[str, Any]:
    low, high = float(known.min()), float(known.max())
    row: dict[str, Any] = {"variable": name, "term": name}
    if known.nunique() == 2:
        return row | {"unit": f"{high:g} against {low:g}", "centre": low, "scale": high - low}
    spread = float(known.std(ddof=1))
    if per == "sd":
        return row | {"unit": f"per SD ({spread:.4g})", "centre": float(known.mean()), "scale": spread}
    return row | {"unit": "per unit", "centre": 0.0, "scale": 1.0}


def _level(name: str, level: str, reference: str) -> dict[str, Any]:
    unit = f"{level} against {reference}"
    return {"variable": name, "term": f"{name}={level}", "unit": unit, "centre": np.nan, "scale": np.nan}
