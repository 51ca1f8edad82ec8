"""What is killed with SIGKILL, once or again and again, goes on where it was and leaves nothing twice.

`make reliability` kills whole runs, with a network and an ensemble, at random moments (docs/reliability.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import SmallStudy
from reliability.processes import forked, kill_when
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.run import run_benchmark

QUICK = RunOptions(jobs=1)
TABLES = ("predictions.csv", "results.csv")


def tables(study: SmallStudy) -> dict[str, bytes]:
    return {name: (study.root / "reports" / "balls" / "latest" / name).read_bytes() for name in TABLES}


def files_in(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_is_killed_three_times_ends_with_the_same_tables(
    small_study: SmallStudy, finished_small_study: SmallStudy
) -> None:
    cache = small_study.root / "reports" / ".cache"
    whole = files_in(finished_small_study.root / "reports" / ".cache")
    for share in (0.2, 0.55, 0.9):
        run = forked(lambda: run_benchmark(load_plan(small_study.folder, QUICK)))
        kill_when(run, lambda share=share: files_in(cache) >= share * whole)  # type: ignore[misc]

    assert not run_benchmark(load_plan(small_study.folder, QUICK)).unchanged

    assert tables(small_study) == tables(finished_small_study)
    assert run_benchmark(load_plan(small_study.folder, QUICK)).unchanged
