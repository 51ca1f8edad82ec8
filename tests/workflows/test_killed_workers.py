"""A run on a cluster of two processes, one of which is killed in the middle of every stage: nothing changes."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client, LocalCluster

from conftest import SmallStudy
from samesplit.run import RunOptions, load_plan
from samesplit.run.progress import Advance
from samesplit.workflows.run import RunOutcome, run_benchmark

STAGES = ("Features first-order", "Grid", "Models", "Statistics")
NETWORK = """
kind: network
title: Net
network: resnet10
width: 0.125
stem: small
seeds: [0, 1]
inputs: {view: 2d, size: 16}
training: {steps: 4, validate_every_steps: 2, minimum_steps: 0, batch_size: 8, accelerator: cpu}
"""
GRID = """
kind: radiomics-grid
title: Grid
profiles: ["*"]
selectors: [anova-f]
classifiers: [logistic, lda]
sizes: [3]
inner_folds: 3
"""


@dataclass
class Killer:
    """Kills a busy worker in the middle of each of the stages, and notes what it was doing.

    Attributes:
        client: Of the cluster.
        killed: By stage: the process that was killed, and how many pieces it held.
    """

    client: Client
    killed: dict[str, tuple[int, int]] = field(default_factory=dict)

    @contextmanager
    def stage(self, title: str) -> Iterator[Advance]:
        """Open a stage; the kill comes with the first piece that is done, while others are under way."""

        def advance(done: int, total: int) -> None:
            if title in STAGES and title not in self.killed and 0 < done < total:
                held = self.client.processing()
                busiest = max(held, key=lambda worker: len(held[worker]))
                pid = self.client.run(os.getpid, workers=[busiest])[busiest]
                os.kill(pid, signal.SIGKILL)
                self.killed[title] = pid, len(held[busiest])

        yield advance

    def say(self, text: str) -> None:
        """Say nothing."""


@pytest.fixture
def killer() -> Iterator[Killer]:
    """A cluster of two processes, one thread each, and who kills them."""
    import dask

    settings = {
        "distributed.worker.daemon": False,
        "distributed.admin.tick.limit": "1h",
        "distributed.comm.timeouts.connect": "60s",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield Killer(client)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_every_stage_changes_nothing(
    small_study: SmallStudy, killer: Killer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the page is drawn by the caller, from the tables that are compared here
    monkeypatch.setattr("samesplit.workflows.run._report", lambda folder: folder / "report.html")
    for name, text in (("net", NETWORK), ("grid", GRID)):
        (small_study.root / "models" / f"{name}.yaml").write_text(text)
    benchmark = small_study.folder / "benchmark.yaml"
    text = benchmark.read_text().replace("[zero-rule, clinical-logistic, forest]", "[grid, net]")
    benchmark.write_text(text.replace("reference: forest", "reference: grid"))
    elsewhere = SmallStudy(tmp_path / "elsewhere", tmp_path / "elsewhere" / "benchmarks" / "balls")
    shutil.copytree(small_study.root, elsewhere.root)

    address = killer.client.scheduler.address
    there = run_benchmark(load_plan(elsewhere.folder, RunOptions(scheduler=address)), killer)
    here = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1)))

    assert set(killer.killed) == set(STAGES)
    for stage, (pid, held) in killer.killed.items():
        assert held > 0, stage
        assert not _runs(pid), stage
    assert there.failures == here.failures == {}
    same_tables(there, here)


def same_tables(there: RunOutcome, here: RunOutcome) -> None:
    """Features, predictions and all that was found of them are the same to the last bit."""
    names = {path.relative_to(here.folder) for path in here.folder.rglob("*.parquet")}
    assert names == {path.relative_to(there.folder) for path in there.folder.rglob("*.parquet")}
    assert {Path("predictions.parquet"), Path("results.parquet"), Path("readers/mrmc.parquet")} <= names
    for name in sorted(names):
        table, other = (_told(run, name) for run in (there, here))
        pd.testing.assert_frame_equal(table, other, check_exact=True, obj=str(name))


def _told(run: RunOutcome, name: Path) -> pd.DataFrame:
    """Read a table without times, and with paths that begin in the workspace."""
    table = pd.read_parquet(run.folder / name)
    root = str(run.folder.parents[2])
    table = table.drop(columns=[column for column in table if "seconds" in str(column)])
    return table.map(lambda cell: cell.replace(root, "") if isinstance(cell, str) else cell)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
