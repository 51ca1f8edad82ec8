"""Work units of an audit: keys, results, computing time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from samesplit.audit.cohort import AuditInputs
from samesplit.audit.procedure import Procedure
from samesplit.audit.table import Parts, Table
from samesplit.audit.work_units import FoldUnit, LabelSet, run_fold_units, scores_of, seconds_of

__all__ = ["WorkUnitList"]


@dataclass
class WorkUnitList:
    """Every procedure with every set of labels on every fold of the repeats that are done with it.

    Attributes:
        given: What is audited.
        versions: The real labels, then the shuffled ones.
        store: Folder of kept results.
        seed: Of random splits.
        pieces: By key.
        keys: (procedure, labels, repeat) to the fold and key of its pieces.
        failed: Why a piece failed, by key.
    """

    given: AuditInputs
    versions: Sequence[LabelSet]
    store: Path
    seed: int
    pieces: dict[str, FoldUnit] = field(default_factory=dict)
    keys: dict[tuple[str, str, int], list[tuple[int, str]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def fits(self) -> int:
        """How many classifiers are fitted at most."""
        return sum(work.procedure.fits for work in self.pieces.values())

    def add(self, procedure: Procedure) -> None:
        """Plan the pieces of a procedure, unless they are there."""
        table = self.table(procedure)
        file = table.write(self.store / "tables")
        for version in self.versions:
            labels = table.labels(version.labels)
            for repeat, fold in self.given.plan.split.pairs():
                if repeat not in version.repeats:
                    continue
                lesions = (self.given.lesions(repeat, fold, part) for part in ("train", "validation", "test"))
                work = FoldUnit(
                    table_file=file,
                    procedure=procedure,
                    labels=labels,
                    parts=Parts(*map(table.rows_of, lesions)),
                    seed=self.given.settings.seeds[0],
                    draw=(self.seed, repeat),
                    columns=self.given.stable.get((repeat, fold)) if procedure.rows == "lesions" else None,
                )
                key = work.key
                self.pieces[key] = work
                self.keys.setdefault((procedure.key, version.name, repeat), []).append((fold, key))

    def do(self, *, jobs: int, advance: Callable[[int, int], None], scheduler: str | None = None) -> None:
        """Do what is not yet kept; `advance` is told the fits done and those in all. See `run_fold_units`."""
        self.failed = run_fold_units(self.pieces, self.store, jobs=jobs, advance=advance, scheduler=scheduler)

    def table(self, procedure: Procedure) -> Table:
        """Return the rows that a procedure works on."""
        if procedure.rows == "lesions":
            return self.given.cohort.table
        assert self.given.cohort.stacked is not None  # the leak that stacks rows says so when there are none
        return self.given.cohort.stacked

    def scores(self, procedure: Procedure, version: LabelSet) -> list[tuple[int, pd.DataFrame]]:
        """All scores of a procedure with one set of labels, by repeat; see `scores_of`."""
        table = self.table(procedure)
        return [
            (repeat, scores_of(self.keys[procedure.key, version.name, repeat], self.store, table))
            for repeat in version.repeats
        ]

    def failure(self, procedure: Procedure, version: LabelSet) -> str:
        """Why the first of its pieces failed that did; empty when none did."""
        keys = [
            key for repeat in version.repeats for _, key in self.keys[procedure.key, version.name, repeat]
        ]
        return next((self.failed[key] for key in keys if key in self.failed), "")

    def seconds(self, procedure: Procedure) -> float:
        """Sum up the computing time of all pieces of a procedure, when they were done."""
        mine = [key for (name, _, _), folds in self.keys.items() if name == procedure.key for _, key in folds]
        return seconds_of([key for key in mine if key not in self.failed], self.store)
