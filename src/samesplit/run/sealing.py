"""The mark of a finished run (`complete.json`), with the hash of every file of its folder.

A finished run is not done again while each file is there as it was written. Where one is damaged, the run is done
again from what the cache keeps, which makes every file anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samesplit.kept import content_of, contents_of, damage_in, note_damage, read_kept_json
from samesplit.run_folder import (
    AUDIT_RECORD,
    AUDIT_TABLE,
    FINISHED,
    HISTORY,
    PUSHED,
    REPORT_DATA,
    REPORT_PAGE,
    REPORT_PDF,
    REPORT_TABLES,
    REPORT_TEXT,
    RESULTS_CSV,
    SYSTEM_METRICS,
)
from samesplit.storage import write_json

__all__ = ["reseal", "seal", "sealed"]

MARK = FINISHED
_OTHERS = (MARK, PUSHED, REPORT_PDF, AUDIT_TABLE, AUDIT_RECORD, HISTORY, SYSTEM_METRICS)
"""What other commands write and remove, and what is still written while the run is sealed."""
_REPORT = (REPORT_PAGE, REPORT_DATA, REPORT_TEXT, RESULTS_CSV)


def seal(folder: Path, record: dict[str, Any]) -> None:
    """Mark a run as finished.

    Args:
        folder: The run's; all its files are written.
        record: What the mark says besides.
    """
    write_json(folder / MARK, record | {"files": contents_of(folder, without=_OTHERS)})


def reseal(folder: Path) -> None:
    """Take the report of a finished run, written again, into its mark; nothing where the run is not finished."""
    record, _ = read_kept_json(folder / MARK, "files")
    if record:
        tables = [f"{REPORT_TABLES}/{path.name}" for path in (folder / REPORT_TABLES).glob("*.csv")]
        there = [name for name in (*_REPORT, *sorted(tables)) if (folder / name).exists()]
        others = {k: v for k, v in record["files"].items() if not k.startswith(f"{REPORT_TABLES}/")}
        record["files"] = others | {name: content_of(folder / name) for name in there}
        write_json(folder / MARK, record)


def sealed(folder: Path) -> dict[str, Any]:
    """Return the mark of a run that is finished and whole, else nothing; damage is noted."""
    record, damage = read_kept_json(folder / MARK, "failures", "files")
    if record:
        damage = damage_in(folder, record["files"])
    if damage:
        note_damage(folder, damage)
        return {}
    return record
