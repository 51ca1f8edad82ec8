"""Whole lesions behind printed precision and recall of several classes, and the tables that they allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from samesplit.reproduction.agrees import agrees
from samesplit.reproduction.numbers import PrintedNumber
from samesplit.reproduction.relations import to_whole_percents

__all__ = ["Found", "confusion_tables", "counts_of_precision_and_recall", "divided_in_two"]

IntTable = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """How many lesions of a class, or of a side, were found and how many were named.

    Attributes:
        right: Found and right.
        reference: There are.
        named: Named, right or wrong.
    """

    right: int
    reference: int
    named: int

    @property
    def wrong(self) -> int:
        """Named, but not of the class."""
        return self.named - self.right

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (self.reference + self.named)


def counts_of_precision_and_recall(
    precision: PrintedNumber, recall: PrintedNumber, reference: int
) -> list[Found]:
    """List the whole lesions that print as a precision and a recall.

    Args:
        precision: Of what was named, the share that is right.
        recall: Of what there is, the share that was found.
        reference: How many there are.

    Returns:
        Every combination, the smallest numbers first; none where a share is 0, since that says nothing of what
        was named.

    Example:
        >>> from samesplit.reproduction.numbers import parse
        >>> counts_of_precision_and_recall(parse("0.7696"), parse("0.7254"), 244)
        [Found(right=177, reference=244, named=230)]
    """
    wanted, share = to_whole_percents(precision), to_whole_percents(recall)
    if not precision.number or not recall.number:
        return []
    found = []
    half = 0.51 * 10.0**-share.decimals
    first, last = int((recall.number - half) * reference), int((recall.number + half) * reference) + 1
    for right in range(max(1, first), min(reference, last) + 1):
        if not agrees(share, right / reference):
            continue
        half = 0.51 * 10.0**-wanted.decimals
        least = right / min(precision.number + half, 1.0)
        most = right / max(precision.number - half, 1e-9)
        named = range(max(right, int(least) - 1), int(most) + 2)
        found += [Found(right, reference, each) for each in named if agrees(wanted, right / each)]
    return found


def divided_in_two(
    precisions: Sequence[PrintedNumber],
    recalls: Sequence[PrintedNumber],
    reference: int,
    *,
    right: int | None = None,
    wrong: int | None = None,
) -> list[tuple[Found, Found]]:
    """List how lesions can be divided in two (left and right kidney) so that precision and recall of both print.

    Args:
        precisions: Of both parts.
        recalls: Of both parts.
        reference: How many lesions there are in both together.
        right: How many were found in both together, None where it is not printed.
        wrong: How many false detections there are in both together, None where it is not printed.

    Returns:
        Every division, the smallest first part first.
    """
    found = []
    for first in range(1, reference):
        parts = [
            counts_of_precision_and_recall(precision, recall, n)
            for precision, recall, n in zip(precisions, recalls, (first, reference - first), strict=True)
        ]
        found += [
            pair
            for pair in product(*parts)
            if right in (None, pair[0].right + pair[1].right)
            and wrong in (None, pair[0].wrong + pair[1].wrong)
        ]
    return [(pair[0], pair[1]) for pair in found]


def confusion_tables(right: Sequence[int], reference: Sequence[int], named: Sequence[int]) -> list[IntTable]:
    """List every table of true against named classes with given diagonal and margins.

    Args:
        right: Lesions named right, of each class.
        reference: Lesions of each class.
        named: Lesions named so, of each class.

    Returns:
        Tables of shape (classes, classes), rows the true class; none where the numbers contradict each other.

    Example:
        >>> [table.tolist() for table in confusion_tables([2, 35], [7, 36], [3, 40])]
        [[[2, 5], [1, 35]]]
    """
    if sum(reference) != sum(named):
        return []
    classes = len(right)
    missed = [n - k for n, k in zip(reference, right, strict=True)]
    wrong = [n - k for n, k in zip(named, right, strict=True)]
    if min(*missed, *wrong) < 0:
        return []

    def filled(row: int, left: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
        if row == classes:
            if not any(left):
                yield []
            return
        for line in _spread(missed[row], left, row):
            rest = tuple(n - k for n, k in zip(left, line, strict=True))
            for others in filled(row + 1, rest):
                yield [line, *others]

    return [np.array(lines, dtype=np.int64) + np.diag(right) for lines in filled(0, tuple(wrong))]


def _spread(total: int, room: tuple[int, ...], own: int, column: int = 0) -> Iterator[tuple[int, ...]]:
    """Spread the missed lesions of a class over the others, none of which takes more than its room."""
    if column == len(room):
        if total == 0:
            yield ()
        return
    most = 0 if column == own else min(total, room[column])
    for here in range(most, -1, -1):
        for others in _spread(total - here, room, own, column + 1):
            yield (here, *others)
