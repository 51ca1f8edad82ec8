"""`columns.csv`: which columns the tables of a study have, what they mean, and which a user must bring."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.errors import CohortError, Faults, gathering
from samesplit.tables import read_csv

__all__ = ["COLUMN_HEADER", "read_columns"]

COLUMN_HEADER = ("table", "column", "required", "kind", "unit", "values", "meaning")
_NEEDED = ("table", "column", "required", "kind", "meaning")


def read_columns(folder: Path, *, faults: Faults | None = None) -> pd.DataFrame:
    """Read and check the definitions of columns in a study's folder.

    Args:
        folder: The study's folder.
        faults: Gathers what is wrong; without it, all of it is raised together.

    Returns:
        One row a column of a table: `table` (lesions, images, readings, or another file without .csv), `column`,
        `required` (bool), `kind` (such as text, number, category, date, path), `unit`, `values` and `meaning` as
        text, empty where there is nothing to say.

    Raises:
        CohortError: The file is missing, lacks a column or has an unknown one, leaves a needed cell empty, says
            something else than yes or no under `required`, or defines a column twice.
    """
    path = folder / "columns.csv"
    with gathering(faults) as found:
        table = read_csv(path, error=CohortError, known=COLUMN_HEADER, faults=found)
        absent = [name for name in COLUMN_HEADER if name not in table]
        unknown = [str(name) for name in table if name not in COLUMN_HEADER]
        if absent or unknown:
            kind, names = ("lacks the", absent) if absent else ("has the unknown", unknown)
            raise CohortError(
                f"{kind} column{'s' * (len(names) > 1)} {', '.join(names)}",
                where=path,
                remedy=f"the columns are {', '.join(COLUMN_HEADER)}",
            )
        _check_cells(table, path, found)
    table = table[list(COLUMN_HEADER)].fillna("").reset_index(drop=True)
    return table.assign(required=table["required"].eq("yes"))


def _check_cells(table: pd.DataFrame, path: Path, faults: Faults) -> None:
    def add(line: object, problem: str, remedy: str) -> None:
        faults.add(CohortError(problem, where=f"{path}, line {line}", remedy=remedy))

    for name in _NEEDED:
        for line in table.index[table[name].isna()]:
            add(line, f"column '{name}' is empty", "fill it in")
    for line, value in table["required"].dropna().items():
        if value not in ("yes", "no"):
            add(line, f"column 'required' holds {value!r}", "write yes or no")
    doubled = table.duplicated(["table", "column"]) & table["column"].notna()
    for line in table.index[doubled]:
        what = f"{table.loc[line, 'table']}.{table.loc[line, 'column']}"
        add(line, f"the column {what} is defined twice", "keep one of the lines")
