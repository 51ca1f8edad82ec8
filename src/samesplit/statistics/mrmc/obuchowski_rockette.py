"""The Obuchowski-Rockette analysis with Hillis' degrees of freedom: modalities compared over readers and cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import get_args

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, check_confidence
from samesplit.statistics.mrmc.components import (
    Components,
    MeanSquares,
    estimate_components,
    hillis_df,
    mean_squares,
)
from samesplit.statistics.mrmc.covariance import CovarianceMethod, reader_covariance
from samesplit.statistics.mrmc.figures_of_merit import AUC, Figures, as_figure
from samesplit.statistics.mrmc.global_test import GlobalTest, chi_square_test, f_test
from samesplit.statistics.mrmc.or_analysis import FixedReadersTest, ORAnalysis, Random
from samesplit.statistics.mrmc.single_readers import single_readers
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.student import StudentInterval, student_interval

__all__ = ["analyse_values", "obuchowski_rockette"]

_CODES = {"readers and cases": "RRRC", "cases": "FRRC", "readers": "RRFC"}


def obuchowski_rockette(
    study: ReaderStudy,
    figure: Figures = AUC,
    *,
    covariance: CovarianceMethod = "jackknife",
    random: Random = "readers and cases",
    confidence: float = 0.95,
    floor_fixed_readers: bool = True,
    fixed_readers_test: FixedReadersTest = "chi-square",
) -> ORAnalysis:
    """Compare modalities by a figure of merit of several readers of the same cases.

    The figure of reader j under modality i is modelled as `θ_ij = μ + τ_i + R_j + (τR)_ij + ε_ij`. The errors
    come from the sample of cases and are correlated: Cov1 between modalities of one reader, Cov2 between
    readers of one modality, Cov3 between both. With random readers and cases the mean square of modalities is
    compared with `MS(TR) + J max(Cov2 - Cov3, 0)`.

    What it assumes: every reader read every case under every modality; figures of readers are about normal.
    Several cases of a patient are taken as such (see `reader_covariance`).

    Negative variances: components are reported as they are estimated. In what is tested, Cov2 - Cov3 and Cov2
    count at least 0, except for fixed readers where `floor_fixed_readers` says not. A variance that is still
    zero or negative gives no interval and no test, with a note.

    Args:
        study: Crossed.
        figure: A figure of merit, or any function of truth and scores.
        covariance: Of the figures over cases; see `reader_covariance`.
        random: What the conclusion is to hold for.
        confidence: Two-sided coverage of all intervals.
        floor_fixed_readers: For fixed readers, whether Cov2 - Cov3 counts at least 0, as in the Iowa program
            OR-DBM MRMC and in RJafroc; MRMCaov takes it as it is.
        fixed_readers_test: For fixed readers, the distribution of the test.

    Returns:
        The analysis.

    Raises:
        StatisticsError: A study that is not crossed (use U-statistics), one reader where readers are random,
            or what `reader_covariance` refuses.

    References:
        Obuchowski NA, Rockette HE. Commun Stat Simul Comput 1995;24:285-308. doi:10.1080/03610919508813243.
        Hillis SL. Stat Med 2007;26:596-619. doi:10.1002/sim.2532.
        Hillis SL, Berbaum KS, Metz CE. Acad Radiol 2008;15:647-661. doi:10.1016/j.acra.2007.12.015.

    Example:
        >>> rng = np.random.default_rng(5)
        >>> truth = np.repeat([0, 1], 30)
        >>> skill = np.array([0.8, 1.2])[:, None, None] * truth
        >>> scores = skill + rng.normal(size=(2, 1, 60)) + rng.normal(size=(2, 4, 60))
        >>> study = ReaderStudy(scores, truth, ("unaided", "aided"), tuple("ABCD"),
        ...     tuple(map(str, range(60))), np.arange(60))
        >>> found = obuchowski_rockette(study)
        >>> change = found.differences["unaided", "aided"]
        >>> round(change.estimate, 3), round(change.df, 1), round(change.p_value, 3)
        (-0.153, 33.4, 0.031)
    """
    asked = as_figure(figure)
    values, matrix = reader_covariance(study, asked, covariance)
    units = study.patients[asked.looks_at(study.truth)]
    words = {"jackknife": "jackknife", "delong": "DeLong", "unbiased": "unbiased"}[covariance]
    if study.is_clustered:
        words = "jackknife over patients" if covariance == "jackknife" else "Obuchowski's clustered"
    return analyse_values(
        values,
        matrix,
        modalities=study.modalities,
        readers=study.readers,
        n_cases=int(np.unique(units).size),
        figure=asked.name,
        bounds=asked.bounds,
        covariance_name=words,
        random=random,
        confidence=confidence,
        floor_fixed_readers=floor_fixed_readers,
        fixed_readers_test=fixed_readers_test,
    )


def analyse_values(
    values: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    modalities: Sequence[str],
    readers: Sequence[str],
    n_cases: int,
    figure: str,
    bounds: tuple[float, float] | None = None,
    covariance_name: str = "given",
    random: Random = "readers and cases",
    confidence: float = 0.95,
    floor_fixed_readers: bool = True,
    fixed_readers_test: FixedReadersTest = "chi-square",
) -> ORAnalysis:
    """Do the analysis of figures that were computed elsewhere, such as those of marked locations.

    Args:
        values: Shape (n modalities, n readers).
        covariance: Over cases, shape (n modalities x n readers) in both directions, modality by modality.
        modalities: Their names.
        readers: Their names.
        n_cases: How many cases (or patients) the covariance was estimated from.
        figure: The name of the figure.
        bounds: The smallest and the largest value of the figure; None for no such.
        covariance_name: How the covariance was estimated, in words.
        random: See `obuchowski_rockette`, as the rest.
        confidence: Two-sided coverage.
        floor_fixed_readers: For fixed readers, whether Cov2 - Cov3 counts at least 0.
        fixed_readers_test: For fixed readers, the distribution of the test.

    Returns:
        The analysis.

    Raises:
        StatisticsError: One reader where readers are random, shapes that do not fit, or an unknown option.
    """
    figures, matrix = _checked(values, covariance, modalities, readers, random, fixed_readers_test)
    check_confidence(confidence)
    n_readers = len(readers)
    components, squares = estimate_components(figures, matrix), mean_squares(figures)
    method = _in_words(random, covariance_name, fixed_readers_test)
    df_cases = (n_cases - 1.0) if fixed_readers_test == "F" else math.inf
    blocks = matrix.reshape(len(modalities), n_readers, len(modalities), n_readers)

    own: dict[str, Components] = {}
    means: dict[str, StudentInterval] = {}
    for i, name in enumerate(modalities):
        own[name] = estimate_components(figures[i : i + 1], blocks[i, :, i, :])
        variance, df = _of_one_modality(figures[i], own[name], random, df_cases)
        means[name] = student_interval(
            float(figures[i].mean()), variance, df, method=method, confidence=confidence, bounds=bounds
        )

    denominator, df = _denominator(squares, components, figures.shape, random, floor_fixed_readers, df_cases)
    differences = {
        (modalities[a], modalities[b]): student_interval(
            float(figures[a].mean() - figures[b].mean()),
            2 / n_readers * denominator,
            df,
            method=method,
            confidence=confidence,
            null=0.0,
        )
        for a, b in combinations(range(len(modalities)), 2)
    }
    readers_alone, reader_differences = single_readers(
        figures, blocks, modalities, readers, df_cases=df_cases, confidence=confidence, bounds=bounds
    )
    return ORAnalysis(
        figure=figure,
        figures=figures,
        covariance=matrix,
        modalities=means,
        differences=differences,
        global_test=_global_test(squares, denominator, len(modalities), df, random, fixed_readers_test),
        components=components,
        mean_squares=squares,
        components_of=own,
        readers=readers_alone,
        reader_differences=reader_differences,
        random=random,
        method=method,
        notes=_notes(components, random, floor_fixed_readers),
        n_cases=n_cases,
    )


def _checked(
    values: npt.ArrayLike,
    covariance: npt.ArrayLike,
    modalities: Sequence[str],
    readers: Sequence[str],
    random: str,
    fixed_readers_test: str,
) -> tuple[FloatArray, FloatArray]:
    figures = np.asarray(values, dtype=np.float64)
    matrix = np.asarray(covariance, dtype=np.float64)
    if figures.shape != (len(modalities), len(readers)) or matrix.shape != (figures.size, figures.size):
        raise StatisticsError(
            f"figures of shape {figures.shape} and a covariance of shape {matrix.shape} do not fit "
            f"{len(modalities)} modalities and {len(readers)} readers"
        )
    for value, known in ((random, get_args(Random)), (fixed_readers_test, get_args(FixedReadersTest))):
        if value not in known:
            raise StatisticsError(f"unknown option {value!r}", remedy=f"use one of: {', '.join(known)}")
    if len(readers) < 2 and random != "cases":
        raise StatisticsError(
            f"{readers[0]!r} is the only reader: nothing says how readers differ",
            remedy="use random='cases', whose conclusion holds for this reader alone",
        )
    return figures, matrix


def _in_words(random: Random, covariance_name: str, fixed_readers_test: str) -> str:
    df = {"readers and cases": "Hillis df, ", "cases": "", "readers": ""}[random]
    if random == "cases" and fixed_readers_test == "F":
        df = "df of cases, "
    covariance = "" if random == "readers" else f", {covariance_name} covariance"
    return f"Obuchowski-Rockette, {df}{_CODES[random]}{covariance}"


def _of_one_modality(
    figures: FloatArray, own: Components, random: Random, df_cases: float
) -> tuple[float, float]:
    """Return variance and degrees of freedom of a mean over readers."""
    n_readers = figures.size
    if random == "cases":
        shared = (n_readers - 1) * max(own.cov2, 0.0) if n_readers > 1 else 0.0
        return (own.error + shared) / n_readers, df_cases
    square = float(figures.var(ddof=1))
    total = square + (n_readers * max(own.cov2, 0.0) if random == "readers and cases" else 0.0)
    return total / n_readers, hillis_df(square, total, n_readers - 1)


def _denominator(
    squares: MeanSquares,
    components: Components,
    shape: tuple[int, ...],
    random: Random,
    floor_fixed_readers: bool,
    df_cases: float,
) -> tuple[float, float]:
    """Return what the mean square of modalities is compared with, and its degrees of freedom."""
    n_modalities, n_readers = shape
    between = components.cov2 - components.cov3
    if random == "cases":
        alone = components.error - components.cov1
        shared = max(between, 0.0) if floor_fixed_readers else between
        together = alone + (n_readers - 1) * shared if n_readers > 1 else alone
        return together, (n_modalities - 1) * df_cases
    square = squares.modality_reader
    total = square + (n_readers * max(between, 0.0) if random == "readers and cases" else 0.0)
    return total, hillis_df(square, total, (n_modalities - 1) * (n_readers - 1))


def _global_test(
    squares: MeanSquares,
    denominator: float,
    n_modalities: int,
    df: float,
    random: Random,
    fixed_readers_test: FixedReadersTest,
) -> GlobalTest | None:
    if n_modalities < 2:
        return None
    if random == "cases" and fixed_readers_test == "chi-square":
        return chi_square_test(squares.modality, denominator, n_modalities - 1)
    return f_test(squares.modality, denominator, n_modalities - 1, df)


def _notes(components: Components, random: Random, floor_fixed_readers: bool) -> tuple[str, ...]:
    found = []
    for name, value in (("reader", components.reader), ("modality x reader", components.modality_reader)):
        if value < 0:
            found.append(f"the variance component {name} is estimated below zero and reported as it is")
    floored = random == "readers and cases" or (random == "cases" and floor_fixed_readers)
    if floored and components.cov2 < components.cov3:
        found.append("Cov2 is below Cov3: their difference counts as 0 in the test")
    return tuple(found)
