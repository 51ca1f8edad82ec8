"""Numbers of RJafroc 2.1.3, all of them: two methods, on VanDyke and on a simulated study."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from reader_studies.mrmcaov import RANDOM, study_of, unmatched
from samesplit.statistics.mrmc import (
    ORAnalysis,
    PseudovalueAnova,
    ReaderStudy,
    obuchowski_rockette,
    pseudovalue_anova,
)

Table = Callable[[str], pd.DataFrame]
pytestmark = pytest.mark.data

SOURCES = {
    "T": "modality",
    "R": "reader",
    "C": "case",
    "TR": "modality x reader",
    "TC": "modality x case",
    "RC": "reader x case",
    "TRC": "modality x reader x case",
    "Err": "modality x reader x case",
}
INTERVAL = {
    "Estimate": "estimate",
    "StdErr": "standard_error",
    "DF": "df",
    "t": "statistic",
    "z": "statistic",
    "PrGTt": "p_value",
    "PrGTz": "p_value",
    "CILower": "ci_low",
    "CIUpper": "ci_high",
}


@cache
def _study(folder: Path, dataset: str) -> ReaderStudy:
    return study_of(folder, dataset, "rating")


@cache
def _analysis(folder: Path, dataset: str, method: str, analysis: str) -> ORAnalysis:
    return obuchowski_rockette(
        _study(folder, dataset),
        random=RANDOM[analysis],
        fixed_readers_test="F" if method == "DBM" else "chi-square",
    )


@cache
def _anova(folder: Path, dataset: str) -> PseudovalueAnova:
    return pseudovalue_anova(_study(folder, dataset))


@cache
def _anova_of_part(folder: Path, dataset: str, what: str, place: int) -> PseudovalueAnova:
    study = _study(folder, dataset)
    part = {what: [getattr(study, what)[place]]}
    return pseudovalue_anova(study.select(**part))


def ours(folder: Path, row: pd.Series) -> float:
    """Our number for a row of RJafroc's tables."""
    dataset, method = row["dataset"], row["method"]
    found = _analysis(folder, dataset, method, row["analysis"])
    start = 0 if dataset == "dataset02" else 1  # RJafroc numbers VanDyke from 0, the simulation from 1

    def place(name: str) -> int:
        return int(name[3:]) - start

    table, name, stat = row["table"], str(row["row"]), row["stat"]
    modalities, readers = list(found.modalities), _study(folder, dataset).readers
    scale = found.n_cases if method == "DBM" else 1
    if table == "FOMs.foms":
        return float(found.figures[place(name), place(stat)])
    if table == "FOMs.trtMeans":
        return found.modalities[modalities[place(name)]].estimate
    if table == "FOMs.trtMeanDiffs":
        return next(iter(found.differences.values())).estimate
    if table == "ANOVA.TRanova":
        source = {"T": "modality", "R": "reader", "TR": "modality_reader"}[name]
        square = float(getattr(found.mean_squares, source))
        df = {"T": 1, "R": len(readers) - 1, "TR": len(readers) - 1}[name]
        return {"SS": square * df, "DF": df, "MS": square}[stat]
    if table == "ANOVA.TRCanova":
        anova = _anova(folder, dataset)
        if name == "Total":
            return float(sum(({"SS": anova.sums, "DF": anova.df}[stat]).values()))
        source = SOURCES[name]
        return {"SS": anova.sums[source], "DF": anova.df[source], "MS": anova.mean_square(source)}[stat]
    if table == "ANOVA.VarCom":
        if method == "DBM":
            return _anova(folder, dataset).components[SOURCES[name.removeprefix("Var")]]
        components = found.components
        names = {"VarR": "reader", "VarTR": "modality_reader", "Var": "error"}
        if stat == "Rhos":
            return float(getattr(components, name.lower().replace("cov", "corr")))
        return float(getattr(components, names.get(name, name.lower())))
    if table == "ANOVA.IndividualTrt":
        return _of_modality(folder, row, found, place)
    if table in ("ANOVA.IndividualRdr", "FRRC.IndividualRdrVarCov1"):
        return _of_reader(folder, row, found, place)
    if table.endswith("FTests"):
        return _test(found, name, stat, scale)
    if table.endswith("ciDiffTrt"):
        return float(getattr(next(iter(found.differences.values())), INTERVAL[stat]))
    if table.endswith("ciDiffTrtEachRdr"):
        reader = readers[place(name.split("::")[0])]
        return float(getattr(found.reader_differences[reader, modalities[0], modalities[1]], INTERVAL[stat]))
    modality = modalities[place(name)]
    if stat == "Cov2":
        return found.components_of[modality].cov2
    if stat == "DF" and row["analysis"] == "FRRC" and method == "OR":
        return found.n_cases - 1.0  # shown by RJafroc and not used: the interval is normal
    return float(getattr(found.modalities[modality], INTERVAL[stat]))


def _of_modality(folder: Path, row: pd.Series, found: ORAnalysis, place: Callable[[str], int]) -> float:
    name, stat, n_readers = row["row"], row["stat"], found.n_readers
    if row["method"] == "DBM":
        which = place(stat) if stat != "DF" else 0
        anova = _anova_of_part(folder, row["dataset"], "modalities", which)
        source = SOURCES[name.removeprefix("ms")]
        return float(anova.df[source]) if stat == "DF" else anova.mean_square(source)
    own = found.components_of[list(found.modalities)[place(name)]]
    return {
        "DF": n_readers - 1.0,
        "msREachTrt": float(found.figures[place(name)].var(ddof=1)),
        "varEachTrt": own.error,
        "cov2EachTrt": own.cov2,
    }[stat]


def _of_reader(folder: Path, row: pd.Series, found: ORAnalysis, place: Callable[[str], int]) -> float:
    name, stat = row["row"], row["stat"]
    if row["method"] == "DBM":
        which = place(stat) if stat != "DF" else 0
        anova = _anova_of_part(folder, row["dataset"], "readers", which)
        source = SOURCES[name.removeprefix("ms")]
        return float(anova.df[source]) if stat == "DF" else anova.mean_square(source)
    reader = place(name)
    own = [reader, found.n_readers + reader]
    return {
        "DF": 1.0,
        "msTEachRdr": float(found.figures[:, reader].var(ddof=1)),
        "varEachRdr": float(found.covariance[own, own].mean()),
        "cov1EachRdr": float(found.covariance[own[0], own[1]]),
    }[stat]


def _test(found: ORAnalysis, name: str, stat: str, scale: int) -> float:
    test = found.global_test
    assert test is not None
    if name in ("Error", "TR"):
        return {"DF": test.df2, "MS": test.denominator * scale}.get(stat, math.nan)
    return {
        "DF": test.df1,
        "MS": found.mean_squares.modality * scale,
        "F": test.statistic,
        "FStat": test.statistic,
        "Chisq": test.statistic,
        "p": test.p_value,
    }[stat]


@pytest.mark.parametrize("file", ["rjafroc_or_dbm.csv", "rjafroc_sim_cc0.csv"])
def test_every_number_of_both_methods_comes_out(reference: Table, shared_data: Path, file: str) -> None:
    expected = reference(f"expected/{file}")
    assert expected["value"].notna().sum() == 597
    assert unmatched(expected, lambda row: ours(shared_data / "reader_stats", row)) == []


def test_for_fixed_readers_the_two_distributions_are_the_two_methods(shared_data: Path) -> None:
    study = _study(shared_data / "reader_stats", "VanDyke")
    chi_square = obuchowski_rockette(study, random="cases").global_test
    f = obuchowski_rockette(study, random="cases", fixed_readers_test="F").global_test
    assert chi_square is not None
    assert f is not None
    assert chi_square.p_value == pytest.approx(0.0192798, rel=1e-5)
    assert f.p_value == pytest.approx(0.0210350, rel=1e-5)
