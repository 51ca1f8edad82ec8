"""Robustness of a benchmark's features to perturbation (ICC): tables, a figure and a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition, read_benchmark
from samesplit.declarations import read_declaration
from samesplit.errors import DeclarationError
from samesplit.execution.processes import cores
from samesplit.features.engines import get_engine
from samesplit.features.perturbation.changes import with_changes
from samesplit.features.perturbation.extraction import KEY, MASK_COLUMNS, Repeats, extract_repeats
from samesplit.features.perturbation.settings import RATERS, Perturbations
from samesplit.features.profiles import Profile, read_profile
from samesplit.places import Places
from samesplit.reports.figures.robustness import draw_robustness
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.statistics.repeatability import REPEATABILITY_COLUMNS, repeatability
from samesplit.storage import write_json, write_text
from samesplit.tables import LEDGER, empty_table, write_csv, write_table
from samesplit.uses import using
from samesplit.version import __version__
from samesplit.workspace import find_benchmark

__all__ = ["STABILITY_COLUMNS", "Robustness", "measure_robustness", "read_perturbations"]

STABILITY_COLUMNS = ["profile", "sequence", "family", *REPEATABILITY_COLUMNS]


@dataclass(frozen=True)
class Robustness:
    """Result of perturbing a benchmark.

    Attributes:
        folder: Where it was written.
        table: One row a profile, sequence, feature and perturbation; `STABILITY_COLUMNS`.
        ledger: Cases that failed under a perturbation, and lesions that could not be used at all.
        seconds: Computing time in all, summed over processes.
    """

    folder: Path
    table: pd.DataFrame
    ledger: pd.DataFrame
    seconds: float

    def summary(self, minimum: float = 0.75) -> pd.DataFrame:
        """Profile, sequence and perturbation: features, those not defined, median ICC, share that is stable."""
        rows = []
        for key, part in self.table.groupby(["profile", "sequence", "perturbation"], sort=False):
            known = part["icc"].dropna()
            share = float((known >= minimum).mean()) if len(known) else float("nan")
            rows.append((*key, len(part), len(part) - len(known), float(known.median()), share))
        names = ["profile", "sequence", "perturbation", "features", "undefined", "median_icc", "stable"]
        return pd.DataFrame(rows, columns=names)


def read_perturbations(
    file: Path | None, *, kinds: Sequence[str] = (), repetitions: int | None = None
) -> Perturbations:
    """Return the perturbations of a file, or the usual ones, with what the command line changes.

    Raises:
        DeclarationError: The file or a kind is not known, or a number is out of range.
    """
    settings = Perturbations() if file is None else read_declaration(file, Perturbations)
    changes = {"kinds": tuple(kinds) or settings.kinds, "repetitions": repetitions or settings.repetitions}
    try:
        return Perturbations.model_validate(settings.model_dump() | changes)
    except ValueError as error:
        problem = str(error).split("Value error, ")[-1].split(" [type=")[0]
        raise DeclarationError(problem, where="--perturbations and --repetitions") from None


def measure_robustness(
    benchmark: str | Path,
    perturbations: Perturbations,
    *,
    profiles: Sequence[str] = (),
    sequences: Sequence[str] = (),
    output: Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> Robustness:
    """Extract features under perturbations and say how well each agrees with itself.

    Every piece of work is kept: a killed call goes on where it was, and a run whose model uses the same
    perturbations finds them done. No label is read, and no split is needed.

    Args:
        benchmark: Folder or name.
        perturbations: What is done to the cases.
        profiles: Some of the benchmark's; empty means all.
        sequences: Some of the profiles'; empty means all.
        output: Folder; default: `reports/<benchmark>/stability`.
        jobs: Processes; None means one per core.
        scheduler: Address of a Dask scheduler that is to do the work instead.
        reporter: Progress reporter.
        start: Where to look for the benchmark from.

    Raises:
        DeclarationError: A profile or sequence is not the benchmark's, or `raters` is asked for where there is
            one.
    """
    reporter = reporter or SilentReporter()
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    wanted = _wanted(definition, profiles, sequences, perturbations)
    read = {name: read_profile(workspace.find_yaml("features", name)) for name in wanted}
    cohort = load_cohort(folder, definition)
    done: dict[str, Repeats] = {}
    out = output or workspace.reports / definition.name / "stability"
    with using(workspace.cache, out):
        for name, chosen in wanted.items():
            with reporter.stage(f"Perturbed {name}") as advance:
                done[name] = extract_repeats(
                    cohort.images[cohort.images["sequence"].isin(chosen)],
                    read[name],
                    perturbations,
                    raters=(definition.cohort.rater, *definition.cohort.other_raters),
                    cache=workspace.cache / "features",
                    jobs=jobs or cores(),
                    geometry_repair=definition.cohort.geometry_repair,
                    minimum_voxels=definition.cohort.minimum_voxels,
                    progress=advance,
                    matching_references=cohort.images,
                    scheduler=scheduler,
                )
    tables = [_judge(read[name], repeats, wanted[name]) for name, repeats in done.items()]
    table = pd.concat([part for part in tables if len(part)] or [pd.DataFrame(columns=STABILITY_COLUMNS)])
    ledgers = [cohort.ledger, *(repeats.ledger for repeats in done.values())]
    ledger = pd.concat([part for part in ledgers if len(part)] or [empty_table(LEDGER)], ignore_index=True)
    ledger = Places(workspace.root).hide_in_table(ledger, ["reason"])
    found = Robustness(
        out, table.reset_index(drop=True), ledger, round(sum(r.seconds for r in done.values()), 2)
    )
    _write(found, done, definition, cohort, perturbations)
    return found


def _wanted(
    definition: BenchmarkDefinition,
    profiles: Sequence[str],
    sequences: Sequence[str],
    perturbations: Perturbations,
) -> dict[str, list[str]]:
    """Return the sequences of each profile that are to be measured, checked."""
    there = definition.profiles
    named = sorted({sequence for chosen in there.values() for sequence in chosen})
    for noun, asked, known in (("profile", profiles, list(there)), ("sequence", sequences, named)):
        unknown = [name for name in asked if name not in known]
        if unknown:
            raise DeclarationError(
                f"the benchmark extracts no {noun} '{unknown[0]}'",
                where=definition.name,
                remedy=f"it has: {', '.join(known) or 'none'}",
            )
    if RATERS in perturbations.kinds and not definition.cohort.other_raters:
        raise DeclarationError(
            "the benchmark has the masks of one rater, so raters cannot be compared",
            where=definition.name,
            remedy="declare cohort.other_raters, or leave the perturbation 'raters' out",
        )
    wanted = {
        name: [s for s in chosen if not sequences or s in sequences]
        for name, chosen in there.items()
        if not profiles or name in profiles
    }
    return {name: chosen for name, chosen in wanted.items() if chosen}


def _judge(profile: Profile, repeats: Repeats, sequences: Sequence[str]) -> pd.DataFrame:
    """Return the stability of each feature of a profile, sequence by sequence."""
    table, baseline = repeats.table, profile.relative_change_to
    if baseline is not None:
        table = with_changes(table, sequences[0] if baseline == "first" else baseline)
    families = {info.feature: info.family for info in get_engine(profile.engine).catalogue(profile.settings)}
    parts = []
    for sequence, part in table.groupby("sequence", sort=True):
        features = [name for name in part.columns if name not in KEY and part[name].notna().any()]
        found = repeatability(part, features)
        found.insert(0, "profile", profile.name)
        found.insert(1, "sequence", str(sequence))
        origin = found["feature"].str.partition("_change_from_")[0]
        found.insert(2, "family", origin.map(families).fillna("filtered"))
        parts.append(found)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=STABILITY_COLUMNS)


def _write(
    found: Robustness,
    done: dict[str, Repeats],
    definition: BenchmarkDefinition,
    cohort: Cohort,
    perturbations: Perturbations,
) -> None:
    folder = found.folder
    made_from: dict[str, Any] = {
        "cohort_sha256": cohort.sha256,
        "perturbations": perturbations.model_dump(mode="json"),
    }
    write_table(found.table, folder / "stability.parquet", **made_from)
    write_csv(found.table, folder / "stability.csv")
    write_csv(_by_perturbation(found.table), folder / "by_perturbation.csv")
    for name, repeats in done.items():
        write_table(repeats.table, folder / "repeats" / f"{name}.parquet", **made_from)
    masks = [repeats.masks.assign(profile=name) for name, repeats in done.items() if len(repeats.masks)]
    write_csv(pd.concat(masks or [pd.DataFrame(columns=MASK_COLUMNS)]), folder / "masks.csv")
    write_csv(found.ledger, folder / "ledger.csv")
    if found.table["icc"].notna().any():
        write_text(folder / "stability.svg", _figure(found.table, definition))
    seconds = {name: repeats.seconds for name, repeats in done.items()}
    write_json(
        folder / "record.json",
        {"samesplit": __version__, "benchmark": definition.name, "seconds": seconds, **made_from},
    )


def _by_perturbation(table: pd.DataFrame) -> pd.DataFrame:
    """One row a feature, its ICC under each perturbation side by side, and the lowest of them."""
    key = ["profile", "sequence", "family", "feature"]
    if table.empty:
        return pd.DataFrame(columns=[*key, "lowest"])
    wide = table.set_index([*key, "perturbation"])["icc"].unstack(sort=False)  # noqa: PD010
    wide["lowest"] = wide.min(axis=1, skipna=False)
    wide.columns.name = None
    return wide.reset_index()


def _figure(table: pd.DataFrame, definition: BenchmarkDefinition) -> str:
    alt = f"Intraclass correlation of the features of {definition.name} by family and perturbation"
    return draw_robustness(table, name="stability", alt=alt)
