"""What a study of one's own still lacks, in the words of its columns.csv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samesplit.benchmarks.cohort import find_table
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.studies.columns import read_columns
from samesplit.errors import CohortError, SamesplitError
from samesplit.tables import read_csv

__all__ = ["explain_missing_columns", "missing_columns"]


def missing_columns(
    folder: Path, definition: BenchmarkDefinition, *, root: Path | None = None
) -> list[CohortError]:
    """Return one fault for each column that a study needs and its tables lack, with its meaning and unit.

    Args:
        folder: The folder of a study that was begun from a published one; without columns.csv nothing is missing.
        definition: Its benchmark.yaml. Tables that it does not ask for (readings, images) need no columns.
        root: Where the data are, if tables may stand there.

    Raises:
        CohortError: columns.csv itself is wrong.
    """
    if not (folder / "columns.csv").is_file():
        return []
    needed = read_columns(folder)
    needed = needed[needed["required"]]
    faults = []
    for table, columns in needed.groupby("table", sort=False):
        path = find_table(f"{table}.csv", folder, root or folder)
        if _unused(str(table), definition) or not path.is_file():
            continue
        try:
            there = read_csv(path, known=columns["column"].tolist()).columns
        except SamesplitError:  # told where the table is read
            continue
        faults += [_fault(row, path) for row in columns.to_dict("records") if row["column"] not in there]
    return faults


def explain_missing_columns(
    found: Sequence[SamesplitError], missing: Sequence[CohortError]
) -> list[SamesplitError]:
    """Return faults with those about a missing column said once, in the words of columns.csv.

    Args:
        found: All faults of a benchmark.
        missing: From `missing_columns`.
    """
    said = {(fault.where, _column_of(fault)) for fault in missing}
    return [*missing, *(fault for fault in found if (fault.where, _column_of(fault)) not in said)]


def _column_of(fault: SamesplitError) -> str | None:
    """Return the one column that a fault says is not there; None of other faults."""
    named = re.match(r"there is no column '([^']+)'", fault.problem) or re.search(
        r"table lacks the column (\S+)$", fault.problem
    )
    return named[1] if named is not None else None


def _unused(table: str, definition: BenchmarkDefinition) -> bool:
    return (table == "readings" and definition.readings is None) or (
        table == "images" and not definition.cohort.sequences
    )


def _fault(row: dict[Any, Any], path: Path) -> CohortError:
    unit = f" ({row['unit']})" if row["unit"] else ""
    values = row["values"].replace("|", ", ").replace("; ", ", ")
    if values:
        values = f"; one of {values}" if row["kind"] == "category" else f"; {values}"
    return CohortError(
        f"there is no column '{row['column']}': {row['meaning'].rstrip('.')}{unit}",
        where=path,
        remedy=f"add the column ({row['kind']}{values}), or change the study in benchmark.yaml and say "
        "in columns.csv that it is not required",
    )
