"""What `samesplit validate` prints: whole lines, however narrow the terminal, so that no path is cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from samesplit.workflows.validation_table import place_of

if TYPE_CHECKING:
    import pandas as pd

    from samesplit.errors import SamesplitError
    from samesplit.workflows.validate import Findings

__all__ = ["lines_of"]

_ALIKE = 5
"""Faults with the same remedy that are shown of one file; the table has them all."""


def lines_of(findings: Findings) -> Iterator[str]:
    """Yield what was found, line by line: counts, faults by file, the case ledger, notes."""
    for what, count in findings.summary.items():
        yield f"  {what:<18} {count}"
    if findings.faults:
        yield from _faults(findings.faults)
    for what in findings.unchecked:
        yield f"Not looked at yet: {what}"
    if len(findings.problems):
        yield "Case ledger"
        yield from _ledger(findings.problems.fillna(""))
    for row in findings.doubled.to_dict("records"):
        yield f"the same image stands under several patients: {row['lesion_id']} {row['image']}"
    for note in findings.notes:
        yield f"Note: {note}"


def _ledger(rows: pd.DataFrame) -> Iterator[str]:
    """Yield one line a row; of the lesions that a task leaves out, one line for each reason."""
    of_tasks = rows["stage"].str.startswith("task ")
    for row in rows[~of_tasks].to_dict("records"):
        whose = " ".join(filter(None, (row["lesion_id"], row["sequence"], row["rater"])))
        yield f"  {row['status']:<9} {whose}: {row['reason']}"
    for (stage, status, reason), part in rows[of_tasks].groupby(["stage", "status", "reason"], sort=False):
        lesions = sorted(part["lesion_id"])
        named = ", ".join(lesions[:_ALIKE]) + (", ..." if len(lesions) > _ALIKE else "")
        count = f"{len(lesions)} lesion{'s' * (len(lesions) > 1)}"
        yield f"  {status:<9} {stage}: {count} ({named}): {reason}"


def _faults(faults: tuple[SamesplitError, ...]) -> Iterator[str]:
    """Yield the faults of each file together, in the order in which the files were read, with their lines."""
    by_file: dict[str, list[SamesplitError]] = {}
    for fault in faults:
        by_file.setdefault(place_of(fault)[0], []).append(fault)
    yield f"{len(faults)} fault{'s' * (len(faults) > 1)}"
    for file, found in by_file.items():
        yield f"  {file or 'benchmark'}"
        display_path: Counter[str] = Counter()
        for fault in found:
            remedy = fault.remedy or ""
            display_path[remedy] += 1
            if display_path[remedy] <= _ALIKE:
                lines = place_of(fault)[1]
                place = f"line{'s' * (',' in lines)} {lines}: " if lines else ""
                yield f"    {place}{fault.problem}"
                if remedy:
                    yield f"      Remedy: {remedy}"
        rest = {remedy: count - _ALIKE for remedy, count in display_path.items() if count > _ALIKE}
        for remedy, count in rest.items():
            yield f"    ... and {count} more with the same remedy: {remedy}"
