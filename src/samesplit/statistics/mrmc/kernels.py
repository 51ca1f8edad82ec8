"""What each reading, or each pair of readings, says of a figure of merit: what a U-statistic averages.

For the AUC the kernel compares a positive with a negative case (1 where the positive one has the higher
score, 0.5 for a tie); for sensitivity, specificity and accuracy it says whether a call is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.mrmc.study import ReaderStudy

__all__ = ["FIGURES", "Figure", "Kernel", "ReaderKernel", "kernel_of"]

Figure = Literal["auc", "sensitivity", "specificity", "accuracy", "mean score"]
FIGURES: tuple[Figure, ...] = ("auc", "sensitivity", "specificity", "accuracy", "mean score")


@dataclass(frozen=True, eq=False)
class ReaderKernel:
    """The kernel of one reader, on what that reader read.

    Attributes:
        values: Sums of the kernel, shape (n modalities, ...) with an axis for each of the factors (two of all
            patients where a patient may stand on both).
        counts: How many values each is the sum of; the same shape.
        places: For each axis the places of its entries on the axes of all readers.
    """

    values: FloatArray
    counts: FloatArray
    places: tuple[IntArray, ...]

    def add_to(self, values: FloatArray, counts: FloatArray) -> None:
        """Add this reader to sums over readers.

        Args:
            values: Shape (n modalities, *kernel.shape), changed in place.
            counts: The same.
        """
        if values.shape == self.values.shape:
            values += self.values
            counts += self.counts
            return
        here: tuple[Any, ...] = (slice(None), *np.ix_(*self.places))
        values[here] += self.values
        counts[here] += self.counts


@dataclass(frozen=True, eq=False)
class Kernel:
    """The values that a U-statistic averages, made reader by reader so that a large study fits into memory.

    Attributes:
        study: The readings.
        figure: Which figure of merit.
        factors: The random factors besides the readers, in the order of the axes: negatives and positives of
            the AUC, cases of the other figures, or patients where some patient has cases of both classes.
        negatives: Shape (n cases of the first axis,), their places in the study.
        positives: Shape (n cases of the second axis,), empty where there is no such axis.
        units: For each axis the patient of each case, codes from 0 on; None where each case is of its own
            patient.
        centres: Shape (n modalities,), what is taken off every value of the kernel; None for nothing.
    """

    study: ReaderStudy
    figure: Figure
    factors: tuple[str, ...]
    negatives: IntArray
    positives: IntArray
    units: tuple[IntArray, ...] | None
    centres: FloatArray | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether a patient may stand on both axes, so that sharing has to be counted over both."""
        return self.factors == ("patients",)

    @property
    def n_units(self) -> int:
        """How many patients there are, each counted once."""
        return len(np.unique(self.study.patients))

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes: of cases, or of patients that have such cases."""
        if self.is_mixed:
            return (self.n_units, self.n_units)
        if self.units is not None:
            return tuple(int(codes.max()) + 1 for codes in self.units)
        return tuple(places.size for places in self._axes)

    @property
    def _axes(self) -> tuple[IntArray, ...]:
        return (self.negatives, self.positives) if self.figure == "auc" else (self.negatives,)

    def of_reader(self, reader: int) -> ReaderKernel:
        """Compute the kernel of one reader under every modality, of the cases that were read alone.

        Args:
            reader: The place of the reader.
        """
        scores = self.study.scores[:, reader]
        read: npt.NDArray[np.bool_] = np.logical_or.reduce(self.study.is_read[:, reader], axis=0)
        kept = [np.flatnonzero(read[places]) for places in self._axes]
        cases = [places[those] for places, those in zip(self._axes, kept, strict=True)]
        if self.figure == "auc":
            below, above = scores[:, cases[0]][:, :, None], scores[:, cases[1]][:, None, :]
            # A comparison with NaN is false: what was not read adds nothing.
            values = (above > below) + 0.5 * (above == below)
            counts = (~np.isnan(below) & ~np.isnan(above)).astype(np.float64)
        else:
            calls = scores[:, cases[0]]
            seen = ~np.isnan(calls)
            said = np.where(seen, calls, 0.0)
            right = seen & (said == self.study.truth[cases[0]])
            values = said if self.figure == "mean score" else right.astype(np.float64)
            counts = seen.astype(np.float64)
        if self.centres is not None:
            values = values - self.centres.reshape(-1, *[1] * (values.ndim - 1)) * counts
        if self.units is None:
            return ReaderKernel(values, counts, tuple(kept))
        codes = [of_axis[those] for of_axis, those in zip(self.units, kept, strict=True)]
        units = [np.unique(np.concatenate(codes))] * 2 if self.is_mixed else [np.unique(one) for one in codes]
        rows = [np.searchsorted(known, one) for known, one in zip(units, codes, strict=True)]
        sizes = [known.size for known in units]
        return ReaderKernel(_summed(values, rows, sizes), _summed(counts, rows, sizes), tuple(units))

    def centred(self, centres: FloatArray) -> Kernel:
        """Return the kernel with a number for each modality taken off every value.

        Args:
            centres: Shape (n modalities,).
        """
        return replace(self, centres=centres)


def _summed(values: FloatArray, rows: list[IntArray], sizes: list[int]) -> FloatArray:
    """Sum over the cases of each patient, on every axis but the first."""
    for axis, (places, size) in enumerate(zip(rows, sizes, strict=True), start=1):
        summed = np.zeros((size, *np.delete(values.shape, axis)))
        np.add.at(summed, places, np.moveaxis(values, axis, 0))
        values = np.moveaxis(summed, 0, axis)
    return values


def kernel_of(study: ReaderStudy, figure: Figure) -> Kernel:
    """Return the kernel of a figure of merit on the readings of a study.

    Args:
        study: The readings; for sensitivity, specificity and accuracy the scores are calls, 0 or 1.
        figure: `auc`, `sensitivity`, `specificity`, `accuracy`, or `mean score` (of whatever the scores are).

    Raises:
        StatisticsError: An unknown figure, scores other than 0 and 1 where calls are needed, or no case of a
            class that the figure needs.

    Example:
        >>> study = ReaderStudy.from_columns(["r", "r", "r"], ["a", "b", "c"], [0.2, 0.9, 0.2], [0, 1, 1])
        >>> kernel_of(study, "auc").of_reader(0).values.tolist()
        [[[1.0, 0.5]]]
    """
    if figure not in FIGURES:
        raise StatisticsError(
            f"unknown figure of merit {figure!r}", remedy=f"use one of: {', '.join(FIGURES)}"
        )
    read = study.scores[study.is_read]
    if figure not in ("auc", "mean score") and not np.isin(read, (0.0, 1.0)).all():
        raise StatisticsError(
            f"{figure} needs calls, 0 or 1, and the scores hold other values",
            remedy="give the readers' decisions, or derive them with ReaderStudy.decisions(threshold)",
        )
    negatives, positives = np.flatnonzero(study.truth == 0), np.flatnonzero(study.truth == 1)
    wanted = {
        "auc": (negatives, positives),
        "sensitivity": (positives,),
        "specificity": (negatives,),
        "accuracy": (np.arange(len(study.cases)),),
        "mean score": (np.arange(len(study.cases)),),
    }[figure]
    for places, name in zip(wanted, ("negative", "positive") if figure == "auc" else ("such",), strict=True):
        if not places.size:
            raise StatisticsError(f"{figure} is not defined: the study has no {name} case")
    factors: tuple[str, ...] = ("negatives", "positives") if figure == "auc" else ("cases",)
    units: tuple[IntArray, ...] | None = None
    if study.is_clustered:
        mixed = figure == "auc" and bool(
            np.intersect1d(study.patients[negatives], study.patients[positives]).size
        )
        factors = ("patients",) if mixed else factors
        everybody = _codes(study.patients)
        units = tuple(everybody[places] if mixed else _codes(study.patients[places]) for places in wanted)
    return Kernel(
        study, figure, factors, wanted[0], wanted[-1] if figure == "auc" else np.zeros(0, np.int64), units
    )


def _codes(patients: IntArray) -> IntArray:
    return np.unique(patients, return_inverse=True)[1].astype(np.int64)
