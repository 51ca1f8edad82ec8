"""Cases that all readers got right and the model wrong, and the reverse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.errors import StatisticsError
from samesplit.statistics.checks import IntArray, check_labels

__all__ = ["CasesMissed", "cases_missed"]


@dataclass(frozen=True)
class CasesMissed:
    """Where a model and readers part.

    Attributes:
        n_read: Shape (n,), readers who read each case.
        n_right: Shape (n,), readers who were right about it.
        model_right: Shape (n,), 1 or 0; NaN where the model has no call.
        judged: Shape (n,), whether enough readers read the case and the model has a call.
        only_model_wrong: Places of the judged cases that every one of their readers got right and the model wrong.
        only_model_right: Places of the judged cases that every one of their readers got wrong and the model right.
        all_wrong: Places of the judged cases that nobody got right.
        all_right: Places of the judged cases that everybody got right.
    """

    n_read: IntArray
    n_right: IntArray
    model_right: npt.NDArray[np.float64]
    judged: npt.NDArray[np.bool_]
    only_model_wrong: IntArray
    only_model_right: IntArray
    all_wrong: IntArray
    all_right: IntArray


def cases_missed(
    labels: npt.ArrayLike, reader_calls: npt.ArrayLike, model_calls: npt.ArrayLike, *, min_readers: int = 2
) -> CasesMissed:
    """Find the cases that all readers got right and the model wrong, and the reverse.

    "All readers" are those who read the case: a missing reading is neither right nor wrong. A case that fewer than
    `min_readers` read is not judged, since one reader alone is no consensus.

    Args:
        labels: Shape (n,), 0 or 1.
        reader_calls: Shape (n readers, n), 0 or 1; NaN for a case that a reader did not read.
        model_calls: Shape (n,), 0 or 1; NaN where the model has none.
        min_readers: How many readings a case needs to be judged.

    Returns:
        The cases, by place.

    Raises:
        StatisticsError: Shapes that differ, calls other than 0, 1 and NaN, or fewer than one reader asked for.

    Example:
        >>> found = cases_missed([1, 0, 1], [[1, 0, 0], [1, 0, 0], [1, np.nan, 0]], [0, 0, 1])
        >>> found.only_model_wrong.tolist(), found.only_model_right.tolist(), found.all_right.tolist()
        ([0], [2], [1])
    """
    truth = check_labels(labels, both_classes=False)
    readers = np.atleast_2d(np.asarray(reader_calls, dtype=np.float64))
    model = np.asarray(model_calls, dtype=np.float64)
    if readers.shape[1:] != truth.shape or model.shape != truth.shape:
        raise StatisticsError(
            f"{truth.size} labels do not fit readers' calls of shape {readers.shape} and {model.size} of a model",
            remedy="give one row a reader and one column a case",
        )
    for calls in (readers, model):
        if not np.isin(calls[~np.isnan(calls)], (0, 1)).all():
            raise StatisticsError("calls must be 0, 1 or missing", remedy="cut scores at a threshold first")
    if min_readers < 1:
        raise StatisticsError(f"{min_readers} readers cannot agree", remedy="ask for one reader or more")
    read = ~np.isnan(readers)
    n_read = read.sum(axis=0).astype(np.int64)
    n_right = (read & (readers == truth)).sum(axis=0).astype(np.int64)
    model_right = np.where(np.isnan(model), np.nan, (model == truth).astype(np.float64))
    judged = (n_read >= min_readers) & ~np.isnan(model_right)
    readers_right, readers_wrong = n_right == n_read, n_right == 0

    def places(readers_are: npt.NDArray[np.bool_], model_is: float) -> IntArray:
        return np.flatnonzero(judged & readers_are & (model_right == model_is)).astype(np.int64)

    return CasesMissed(
        n_read,
        n_right,
        model_right,
        judged,
        only_model_wrong=places(readers_right, 0.0),
        only_model_right=places(readers_wrong, 1.0),
        all_wrong=places(readers_wrong, 0.0),
        all_right=places(readers_right, 1.0),
    )
