"""Marks of a free-response reader study, matched to lesions: what the figures of merit are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import FloatArray, IntArray, check_numbers
from samesplit.statistics.mrmc.free_response.hits import HitRule, match_marks

__all__ = ["FreeResponseStudy"]


@dataclass(frozen=True, eq=False)
class FreeResponseStudy:
    """What several readers marked in the same cases, under one or more modalities.

    Attributes:
        lesion_ratings: Shape (n modalities, n readers, n lesions): the rating of the mark that hit a lesion, minus
            infinity where none did, NaN where the case was not read.
        lesion_case: Shape (n lesions,), the case of each lesion, by place.
        lesion_weights: Shape (n lesions,), how much each lesion counts within its case; they sum to 1 there.
        false_ratings: By place of modality and reader: the ratings of marks that are no lesion.
        false_cases: By place of modality and reader: the case of each of these marks, by place.
        is_read: Shape (n modalities, n readers, n cases): who read what; a case without any mark may be read.
        modalities: Names along the first axis.
        readers: Names along the second axis.
        cases: Names.
        lesions: Names.
        patients: Shape (n cases,), codes of the patients.
        rule: The hit rule.
    """

    lesion_ratings: FloatArray
    lesion_case: IntArray
    lesion_weights: FloatArray
    false_ratings: Mapping[tuple[int, int], FloatArray]
    false_cases: Mapping[tuple[int, int], IntArray]
    is_read: npt.NDArray[np.bool_]
    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    lesions: tuple[str, ...]
    patients: IntArray
    rule: HitRule

    @classmethod
    def from_marks(
        cls,
        marks: pd.DataFrame,
        lesions: pd.DataFrame,
        cases: Sequence[str],
        rule: HitRule,
        *,
        patients: Mapping[str, str] | None = None,
    ) -> FreeResponseStudy:
        """Match marks with lesions.

        Args:
            marks: One row a mark with `reader`, `case`, `rating`, `x_mm`, `y_mm` and, for volumes, `z_mm`;
                `modality` may be there. A row without rating and position says that the case was read and
                nothing marked.
            lesions: One row a lesion with `lesion`, `case`, `x_mm`, `y_mm` and, for volumes, `z_mm`; `weight`
                may be there: how much a lesion counts, of any size, scaled within its case. Without it lesions
                of a case count alike.
            cases: All cases, with and without lesions; names keep this order.
            rule: The hit rule.
            patients: The patient of each case; None for one case a patient.

        Raises:
            StatisticsError: A column that is missing, a case that is not named, a mark with a rating and no
                position or the reverse, a lesion twice, weights that are not positive, or no case of a kind.

        Example:
            >>> marks = pd.DataFrame({"reader": ["a", "a", "a"], "case": ["p", "p", "n"],
            ...     "rating": [4, 2, np.nan], "x_mm": [1, 60, np.nan], "y_mm": [0, 0, np.nan]})
            >>> lesions = pd.DataFrame({"lesion": ["l"], "case": ["p"], "x_mm": [0.0], "y_mm": [0.0]})
            >>> study = FreeResponseStudy.from_marks(marks, lesions, ["p", "n"], HitRule(10))
            >>> study.lesion_ratings.tolist(), study.false_ratings[0, 0].tolist()
            ([[[4.0]]], [2.0])
        """
        _check_columns(marks, ("reader", "case", "rating", "x_mm", "y_mm"), "marks")
        _check_columns(lesions, ("lesion", "case", "x_mm", "y_mm"), "lesions")
        names = tuple(str(case) for case in cases)
        place = {name: number for number, name in enumerate(names)}
        for what, table in (("mark", marks), ("lesion", lesions)):
            unknown = [str(case) for case in table["case"] if str(case) not in place]
            if unknown:
                raise StatisticsError(
                    f"a {what} lies in case {unknown[0]!r}, which is no case of the study",
                    remedy="name every case, those without lesions as well",
                )
        axes = ["x_mm", "y_mm"]
        if "z_mm" in marks and "z_mm" in lesions and lesions["z_mm"].notna().any():
            axes.append("z_mm")
        at, empty = _positions_of(marks, axes)
        of = check_numbers(lesions[axes], what="positions of lesions")
        lesion_case: IntArray = np.array([place[str(case)] for case in lesions["case"]], dtype=np.int64)
        weights = _weights(lesions, lesion_case, len(names))
        modality, modality_names = pd.factorize(
            marks["modality"].astype(str) if "modality" in marks else pd.Series("reading", index=marks.index)
        )
        reader, reader_names = pd.factorize(marks["reader"].astype(str))
        case: IntArray = np.array([place[str(name)] for name in marks["case"]], dtype=np.int64)
        ratings = marks["rating"].to_numpy(dtype=np.float64)
        shape = (len(modality_names), len(reader_names), len(names))
        is_read = np.zeros(shape, dtype=bool)
        is_read[modality, reader, case] = True
        hit = np.where(is_read[:, :, lesion_case], -np.inf, np.nan)
        false: dict[tuple[int, int], list[FloatArray]] = {
            (i, j): [] for i in range(shape[0]) for j in range(shape[1])
        }
        where: dict[tuple[int, int], list[IntArray]] = {key: [] for key in false}
        order = np.lexsort((np.arange(len(marks)), case, reader, modality))
        key = np.column_stack([modality, reader, case])[order]
        for rows in np.split(order, np.flatnonzero((key[1:] != key[:-1]).any(axis=1)) + 1):
            i, j, k = int(modality[rows[0]]), int(reader[rows[0]]), int(case[rows[0]])
            given = rows[~empty[rows]]
            own = np.flatnonzero(lesion_case == k)
            hits, missed = match_marks(at[given], ratings[given], of[own], rule)
            found = hits >= 0
            hit[i, j, own[found]] = ratings[given][hits[found]]
            false[i, j].append(ratings[given][missed])
            where[i, j].append(np.full(int(missed.sum()), k, dtype=np.int64))
        codes = [name if patients is None else str(patients[name]) for name in names]
        return cls(
            lesion_ratings=hit,
            lesion_case=lesion_case,
            lesion_weights=weights,
            false_ratings={key: np.concatenate([*found, np.zeros(0)]) for key, found in false.items()},
            false_cases={
                key: np.concatenate([*found, np.zeros(0, dtype=np.int64)]) for key, found in where.items()
            },
            is_read=is_read,
            modalities=tuple(str(name) for name in modality_names),
            readers=tuple(str(name) for name in reader_names),
            cases=names,
            lesions=tuple(lesions["lesion"].astype(str)),
            patients=pd.factorize(np.array(codes))[0].astype(np.int64),
            rule=rule,
        )

    @property
    def truth(self) -> IntArray:
        """Shape (n cases,): 1 for a case with a lesion, 0 for one without."""
        return np.isin(np.arange(len(self.cases)), self.lesion_case).astype(np.int64)

    @property
    def is_crossed(self) -> bool:
        """Whether every reader read every case under every modality."""
        return bool(self.is_read.all())

    def highest_false(self, modality: int, reader: int) -> FloatArray:
        """Return the highest rating of a mark that is no lesion in each case.

        Args:
            modality: Its place.
            reader: The reader's place.

        Returns:
            Shape (n cases,), minus infinity for a case without such a mark.
        """
        found = np.full(len(self.cases), -np.inf)
        np.maximum.at(found, self.false_cases[modality, reader], self.false_ratings[modality, reader])
        return found


def _check_columns(table: pd.DataFrame, needed: Sequence[str], what: str) -> None:
    if not len(table):
        raise StatisticsError(
            f"there are no {what}", remedy="give one row a reading at least, and one a lesion"
        )
    missing = [name for name in needed if name not in table]
    if missing:
        raise StatisticsError(
            f"the table of {what} has no column {missing[0]!r}", remedy=f"it needs {', '.join(needed)}"
        )


def _positions_of(marks: pd.DataFrame, axes: list[str]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return positions and which rows say that nothing was marked."""
    at = check_numbers(marks[axes], what="positions of marks")
    ratings = check_numbers(marks["rating"], what="ratings")
    rated, placed = np.isfinite(ratings), np.isfinite(at).all(axis=1)
    nothing = np.isnan(ratings) & np.isnan(at).all(axis=1)
    wrong = np.flatnonzero(~(rated & placed) & ~nothing)
    if wrong.size:
        row = marks.iloc[wrong[0]]
        raise StatisticsError(
            f"a mark of reader {row['reader']!r} in case {row['case']!r} has a rating and no position, or the "
            "reverse",
            remedy=f"give a finite rating and {', '.join(axes)}; leave all empty where nothing was marked",
        )
    return at, nothing


def _weights(lesions: pd.DataFrame, lesion_case: IntArray, n_cases: int) -> FloatArray:
    """Return weights that sum to 1 in every case with lesions."""
    if lesions["lesion"].astype(str).duplicated().any():
        raise StatisticsError("a lesion is there twice", remedy="give every lesion a name of its own")
    if not 0 < np.unique(lesion_case).size < n_cases:
        raise StatisticsError(
            f"{np.unique(lesion_case).size} of {n_cases} cases have lesions: cases of both kinds are needed",
            remedy="give cases with and without lesions",
        )
    given = lesions["weight"] if "weight" in lesions else pd.Series(1.0, index=lesions.index)
    weights = check_numbers(given, what="weights of lesions")
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise StatisticsError(
            "weights of lesions must be positive", remedy="give numbers above 0, or no weights"
        )
    return np.asarray(weights / np.bincount(lesion_case, weights=weights, minlength=n_cases)[lesion_case])
