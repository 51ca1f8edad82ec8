"""Readings of a multi-reader multi-case study as arrays, whatever the design: crossed, split-plot, incomplete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.ordering import at_least
from samesplit.statistics.checks import FloatArray, IntArray, check_labels, check_numbers

__all__ = ["ReaderStudy"]


@dataclass(frozen=True, eq=False)
class ReaderStudy:
    """What several readers said of the same cases under one or more modalities.

    Attributes:
        scores: Shape (n modalities, n readers, n cases), more means more likely positive; NaN where a reader
            did not read a case under a modality. For a figure of merit of calls (sensitivity, specificity,
            accuracy) the scores are the calls, 0 and 1.
        truth: Shape (n cases,), 0 or 1.
        modalities: Names along the first axis, such as `unaided` and `aided`.
        readers: Names along the second axis.
        cases: Names along the third axis.
        patients: Shape (n cases,), codes of the patients from 0 on; several cases may be of one patient.

    Raises:
        StatisticsError: `scores` are no numbers, or names, truth and patients have other lengths.
    """

    scores: FloatArray
    truth: IntArray
    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    patients: IntArray

    def __post_init__(self) -> None:
        expected = len(self.modalities), len(self.readers), len(self.cases)
        try:
            scores = np.asarray(self.scores, dtype=float)
        except (TypeError, ValueError) as error:
            raise StatisticsError(
                f"the scores are no array of numbers of shape {expected}: {error}",
                remedy="give as many scores to each reader and modality as there are cases, NaN where nobody read",
            ) from error
        truth, patients = np.asarray(self.truth), np.asarray(self.patients)
        if scores.shape != expected or truth.shape != expected[2:] or patients.shape != expected[2:]:
            raise StatisticsError(
                f"{expected[0]} modalities, {expected[1]} readers and {expected[2]} cases are named, but scores "
                f"have the shape {scores.shape}, truth {truth.shape} and patients {patients.shape}",
                remedy="give scores of modalities x readers x cases, and truth and patient of each case",
            )
        for name, array in (("scores", scores), ("truth", truth), ("patients", patients)):
            object.__setattr__(self, name, array)

    @classmethod
    def from_columns(
        cls,
        reader: Sequence[object] | pd.Series,
        case: Sequence[object] | pd.Series,
        score: npt.ArrayLike,
        truth: npt.ArrayLike,
        *,
        modality: Sequence[object] | pd.Series | None = None,
        patient: Sequence[object] | pd.Series | None = None,
    ) -> ReaderStudy:
        """Make a study of a tidy table, one row a reading.

        Names keep the order of their first appearance. A row whose score is missing counts as no reading: it
        is never taken for a call of the negative class.

        Args:
            reader: Who read, shape (n readings,).
            case: What was read.
            score: Scores or calls.
            truth: 0 or 1, the same in all rows of a case.
            modality: Under which condition; None for one.
            patient: Whose case it is; None for one case a patient.

        Raises:
            StatisticsError: Columns of different lengths, a reading without a reader or a case, scores that are
                no numbers, a reading twice, a case with two truths or patients, or no case of a class.

        Example:
            >>> study = ReaderStudy.from_columns(["r1", "r1", "r2"], ["a", "b", "a"], [0.2, 0.9, 0.4], [0, 1, 0])
            >>> study.scores.shape, study.is_crossed
            ((1, 2, 2), False)
        """
        n = len(reader)
        for name, given in (("reader", reader), ("case", case), ("modality", modality), ("patient", patient)):
            unnamed = 0 if given is None else int(pd.Series(given).isna().sum())
            if unnamed:
                raise StatisticsError(
                    f"{unnamed} of {n} readings have no {name}", remedy=f"name the {name} of every reading"
                )
        columns: dict[str, object] = {
            "reader": pd.Series(reader).astype(str).to_numpy(),
            "case": pd.Series(case).astype(str).to_numpy(),
            "modality": np.full(n, "reading")
            if modality is None
            else pd.Series(modality).astype(str).to_numpy(),
            "score": check_numbers(score, what="scores"),
            "truth": np.asarray(truth),
        }
        columns["patient"] = columns["case"] if patient is None else pd.Series(patient).astype(str).to_numpy()
        lengths = {name: len(values) for name, values in columns.items()}  # type: ignore[arg-type]
        wrong = [name for name, length in lengths.items() if length != n]
        if wrong or n == 0:
            told = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise StatisticsError(
                f"the columns of the readings do not have the same number of rows, or none: {told}",
                remedy="give one row a reading",
            )
        rows = pd.DataFrame(columns)
        doubled = rows[rows.duplicated(["modality", "reader", "case"])]
        if len(doubled):
            first = doubled.iloc[0]
            raise StatisticsError(
                f"reader {first['reader']!r} has two readings of case {first['case']!r} ({first['modality']})",
                remedy="keep one reading a reader, case and modality",
            )
        for name in ("truth", "patient"):
            several = rows.groupby("case", sort=False)[name].nunique(dropna=False)
            if (several > 1).any():
                raise StatisticsError(
                    f"case {several.index[several > 1][0]!r} has more than one {name}",
                    remedy=f"give all readings of a case the same {name}",
                )
        codes, names = {}, {}
        for name in ("modality", "reader", "case", "patient"):
            code, found = pd.factorize(rows[name])
            codes[name], names[name] = code, tuple(str(one) for one in found)
        scores = np.full([len(names[name]) for name in ("modality", "reader", "case")], np.nan)
        scores[codes["modality"], codes["reader"], codes["case"]] = rows["score"]
        if np.isinf(scores).any():
            raise StatisticsError("scores must be finite", remedy="leave the score of an unread case empty")
        of_case = rows.drop_duplicates("case")
        return cls(
            scores=scores,
            truth=check_labels(of_case["truth"].to_numpy()),
            modalities=names["modality"],
            readers=names["reader"],
            cases=names["case"],
            patients=codes["patient"][of_case.index].astype(np.int64),
        )

    @property
    def is_read(self) -> npt.NDArray[np.bool_]:
        """Shape of `scores`: which reader read which case under which modality."""
        return ~np.isnan(self.scores)

    @property
    def is_crossed(self) -> bool:
        """Whether every reader read every case under every modality."""
        return bool(self.is_read.all())

    @property
    def is_clustered(self) -> bool:
        """Whether some patient has several cases."""
        return bool(len(np.unique(self.patients)) < len(self.cases))

    def select(
        self, *, modalities: Sequence[str] | None = None, readers: Sequence[str] | None = None
    ) -> ReaderStudy:
        """Keep some modalities or readers, in the order given; the cases stay.

        Args:
            modalities: Names; None keeps all.
            readers: Names; None keeps all.

        Raises:
            StatisticsError: A name that the study does not have.
        """
        kept = {}
        for what, asked, known in (
            ("modality", modalities, self.modalities),
            ("reader", readers, self.readers),
        ):
            names = known if asked is None else tuple(asked)
            unknown = [name for name in names if name not in known]
            if unknown:
                raise StatisticsError(
                    f"the study has no {what} {unknown[0]!r}", remedy=f"it has: {', '.join(known)}"
                )
            kept[what] = names
        rows = [self.modalities.index(name) for name in kept["modality"]]
        columns = [self.readers.index(name) for name in kept["reader"]]
        return ReaderStudy(
            scores=self.scores[np.ix_(rows, columns)],
            truth=self.truth,
            modalities=kept["modality"],
            readers=kept["reader"],
            cases=self.cases,
            patients=self.patients,
        )

    def decisions(self, threshold: float) -> ReaderStudy:
        """Return the same study with calls for scores: 1 where a score is at or above the threshold, else 0.

        A score that equals the threshold but for its last digits (relative 1e-9) is at it.

        Calls derived from ratings are exploratory; those that readers made themselves are better.

        Args:
            threshold: On the scale of the scores.
        """
        calls = np.where(self.is_read, at_least(self.scores, threshold).astype(np.float64), np.nan)
        return ReaderStudy(calls, self.truth, self.modalities, self.readers, self.cases, self.patients)
