"""What a run says in a few lines on the terminal, and whether permuted labels put every model at chance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy import stats

from samesplit.ordering import ranked
from samesplit.reader_names import parse_reader_name
from samesplit.run_folder import RESULTS_TABLE, RUN_RECORD, task_folder
from samesplit.tables import read_table

__all__ = ["LabelPermutationVerdict", "label_permutation_verdict", "verdict_lines"]


@dataclass(frozen=True)
class LabelPermutationVerdict:
    """Whether every model fell to chance on shuffled labels.

    Attributes:
        at_chance: Whether all did.
        text: Which did not, with the numbers.
    """

    at_chance: bool
    text: str


_NAMES = {"auc": "AUC", "c_index": "C-index", "dice": "Dice"}
"""The main quantities of the kinds of task, as lines on the terminal call them."""
_AT_CHANCE = ("auc", "c_index")
"""Those that are 0.5 where predictions tell nothing."""


def verdict_lines(run_folder: Path) -> list[str]:
    """One line a model and reader: the main quantity of the task with its interval, best first.

    A run of named tasks has a line with the name of each before those of its models.
    """
    found = _main_estimates(run_folder)
    record = json.loads((run_folder / RUN_RECORD).read_text(encoding="utf-8"))
    titles = {model["name"]: model["title"] for model in record.get("models", ())}
    lines = []
    for task, rows in found.groupby("task", sort=False):
        if str(task):
            lines.append(f"{task!s}:")
        names = [titles.get(name, _reader_title(name)) for name in rows["model"]]
        width = max(len(name) for name in names)
        lines += [
            f"  {name:<{width}}  {_NAMES[row['quantity']]} {row['estimate']:.3f} "
            f"{_interval(row['ci_low'], row['ci_high'])}, n = {row['n']}"
            for name, row in zip(names, rows.to_dict(orient="records"), strict=True)
        ]
    return lines


def _reader_title(name: str) -> str:
    reader = parse_reader_name(name)
    if reader is None:
        return name
    return (
        f"Reader {reader.reader}/{reader.condition}" if reader.reader else f"Readers mean/{reader.condition}"
    )


def _interval(low: float, high: float) -> str:
    return "(no interval)" if pd.isna(low) else f"({low:.3f} to {high:.3f})"


def label_permutation_verdict(run_folder: Path, *, alpha: float = 0.05) -> LabelPermutationVerdict:
    """Judge a run on shuffled labels: no AUC or C-index may be above 0.5 at `alpha`, shared out over all of them.

    A leak lifts the AUC, so the test is one-sided; cross-validated AUCs of few lesions without any signal
    lean below 0.5 (each test part lacks what its training part has), which is no leak. Several models are
    looked at, so plain 95% intervals would raise a false alarm in one run of a few: Bonferroni shares
    `alpha` out. The standard errors are those of the intervals, on the side of chance.
    """
    found = _main_estimates(run_folder)
    aucs = found[found["quantity"].isin(_AT_CHANCE)].reset_index(drop=True)
    record = json.loads((run_folder / RUN_RECORD).read_text(encoding="utf-8"))
    confidence = float(record["statistics"]["confidence"])
    error = (aucs["estimate"] - aucs["ci_low"]) / stats.norm.ppf((1 + confidence) / 2)
    error = error.mask(
        aucs["method"].str.startswith("Newcombe")
    )  # no variance: an alarm, not an interval, is due
    above_chance = aucs["estimate"] - 0.5
    # Without an interval anything above 0.5 is as far from chance as can be.
    certain = (above_chance > 1e-9).map({True: float("inf"), False: 0.0})
    z = (above_chance / error.where(error > 0)).fillna(certain)
    names = aucs["model"].where(aucs["task"] == "", aucs["model"] + " in " + aucs["task"])
    p = pd.Series(stats.norm.sf(z), index=names.to_numpy())
    n_tasks = len(aucs["task"].unique())
    of = f" of {n_tasks} tasks" if n_tasks > 1 else ""
    above = p[p <= alpha / len(p)]
    if len(above):
        told = ", ".join(f"{name} (P = {value:.2g})" for name, value in above.items())
        text = f"Label permutation: NOT at chance on shuffled labels: {told}. Something leaks."
        return LabelPermutationVerdict(False, text)
    return LabelPermutationVerdict(
        True,
        f"Label permutation: all {len(p)} models{of} are at chance (smallest P = {p.min():.2g}).",
    )


def _main_estimates(run_folder: Path) -> pd.DataFrame:
    """Return the rows of the main quantity on all lesions, best first, with the task's name (empty for one)."""
    record = json.loads((run_folder / RUN_RECORD).read_text(encoding="utf-8"))
    # A task that no model of the run answered has a folder and no results.
    named = [
        task["name"]
        for task in record.get("tasks", ())
        if (task_folder(run_folder, task["name"]) / RESULTS_TABLE).is_file()
    ]
    parts = []
    for task in named or [""]:
        results = read_table(task_folder(run_folder, task) / RESULTS_TABLE)
        rows = results[
            results["quantity"].isin(list(_NAMES))
            & (results["group"] == "all")
            & (results["subset"] == "test")
        ]
        rows = rows[rows["reference"] == ""].drop_duplicates("model").dropna(subset=["estimate"])
        parts.append(rows.iloc[ranked(rows["estimate"], descending=True)].assign(task=task))
    return pd.concat(parts, ignore_index=True)
