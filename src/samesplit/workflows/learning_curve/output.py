"""What a learning curve writes: three tables, a record of what they were made from, the figure, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samesplit.evaluation.learning_curve import CurveTables
from samesplit.models.settings import ModelSettings
from samesplit.places import Places
from samesplit.reports.learning_curve_page import learning_curve_page, save_figure
from samesplit.run.audit_tables import input_hashes
from samesplit.run.plan import Plan
from samesplit.run.provenance import machine
from samesplit.run.versions import versions
from samesplit.storage import write_json, write_text
from samesplit.tables import write_csv, write_table
from samesplit.tasks import MulticlassTask
from samesplit.version import __version__

__all__ = ["write_curve"]


def write_curve(
    folder: Path,
    tables: CurveTables,
    plan: Plan,
    asked: str,
    models: Sequence[ModelSettings],
    asked_for: dict[str, Any],
) -> dict[str, Any]:
    """Write the tables as CSV and parquet, the figure as SVG and PNG, record.json and learning_curve.html.

    Args:
        folder: Where to.
        tables: The curves.
        plan: The benchmark.
        asked: The name of the task.
        models: Whose curves they are, in their order.
        asked_for: Sizes, draws, seed, fits, seconds, failures.

    Returns:
        The record.
    """
    task = plan.tasks[asked]
    record: dict[str, Any] = {
        "samesplit": __version__,
        "benchmark": plan.definition.name,
        "title": plan.definition.title,
        "question": task.question,
        **({"task": asked} if plan.definition.tasks else {}),
        "several_classes": isinstance(task, MulticlassTask),
        "confidence": plan.definition.statistics.confidence,
        "bootstraps": plan.definition.statistics.bootstraps,
        "models": {
            model.name: {"title": model.title, "settings": model.to_dict(), "sha256": model.digest()}
            for model in models
        },
        **asked_for,
        "notes": list(tables.notes),
        "folds": len(plan.split.pairs()),
        "hashes": input_hashes(plan),
        "versions": versions(),
        "machine": machine(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    record = Places(plan.workspace.root).hide_in(record)
    made_from = {"hashes": record["hashes"], "models": {m.name: m.digest() for m in models}}
    for name, table in (
        ("learning_curve", tables.curve),
        ("differences", tables.differences),
        ("crossings", tables.crossings),
    ):
        write_table(table, folder / f"{name}.parquet", **made_from)
        write_csv(table, folder / f"{name}.csv")
    write_json(folder / "record.json", record)
    save_figure(tables.curve, tables.crossings, record, folder / "learning_curve")
    page = learning_curve_page(tables.curve, tables.differences, tables.crossings, record)
    write_text(folder / "learning_curve.html", page)
    return record
