"""The rows and groups of a table as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

__all__ = ["groups", "records"]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each as a dict from column to value.

    Example:
        >>> records(pd.DataFrame({"a": [1, 2]}))
        [{'a': 1}, {'a': 2}]
    """
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def groups(table: pd.DataFrame, keys: Sequence[str]) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Return the parts of a table that share the values of some columns, sorted by these.

    Example:
        >>> [(key, len(part)) for key, part in groups(pd.DataFrame({"a": [2, 1, 2]}), ["a"])]
        [((1,), 1), ((2,), 2)]
    """
    return [(tuple(key), part) for key, part in table.groupby(list(keys), sort=True)]
