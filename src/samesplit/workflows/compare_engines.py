"""Engines side by side on a benchmark: how far they agree on each feature, and why they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import DeclarationError
from samesplit.execution.case_units import Progress
from samesplit.execution.processes import cores
from samesplit.features.comparison.differences import REASONS
from samesplit.features.comparison.equivalence import NeutralSetting, equivalent_profile, is_neutral
from samesplit.features.comparison.extraction import EnginePair, Extracted, extract_side_by_side, pairs_of
from samesplit.features.engines import get_engine
from samesplit.features.profiles import Modality, Profile, read_profile
from samesplit.places import Places
from samesplit.reports.engine_comparison import EngineUse, comparison_page
from samesplit.run.progress import Reporter, SilentReporter
from samesplit.statistics.icc import icc
from samesplit.storage import write_bytes
from samesplit.uses import using
from samesplit.workspace import Workspace, find_benchmark

__all__ = ["DEFAULT_ENGINES", "EngineComparison", "agreement", "compare_engines"]

DEFAULT_ENGINES = ("ibsi", "pyradiomics", "mirp")
"""Compared where none are named, as far as they are installed; the first is the reference."""

SAME = 1e-6
"""Largest relative difference of two values that are taken for the same number."""

CLASSES = ("same", "excellent", "good", "moderate", "poor", "not defined")
"""`same` to a millionth in every lesion, and defined in the same ones; then by ICC(A,1): above 0.9, 0.75, 0.5, as
doi:10.1016/j.jcm.2016.02.012 calls them."""


@dataclass(frozen=True)
class EngineComparison:
    """Result of comparing engines.

    Attributes:
        table: One row a sequence, two engines and a feature; see `agreement`.
        ledger: LEDGER rows of cases that were repaired or failed, with the profile as part of the stage.
        files: What was written: the table as CSV, the ledger as CSV, and a page.
        left_out: Default engines that are not installed or do not have the setting, each with what to do about it.
    """

    table: pd.DataFrame
    ledger: pd.DataFrame
    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Cases (lesion, sequence, rater) that at least one engine could not use."""
        failed = self.ledger[self.ledger["status"] == "failed"]
        return len(failed[["lesion_id", "sequence", "rater"]].drop_duplicates())

    def summary(self) -> pd.DataFrame:
        """How many features are in each class: rows sequence, first, second, family; columns of `CLASSES`."""
        keys = ["sequence", "first", "second", "family"]
        counts = self.table.pivot_table(
            index=keys, columns="agreement", values="tag", aggfunc="count", fill_value=0, sort=False
        )
        return counts.reindex(columns=list(CLASSES), fill_value=0)


def compare_engines(
    benchmark: str | Path,
    *,
    engines: Sequence[str] | None = None,
    profiles: Sequence[str] = (),
    setting: NeutralSetting | None = None,
    sequences: Sequence[str] = (),
    most_lesions: int | None = None,
    output: Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    reporter: Reporter | None = None,
    start: Path | None = None,
) -> EngineComparison:
    """Extract the same lesions with several engines and say for each feature how far they agree.

    Args:
        benchmark: Folder or name.
        engines: Two or more; each two are compared, the earlier one taken for the reference. None takes
            `DEFAULT_ENGINES` without those that are not installed or do not have the setting.
        profiles: Names of profiles that replace the neutral setting for their engine.
        setting: What every other engine is asked for.
        sequences: Which images; empty takes all of the benchmark.
        most_lesions: Compare only this many lesions, spread evenly over the cohort.
        output: Folder for the table and the page; by default `reports/<benchmark>/engines`.
        jobs: Processes.
        scheduler: Address of a Dask scheduler that is to do the work instead of processes here.
        reporter: Told what is going on.
        start: Where to look for the benchmark.

    Raises:
        DeclarationError: An engine, profile or sequence is not known, an engine is not installed, or there is no
            image of the sequences.
        WorkspaceError: The scheduler is not there.
    """
    reporter = reporter or SilentReporter()
    workspace, folder = find_benchmark(benchmark, start=start)
    definition = read_benchmark(folder)
    left_out: tuple[str, ...] = ()
    if engines is None:
        engines, left_out = _able(DEFAULT_ENGINES, setting or NeutralSetting())
    given = _given(workspace, profiles, engines)
    wanted = _known_sequences(sequences, definition.cohort.sequences)
    cohort = load_cohort(folder, definition)
    images = cohort.images[cohort.images["rater"] == definition.cohort.rater]
    lesions = _spread(sorted(images["lesion_id"].unique()), most_lesions)
    images = images[images["lesion_id"].isin(lesions)]
    wanted = _with_images(wanted, images, definition.cohort.rater)
    modality = _modalities(workspace, definition.profiles)
    neutral, done = setting or NeutralSetting(), []
    out = output or workspace.reports / definition.name / "engines"
    with using(workspace.cache, out), ExitStack() as stages:

        def stage(title: str) -> Progress:
            stages.close()
            return stages.enter_context(reporter.stage(title))

        for sequence in wanted:
            kind = modality.get(sequence, "any")
            asked = {
                engine: given.get(engine) or equivalent_profile(engine, neutral, kind) for engine in engines
            }
            done.append(
                extract_side_by_side(
                    images[images["sequence"] == sequence],
                    asked,
                    cache=workspace.cache / "features",
                    jobs=jobs or cores(),
                    scheduler=scheduler,
                    stage=stage,
                    geometry_repair=definition.cohort.geometry_repair,
                    minimum_voxels=definition.cohort.minimum_voxels,
                    matching_references=images,
                    own=frozenset(
                        e for e, profile in asked.items() if not is_neutral(profile, neutral, kind)
                    ),
                )
            )
    table = pd.concat([agreement(pair) for one in done for pair in pairs_of(one)], ignore_index=True)
    ledger = pd.concat([one.ledger for one in done], ignore_index=True)
    ledger = Places(workspace.root).hide_in_table(ledger, ["reason"])
    names = ("engines.csv", "ledger.csv", "engines.html")
    found = EngineComparison(table, ledger, tuple(out / name for name in names), left_out)
    _write(found, definition.title, done)
    return found


def agreement(pair: EnginePair) -> pd.DataFrame:
    """How far two engines agree on each feature that both have.

    Args:
        pair: Their values.

    Returns:
        The columns of `pair.features`, and sequence, first, second; n (lesions where both have a value), n_first
        and n_second (where that engine has one); icc with
        icc_low and icc_high (ICC(A,1), 95 %: two-way, absolute agreement, single values); largest_difference
        (second minus first, of the lesion where it is largest); largest_relative_difference and
        median_relative_difference (of the larger value); where (that lesion); agreement (one of `CLASSES`).
    """
    left, right = (table.to_numpy(np.float64) for table in (pair.values_first, pair.values_second))
    count = pair.features.shape[0]
    both = np.isfinite(left) & np.isfinite(right)
    difference = np.where(both, right - left, np.nan)
    size = np.maximum(np.abs(left), np.abs(right))
    relative = np.where(difference == 0, 0.0, np.abs(difference) / np.where(size > 0, size, 1.0))
    rows = pair.features.reset_index(drop=True)
    rows.insert(0, "sequence", pair.sequence)
    rows.insert(1, "first", pair.first)
    rows.insert(2, "second", pair.second)
    rows["n"] = both.sum(axis=0)
    rows["n_first"], rows["n_second"] = np.isfinite(left).sum(axis=0), np.isfinite(right).sum(axis=0)
    alike = (rows["n"] == rows["n_first"]) & (rows["n"] == rows["n_second"])
    correlated = icc(np.stack([left, right], axis=1), form="ICC(A,1)") if len(left) else None
    for name, values in (
        ("icc", "estimate"),
        ("icc_low", "ci_low"),
        ("icc_high", "ci_high"),
    ):
        rows[name] = np.full(count, np.nan) if correlated is None else getattr(correlated, values)
    lesions = [str(lesion) for lesion, _ in pair.values_first.index]
    at = _largest(np.abs(difference))
    rows["largest_difference"] = [difference[i, j] if i >= 0 else np.nan for j, i in enumerate(at)]
    rows["where"] = [lesions[i] if i >= 0 else "" for i in at]
    shares = [relative[both[:, j], j] for j in range(count)]
    rows["largest_relative_difference"] = [float(s.max()) if s.size else np.nan for s in shares]
    rows["median_relative_difference"] = [float(np.median(s)) if s.size else np.nan for s in shares]
    rows["agreement"] = [
        _class(share if equal else np.inf, coefficient)
        for share, equal, coefficient in zip(
            rows["largest_relative_difference"], alike, rows["icc"], strict=True
        )
    ]
    same = rows["agreement"] == "same"
    rows.loc[same, "reasons"] = ""
    rows.loc[~alike, "reasons"] = [
        "; ".join(filter(None, (text, "undefined"))) for text in rows.loc[~alike, "reasons"]
    ]
    return rows


def _largest(differences: np.ndarray[Any, Any]) -> list[int]:
    """Return the row of the largest value of each column; -1 where there is none."""
    known = np.isfinite(differences)
    best = np.where(known, differences, -1.0).argmax(axis=0) if len(differences) else np.zeros(0, int)
    columns = differences.shape[1]
    return [int(best[j]) if known[:, j].any() else -1 for j in range(columns)]


def _class(relative: float, coefficient: float) -> str:
    if relative <= SAME:
        return "same"
    if not np.isfinite(coefficient):
        return "not defined"
    return (
        "excellent"
        if coefficient > 0.9
        else "good"
        if coefficient > 0.75
        else ("moderate" if coefficient > 0.5 else "poor")
    )


def _able(names: Sequence[str], setting: NeutralSetting) -> tuple[list[str], tuple[str, ...]]:
    """Return the engines that are installed here and have the setting, and of the others why not."""
    there, missing = [], []
    for name in names:
        try:
            _ = get_engine(name).version
            equivalent_profile(name, setting, "any")
        except DeclarationError as error:
            missing.append(f"{error.problem}: {error.remedy}")
        else:
            there.append(name)
    return there, tuple(missing)


def _given(workspace: Workspace, names: Sequence[str], engines: Sequence[str]) -> dict[str, Profile]:
    """Return the named profiles by their engine."""
    if len(set(engines)) < 2 or len(set(engines)) < len(engines):
        raise DeclarationError(
            f"a comparison needs two or more different engines, not {', '.join(engines) or 'none'}",
            remedy="for example --engines ibsi,pyradiomics",
        )
    for engine in engines:
        _ = get_engine(
            engine
        ).version  # an engine that is not there or not installed is known before all else
    found: dict[str, Profile] = {}
    for name in names:
        profile = read_profile(workspace.find_yaml("features", name))
        if profile.engine not in engines:
            raise DeclarationError(
                f"the profile '{name}' is for the engine '{profile.engine}', which is not compared",
                remedy=f"add it to --engines, or drop the profile; compared are {', '.join(engines)}",
            )
        if profile.engine in found:
            raise DeclarationError(
                f"'{found[profile.engine].name}' and '{name}' are both for the engine '{profile.engine}'",
                remedy="give one profile an engine",
            )
        found[profile.engine] = profile
    return found


def _known_sequences(asked: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    for sequence in asked:
        if sequence not in known:
            raise DeclarationError(
                f"the benchmark has no sequence '{sequence}'", remedy=f"there are: {', '.join(known)}"
            )
    return asked or known


def _with_images(wanted: Sequence[str], images: pd.DataFrame, rater: str) -> list[str]:
    """Return the sequences of which there are images."""
    there = set(images["sequence"])
    found = [sequence for sequence in wanted if sequence in there]
    if not found:
        others = ", ".join(sorted(there))
        raise DeclarationError(
            f"no lesion has an image of {' or '.join(wanted)} with a mask by the rater '{rater}'",
            remedy="add lines to images.csv"
            + (f", or ask for a sequence that has images: {others}" if others else ""),
        )
    return found


def _spread(lesions: list[str], most: int | None) -> list[str]:
    if most is None or most >= len(lesions):
        return lesions
    return [lesions[int(i)] for i in np.linspace(0, len(lesions) - 1, most).round()]


def _modalities(workspace: Workspace, profiles: Mapping[str, Sequence[str]]) -> dict[str, Modality]:
    """Return what each sequence is, as far as the benchmark's profiles say so."""
    found: dict[str, Modality] = {}
    for name, sequences in profiles.items():
        modality = read_profile(workspace.find_yaml("features", name)).modality
        if modality != "any":
            found |= dict.fromkeys(sequences, modality)
    return found


def _write(found: EngineComparison, title: str, done: Sequence[Extracted]) -> None:
    uses = [
        EngineUse(
            sequence=one.sequence,
            engine=engine,
            version=get_engine(engine).version,
            profile=profile.name,
            setting=profile.description,
            lesions=len(one.tables[engine]),
            features=one.tables[engine].shape[1],
            seconds=one.seconds[engine],
        )
        for one in done
        for engine, profile in one.profiles.items()
    ]
    reasons = {key: reason.text for key, reason in REASONS.items()}
    page = comparison_page(title, found.table, uses, reasons, failed=found.failed, classes=CLASSES)
    table, ledger = (rows.to_csv(index=False, lineterminator="\n") for rows in (found.table, found.ledger))
    found.files[0].parent.mkdir(parents=True, exist_ok=True)
    for path, text in zip(found.files, (table, ledger, page), strict=True):
        write_bytes(path, text.encode())
