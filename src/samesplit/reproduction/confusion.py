"""Every table of whole lesions (TP, FN, TN, FP) that prints given rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.reproduction.agrees import agreeing, agrees, span
from samesplit.reproduction.numbers import PrintedNumber
from samesplit.statistics.proportions import Confusion

__all__ = ["TABLE_RATES", "Fit", "counts_that_print", "fit_tables", "rate_of", "rate_text", "splits_that_fit"]

TABLE_RATES = (
    "sensitivity", "specificity", "ppv", "npv", "accuracy", "f1", "fdr", "fpr", "fnr", "balanced accuracy",
)  # fmt: skip
"""What follows from a table, by the names of `samesplit.reproduction.names.canonical_metric`."""

_LARGEST = 4_000_000
"""Tables that are tried at most; beyond, only those near the printed sensitivity and specificity."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """The tables that print as many of the printed rates as any table does.

    Attributes:
        tables: All of them, by true positives and true negatives.
        fitting: How many printed rates each of them prints.
        printed: How many there are.
    """

    tables: tuple[Confusion, ...]
    fitting: int
    printed: int

    @property
    def table(self) -> Confusion | None:
        """The table, None where several fit or none."""
        return self.tables[0] if len(self.tables) == 1 else None


def fit_tables(rates: Iterable[tuple[str, PrintedNumber]], n_pos: int, n_neg: int) -> Fit:
    """Search the tables of whole lesions that print given rates.

    Args:
        rates: Names of `TABLE_RATES` with what is printed; others are left out.
        n_pos: Lesions of the positive class.
        n_neg: Lesions of the negative class.

    Returns:
        Those that print the most of them; none where no rate was given.

    Example:
        >>> from samesplit.reproduction.numbers import parse
        >>> fit = fit_tables([("sensitivity", parse("0.92")), ("specificity", parse("0.41"))], 63, 49)
        >>> fit.table, fit.fitting, fit.printed
        (Confusion(tp=58, fn=5, tn=20, fp=29), 2, 2)
    """
    wanted = [(name, number) for name, number in rates if name in TABLE_RATES and number.number is not None]
    if not wanted:
        return Fit((), 0, 0)
    tp, tn = _tried(wanted, "sensitivity", n_pos), _tried(wanted, "specificity", n_neg)
    if tp.size * tn.size > _LARGEST:
        return Fit((), 0, len(wanted))
    values = _rates(tp[:, None], tn[None, :], n_pos, n_neg)
    score = np.zeros((tp.size, tn.size), dtype=np.int64)
    for name, number in wanted:
        score += agreeing(number, values[name])
    best = int(score.max())
    found = [
        Confusion(int(tp[i]), n_pos - int(tp[i]), int(tn[j]), n_neg - int(tn[j]))
        for i, j in zip(*np.nonzero(score == best), strict=True)
    ]
    return Fit(tuple(found), best, len(wanted))


def splits_that_fit(rows: Iterable[list[tuple[str, PrintedNumber]]], n: int) -> list[tuple[int, int]]:
    """Try every division of n lesions into two classes: how many printed rates no table of whole lesions prints.

    Args:
        rows: The printed rates of each model or reader on the same lesions.
        n: How many lesions.

    Returns:
        For each number of positive lesions from 1 to n - 1: that number, and how many printed rates do not fit.
    """
    listed = [[(name, number) for name, number in rates if name in TABLE_RATES] for rates in rows]
    found = []
    for n_pos in range(1, n):
        tp, tn = np.arange(n_pos + 1, dtype=np.float64), np.arange(n - n_pos + 1, dtype=np.float64)
        values = _rates(tp[:, None], tn[None, :], n_pos, n - n_pos)
        missing = 0
        for rates in listed:
            fitting = sum(agreeing(number, values[name]).astype(np.int8) for name, number in rates)
            missing += len(rates) - int(np.max(fitting))
        found.append((n_pos, missing))
    return found


def counts_that_print(printed: PrintedNumber, n: int) -> list[int]:
    """List the whole numbers of n that print as a rate.

    Args:
        printed: The rate.
        n: Of how many.

    Example:
        >>> from samesplit.reproduction.numbers import parse
        >>> counts_that_print(parse("0.92"), 63), counts_that_print(parse("0.91"), 63)
        ([58], [])
    """
    low, high = span(printed)
    if not np.isfinite(low) or n <= 0:
        return []
    tried = range(max(0, int(low * n) - 1), min(n, int(high * n) + 1) + 1)
    return [count for count in tried if agrees(printed, count / n)]


def rate_of(table: Confusion, name: str) -> float:
    """Compute a rate of a table.

    Args:
        table: The table.
        name: One of `TABLE_RATES`.

    Returns:
        NaN where it is not defined.

    Example:
        >>> round(rate_of(Confusion(tp=50, fn=13, tn=19, fp=30), "fdr"), 3)
        0.375
    """
    tp, tn = np.array([table.tp], dtype=np.float64), np.array([table.tn], dtype=np.float64)
    return float(_rates(tp, tn, table.tp + table.fn, table.tn + table.fp)[name][0])


def rate_text(table: Confusion, name: str) -> str:
    """Write a rate of a table as a fraction of whole lesions.

    Example:
        >>> rate_text(Confusion(tp=58, fn=5, tn=20, fp=29), "accuracy")
        '(TP + TN) / n = 78/112'
    """
    tp, fn, tn, fp = table.tp, table.fn, table.tn, table.fp
    fractions: Mapping[str, str] = {
        "sensitivity": f"TP / (TP + FN) = {tp}/{tp + fn}",
        "specificity": f"TN / (TN + FP) = {tn}/{tn + fp}",
        "ppv": f"TP / (TP + FP) = {tp}/{tp + fp}",
        "npv": f"TN / (TN + FN) = {tn}/{tn + fn}",
        "accuracy": f"(TP + TN) / n = {tp + tn}/{table.n}",
        "f1": f"2 TP / (2 TP + FP + FN) = {2 * tp}/{2 * tp + fp + fn}",
        "fdr": f"FP / (TP + FP) = {fp}/{tp + fp}",
        "fpr": f"FP / (TN + FP) = {fp}/{tn + fp}",
        "fnr": f"FN / (TP + FN) = {fn}/{tp + fn}",
        "balanced accuracy": f"({tp}/{tp + fn} + {tn}/{tn + fp}) / 2",
    }
    return fractions[name]


def _tried(wanted: list[tuple[str, PrintedNumber]], name: str, n: int) -> Floats:
    """Return the counts to try: all, or where there are very many those near the printed rate."""
    everything = np.arange(n + 1, dtype=np.float64)
    printed = [number for known, number in wanted if known == name and number.number is not None]
    if n < 1000 or not printed:
        return everything
    step = 10.0 ** -printed[0].decimals
    share = everything / n
    return everything[np.abs(share - float(printed[0].number or 0.0)) <= 2 * step + 2 / n]


def _rates(tp: Floats, tn: Floats, n_pos: int, n_neg: int) -> dict[str, Floats]:
    fn, fp = n_pos - tp, n_neg - tn
    with np.errstate(divide="ignore", invalid="ignore"):
        sensitivity, specificity = tp / n_pos + 0 * tn, tn / n_neg + 0 * tp
        return {
            "sensitivity": sensitivity,
            "specificity": specificity,
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "accuracy": (tp + tn) / (n_pos + n_neg),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "fdr": fp / (tp + fp),
            "fpr": 1 - specificity,
            "fnr": 1 - sensitivity,
            "balanced accuracy": (sensitivity + specificity) / 2,
        }
