"""Two runs in one report: what was set otherwise, the verdicts side by side, paired differences of each model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from samesplit.errors import WorkspaceError
from samesplit.evaluation.run_differences import COMPARED_KINDS, run_differences
from samesplit.reports.compare_runs import RunDifferences, build_comparison
from samesplit.reports.run_folder import RunData, read_tasks

__all__ = ["compare_runs"]


def compare_runs(first: Path, second: Path, out: Path) -> Path:
    """Write a report that puts two runs side by side.

    Differences are computed where the two runs have the same frozen split and outcomes, since only then is each
    lesion predicted by models that were fitted on the same patients. Otherwise the page says why there are none.

    Args:
        first: The folder of a finished run.
        second: Of another.
        out: The folder of the comparison: report.html, report.json, report.md and report-tables.

    Returns:
        The path of report.html.

    Raises:
        WorkspaceError: The two are the same run, or no task of one asks what a task of the other asks.
        SamesplitError: A run is missing or damaged.
    """
    if first.resolve() == second.resolve():
        raise WorkspaceError(
            "is compared with itself",
            where=first,
            remedy="name two runs, by benchmark or by the run's folder",
        )
    of_first, of_second = read_tasks(first), read_tasks(second)
    found = [
        _differences(one, other)
        for one in of_first
        for other in of_second
        if _asks_the_same(one, other, alone=len(of_first) == len(of_second) == 1)
    ]
    if not found:
        raise WorkspaceError(
            f"asks something else than {first.name}: {_asked(of_second)} against {_asked(of_first)}",
            where=second,
            remedy="compare runs whose tasks have the same kind and the same classes",
        )
    return build_comparison(found, out)


def _asks_the_same(first: RunData, second: RunData, *, alone: bool) -> bool:
    """Whether two tasks have the same kind and classes, and the same name where there are several."""
    a, b = first.task, second.task
    return (a.kind, a.classes) == (b.kind, b.classes) and (alone or a.name == b.name)


def _asked(tasks: tuple[RunData, ...]) -> str:
    told = [
        f"{data.task.kind_in_words} ({', '.join(data.task.classes) or data.task.title})" for data in tasks
    ]
    return "; ".join(told)


def _differences(first: RunData, second: RunData) -> RunDifferences:
    reason = _why_not(first, second)
    table = pd.DataFrame()
    if not reason:
        truth = first.lesions.assign(label=first.lesions["number"])
        truth = truth[truth.index.isin(second.lesions.index)]
        table = run_differences(
            _known(first.predictions, truth),
            _known(second.predictions, truth),
            truth,
            kind=first.task.kind,
            classes=first.task.classes,
            rater=first.rater,
            confidence=first.confidence,
        )
    return RunDifferences(first=first, second=second, table=table, reason=reason)


def _known(predictions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Keep the predictions of lesions that have an outcome in both runs."""
    return predictions[predictions["lesion_id"].isin(truth.index)]


def _why_not(first: RunData, second: RunData) -> str:
    """Say why differences cannot be computed; empty where they can."""
    if first.task.kind not in COMPARED_KINDS:
        return "predicted masks of two runs are not compared lesion by lesion"
    if first.shuffled != second.shuffled:
        return "one of the runs is a label permutation check"
    splits = [str(data.section("split").get("sha256") or "") for data in (first, second)]
    if splits[0] != splits[1] or not splits[0]:
        return (
            "the two runs have different frozen splits, so a lesion was predicted by models that were fitted on "
            "other patients"
        )
    if first.rater != second.rater:
        return f"the first run is judged on masks of {first.rater}, the second on masks of {second.rater}"
    if first.confidence != second.confidence:
        return "the two runs have different levels of confidence"
    columns = ["number", "time"] if first.task.kind == "survival" else ["number"]
    common = first.lesions.index.intersection(second.lesions.index)
    outcomes = [data.lesions.loc[common, columns] for data in (first, second)]
    other = common[(outcomes[0] != outcomes[1]).any(axis=1)]
    if len(other):
        named = ", ".join(map(str, other[:3])) + (" and others" if len(other) > 3 else "")
        return f"lesions have another outcome in the second run: {named}"
    if common.empty:
        return "the two runs have no lesion with an outcome in common"
    return ""
