"""`samesplit audit`: the radiomics arm again, honestly and under each leak, on real and on shuffled labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.audit.cohort import AuditInputs, audit_inputs
from samesplit.audit.leak_table import AUDIT_COLUMNS, audit_table
from samesplit.audit.leaks import LEAKS, Leak
from samesplit.audit.output import write_audit
from samesplit.audit.work_list import WorkUnitList
from samesplit.audit.work_units import LabelSet
from samesplit.errors import DeclarationError
from samesplit.execution.processes import cores
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.shuffling import shuffle_outcomes
from samesplit.tasks import DEFAULT_TASK
from samesplit.uses import using

__all__ = ["AUDIT_COLUMNS", "Audit", "run_audit"]


@dataclass(frozen=True)
class Audit:
    """Result of an audit.

    Attributes:
        folder: Where it was written.
        table: One row a leak and kind of labels; `AUDIT_COLUMNS`.
        record: What it was made from.
    """

    folder: Path
    table: pd.DataFrame
    record: dict[str, Any]


def run_audit(
    benchmark: str | Path,
    *,
    model: str | None = None,
    task: str | None = None,
    leaks: Sequence[str] = (),
    shuffles: int = 20,
    repeats: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    seed: int = 0,
    output: Path | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> Audit:
    """Say how much AUC each leak would have bought.

    The real labels are done on all repeats of the frozen split, or the first few. Each shuffle of the labels gives
    every patient the labels of another and is done on one repeat of the split, each on the next.

    Args:
        benchmark: Folder or name.
        model: A radiomics grid: of the benchmark, or a model file. Default: the benchmark's first.
        task: A task of two classes. Default: the benchmark's first.
        leaks: Names of leaks; empty means all.
        shuffles: How many times the labels are shuffled; 0 leaves that out.
        repeats: How many repeats of the split are done with the real labels; None means all.
        jobs: Processes; None means one per core.
        scheduler: Address of a Dask scheduler whose workers open images, extract features and do the pieces.
        seed: Of shuffled labels and random splits.
        output: Folder; default: `reports/<benchmark>/audit`.
        reporter: Progress reporter.
        start: Where to look for the benchmark.

    Raises:
        DeclarationError: There is no such leak or model, or the model is not a radiomics grid.
        SamesplitError: (or another of its kinds) The benchmark cannot be read.
    """
    reporter = reporter or SilentReporter()
    wanted = _wanted(leaks)
    given = audit_inputs(
        benchmark, model=model, task=task, jobs=jobs, scheduler=scheduler, reporter=reporter, start=start
    )
    settings = given.settings
    versions = _versions(given, shuffles=shuffles, repeats=repeats, seed=seed)
    works = WorkUnitList(given, versions, given.plan.workspace.cache / "audit", seed)
    applied = [leak for leak in wanted if not leak.why_not(given.cohort, settings)]
    procedures = [(leak.fair(settings), leak.leaky(settings)) for leak in applied]
    folder = output or given.plan.workspace.reports / given.plan.definition.name / "audit"
    with using(given.plan.workspace.cache, folder):
        for procedure in {one.key: one for both in procedures for one in both}.values():
            works.add(procedure)
        with reporter.stage(f"Audit, {works.fits:,} fits".replace(",", " ")) as advance:
            works.do(jobs=jobs or cores(), advance=advance, scheduler=scheduler)
    asked = {
        "shuffles": shuffles,
        "repeats": len(versions[0].repeats),
        "seed": seed,
        "fits": works.fits,
        "seconds": {
            leak.key(): {
                name: round(works.seconds(one), 1)
                for name, one in zip(("honest", "leaky"), both, strict=True)
            }
            for leak, both in zip(applied, procedures, strict=True)
        },
    }
    table = audit_table(wanted, works)
    return Audit(folder, table, write_audit(folder, table, given, asked, wanted))


def _wanted(names: Sequence[str]) -> list[Leak]:
    known = list(dict.fromkeys(leak.name for leak in LEAKS.values()))
    for name in names:
        if name not in known:
            raise DeclarationError(
                f"there is no leak called '{name}'", remedy=f"there are: {', '.join(known)}"
            )
    return [leak for leak in LEAKS.values() if not names or leak.name in names]


def _versions(given: AuditInputs, *, shuffles: int, repeats: int | None, seed: int) -> list[LabelSet]:
    """Return the real labels, then the shuffled ones."""
    plan = given.plan
    there = sorted({repeat for repeat, _ in plan.split.pairs()})
    cohort, tasks = given.one_task, {DEFAULT_TASK: plan.tasks[given.task]}
    real = LabelSet("real", 0, cohort.labels, tuple(there[: repeats or len(there)]))
    shuffled = [
        LabelSet(
            "shuffled",
            number,
            shuffle_outcomes(cohort, tasks, plan.split, 1000 * seed + number)[DEFAULT_TASK]["label"],
            (there[number % len(there)],),
        )
        for number in range(shuffles)
    ]
    return [real, *shuffled]
