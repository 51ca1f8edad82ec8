"""Components of variance of a crossed study in the ways that different tools write them.

One set of moments gives all of them: those of Dorfman, Berbaum and Metz (DBM), of Obuchowski and Rockette
(OR), and the mean squares of a three-way analysis of variance (MS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.moments import Moments
from samesplit.statistics.mrmc.study import ReaderStudy
from samesplit.statistics.mrmc.u_statistics import u_statistic_analysis

__all__ = ["CrossedComponents", "crossed_components"]

_DBM = ("reader", "case", "reader x case", "modality x reader", "modality x case", "modality x reader x case")
_OR = ("reader", "modality x reader", "cov1", "cov2", "cov3", "error")


@dataclass(frozen=True)
class CrossedComponents:
    """Components of the difference of two modalities, AUC, readers and cases crossed.

    Attributes:
        dbm: Of Dorfman, Berbaum and Metz, per reader and per case; may be negative.
        obuchowski_rockette: Reader, modality x reader, covariances of two errors of one reader (cov1), of one
            modality (cov2), of neither (cov3), and the variance of an error.
        mean_squares: By the factors of `dbm`.
        n_readers: Number of readers.
        n_cases: Number of cases, or of patients where they have several.
    """

    dbm: dict[str, float]
    obuchowski_rockette: dict[str, float]
    mean_squares: dict[str, float]
    n_readers: int
    n_cases: int

    @property
    def variance(self) -> float:
        """Variance of the difference of the two averages, from the mean squares."""
        found = self.mean_squares
        total = found["modality x reader"] + found["modality x case"] - found["modality x reader x case"]
        return 2 * total / (self.n_readers * self.n_cases)


def crossed_components(
    study: ReaderStudy, first: str, second: str, *, biased: bool = False
) -> CrossedComponents:
    """Write the variance of the difference of two AUCs as components.

    Args:
        study: The readings, every reader of every case under both modalities.
        first: A modality.
        second: Another one.
        biased: Whether to start from the biased moments (V-statistic).

    Raises:
        StatisticsError: An unknown modality, or a study that is not crossed.

    References:
        Gallas BD, Bandos A, Samuelson FW, Wagner RF. doi:10.1080/03610920802610084.
        Hillis SL. A marginal-mean ANOVA approach for analyzing multireader multicase radiological imaging
        data. doi:10.1002/sim.5926.

    Example:
        >>> from itertools import product
        >>> rows = list(product("AB", ["r1", "r2"], "abcd"))
        >>> study = ReaderStudy.from_columns(
        ...     [r for _, r, _ in rows], [c for _, _, c in rows],
        ...     [1, 3, 2, 4, 2, 1, 4, 3, 1, 2, 3, 4, 2, 1, 3, 4], [int(c in "cd") for _, _, c in rows],
        ...     modality=[m for m, _, _ in rows],
        ... )
        >>> sorted(crossed_components(study, "A", "B").obuchowski_rockette)
        ['cov1', 'cov2', 'cov3', 'error', 'modality x reader', 'reader']
    """
    two = study.select(modalities=[first, second])
    if not two.is_crossed:
        raise StatisticsError(
            "these components are those of a crossed study, and some reader did not read every case",
            remedy="use the moments of u_statistic_analysis, which any design has",
        )
    moments = u_statistic_analysis(two).moments
    n_readers = len(two.readers)
    n_cases = len(np.unique(two.patients))
    own = (_by_reader(moments[first, first], biased) + _by_reader(moments[second, second], biased)) / 2
    shared = _by_reader(moments[first, second], biased)
    reader, case, both = shared * [1, n_cases, n_cases]
    dbm = dict(zip(_DBM, (reader, case, both, *((own - shared) * [1, n_cases, n_cases])), strict=True))
    errors = (
        dbm["reader"],
        dbm["modality x reader"],
        (dbm["case"] + dbm["reader x case"]) / n_cases,
        (dbm["case"] + dbm["modality x case"]) / n_cases,
        dbm["case"] / n_cases,
        (dbm["case"] + dbm["reader x case"] + dbm["modality x case"] + dbm["modality x reader x case"])
        / n_cases,
    )
    by_factor = np.array(list(dbm.values()))
    squares = _mean_squares(n_readers, n_cases) @ by_factor
    return CrossedComponents(
        {name: float(value) for name, value in dbm.items()},
        {name: float(value) for name, value in zip(_OR, errors, strict=True)},
        {name: float(value) for name, value in zip(_DBM, squares, strict=True)},
        n_readers,
        n_cases,
    )


def _by_reader(moments: Moments, biased: bool) -> FloatArray:
    """Sum the components that readers alone, cases alone and both together make in one reader's AUC."""
    components = moments.biased_components if biased else moments.components
    half = components.size // 2
    # The coefficients of components without readers are 1 / n of their cases; so they are with readers, per
    # reader.
    weights = moments.component_coefficients[half:-1]
    return np.array([components[half - 1], components[half:-1] @ weights, components[: half - 1] @ weights])


def _mean_squares(n_readers: int, n_cases: int) -> FloatArray:
    """Return the expected mean squares of two modalities as sums of components, in the order of `_DBM`."""
    j, k = n_readers, n_cases
    return np.array(
        [
            [2 * k, 0, 2, k, 0, 1],
            [0, 2 * j, 2, 0, j, 1],
            [0, 0, 2, 0, 0, 1],
            [0, 0, 0, k, 0, 1],
            [0, 0, 0, 0, j, 1],
            [0, 0, 0, 0, 0, 1],
        ],
        dtype=np.float64,
    )
