"""What the readers of lesions.csv share: lines for messages, and columns that must exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from samesplit.errors import CohortError, Faults

__all__ = ["columns_that_exist", "on_lines"]


def on_lines(path: Path, lines: Sequence[int]) -> str:
    """Name a file and the first of its lines that are meant.

    Example:
        >>> on_lines(Path("lesions.csv"), [3]), on_lines(Path("lesions.csv"), [3, 7])
        ('lesions.csv, line 3', 'lesions.csv, lines 3, 7')
    """
    return f"{path}, line{'s' * (len(lines) > 1)} {', '.join(map(str, lines[:10]))}"


def columns_that_exist(
    lesions: pd.DataFrame, columns: Iterable[str], path: Path, *, needed_by: str, faults: Faults
) -> list[str]:
    """Return those of the columns that the lesions table has; the others are faults.

    Args:
        lesions: The lesions table.
        columns: The columns that are asked for.
        path: lesions.csv, for messages.
        needed_by: The key of benchmark.yaml that asks for them.
        faults: Gathers the columns that do not exist, each with the nearest name.
    """
    there = []
    for column in columns:
        if column in lesions:
            there.append(column)
            continue
        near = difflib.get_close_matches(column, lesions.columns, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        faults.add(
            CohortError(
                f"there is no column '{column}', which {needed_by} in benchmark.yaml asks for",
                where=path,
                remedy=f"{hint}Columns found: {', '.join(lesions.columns)}",
            )
        )
    return there
