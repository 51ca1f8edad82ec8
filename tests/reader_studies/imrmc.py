"""The tables that iMRMC prints, filled from our analysis: what the tests beside this compare row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from samesplit.statistics.mrmc import ReaderStudy, UAnalysis, u_statistic_analysis
from samesplit.statistics.mrmc.kernels import Figure
from samesplit.statistics.mrmc.moments import Moments
from samesplit.statistics.mrmc.variances import degrees_for_t
from samesplit.statistics.student import student_interval

Row = tuple[str, str, str]
Read = Callable[[str], pd.DataFrame]

MOMENT_NAMES = ("c1r1", "c0r1", "c1r0", "c0r0")
_MOMENTS = [f"M{place}" for place in range(1, 9)]
_COMPONENTS = {"N": 6, "D": 5, "ND": 4, "R": 3, "NR": 2, "DR": 1, "RND": 0}


def study_of(read: Read, name: str) -> ReaderStudy:
    """Read a data set by the name that iMRMC's tables call it; `_ord` is the ordinal rating of the same study."""
    table = read("vandyke.csv" if name == "VanDyke" else f"{name.removesuffix('_ord')}.csv")
    return ReaderStudy.from_columns(
        "r" + table["reader"].astype(str),
        table["case"],
        table["ord" if name.endswith("_ord") else "rating"],
        table["truth"],
        modality="m" + table["treatment"].astype(str),
    )


def tables_of(study: ReaderStudy) -> dict[Row, float]:
    """Return all that iMRMC says of a study, by table, row and column."""
    found: dict[Row, float] = {}
    unbiased = u_statistic_analysis(study)
    for table, rule in (("Ustat", "unbiased"), ("MLEstat", "mle")):
        found |= dict(_averages(study, u_statistic_analysis(study, variance=rule), table))
    found |= dict(_readers(study, unbiased))
    found |= dict(_components(study, unbiased))
    found |= dict(_non_inferiority(study, unbiased))
    return found


def _averages(study: ReaderStudy, analysis: UAnalysis, table: str) -> Iterator[tuple[Row, float]]:
    first, second = study.modalities
    for a, b in ((first, None), (second, None), (first, second)):
        row = f"{a}:{b or 'NO_MOD'}"
        variance = analysis.variances[a] if b is None else analysis.difference_variances[a, b]
        estimate = analysis.modalities[a].estimate
        null = 0.5
        values = dict.fromkeys(("AUCB", "varAUCB", "AUCAminusAUCB", "varAUCAminusAUCB"), math.nan)
        values |= {"AUCA": estimate, "varAUCA": analysis.variances[a].value}
        if b is not None:
            values |= {"AUCB": analysis.modalities[b].estimate, "varAUCB": analysis.variances[b].value}
            estimate, null = analysis.differences[a, b].estimate, 0.0
            values |= {"AUCAminusAUCB": estimate, "varAUCAminusAUCB": variance.value}
        values |= {"NR": len(study.readers), "N0": (study.truth == 0).sum(), "N1": (study.truth == 1).sum()}
        values["dfBDG"] = variance.df
        for name, df in (("normal", math.inf), ("BDG", variance.df)):
            told = student_interval(
                estimate, variance.value, degrees_for_t(df, "imrmc"), method=name, null=null
            )
            values |= {
                f"pValue{name[0].upper()}{name[1:]}": told.p_value,
                f"botCI{name}": told.ci_low,
                f"topCI{name}": told.ci_high,
                f"reject{name[0].upper()}{name[1:]}": float(told.p_value < 0.05),
            }
        yield from (((table, row, stat), float(value)) for stat, value in values.items())


def _readers(study: ReaderStudy, analysis: UAnalysis) -> Iterator[tuple[Row, float]]:
    for place, reader in enumerate(study.readers):
        for i, j in ((0, None), (1, None), (0, 1)):
            row = f"{reader}:{study.modalities[i]}:{'NO_MOD' if j is None else study.modalities[j]}"
            # Of two modalities iMRMC counts the cases that the reader read under both.
            read = study.is_read[[i] if j is None else [i, j], place].all(axis=0)
            values = dict.fromkeys(("AUCB", "varAUCB", "AUCAminusAUCB", "varAUCAminusAUCB"), math.nan)
            values |= {"N0": (read & (study.truth == 0)).sum(), "N1": (read & (study.truth == 1)).sum()}
            cov = analysis.reader_covariances[:, :, place]
            values |= {"AUCA": analysis.reader_values[i, place], "varAUCA": cov[i, i]}
            if j is not None:
                values |= {"AUCB": analysis.reader_values[j, place], "varAUCB": cov[j, j]}
                values["AUCAminusAUCB"] = analysis.reader_values[i, place] - analysis.reader_values[j, place]
                values["varAUCAminusAUCB"] = cov[i, i] + cov[j, j] - 2 * cov[i, j]
            yield from ((("perReader", row, stat), float(value)) for stat, value in values.items())


def _components(study: ReaderStudy, analysis: UAnalysis) -> Iterator[tuple[Row, float]]:
    first, second = study.modalities
    for row, pair in enumerate(((first, first), (second, second), (first, second)), start=1):
        moments = analysis.moments[pair]
        for kind, values, components in (
            ("Ustat", moments.unbiased, moments.components),
            ("MLE", moments.biased, moments.biased_components),
        ):
            told: dict[tuple[str, str], tuple[list[str], np.ndarray]] = {
                ("BDG", "comp"): (_MOMENTS, values),
                ("BDG", "coeff"): (_MOMENTS, moments.coefficients),
                ("BCK", "comp"): (list(_COMPONENTS), components[list(_COMPONENTS.values())]),
                ("BCK", "coeff"): (
                    list(_COMPONENTS),
                    moments.component_coefficients[list(_COMPONENTS.values())],
                ),
            }
            for (which, what), (names, numbers) in told.items():
                for name, number in zip(names, numbers, strict=True):
                    yield (f"varDecomp.{which}.{kind}.{what}", str(row), name), float(number)


def _non_inferiority(study: ReaderStudy, analysis: UAnalysis) -> Iterator[tuple[Row, float]]:
    first, second = study.modalities
    difference = analysis.differences[first, second]
    for margin in (0.05, 0.1):
        row = f"{first}:{second}:margin{margin:g}"
        p = difference.p_above(-margin)
        t = float(stats.t.isf(p, difference.df))
        told = {"t": t, "p_one_sided": p, "p_vignette_2x": 2 * p, "df": difference.df}
        yield from ((("noninferiority", row, stat), value) for stat, value in told.items())


def joined(expected: pd.DataFrame, found: dict[Row, float]) -> pd.DataFrame:
    """Put what iMRMC says beside what we say, and mark the rows that agree within a relative 1e-8.

    Numbers that come from differences of moments near 1 are held to 1e-12 of it besides: a variance of 1e-3 is all
    that is left of such a difference.
    """
    table = expected[["table", "row", "stat", "value"]].copy()
    table["ours"] = [
        found.get((which, str(row), stat), math.inf)
        for which, row, stat in zip(table["table"], table["row"], table["stat"], strict=True)
    ]
    table["agrees"] = np.isclose(table["value"], table["ours"], rtol=1e-8, atol=1e-12, equal_nan=True)
    return table


def moments_by_name(moments: Moments) -> dict[str, float]:
    """Name the four moments of a figure of single cases as uStat11 does: case and reader shared (1) or not (0)."""
    return dict(zip(MOMENT_NAMES, moments.unbiased.tolist(), strict=True))


def calls_of(read: Read, name: str, threshold: float) -> ReaderStudy:
    """Read a data set as calls, 1 where the ordinal rating is at or above a threshold."""
    table = read("vandyke.csv" if name == "VanDyke" else f"{name.removesuffix('_ord')}.csv")
    scores = table["rating" if name == "VanDyke" else "ord"]
    study = ReaderStudy.from_columns(
        table["reader"], table["case"], scores, table["truth"], modality=table["treatment"]
    )
    return study.decisions(threshold)


def joint_tables_of(study: ReaderStudy, figure: Figure) -> dict[Row, float]:
    """Return all that iMRMC's uStat11.jointD says of calls, by table, row and column."""
    return dict(_joint(study, figure))


def _joint(study: ReaderStudy, figure: Figure) -> Iterator[tuple[Row, float]]:
    found = u_statistic_analysis(study, figure)
    a, b = study.modalities
    single = []
    for row, pair in (("AB", (a, a)), ("CD", (b, b)), ("ABminusCD", (a, b))):
        moments = moments_by_name(found.moments[pair])
        single.append(moments["c1r1"] - moments["c0r0"])
        yield from ((("moments", row, name), value) for name, value in moments.items())
        coefficients = dict(zip(MOMENT_NAMES, found.moments[pair].coefficients, strict=True))
        yield from ((("coeff", row, name), value) for name, value in coefficients.items())
    for place, name in enumerate((a, b)):
        label = "AB"[place]
        yield ("mean", label, "mean"), found.modalities[name].estimate
        yield ("mean", label, "var"), found.variances[name].unbiased
        yield ("mean", label, "var.1obs"), single[place]
        for reader, value in zip(study.readers, found.reader_values[place], strict=True):
            yield ("meanPerR", reader, label), value
    yield ("mean", "AminusB", "mean"), found.differences[a, b].estimate
    yield ("mean", "AminusB", "var"), found.difference_variances[a, b].unbiased
    yield ("mean", "AminusB", "var.1obs"), single[0] + single[1] - 2 * single[2]
