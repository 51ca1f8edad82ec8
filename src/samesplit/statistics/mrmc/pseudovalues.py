"""The analysis of variance of jackknife pseudovalues by Dorfman, Berbaum and Metz (DBM)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.mrmc.covariance import check_crossed
from samesplit.statistics.mrmc.figures_of_merit import AUC, Figures, as_figure
from samesplit.statistics.mrmc.leave_one_out import leave_one_out
from samesplit.statistics.mrmc.study import ReaderStudy

__all__ = ["PseudovalueAnova", "pseudovalue_anova", "pseudovalues"]

_FACTORS = ("modality", "reader", "case")


@dataclass(frozen=True)
class PseudovalueAnova:
    """Mean squares of pseudovalues and their variance components.

    Attributes:
        sums: Sums of squares by source, such as `modality x case`; of what a factor with one level cannot
            say, 0.
        df: Degrees of freedom by source.
        components: Variance components by source, per reader and per case; may be negative. Those that need a
            factor with one level are NaN.
    """

    sums: dict[str, float]
    df: dict[str, int]
    components: dict[str, float]

    def mean_square(self, source: str) -> float:
        """Return the mean square of a source; NaN without degrees of freedom."""
        return self.sums[source] / self.df[source] if self.df[source] else math.nan


def pseudovalues(study: ReaderStudy, figure: Figures = AUC) -> FloatArray:
    """Compute jackknife pseudovalues whose mean over cases is the figure of merit.

    Args:
        study: Crossed.
        figure: What is computed.

    Returns:
        Shape (n modalities, n readers, n cases): n times the figure minus n - 1 times the figure without the
        case, moved so that their mean is the figure. Cases that the figure does not look at are left out;
        several cases of a patient are left out together and make one pseudovalue.

    Raises:
        StatisticsError: A study that is not crossed, or too few cases.
    """
    check_crossed(study)
    asked = as_figure(figure)
    columns = study.scores.reshape(-1, len(study.cases))
    values = np.array([asked.of(study.truth, column) for column in columns])
    without = leave_one_out(study.truth, columns, asked, study.patients)
    moved = values + (len(without) - 1) * (without.mean(axis=0) - without)
    return np.asarray(moved.T.reshape(*study.scores.shape[:2], -1))


def pseudovalue_anova(study: ReaderStudy, figure: Figures = AUC) -> PseudovalueAnova:
    """Split the variation of pseudovalues into modalities, readers, cases and what they do together.

    The tests of this analysis are those of `obuchowski_rockette` with jackknife covariance: its mean squares
    are these, divided by the number of cases. For fixed readers they are so with `fixed_readers_test='F'`.

    Args:
        study: Crossed.
        figure: What is computed.

    Returns:
        Sums of squares, degrees of freedom and components.

    Raises:
        StatisticsError: A study that is not crossed, or too few cases.

    References:
        Dorfman DD, Berbaum KS, Metz CE. Invest Radiol 1992;27:723-731. doi:10.1097/00004424-199209000-00015.
        Hillis SL, Obuchowski NA, Schartz KM, Berbaum KS. Stat Med 2005;24:1579-1607. doi:10.1002/sim.2024.

    Example:
        >>> study = ReaderStudy.from_columns(
        ...     ["r1"] * 4 + ["r2"] * 4, list("abcd") * 2, [1, 3, 2, 4, 2, 1, 4, 3], [0, 0, 1, 1] * 2)
        >>> pseudovalue_anova(study).df["reader x case"]
        3
    """
    return _anova(pseudovalues(study, figure))


def _anova(values: FloatArray) -> PseudovalueAnova:
    i, j, k = values.shape
    levels = dict(zip(_FACTORS, values.shape, strict=True))
    sums: dict[str, float] = {}
    df: dict[str, int] = {}
    effects: dict[tuple[int, ...], FloatArray] = {(): values.mean(keepdims=True)}
    for size in (1, 2, 3):
        for axes in combinations(range(3), size):
            others = tuple(axis for axis in range(3) if axis not in axes)
            below = sum(effects[part] for part in effects if set(part) < set(axes))
            effects[axes] = values.mean(axis=others, keepdims=True) - below
            name = " x ".join(_FACTORS[axis] for axis in axes)
            repeats = values.size // effects[axes].size
            sums[name] = float(repeats * (effects[axes] ** 2).sum())
            df[name] = math.prod(levels[_FACTORS[axis]] - 1 for axis in axes)
    found = PseudovalueAnova(sums, df, {})
    ms = {name: found.mean_square(name) for name in sums}
    rest = ms["modality x reader x case"]
    components = {
        "reader": (ms["reader"] - ms["modality x reader"] - ms["reader x case"] + rest) / (i * k),
        "case": (ms["case"] - ms["modality x case"] - ms["reader x case"] + rest) / (i * j),
        "modality x reader": (ms["modality x reader"] - rest) / k,
        "modality x case": (ms["modality x case"] - rest) / j,
        "reader x case": (ms["reader x case"] - rest) / i,
        "modality x reader x case": rest,
    }
    return PseudovalueAnova(sums, df, components)
