"""Numbers as they are shown: few digits, a true minus sign, never `-0.00`, a dash for what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from samesplit.reports.document import Cell

__all__ = [
    "MISSING",
    "capitalised",
    "cell_interval",
    "count_cell",
    "counted",
    "duration",
    "estimate_cell",
    "interval_text",
    "is_missing",
    "join_words",
    "lowest_to_highest",
    "number",
    "number_cell",
    "p_cell",
    "p_text",
    "short_hash",
    "text_cell",
]

MISSING = "–"


def is_missing(value: Any) -> bool:
    """Whether there is no value: None, NaN, NA or infinite."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and not math.isfinite(value)


def number(value: Any, digits: int = 3, *, signed: bool = False) -> str:
    """Write a number.

    Example:
        >>> number(0.84449), number(-0.0001, 2), number(0.5, 2, signed=True), number(None)
        ('0.844', '0.00', '+0.50', '–')
    """
    if is_missing(value):
        return MISSING
    text = f"{float(value):.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    elif signed and not text.startswith("-"):
        text = "+" + text
    return text.replace("-", "−")


def lowest_to_highest(values: Iterable[Any], digits: int = 2) -> str:
    """Write the range of some numbers; those that are missing do not count.

    Example:
        >>> lowest_to_highest([0.5, 0.25]), lowest_to_highest([2, 2], 0), lowest_to_highest([None])
        ('0.25 to 0.50', '2', '–')
    """
    known = [float(value) for value in values if not is_missing(value)]
    if not known:
        return MISSING
    low, high = number(min(known), digits), number(max(known), digits)
    return low if low == high else f"{low} to {high}"


def interval_text(low: Any, high: Any, digits: int = 3, *, signed: bool = False) -> str:
    """Write an interval.

    Example:
        >>> interval_text(-0.01, 0.07, 2)
        '−0.01 to 0.07'
    """
    if is_missing(low) or is_missing(high):
        return "no interval"
    return f"{number(low, digits, signed=signed)} to {number(high, digits, signed=signed)}"


def cell_interval(cell: Cell) -> str:
    """Write the interval of a cell with as many digits as its estimate is shown with.

    Example:
        >>> cell_interval(Cell(text="0.84", value=0.8412, low=0.7, high=0.9))
        '0.70 to 0.90'
    """
    if cell.value is None:
        return ""
    digits = len(cell.text.partition(".")[2])
    return interval_text(cell.low, cell.high, digits, signed=cell.text[:1] == "+" or (cell.low or 0) < 0)


def p_text(p: Any) -> str:
    """Write a p-value.

    Example:
        >>> p_text(0.00002), p_text(0.0421), p_text(0.31)
        ('< 0.001', '0.042', '0.31')
    """
    if is_missing(p):
        return MISSING
    value = float(p)
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def text_cell(text: Any, *, note: str = "") -> Cell:
    """Return a cell of words."""
    shown = MISSING if is_missing(text) or text == "" else str(text)
    return Cell(text=shown, value=None if shown == MISSING else shown, note=note)


def number_cell(value: Any, digits: int = 3, *, note: str = "", signed: bool = False) -> Cell:
    """Return a cell of one number."""
    kept = None if is_missing(value) else float(value)
    return Cell(text=number(value, digits, signed=signed), value=kept, note=note)


def count_cell(value: Any, *, note: str = "") -> Cell:
    """Return a cell of a count."""
    if is_missing(value):
        return Cell(text=MISSING, note=note)
    whole = float(value)
    if whole.is_integer():
        return Cell(text=f"{int(whole):,}".replace(",", "\u202f"), value=int(whole), note=note)
    return Cell(text=number(whole, 1), value=whole, note=note)


def p_cell(p: Any, *, note: str = "") -> Cell:
    """Return a cell of a p-value."""
    return Cell(text=p_text(p), value=None if is_missing(p) else float(p), note=note)


def estimate_cell(
    value: Any, low: Any, high: Any, digits: int = 3, *, note: str = "", signed: bool = False
) -> Cell:
    """Return a cell of an estimate with its interval."""
    return Cell(
        text=number(value, digits, signed=signed),
        value=None if is_missing(value) else float(value),
        low=None if is_missing(low) else float(low),
        high=None if is_missing(high) else float(high),
        note=note,
    )


def counted(count: int, word: str, plural: str | None = None) -> str:
    """Write a count with its word.

    Example:
        >>> counted(1, "lesion"), counted(3, "lesion"), counted(2, "AUC", "AUCs")
        ('1 lesion', '3 lesions', '2 AUCs')
    """
    return f"{count} {word if count == 1 else plural or word + 's'}"


def join_words(words: list[str], last: str = "and") -> str:
    """Write a list in words.

    Example:
        >>> join_words(["a", "b", "c"])
        'a, b and c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def duration(seconds: Any) -> str:
    """Write a duration.

    Example:
        >>> duration(0.42), duration(75), duration(7322)
        ('0.4 s', '1 min 15 s', '2 h 02 min')
    """
    if is_missing(seconds):
        return MISSING
    value = float(seconds)
    if value < 59.5:
        return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def short_hash(digest: str) -> str:
    """Return the first twelve characters of a hash, enough to compare by eye."""
    return digest[:12]


def capitalised(text: str) -> str:
    """Begin with a capital and leave the rest, unlike `str.capitalize`.

    Example:
        >>> capitalised("SFM"), capitalised("with AI")
        ('SFM', 'With AI')
    """
    return text[:1].upper() + text[1:]
