"""The entries of one task: each two compared once, all of them ranked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.evaluation.claims import ClaimRules
from samesplit.evaluation.ranks import rank_entries
from samesplit.evaluation.standings import PairKey, compare_entries, entry_table, measure_of, with_claims
from samesplit.reports.leaderboard_tables import TaskBoard
from samesplit.run.progress import Reporter
from samesplit.statistics.multiplicity import Adjustment
from samesplit.workflows.leaderboard.frozen import Frozen
from samesplit.workflows.leaderboard.judging import QUANTITIES
from samesplit.workflows.leaderboard.submissions import Submission

__all__ = ["Entry", "compare_and_rank"]

KeepPairs = Callable[[Mapping[PairKey, dict[str, Any]], Collection[str]], None]

_OF_A_PAIR = ("difference", "ci_low", "ci_high", "p_value", "n", "method", "note")
_KEEP_EVERY = 500
"""Pairs after which those that were compared are kept, so that a killed board goes on."""


@dataclass(frozen=True)
class Entry:
    """A submission with its evaluation.

    Attributes:
        submission: What was submitted.
        rows: Its evaluation, see `judging.judge`.
    """

    submission: Submission
    rows: list[dict[str, Any]]


def compare_and_rank(
    entries: Sequence[Entry],
    frozen: Frozen,
    task: str,
    *,
    known: Mapping[PairKey, dict[str, Any]],
    keep: KeepPairs,
    multiplicity: Adjustment,
    reporter: Reporter,
) -> TaskBoard:
    """Compare every two entries of a task and rank all of them.

    Args:
        entries: In the declared order, that of their files' names.
        frozen: The benchmark.
        task: The name of the task.
        known: Pairs that were compared before, by the hashes of the submissions.
        keep: Keeps compared pairs, given the hashes of the entries that are there.
        multiplicity: How the p-values of all pairs are adjusted.
        reporter: Told what is going on.

    Returns:
        What the page and the CSV show of the task.
    """
    asked = frozen.tasks[task]
    measure = measure_of(asked)
    confidence = frozen.definition.statistics.confidence
    files = {entry.submission.sha256: entry.submission.file for entry in entries}
    wanted = list(itertools.combinations(files, 2))
    compared = {pair: known[pair] for pair in wanted if pair in known}
    missing = [pair for pair in wanted if pair not in compared]
    if missing:
        truth = frozen.truth(task)
        tables = {
            entry.submission.sha256: entry_table(asked, entry.submission.predictions, truth)
            for entry in entries
        }
        with reporter.stage("Comparison") as advance:
            found = compare_entries(tables, asked, missing, confidence=confidence)
            for number, (pair, row) in enumerate(found, start=1):
                compared[pair] = {name: _plain(row[name]) for name in _OF_A_PAIR}
                advance(number, len(missing))
                if number % _KEEP_EVERY == 0:
                    keep(compared, files)
    if missing or len(known) > len(compared):
        keep(compared, files)
    rows = [
        {"model_a": files[first], "model_b": files[second], **compared[first, second]}
        for first, second in wanted
    ]
    columns = ["model_a", "model_b", *_OF_A_PAIR]
    pairs = pd.DataFrame(rows, columns=columns)
    numbers = ["difference", "ci_low", "ci_high", "p_value"]
    pairs = pairs.astype(dict.fromkeys(numbers, "float64"))
    pairs = with_claims(pairs, measure, confidence=confidence, rules=ClaimRules(multiplicity=multiplicity))
    main = QUANTITIES[asked.kind][0]
    estimates = pd.Series(
        {entry.submission.file: _number(_row(entry, main).get("estimate")) for entry in entries},
        dtype="float64",
    )
    ranks = rank_entries(estimates, pairs)
    by_file = {entry.submission.file: entry for entry in entries}
    table = pd.DataFrame([_shown(by_file[str(name)], asked.kind) for name in ranks.index], index=ranks.index)
    return TaskBoard(
        name=task if frozen.named else "",
        kind=asked.kind,
        question=asked.question,
        entries=pd.concat([ranks, table], axis=1),
        pairs=pairs,
    )


def _shown(entry: Entry, kind: str) -> dict[str, Any]:
    """Return what is shown of an entry besides its rank."""
    one, card = entry.submission, entry.submission.header.card
    main, *others = QUANTITIES[kind]
    first = _row(entry, main)
    shown: dict[str, Any] = {
        "title": card.title,
        "authors": card.authors,
        "code": card.code,
        "training_data": card.training_data,
        "file": one.file,
        "sha256": one.sha256,
        "seeds": one.seeds,
        "operating_point": one.operating_point,
        "n": first.get("n", 0),
        "n_positive": first.get("n_positive", 0),
        "quantity": main,
        "estimate": _number(first.get("estimate")),
        "low": _number(first.get("low")),
        "high": _number(first.get("high")),
        "method": first.get("method", ""),
        "note": first.get("note", ""),
    }
    for name in others:
        row = _row(entry, name)
        shown |= {
            name: _number(row.get("estimate")),
            f"{name}_low": _number(row.get("low")),
            f"{name}_high": _number(row.get("high")),
        }
    for row in entry.rows:
        if row["group"].startswith("test_set="):
            group = row["group"].removeprefix("test_set=")
            shown |= {
                f"{main} in {group}": _number(row["estimate"]),
                f"{main} in {group}, low": _number(row["low"]),
                f"{main} in {group}, high": _number(row["high"]),
            }
    return shown


def _row(entry: Entry, quantity: str) -> dict[str, Any]:
    found = (row for row in entry.rows if row["quantity"] == quantity and row["group"] == "all")
    return next(found, {})


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a missing number as None."""
    if isinstance(value, str):
        return value
    number = float(value)
    if math.isnan(number):
        return None
    return int(number) if number.is_integer() and not isinstance(value, float) else number
