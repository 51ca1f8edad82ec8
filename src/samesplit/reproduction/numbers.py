"""Printed numbers as they stand in `published.csv`, and what is said of each of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from samesplit.benchmarks.published import PUBLISHED_COLUMNS, load_published
from samesplit.errors import SamesplitError
from samesplit.tables import read_csv

__all__ = [
    "PARTS",
    "Part",
    "PrintedNumber",
    "Recomputed",
    "Verdict",
    "cell_text",
    "is_number",
    "parse",
    "printed_numbers",
    "read_printed",
]

Part = Literal["value", "ci_low", "ci_high", "p_value"]
PARTS: tuple[Part, ...] = get_args(Part)
"""The columns of `published.csv` that hold printed numbers."""

Verdict = Literal["reproduced", "inconsistent", "not derivable"]
"""`reproduced`: it follows from other printed numbers and prints the same. `inconsistent`: it follows from them
but prints otherwise. `not derivable`: it follows from no other printed number, or from too few to be checked."""

_NUMBER = re.compile(r"(<=|>=|≤|≥|<|>|±)?\s*([-−+]?(?:\d+(?:,\d{3})*(?:\.(\d+))?|\.(\d+)))\s*(%?)")


@dataclass(frozen=True)
class PrintedNumber:
    """One printed number.

    Attributes:
        row: Its line in `published.csv`.
        part: The column that it stands in.
        text: As printed.
        decimals: Digits after the decimal point; 0 where the text is no plain number.
        number: Its value, None where the text is no plain number ("N/A", "0.62-0.91"). A percentage is its share.
        bound: "<", "<=", ">", ">=" or "±" before it, else "".
    """

    row: int
    part: Part
    text: str
    decimals: int = 0
    number: float | None = None
    bound: str = ""


@dataclass(frozen=True)
class Recomputed:
    """What is said of one printed number.

    Attributes:
        row: Its line in `published.csv`.
        part: The column that it stands in.
        value: Recomputed; a text where several values or a range are possible, None where there is none.
        formula: How, in words and numbers.
        verdict: See `Verdict`.
        note: What a reader must know besides.
    """

    row: int
    part: Part
    value: float | str | None
    formula: str
    verdict: Verdict
    note: str = ""


def parse(text: str, *, row: int = 0, part: Part = "value") -> PrintedNumber:
    """Read a printed number.

    Args:
        text: As printed.
        row: Its line in `published.csv`.
        part: The column that it stands in.

    Example:
        >>> parse("0.70").decimals, parse("<0.001").bound, parse("1,162").number, parse("N/A").number
        (2, '<', 1162.0, None)
        >>> parse("13.8%").number, parse("13.8%").decimals
        (0.138, 3)
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return PrintedNumber(row, part, text)
    bound = {"≤": "<=", "≥": ">="}.get(found[1] or "", found[1] or "")
    decimals = len(found[3] or found[4] or "")
    number = float(found[2].replace(",", "").replace("−", "-"))
    if found[5]:
        decimals += 2
        number = round(number / 100, decimals)
    return PrintedNumber(row, part, text, decimals, number, bound)


def read_printed(folder: Path) -> pd.DataFrame:
    """Read `published.csv` with every number as it is printed, trailing zeros included.

    Args:
        folder: A benchmark's or a study's folder.

    Returns:
        As `load_published`, indexed by the line in the file (`row`); besides, `ci_low_text` and `ci_high_text` as
        printed.

    Raises:
        SamesplitError: There is no such file, no row in it, or it is faulty.
    """
    path = folder / "published.csv"
    remedy = f"write one row a printed number, with the columns {', '.join(PUBLISHED_COLUMNS)}"
    if not path.is_file():
        raise SamesplitError("there is no published.csv", where=folder, remedy=remedy)
    table = load_published(folder)
    if table.empty:
        raise SamesplitError("holds no printed number", where=path, remedy=remedy)
    text = read_csv(path, known=PUBLISHED_COLUMNS, numbers=["ci_low", "ci_high", "value", "p_value"])
    table.index = pd.Index(text.index, name="row")
    for column in ("ci_low", "ci_high"):
        printed = text[column] if column in text else pd.Series(pd.NA, index=text.index, dtype="str")
        table[f"{column}_text"] = printed.where(table[column].notna(), "").fillna("")
    return table


def cell_text(record: pd.Series, part: Part) -> str:
    """Return what is printed in a cell of a row of `read_printed`, "" for nothing."""
    return str(record[part if part in ("value", "p_value") else f"{part}_text"])


def printed_numbers(published: pd.DataFrame) -> Iterator[PrintedNumber]:
    """Go through the printed numbers, row by row.

    Args:
        published: As `read_printed` gives it.
    """
    for row, record in published.iterrows():
        for part in PARTS:
            text = cell_text(record, part)
            if text.strip():
                yield parse(text, row=int(str(row)), part=part)


def is_number(value: object) -> bool:
    """Whether a recomputed value is a finite number."""
    return isinstance(value, int | float) and math.isfinite(value)
