"""Results that others have published for the same question, shown beside ours but never mixed with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from samesplit.csv_cells import missing_note
from samesplit.csv_files import MISSING_WORDS
from samesplit.errors import Faults, SamesplitError, gathering
from samesplit.tables import read_csv

__all__ = ["PUBLISHED_COLUMNS", "load_published"]

PUBLISHED_COLUMNS = (
    "study", "table_figure", "task", "cohort_split", "n", "n_pos", "n_neg", "model_or_reader", "metric",
    "value", "ci_low", "ci_high", "p_value", "comparator", "note",
)  # fmt: skip
_NEEDED = ("study", "model_or_reader", "metric", "value")
_NUMBERS = ("n", "n_pos", "n_neg", "ci_low", "ci_high")


def load_published(
    folder: Path,
    *,
    missing: Collection[str] = MISSING_WORDS,
    notes: list[str] | None = None,
    faults: Faults | None = None,
) -> pd.DataFrame:
    """Read and check `published.csv` of a benchmark: one row a printed number.

    Args:
        folder: The benchmark's folder.
        missing: Words that stand for a missing value in a column of numbers; `value` and `p_value` are as printed.
        notes: What was found out about the file is added to these.
        faults: Gathers what is wrong; without it, all of it is raised together.

    Returns:
        Columns `PUBLISHED_COLUMNS`, `number` and `doubt`. `value` and `p_value` are text as printed ("0.62-0.91",
        "<0.001"); `number` is the value as a float, missing where it is not a plain number; `n`, `n_pos`,
        `n_neg`, `ci_low` and `ci_high` are floats; other empty cells are "". `doubt` says what does not add up
        in the printed numbers themselves, else it is "". Without a file no rows.

    Raises:
        SamesplitError: A column is missing or unknown, a needed cell is empty (`value` may be where a `p_value`
            stands), or
            text stands for a number.
    """
    path = folder / "published.csv"
    if not path.exists():
        empty = pd.DataFrame({column: pd.Series(dtype="str") for column in PUBLISHED_COLUMNS})
        return empty.astype(dict.fromkeys(_NUMBERS, "float64")).assign(
            number=pd.Series(dtype="float64"), doubt=pd.Series(dtype="str")
        )
    with gathering(faults) as found:
        numbers = [*_NUMBERS, "value", "p_value"]
        told = [] if notes is None else notes
        table = read_csv(path, known=PUBLISHED_COLUMNS, numbers=numbers, notes=told, faults=found)
        told += _empty_missing(table, missing, path)
        return _checked(table, path, found)


def _empty_missing(table: pd.DataFrame, words: Collection[str], path: Path) -> list[str]:
    """Empty the words for a missing value in columns of numbers; the others hold what is printed, N/A too."""
    listed = {word.casefold() for word in words}
    found: dict[str, Counter[str]] = {}
    for column in _NUMBERS:
        if column in table:
            here = table[column].str.casefold().isin(listed)
            for word in table.loc[here, column]:
                found.setdefault(word, Counter())[column] += 1
            table[column] = table[column].mask(here)
    return missing_note(found, path)


def _checked(table: pd.DataFrame, path: Path, faults: Faults) -> pd.DataFrame:
    _check_columns(table, path)
    for column in PUBLISHED_COLUMNS:
        if column not in table:
            table[column] = pd.Series(pd.NA, index=table.index, dtype="str")
    table = table[list(PUBLISHED_COLUMNS)].copy()
    for column in _NEEDED:
        instead = table["p_value"] if column == "value" else table[column]
        for line in table.index[table[column].isna() & instead.isna()]:
            faults.add(
                SamesplitError(
                    f"column '{column}' is empty",
                    where=f"{path}, line {line}",
                    remedy="fill it in as printed",
                )
            )
    for column in _NUMBERS:
        numbers = pd.to_numeric(table[column], errors="coerce").astype("float64")
        for line in table.index[numbers.isna() & table[column].notna()]:
            found = str(table.loc[line, column])
            share = "a share (0.80 for 80%)" if found.endswith("%") else "a number"
            faults.add(
                SamesplitError(
                    f"column '{column}' must hold a number, found {found!r}",
                    where=f"{path}, line {line}",
                    remedy=f"write {share}, or leave the cell empty and say it in the note",
                )
            )
        for line in table.index[(numbers < 0) & column.startswith("n")]:
            faults.add(
                SamesplitError(
                    f"column '{column}' must not be negative, found {table.loc[line, column]!r}",
                    where=f"{path}, line {line}",
                    remedy="write how many lesions or patients there are, or leave the cell empty",
                )
            )
        table[column] = numbers
    table["number"] = pd.to_numeric(table["value"], errors="coerce").astype("float64")
    table["doubt"] = _doubts(table)
    text = [column for column in PUBLISHED_COLUMNS if column not in _NUMBERS]
    return table.fillna(dict.fromkeys(text, "")).reset_index(drop=True)


def _check_columns(table: pd.DataFrame, path: Path) -> None:
    missing = [column for column in _NEEDED if column not in table]
    unknown = [column for column in table if column not in PUBLISHED_COLUMNS]
    if missing or unknown:
        kind, names = ("lack the", missing) if missing else ("have the unknown", unknown)
        raise SamesplitError(
            f"the published results {kind} column{'s' * (len(names) > 1)} {', '.join(map(str, names))}",
            where=path,
            remedy=f"the columns are {', '.join(PUBLISHED_COLUMNS)}; needed are {', '.join(_NEEDED)}",
        )


def _doubts(table: pd.DataFrame) -> pd.Series[str]:
    """Return what does not add up in the printed numbers themselves; papers have misprints, and they are kept."""
    outside = (table["number"] < table["ci_low"]) | (table["number"] > table["ci_high"])
    total = table["n_pos"] + table["n_neg"]
    uneven = total.notna() & table["n"].notna() & (total != table["n"])
    doubts = pd.Series("", index=table.index, dtype="str").mask(outside, "outside its own interval; ")
    return (doubts + uneven.map({True: "n_pos + n_neg is not n; ", False: ""})).str.removesuffix("; ")
