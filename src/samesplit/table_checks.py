"""The check of a table against its schema, with messages that name the column, the row and the value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from samesplit.errors import SamesplitError

__all__ = ["check_table"]


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
        raise error(_explain(problem, table, schema), where=where) from None


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
    """A NumPy scalar as Python writes it."""
    return value.item() if hasattr(value, "item") else value


def _row(table: pd.DataFrame, index: Any, schema: pa.DataFrameSchema) -> str:
    if index is None or index not in table.index:
        return ""
    ids = [c for c in ("lesion_id", "patient_id") if c in table and c in (schema.metadata or {})["key"]]
    return " in row " + str(index) + "".join(f" ({c} {_plain(table[c].loc[index])!r})" for c in ids)
