"""How many checks of a run found what, read from its folder."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from samesplit.run_folder import CHECKS, HISTORY, TASKS, table_in
from samesplit.tables import read_table

__all__ = ["check_counts", "checks_line"]


def check_counts(run_folder: Path) -> Counter[str]:
    """Count the checks of a run by what they found; of several tasks, those of all.

    Args:
        run_folder: `reports/<benchmark>/<run>`.
    """
    folders = [run_folder, *sorted(path for path in (run_folder / TASKS).glob("*") if path.is_dir())]
    counts: Counter[str] = Counter()
    for path in (table_in(folder, CHECKS) for folder in folders):
        if path.exists():
            counts.update(read_table(path)["state"])
    if counts and (run_folder / HISTORY).exists():
        kept = json.loads((run_folder / HISTORY).read_text(encoding="utf-8"))
        counts.update(row["state"] for row in kept["checks"])
    return counts


def checks_line(run_folder: Path) -> str:
    """Tell the counts of a run in one line; empty where no checks were made.

    Args:
        run_folder: `reports/<benchmark>/<run>`.
    """
    counts = check_counts(run_folder)
    if not counts:
        return ""
    words = {"issue": "issue", "tip": "tip"}
    open_ones = [f"{counts[state]} {word}{'s' * (counts[state] != 1)}" for state, word in words.items()]
    return f"Checks: {', '.join(open_ones)}, {counts['passed']} passed (section 'Checks' of the report)"
