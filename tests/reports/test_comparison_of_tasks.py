"""Two runs of several tasks have a chapter a task (of one task: tests/workflows/test_compare_runs.py)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd

from samesplit.reports.compare_runs import RunDifferences, make_comparison
from samesplit.reports.run_folder import read_tasks


def test_every_task_has_a_chapter_and_is_named_in_the_answer(task_run: Path) -> None:
    first = read_tasks(task_run)
    second = [dataclasses.replace(data, run=data.run | {"run": "later"}) for data in first]
    tasks = [
        RunDifferences(one, other, pd.DataFrame(), "the two runs have different frozen splits")
        for one, other in zip(first, second, strict=True)
    ]
    report, _ = make_comparison(tasks)
    assert [chapter.title for chapter in report.chapters] == [data.task.title for data in first]
    assert [section.id for section in report.sections] == ["settings", "runs"]
    ids = [section.id for chapter in report.chapters for section in chapter.sections]
    assert len(ids) == len(set(ids)) == 2 * len(first)
    for chapter in report.chapters:
        assert f"{chapter.title}: No difference between the two runs is computed" in report.answer
