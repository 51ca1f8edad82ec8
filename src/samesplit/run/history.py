"""What other runs of a benchmark did with the same split: kept in a run's folder, where the report finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samesplit.errors import SamesplitError
from samesplit.evaluation.binary.label_permutation import label_permutation_verdict
from samesplit.evaluation.checks import History, run_history_checks
from samesplit.kept import read_kept_json
from samesplit.run_folder import FINISHED, HISTORY, RUN_RECORD
from samesplit.storage import write_json

__all__ = ["adopt_history"]


def adopt_history(run_folder: Path) -> bool:
    """Ask the other finished runs of the benchmark and keep what the checks find in the run's folder.

    Args:
        run_folder: `reports/<benchmark>/<run>`.

    Returns:
        Whether anything in the run's folder changed.
    """
    table = run_history_checks(_history(run_folder))
    found = table.to_dict("records")
    there, _ = read_kept_json(run_folder / HISTORY, "checks")
    if there == {"checks": found}:
        return False
    write_json(run_folder / HISTORY, {"checks": found})
    return True


def _history(run_folder: Path) -> History:
    own = _record(run_folder)
    split = own.get("split", {}).get("sha256")
    others: list[str] = []
    at_chance: list[str] = []
    off_chance: list[str] = []
    for folder in sorted(run_folder.parent.glob("*")):
        same = folder.is_symlink() or folder.name == run_folder.name
        if same or not folder.is_dir() or not (folder / FINISHED).exists():
            continue
        record = _record(folder)
        if not record or record.get("split", {}).get("sha256") != split:
            continue
        if not _shuffled(record):
            others.append(folder.name)
            continue
        try:
            fine = label_permutation_verdict(folder).at_chance
        except SamesplitError:  # of a run that was damaged since: it proves nothing
            continue
        (at_chance if fine else off_chance).append(folder.name)
    return History(tuple(others), tuple(at_chance), tuple(off_chance), _shuffled(own))


def _record(folder: Path) -> dict[str, Any]:
    return read_kept_json(folder / RUN_RECORD, "run")[0]


def _shuffled(record: dict[str, Any]) -> bool:
    return bool(record.get("options", {}).get("shuffle_labels"))
