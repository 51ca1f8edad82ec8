"""`samesplit audit`: the radiomics arm again, honestly and under each leak, on real and on shuffled labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.audit.cohort import AuditInputs, audit_inputs
from samesplit.audit.estimates import Bought, bought, bought_when_shuffled, subject_table
from samesplit.audit.leaks import LEAKS, Leak
from samesplit.audit.output import AUDIT_COLUMNS, write_audit
from samesplit.audit.pieces import FoldWork, Labelled, do_works, scores_of, seconds_of
from samesplit.audit.procedure import Procedure, cells_of
from samesplit.audit.table import Parts, Table
from samesplit.errors import DeclarationError, StatisticsError
from samesplit.run.plan import shuffle_labels
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.run.stages import cores

__all__ = ["Audit", "run_audit"]


@dataclass(frozen=True)
class Audit:
    """What came of an audit.

    Attributes:
        folder: Where it was written.
        table: One row a leak and kind of labels; `AUDIT_COLUMNS`.
        record: What it was made from.
    """

    folder: Path
    table: pd.DataFrame
    record: dict[str, Any]


_WHOLE: dict[str, Any] = dict.fromkeys(("n", "n_positive", "candidates", "shuffles"), "Int64")


@dataclass
class _Works:
    """Every piece of an audit, and which of them each procedure, set of labels and repeat is made of.

    Attributes:
        works: By key.
        keys: (procedure, labels, repeat) to the fold and key of its pieces.
    """

    works: dict[str, FoldWork] = field(default_factory=dict)
    keys: dict[tuple[str, str, int], list[tuple[int, str]]] = field(default_factory=dict)


def run_audit(
    benchmark: str | Path,
    *,
    model: str | None = None,
    leaks: Sequence[str] = (),
    shuffles: int = 20,
    repeats: int | None = None,
    jobs: int | None = None,
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
        leaks: Names of leaks; empty means all.
        shuffles: How many times the labels are shuffled; 0 leaves that out.
        repeats: How many repeats of the split are done with the real labels; None means all.
        jobs: Processes; None means one per core.
        seed: Of shuffled labels and random splits.
        output: Folder; default: `reports/<benchmark>/audit`.
        reporter: Whom to tell.
        start: Where to look for the benchmark.

    Raises:
        DeclarationError: There is no such leak or model, or the model is not a radiomics grid.
        SamesplitError: (or another of its kinds) The benchmark cannot be read.
    """
    reporter = reporter or SilentReporter()
    wanted = _wanted(leaks)
    given = audit_inputs(benchmark, model=model, jobs=jobs, reporter=reporter, start=start)
    versions = _versions(given, shuffles=shuffles, repeats=repeats, seed=seed)
    store = given.plan.workspace.cache / "audit"
    reasons = {leak.key(): leak.why_not(given.cohort, given.settings) for leak in wanted}
    applied = [leak for leak in wanted if not reasons[leak.key()]]
    found = _Works()
    for procedure in _procedures(applied, given):
        for version in versions:
            _plan_works(found, procedure, version, given, store, seed)
    fits = sum(work.procedure.fits for work in found.works.values())
    with reporter.stage(f"Audit, {fits:,} fits".replace(",", " ")) as advance:
        failed = do_works(found.works, store, jobs=jobs or cores(), advance=advance)
    rows = []
    for leak in wanted:
        rows += _rows(leak, reasons[leak.key()], given, versions, found, failed, store)
    table = pd.DataFrame(rows, columns=AUDIT_COLUMNS).astype(_WHOLE)
    seconds = {
        leak.key(): {
            name: round(_seconds(procedure, found, failed, store), 1)
            for name, procedure in (
                ("honest", leak.fair(given.settings)),
                ("leaky", leak.leaky(given.settings)),
            )
        }
        for leak in applied
    }
    settings = {
        "shuffles": shuffles,
        "repeats": len(versions[0].repeats),
        "seed": seed,
        "fits": fits,
        "seconds": seconds,
    }
    folder = output or given.plan.workspace.reports / given.plan.definition.name / "audit"
    record = write_audit(folder, table, given, settings, wanted)
    return Audit(folder, table, record)


def _wanted(names: Sequence[str]) -> list[Leak]:
    known = list(dict.fromkeys(leak.name for leak in LEAKS.values()))
    for name in names:
        if name not in known:
            raise DeclarationError(
                f"there is no leak called '{name}'", remedy=f"there are: {', '.join(known)}"
            )
    return [leak for leak in LEAKS.values() if not names or leak.name in names]


def _versions(given: AuditInputs, *, shuffles: int, repeats: int | None, seed: int) -> list[Labelled]:
    """The real labels, then the shuffled ones."""
    plan = given.plan
    there = sorted({repeat for repeat, _ in plan.split.pairs()})
    real = Labelled("real", plan.cohort.labels, tuple(there[: repeats or len(there)]))
    return [
        real,
        *(
            Labelled(
                f"shuffled {number}",
                shuffle_labels(plan.cohort, plan.split, 1000 * seed + number),
                (there[number % len(there)],),
            )
            for number in range(shuffles)
        ),
    ]


def _procedures(leaks: Sequence[Leak], given: AuditInputs) -> list[Procedure]:
    """All procedures, each once: the honest one first."""
    found: dict[str, Procedure] = {}
    for leak in leaks:
        for procedure in (leak.fair(given.settings), leak.leaky(given.settings)):
            found.setdefault(procedure.key, procedure)
    return list(found.values())


def _plan_works(
    found: _Works, procedure: Procedure, version: Labelled, given: AuditInputs, store: Path, seed: int
) -> None:
    """Add the pieces of one procedure with one set of labels."""
    table = _table(procedure, given)
    file = table.write(store / "tables")
    labels = table.labels(version.labels)
    for repeat, fold in given.plan.split.pairs():
        if repeat not in version.repeats:
            continue
        rows = (table.rows_of(given.lesions(repeat, fold, part)) for part in ("train", "validation", "test"))
        work = FoldWork(
            table_file=file,
            procedure=procedure,
            labels=labels,
            parts=Parts(*rows),
            seed=given.settings.seeds[0],
            draw=(seed, repeat),
            columns=given.columns_of(repeat, fold, table),
        )
        key = work.key
        found.works[key] = work
        found.keys.setdefault((procedure.key, version.name, repeat), []).append((fold, key))


def _table(procedure: Procedure, given: AuditInputs) -> Table:
    if procedure.rows == "lesions":
        return given.cohort.table
    assert given.cohort.stacked is not None  # a leak that stacks rows says so when there are none
    return given.cohort.stacked


def _rows(
    leak: Leak,
    reason: str,
    given: AuditInputs,
    versions: Sequence[Labelled],
    found: _Works,
    failed: Mapping[str, str],
    store: Path,
) -> list[dict[str, Any]]:
    """The rows of one leak: real and shuffled labels."""
    about: dict[str, Any] = {
        "leak": leak.name,
        "variant": leak.variant,
        "title": leak.title,
        "informative": leak.informative,
        "honest_title": leak.honest_title,
        "done_in": leak.done_in,
        "measured": leak.measured,
    }
    kinds = ["real", "shuffled"] if len(versions) > 1 else ["real"]
    if reason:
        return [about | {"labels": kind, "applied": False, "note": reason} for kind in kinds]
    fair, leaky = leak.fair(given.settings), leak.leaky(given.settings)
    about["candidates"] = len(cells_of(leaky.settings))
    rows = []
    for kind in kinds:
        mine = [version for version in versions if version.name.startswith(kind)]
        wrong = _first_failure((fair, leaky), mine, found, failed)
        if wrong:
            rows.append(about | {"labels": kind, "applied": False, "note": f"failed: {wrong}"})
            continue
        try:
            tables = [
                (
                    _read(leak.read_fair, fair, version, given, found, store),
                    _read(leak.read_leaky, leaky, version, given, found, store),
                )
                for version in mine
            ]
            confidence = given.plan.definition.statistics.confidence
            if kind == "real":
                result = bought(*tables[0], confidence=confidence)
            else:
                result = bought_when_shuffled(*zip(*tables, strict=True), confidence=confidence)
        except StatisticsError as error:
            rows.append(about | {"labels": kind, "applied": False, "note": f"no AUC: {error.problem}"})
            continue
        count = len(mine) if kind == "shuffled" else 0
        rows.append(about | {"labels": kind, "applied": True, "shuffles": count} | _numbers(result))
    return rows


def _seconds(procedure: Procedure, found: _Works, failed: Mapping[str, str], store: Path) -> float:
    """Computing time of all pieces of a procedure."""
    keys = [key for (name, _, _), folds in found.keys.items() if name == procedure.key for _, key in folds]
    return seconds_of([key for key in keys if key not in failed], store)


def _first_failure(
    procedures: Sequence[Procedure], versions: Sequence[Labelled], found: _Works, failed: Mapping[str, str]
) -> str:
    for procedure in procedures:
        for version in versions:
            for repeat in version.repeats:
                for _, key in found.keys[procedure.key, version.name, repeat]:
                    if key in failed:
                        return failed[key]
    return ""


def _read(
    read: Any, procedure: Procedure, version: Labelled, given: AuditInputs, found: _Works, store: Path
) -> pd.DataFrame:
    table = _table(procedure, given)
    parts = [
        (repeat, read(scores_of(found.keys[procedure.key, version.name, repeat], store, table)))
        for repeat in version.repeats
    ]
    return subject_table(parts)


def _numbers(found: Bought) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, interval in (
        ("honest", found.honest),
        ("leaky", found.leaky),
        ("difference", found.difference),
    ):
        numbers |= {
            name if name == "difference" else f"{name}_auc": interval.estimate,
            f"{name}_low": interval.ci_low,
            f"{name}_high": interval.ci_high,
        }
    notes = dict.fromkeys(
        n for i in (found.honest, found.leaky, found.difference) for n in i.note.split("; ") if n
    )
    return numbers | {
        "p_value": found.difference.p_value,
        "n": found.n,
        "n_positive": found.n_positive,
        "method": found.honest.method,
        "note": "; ".join(notes),
    }
