"""One procedure on one fold with one set of labels: done once, kept by the hash of all that decides it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context

from samesplit.audit.procedure import FoldData, Procedure, Scores
from samesplit.audit.table import Codes, Parts, Table, read_table_file
from samesplit.execution.work_units import (
    Arrays,
    Deferred,
    WorkUnit,
    read_result,
    result_path,
    run_work_units,
)
from samesplit.models.tabular import estimator_seed
from samesplit.run.versions import versions
from samesplit.source import source_digest
from samesplit.storage import hash_object
from samesplit.uses import uses

__all__ = ["FoldUnit", "LabelSet", "carry_out", "run_fold_units", "scores_of", "seconds_of"]


@dataclass(frozen=True)
class LabelSet:
    """One set of labels and the repeats of the split that are done with it.

    Attributes:
        kind: `real` or `shuffled`.
        number: Of the shuffle.
        labels: 0 or 1 per lesion_id.
        repeats: Of the split.
    """

    kind: str
    number: int
    labels: pd.Series[int]
    repeats: tuple[int, ...]

    @property
    def name(self) -> str:
        """Tells sets of labels apart."""
        return f"{self.kind} {self.number}"


@dataclass(frozen=True)
class FoldUnit:
    """Everything that one procedure needs for one fold.

    Attributes:
        table_file: See `Table.write`.
        procedure: What is done.
        labels: 0 or 1, one a row of the table.
        parts: The fold.
        seed: Of the fit.
        draw: Seed and repeat of random splits.
        columns: Numbers of the columns that may be used; None means all.
        table: What the file holds, for who cannot see it.
    """

    table_file: Path
    procedure: Procedure
    labels: Codes
    parts: Parts
    seed: int
    draw: tuple[int, ...]
    columns: tuple[int, ...] | None = None
    table: Table | None = None

    @property
    def key(self) -> str:
        """The hash of all inputs, under which the result is kept."""
        parts = [getattr(self.parts, field.name).tolist() for field in fields(self.parts)]
        return hash_object(
            {
                "code": source_digest("samesplit.audit.leaks", __name__, *self.procedure.settings.code()),
                "versions": versions(),
                "table": self.table_file.stem,
                "procedure": self.procedure.key,
                "labels": self.labels.tolist(),
                "parts": parts,
                "seeds": [self.seed, *self.draw],
                "columns": self.columns,
            }
        )


def carry_out(work: FoldUnit) -> Arrays:
    """Do one procedure on one fold.

    Returns:
        The arrays of `Scores`, and `seconds` of this process (not of the wall clock).

    Raises:
        ModelError: There are too few patients in a class, or no feature is usable.
    """
    table = read_table_file(work.table_file) if work.table is None else work.table
    X = table.X if work.columns is None else table.X[:, list(work.columns)]
    given = FoldData(
        X=X,
        y=work.labels,
        patients=table.patients,
        aside=table.aside,
        parts=work.parts,
        settings=work.procedure.settings,
        seed=estimator_seed(work.seed),
        draw=work.draw,
        owner=np.arange(len(table)),
    )
    started = time.process_time()
    with config_context(assume_finite=True, skip_parameter_validation=True):
        scores = work.procedure.run(given)
    told = {field.name: np.asarray(getattr(scores, field.name)) for field in fields(scores)}
    return told | {"seconds": np.asarray(time.process_time() - started)}


def _with_table(work: FoldUnit) -> FoldUnit:
    """Return the work for a machine that does not see this disk."""
    return replace(work, table=read_table_file(work.table_file))


def run_fold_units(
    works: Mapping[str, FoldUnit],
    store: Path,
    *,
    jobs: int,
    advance: Callable[[int, int], None],
    scheduler: str | None = None,
) -> dict[str, str]:
    """Do what is not yet kept.

    Args:
        works: By key.
        store: Folder of kept results.
        jobs: Processes.
        advance: Told the fits done and those in all.
        scheduler: Address of a Dask scheduler whose workers do the pieces instead; they need not see the store.

    Returns:
        Why a piece failed, by key; empty when none did.
    """
    keys = list(works)
    uses([result_path(store / key[:2], key) for key in keys])
    uses({work.table_file for work in works.values()})
    payloads: list[Any] = [
        works[key] if scheduler is None else Deferred(_with_table, (works[key],)) for key in keys
    ]
    pieces = [
        (store / key[:2], WorkUnit(key, carry_out, payload))
        for key, payload in zip(keys, payloads, strict=True)
    ]
    fits = [works[key].procedure.fits for key in keys]
    total, done = sum(fits), 0
    failed: dict[str, str] = {}
    advance(0, total)
    for place, reason in run_work_units(pieces, jobs=jobs, scheduler=scheduler):
        done += fits[place]
        advance(done, total)
        if reason:
            failed[keys[place]] = reason
    return failed


def seconds_of(keys: Sequence[str], store: Path) -> float:
    """Sum up the computing time of some pieces, when they were done.

    Args:
        keys: Of pieces that did not fail.
        store: Folder of kept results.
    """
    return float(sum(read_result(store / key[:2], key, "seconds")["seconds"] for key in keys))


def scores_of(keys: Sequence[tuple[int, str]], store: Path, table: Table) -> pd.DataFrame:
    """Return the scores of all folds of one repeat.

    Args:
        keys: Fold and key of its piece.
        store: Folder of kept results.
        table: The table whose rows the scores count for.

    Returns:
        fold, cell, row, label, score, test, chosen (the procedure's own choice), lesion_id, patient_id.
    """
    parts = []
    for fold, key in keys:
        names = [field.name for field in fields(Scores)]
        found = Scores(**read_result(store / key[:2], key, *names))  # type: ignore[arg-type]
        part = {name: getattr(found, name) for name in ("cell", "row", "label", "score", "test")}
        parts.append(pd.DataFrame(part).assign(fold=fold, chosen=found.cell == int(found.chosen)))
    scores = pd.concat(parts, ignore_index=True)
    row = scores["row"].to_numpy()
    return scores.assign(lesion_id=table.lesions[row], patient_id=table.patients[row])
