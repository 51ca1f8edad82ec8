from __future__ import annotations

import pandera.pandas as pa

from samesplit import column_meanings, tables

SCHEMAS = [value for value in vars(tables).values() if isinstance(value, pa.DataFrameSchema)]


def test_every_column_of_every_table_has_a_meaning() -> None:
    columns = [(schema.name, column) for schema in SCHEMAS for column in schema.columns]

    assert len(columns) > 100
    assert all(column_meanings.meaning_of(column, table=table).endswith(".") for table, column in columns)


def test_no_meaning_is_left_of_a_column_that_is_gone() -> None:
    columns = {column for schema in SCHEMAS for column in schema.columns}
    in_one_table = {(schema.name, column) for schema in SCHEMAS for column in schema.columns}

    assert set(column_meanings._EVERYWHERE) == columns
    assert set(column_meanings._IN_ONE_TABLE) <= in_one_table
