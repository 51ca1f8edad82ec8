"""What a run writes, and under which names: the one place that knows.

A run's folder, `reports/<benchmark>/<run>/`, is written by `run` and `workflows`, read by `reports`, `tracking`,
`api` and `evaluation`, sealed by `run` and tidied by `cleaning`. All of them take the names from here.

With `task:` in benchmark.yaml the tables of the task stand in the folder itself; with `tasks:` each has a folder
of its own, `tasks/<task>/`, with the same names inside.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "AUDIT_RECORD",
    "AUDIT_TABLE",
    "BALANCE",
    "CACHE_LIST",
    "CATALOGUE",
    "CHECKS",
    "CONTENT",
    "CURVES",
    "DETAILS",
    "FEATURES",
    "FINISHED",
    "FOLDS",
    "HISTORY",
    "IMAGES",
    "LATEST_POINTER",
    "LEDGER_CSV",
    "LEDGER_TABLE",
    "LESIONS",
    "MODELS",
    "NOTES",
    "OUTCOMES",
    "PREDICTIONS_CSV",
    "PREDICTIONS_TABLE",
    "PUBLISHED",
    "PUSHED",
    "READINGS",
    "REPORT_DATA",
    "REPORT_PAGE",
    "REPORT_PDF",
    "REPORT_TABLES",
    "REPORT_TEXT",
    "RESULTS_CSV",
    "RESULTS_TABLE",
    "RUN_RECORD",
    "SHIFT",
    "SPLITS",
    "SUMMARIES",
    "SYSTEM_METRICS",
    "TASKS",
    "THUMBNAILS",
    "fitted_folder",
    "table_in",
    "task_folder",
]

# The record of the run.
RUN_RECORD = "run.json"
"""What was run, on what, with what, where and for how long."""
NOTES = "notes.json"
"""What a reader of the report should know, in sentences."""
FINISHED = "complete.json"
"""Written last: the hashes of all files of a run that is complete."""
HISTORY = "history.json"
"""What the other runs of the benchmark on the same split say: checks that change with them."""
CACHE_LIST = "cache.json"
"""What the run uses of `reports/.cache`."""
PUSHED = "mlflow.json"
"""Where the run was pushed to."""
SYSTEM_METRICS = "system_metrics.jsonl"
"""How busy the machine was while the run was made, a line a moment."""
LATEST_POINTER = "latest.json"
"""Beside the runs of a benchmark: names the latest, where links cannot be made."""

# The cohort and its split.
LESIONS = "lesions.parquet"
"""The lesions, as they were read."""
IMAGES = "images.parquet"
"""The images and masks, as they were read."""
CONTENT = "content.parquet"
"""The hash of every image and mask."""
SPLITS = "splits.parquet"
"""The frozen split, as it was read."""
BALANCE = "balance.parquet"
"""How alike the subsets of the split are."""
SHIFT = "shift.parquet"
"""How far the tested lesions lie from those that models learn from."""
READINGS = "readings.parquet"
"""The readings, as they were read."""
PUBLISHED = "published.parquet"
"""Results of the literature."""
LEDGER_TABLE = "ledger.parquet"
"""The case ledger: missing, failed, repaired, noted and excluded lesions, with the reason."""
LEDGER_CSV = "ledger.csv"
"""The same, to read."""

# Images and features.
THUMBNAILS = "thumbnails.parquet"
"""A small picture of every image with its mask."""
CATALOGUE = "catalogue.parquet"
"""What every feature of the run is."""
FEATURES = "features"
"""Folder: one table a profile, how images were processed, and notes on single values."""

# Of a task.
TASKS = "tasks"
"""Folder of the tasks' folders."""
OUTCOMES = "outcomes.parquet"
"""What is known of each lesion: the class, or the time and the event."""
PREDICTIONS_TABLE = "predictions.parquet"
"""What every model said of every lesion, in every fold."""
PREDICTIONS_CSV = "predictions.csv"
"""The same, to read."""
RESULTS_TABLE = "results.parquet"
"""Every estimate with its interval."""
RESULTS_CSV = "results.csv"
"""The same, to read."""
CHECKS = "checks"
"""The name of the table of checks of a task."""
FOLDS = "folds"
"""The name of the table of each fold's main quantity of a task."""
CURVES = "curves"
"""Folder: ROC, precision-recall, calibration and survival curves."""
SUMMARIES = "summaries"
"""Folder: what models told of their search, summed up over fits."""
DETAILS = "details"
"""Folder: what models told of each fit."""
MODELS = "models"
"""Folder: the fitted models."""

# What is made of it.
REPORT_PAGE = "report.html"
"""The report."""
REPORT_DATA = "report.json"
"""The same as data, every number at full precision."""
REPORT_TEXT = "report.md"
"""The same as Markdown."""
REPORT_TABLES = "report-tables"
"""Folder: every table of the report as CSV."""
REPORT_PDF = "report.pdf"
"""The same on A4, where it was asked for."""
AUDIT_TABLE = "audit.parquet"
"""What each leak added, where `samesplit audit` ran."""
AUDIT_RECORD = "audit_record.json"
"""How it was audited."""


def task_folder(run: Path, task: str | None) -> Path:
    """Name the folder with the tables of a task.

    Args:
        run: The run's folder.
        task: The task's name under `tasks:`; None or empty for the one that `task:` declares.

    Example:
        >>> task_folder(Path("r"), "malignant").as_posix(), task_folder(Path("r"), None).as_posix()
        ('r/tasks/malignant', 'r')
    """
    return run / TASKS / task if task else run


def table_in(folder: Path, name: str) -> Path:
    """Name the file of a table that is known by its name, such as a curve, a summary or a detail.

    Example:
        >>> table_in(Path("r") / CURVES, "roc").as_posix()
        'r/curves/roc.parquet'
    """
    return folder / f"{name}.parquet"


def fitted_folder(folder: Path, model: str, *, seed: int, repeat: int, fold: int) -> Path:
    """Name the folder of one fitted model in the folder of its task.

    Example:
        >>> fitted_folder(Path("r"), "ridge", seed=0, repeat=1, fold=2).as_posix()
        'r/models/ridge/seed0-repeat1-fold2'
    """
    return folder / MODELS / model / f"seed{seed}-repeat{repeat}-fold{fold}"
