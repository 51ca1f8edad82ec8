"""Kinds of values that several parts of benchmark.yaml hold: names, shares, days, paths, named repairs."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from samesplit.imaging.repairs import RepairName, repairs_of

__all__ = ["NAME_PATTERN", "Day", "Fraction", "Name", "PathInside", "Repairs", "calendar_day"]

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute() or "\\" in path:
        raise ValueError("must be a relative path with forward slashes and without '..'")
    return path


def calendar_day(day: str) -> str:
    """Return a day of the calendar as YYYY-MM-DD; anything else is a ValueError."""
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise ValueError("must be a day of the calendar, written YYYY-MM-DD") from None


PathInside = Annotated[str, AfterValidator(_stays_inside)]
Day = Annotated[
    str,
    # YAML reads an unquoted 2020-01-31 as a date.
    BeforeValidator(lambda day: day.isoformat() if isinstance(day, date) else day),
    AfterValidator(calendar_day),
]
Repairs = Annotated[
    tuple[RepairName, ...],
    BeforeValidator(lambda given: () if given is None else (given,) if isinstance(given, str) else given),
    AfterValidator(repairs_of),
]
