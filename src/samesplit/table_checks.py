"""The check of a table against its schema, with messages that name the column, the row and the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from samesplit.errors import Faults, SamesplitError, gathering

__all__ = ["check_lines", "check_table", "number_cells"]

_CORRECT = "correct the table, or what made it"


def check_table(
    table: pd.DataFrame,
    schema: pa.DataFrameSchema,
    *,
    where: str | Path | None = None,
    error: type[SamesplitError] = SamesplitError,
) -> pd.DataFrame:
    """Check a table against its schema and give it back with the schema's types.

    Args:
        table: The table; not changed.
        schema: One of the schemas of `samesplit.tables`.
        where: The file the table came from, for the message.
        error: The kind of error to raise.

    Raises:
        SamesplitError: (or the given kind) A column is missing, unknown, of the wrong type or holds a value
            that it must not; the message names the column, the row and the value.
    """
    missing = [name for name, column in schema.columns.items() if column.required and name not in table]
    if missing:
        raise error(
            f"the {schema.name} table lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}",
            where=where,
            remedy=f"columns found: {', '.join(map(str, table.columns)) or 'none'}",
        )
    if not table.index.is_unique:
        table = table.reset_index(drop=True)
    _check_whole(table, schema, where, error)
    try:
        return schema.validate(table, lazy=True)
    except SchemaErrors as problem:
        raise error(_explain(problem, table, schema), where=where, remedy=_CORRECT) from None


def check_lines(
    table: pd.DataFrame,
    schema: pa.DataFrameSchema,
    path: Path,
    *,
    error: type[SamesplitError] = SamesplitError,
    faults: Faults | None = None,
) -> pd.DataFrame:
    """Check a table that somebody wrote, and give it back with the schema's types.

    Args:
        table: The table; its index is the line in the file.
        schema: One of the schemas of `samesplit.tables`.
        path: The file.
        error: The kind of error to raise.
        faults: Gathers every cell that is wrong; without it, all are raised together.

    Returns:
        The checked table; as it was given where faults were gathered.

    Raises:
        SamesplitError: (or the given kind) A column is missing, or (without `faults`) a cell is wrong.
    """
    missing = [name for name, column in schema.columns.items() if column.required and name not in table]
    if missing:
        raise error(
            f"the {schema.name} table lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}",
            where=path,
            remedy=f"add what is missing; columns found: {', '.join(map(str, table.columns)) or 'none'}",
        )
    with gathering(faults) as found:
        before = len(found.found)
        for problem, lines, remedy in _of_lines(table, schema):
            found.add(error(problem, where=_lines(path, lines), remedy=remedy))
        if len(found.found) > before:
            return table
    checked: pd.DataFrame = schema.validate(table, lazy=True)
    return checked


def number_cells(
    column: pd.Series[Any],
    path: Path,
    *,
    error: type[SamesplitError] = SamesplitError,
    faults: Faults | None = None,
    remedy: str = "write numbers with a decimal point, and leave unknown values empty",
    of: pd.Series[Any] | None = None,
) -> pd.Series[float]:
    """Return a column of text as numbers; what is none is a fault, and missing.

    Args:
        column: Text, indexed by the line in the file.
        path: The file.
        error: The kind of error to raise.
        faults: Gathers the cells that hold no number; without it, they are raised together.
        remedy: What to do about them.
        of: The lesion of each line, for the message.

    Example:
        >>> number_cells(pd.Series(["1.5", None], name="age"), Path("lesions.csv")).tolist()
        [1.5, nan]
    """
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    with gathering(faults) as found:
        for line in column.index[numbers.isna() & column.notna()]:
            whose = "" if of is None else f" for lesion {of[line]!r}"
            problem = f"column '{column.name}' must hold numbers, found {column[line]!r}{whose}"
            found.add(error(problem, where=f"{path}, line {line}", remedy=remedy))
    return numbers


def _of_lines(table: pd.DataFrame, schema: pa.DataFrameSchema) -> list[tuple[str, list[int], str]]:
    """List what is wrong in a table, with lines and remedies: whole numbers, else cells and doubled keys."""
    for name, column in schema.columns.items():
        if str(column.dtype) == "int64" and name in table and pd.api.types.is_float_dtype(table[name]):
            halves = table[name][table[name].notna() & (table[name] % 1 != 0)]
            if len(halves):
                return [
                    (f"column '{name}' must hold a whole number, found {value:g}{_of(table, line, schema)}",
                     [int(line)], "write a whole number")
                    for line, value in halves.items()
                ]  # fmt: skip
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as problem:
        cases = problem.failure_cases
    else:
        return []
    cells = cases[~cases["check"].astype(str).str.contains("uniqueness")]
    told = [_of_cell(case, table, schema) for case in cells.to_dict("records")]
    if len(cells) < len(cases):
        key = list((schema.metadata or {})["key"])
        whole = table[table[key].notna().all(axis=1)]
        for values, part in whole.groupby(key, sort=False):
            lines = [int(line) for line in part.index]
            if len(lines) > 1:
                ids = ", ".join(f"{name} {_plain(value)!r}" for name, value in zip(key, values, strict=True))
                told.append((f"{ids} stands in {len(lines)} lines", lines, "keep one of them"))
    return told


def _of_cell(
    case: dict[Any, Any], table: pd.DataFrame, schema: pa.DataFrameSchema
) -> tuple[str, list[int], str]:
    """Return what is wrong with one cell, or with a column as a whole."""
    name, check, value = case["column"], str(case["check"]), _plain(case["failure_case"])
    if "column_in_schema" in check:
        known = ", ".join(schema.columns)
        return (f"the {schema.name} table has the unknown column '{value}'", [],
                f"rename it or take it out; the table knows {known}")  # fmt: skip
    lines = [] if case["index"] is None or case["index"] not in table.index else [int(case["index"])]
    of = _of(table, lines[0], schema) if lines else ""
    if "not_nullable" in check:
        return f"column '{name}' is empty{of}", lines, "fill it in, or take the line out"
    if "coerce" in check or "dtype" in check:
        kind = {"float64": "a number", "int64": "a whole number", "Int8": "0 or 1"}
        wanted = kind.get(str(schema.columns[name].dtype), "text")
        return f"column '{name}' must hold {wanted}, found {value!r}{of}", lines, f"write {wanted}"
    return f"column '{name}' {check}, found {value!r}{of}", lines, "correct the cell"


def _of(table: pd.DataFrame, line: Any, schema: pa.DataFrameSchema) -> str:
    """Return the lesion or patient of a line."""
    ids = [c for c in ("lesion_id", "patient_id") if c in table and c in (schema.metadata or {})["key"]]
    return "".join(f" ({c} {_plain(table[c].loc[line])!r})" for c in ids if pd.notna(table[c].loc[line]))


def _lines(path: Path, lines: list[int]) -> str:
    """Return a file and some of its lines.

    Example:
        >>> _lines(Path("a.csv"), [3]), _lines(Path("a.csv"), [3, 7]), _lines(Path("a.csv"), [])
        ('a.csv, line 3', 'a.csv, lines 3, 7', 'a.csv')
    """
    if not lines:
        return str(path)
    return f"{path}, line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"


def _check_whole(
    table: pd.DataFrame, schema: pa.DataFrameSchema, where: str | Path | None, error: type[SamesplitError]
) -> None:
    """Refuse 0.5 where a whole number is due; the schema's coercion would cut it to 0."""
    for name, column in schema.columns.items():
        if str(column.dtype) == "int64" and name in table and pd.api.types.is_float_dtype(table[name]):
            for index in table.index[table[name].notna() & (table[name] % 1 != 0)]:
                value = table[name].loc[index]
                raise error(
                    f"column '{name}' must hold a whole number, found {value:g}{_row(table, index, schema)}",
                    where=where,
                    remedy="write a whole number",
                )


def _explain(problem: SchemaErrors, table: pd.DataFrame, schema: pa.DataFrameSchema) -> str:
    cases = problem.failure_cases
    cells = cases[~cases["check"].astype(str).str.contains("uniqueness")]
    case = (cases if cells.empty else cells).iloc[0]  # an empty id matters more than that there are two
    name, check = case["column"], str(case["check"])
    key = (schema.metadata or {})["key"]
    if cells.empty:
        doubled = table[table.duplicated(key, keep=False)]
        first = doubled.iloc[0]
        ids = ", ".join(f"{column} {_plain(first[column])!r}" for column in key)
        same = table[(table[key] == first[key]).all(axis=1)].index
        rows = " and ".join(map(str, same))
        return f"the {schema.name} table has {len(doubled)} doubled rows; the first: {ids} in rows {rows}"
    if "column_in_schema" in check:
        return (
            f"the {schema.name} table has the unknown column '{case['failure_case']}'; "
            f"it knows {', '.join(schema.columns)}"
        )
    place = _row(table, case["index"], schema)
    value = _plain(case["failure_case"])
    if "coerce" in check or "dtype" in check:
        kind = schema.columns[name].dtype
        wanted = {"float64": "a number", "int64": "a whole number", "Int8": "0 or 1"}.get(str(kind), "text")
        return f"column '{name}' must hold {wanted}, found {value!r}{place}"
    if "not_nullable" in check:
        return f"column '{name}' is empty{place}"
    others = ((cases["column"] == name) & (cases["check"] == case["check"])).sum() - 1
    more = f" (and {others} more such cells)" if others else ""
    return f"column '{name}' {check}, found {value!r}{place}{more}"


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python writes it."""
    return value.item() if hasattr(value, "item") else value


def _row(table: pd.DataFrame, index: Any, schema: pa.DataFrameSchema) -> str:
    if index is None or index not in table.index:
        return ""
    ids = [c for c in ("lesion_id", "patient_id") if c in table and c in (schema.metadata or {})["key"]]
    return " in row " + str(index) + "".join(f" ({c} {_plain(table[c].loc[index])!r})" for c in ids)
