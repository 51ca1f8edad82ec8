"""The CSV twins of a board: its entries, and the differences of every two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["TaskBoard", "board_table", "differences_table", "pairs_by_rank", "plain_cell", "rounded"]

_DIGITS = 9
"""Significant digits of numbers, so that the last ones, which differ between processors, do not show."""

_HEAD = ("status", "task", "rank", "rank_low", "rank_high", "groups", "better_than", "worse_than")
_CARD = ("title", "authors", "code", "training_data")
_NUMBERS = ("quantity", "estimate", "low", "high", "n", "n_positive")
_TAIL = ("seeds", "operating_point", "method", "note", "reason", "file", "sha256")
_FROM_SENDERS = (*_CARD, "reason", "file")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class TaskBoard:
    """The ranked entries of one task.

    Attributes:
        name: The name of the task; empty where the benchmark has one without a name.
        kind: `binary`, `multiclass` or `survival`.
        question: What is asked.
        entries: One row an entry, the best first; index: its file. Columns: rank, rank_low, rank_high,
            better_than, worse_than, groups (a tuple of letters), title, authors, code, training_data, file,
            sha256, seeds, operating_point, n, n_positive, quantity, estimate, low, high, method, note, and
            further quantities, each with its bounds.
        pairs: Every two entries: model_a, model_b (files), difference, ci_low, ci_high, p_value, p_adjusted, claim
            and false_claim_probability, of model_a minus model_b.
    """

    name: str
    kind: str
    question: str
    entries: pd.DataFrame
    pairs: pd.DataFrame


def board_table(boards: Sequence[TaskBoard], refused: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Return one row a submission: those that are ranked, task by task, then those that were refused.

    Args:
        boards: Of each task.
        refused: File, hash and reason of each submission that was refused.
    """
    rows: list[dict[str, Any]] = []
    for board in boards:
        for row in board.entries.to_dict("records"):
            known = {str(key): value for key, value in row.items()}
            rows.append(known | {"status": "judged", "task": board.name, "groups": " ".join(known["groups"])})
    rows += [
        {"status": "refused", "file": file, "sha256": sha256, "reason": reason}
        for file, sha256, reason in refused
    ]
    columns = [*_HEAD, *_CARD, *_NUMBERS]
    further = [
        key for key in dict.fromkeys(key for row in rows for key in row) if key not in (*columns, *_TAIL)
    ]
    cells = [{key: _cell(key, row.get(key)) for key in (*columns, *further, *_TAIL)} for row in rows]
    return pd.DataFrame(cells, columns=[*columns, *further, *_TAIL], dtype="object")


def differences_table(boards: Sequence[TaskBoard]) -> pd.DataFrame:
    """Return the difference of every two entries of each task, in the order of their ranks.

    Args:
        boards: Of each task.
    """
    columns = [
        "task", "file_a", "title_a", "file_b", "title_b", "difference", "low", "high", "p_value", "p_adjusted",
        "claim", "false_claim_probability", "method", "note",
    ]  # fmt: skip
    rows = [
        {
            **one,
            "task": board.name,
            "file_a": one["model_a"],
            "file_b": one["model_b"],
            "title_a": board.entries.loc[one["model_a"], "title"],
            "title_b": board.entries.loc[one["model_b"], "title"],
            "low": one["ci_low"],
            "high": one["ci_high"],
        }
        for board in boards
        for one in pairs_by_rank(board)
    ]
    cells = [{key: _cell(key, row[key]) for key in columns} for row in rows]
    return pd.DataFrame(cells, columns=columns, dtype="object")


def pairs_by_rank(board: TaskBoard) -> list[dict[str, Any]]:
    """Return every two entries as the one that stands higher minus the other, in the order of their ranks.

    Args:
        board: Of a task.
    """
    place = {str(file): number for number, file in enumerate(board.entries.index)}
    found = [{str(key): value for key, value in row.items()} for row in board.pairs.to_dict("records")]
    found = [one if place[one["model_a"]] < place[one["model_b"]] else _turned(one) for one in found]
    return sorted(found, key=lambda one: (place[one["model_a"]], place[one["model_b"]]))


def plain_cell(text: str) -> str:
    """Return a text that a spreadsheet program takes for a text and not for a formula.

    Example:
        >>> plain_cell("=HYPERLINK(1)"), plain_cell("Ridge")
        ("'=HYPERLINK(1)", 'Ridge')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def rounded(value: float) -> float:
    """Round a number to nine significant digits.

    Example:
        >>> rounded(0.1 + 0.2), rounded(1234.56789012345)
        (0.3, 1234.56789)
    """
    return float(f"{value:.{_DIGITS}g}")


def _turned(row: dict[str, Any]) -> dict[str, Any]:
    """Return the difference of the second from the first as that of the first from the second."""
    return row | {
        "model_a": row["model_b"],
        "model_b": row["model_a"],
        "difference": -row["difference"],
        "ci_low": -row["ci_high"],
        "ci_high": -row["ci_low"],
        "claim": {"higher": "lower", "lower": "higher"}.get(row["claim"], row["claim"]),
    }


def _cell(key: str, value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return rounded(value)
    if key in _FROM_SENDERS or key.startswith(("title", "file")):
        return plain_cell(str(value))
    return value
