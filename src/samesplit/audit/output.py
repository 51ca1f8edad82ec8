"""What an audit writes: the table, a record of what it was made from, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.audit.cohort import AuditInputs
from samesplit.audit.leaks import Leak
from samesplit.reports.audit_page import audit_page
from samesplit.run.audit_tables import input_hashes
from samesplit.run.versions import versions
from samesplit.run_folder import AUDIT_TABLE
from samesplit.storage import write_json, write_text
from samesplit.tables import write_csv, write_table
from samesplit.version import __version__

__all__ = ["write_audit"]


def write_audit(
    folder: Path, table: pd.DataFrame, given: AuditInputs, asked: dict[str, Any], leaks: Sequence[Leak]
) -> dict[str, Any]:
    """Write audit.csv, audit.parquet, record.json and audit.html.

    Args:
        folder: Where to.
        table: See `AUDIT_COLUMNS`.
        given: What was audited.
        asked: Shuffles, repeats, seed, fits, seconds.
        leaks: Those that were asked for.

    Returns:
        The record.
    """
    plan = given.plan
    record: dict[str, Any] = {
        "samesplit": __version__,
        "benchmark": plan.definition.name,
        "title": plan.definition.title,
        "question": plan.tasks[given.task].question,
        **({"task": given.task} if plan.definition.tasks else {}),
        "confidence": plan.definition.statistics.confidence,
        "model": {
            "name": given.settings.name,
            "title": given.settings.title,
            "settings": given.settings.to_dict(),
        },
        "leaks": [leak.key() for leak in leaks],
        **asked,
        "folds": len({fold for _, fold in plan.split.pairs()}),
        "lesions": len(given.cohort.table),
        "features": len(given.cohort.table.columns),
        "hashes": input_hashes(plan),
        "versions": versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    made_from = {"hashes": record["hashes"], "model": given.settings.digest()}
    write_table(table, folder / AUDIT_TABLE, **made_from)
    write_csv(table, folder / "audit.csv")
    write_json(folder / "record.json", record)
    write_text(folder / "audit.html", audit_page(table, record))
    return record
