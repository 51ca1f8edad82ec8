"""The cross-validation row, whose accuracy lies outside its own interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from samesplit.reproduction.agrees import agrees, span
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.intervals import rate_interval
from samesplit.reproduction.numbers import Part, PrintedNumber, Recomputed, Verdict, cell_text, parse
from samesplit.reproduction.relations import locate
from samesplit.reproduction.studies.xi2020.lookup import PAPER, rows_of

__all__ = ["Fold", "cross_validation", "folds_that_fit", "one_fold"]

_SPLIT, _RESULTS, _DISCUSSION = "5-fold CV average", "text (Results)", "text (Discussion)"
_LARGEST = 131  # malignant lesions of a fifth of the cohort
_STEPS = 11
_Bounds = tuple[PrintedNumber | None, PrintedNumber | None]


@dataclass(frozen=True)
class Fold:
    """A test fold whose size gives the printed intervals.

    Attributes:
        n_pos: Malignant lesions.
        n_neg: Benign lesions.
        sensitivity: A mean sensitivity that prints as the paper's and gives its intervals.
        specificity: The same of specificity.
    """

    n_pos: int
    n_neg: int
    sensitivity: float
    specificity: float

    @property
    def accuracy(self) -> float:
        """Share of right calls."""
        return (self.sensitivity * self.n_pos + self.specificity * self.n_neg) / (self.n_pos + self.n_neg)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and positive predictive value."""
        return f1_at(self.sensitivity, self.specificity, self.n_pos, self.n_neg)


def f1_at(sensitivity: float, specificity: float, n_pos: float, n_neg: float) -> float:
    """Compute F1 from sensitivity and specificity at given class sizes.

    Example:
        >>> round(f1_at(0.96, 0.22, 655, 507), 2)
        0.75
    """
    tp, fp = sensitivity * n_pos, (1 - specificity) * n_neg
    return 2 * tp / (tp + n_pos + fp)


def _printed(published: pd.DataFrame, metric: str, part: Part = "value") -> PrintedNumber | None:
    where = {"cohort_split": _SPLIT, "table_figure": _RESULTS, "metric": metric}
    return locate(published, where, part)


def folds_that_fit(published: pd.DataFrame) -> list[Fold]:
    """Search the sizes of one test fold that give the printed intervals and F1 by Agresti and Coull.

    The rates are means over folds, so that counts need not be whole; values that print as the paper's are tried.

    Args:
        published: Rows of the study.
    """
    needed = [_printed(published, metric) for metric in ("sensitivity", "specificity", "F1")]
    if any(number is None for number in needed):
        return []
    sensitivity, specificity, f1 = (number for number in needed if number is not None)
    bounds = {metric: _bounds(published, metric) for metric in ("sensitivity", "specificity", "accuracy")}
    positive, negative = (
        _sizes(sensitivity, bounds["sensitivity"]),
        _sizes(specificity, bounds["specificity"]),
    )
    found = []
    for n_pos, high in positive.items():
        for n_neg, low in negative.items():
            fits = [
                fold
                for fold in (Fold(n_pos, n_neg, s, p) for s in high for p in low)
                if agrees(f1, fold.f1) and _gives(fold.accuracy, n_pos + n_neg, bounds["accuracy"])
            ]
            if fits:
                found.append(fits[len(fits) // 2])
    return found


def _bounds(published: pd.DataFrame, metric: str) -> _Bounds:
    return _printed(published, metric, "ci_low"), _printed(published, metric, "ci_high")


def _sizes(printed: PrintedNumber, bounds: _Bounds) -> dict[int, list[float]]:
    """Return the sizes at which a rate that prints as the paper's gives the printed interval, with such rates."""
    rates = np.linspace(*span(printed), _STEPS).tolist()
    tried = {n: [rate for rate in rates if _gives(rate, n, bounds)] for n in range(2, _LARGEST)}
    return {n: fitting for n, fitting in tried.items() if fitting}


def _gives(rate: float, n: int, bounds: _Bounds) -> bool:
    low, high = bounds
    if low is None or high is None:
        return False
    computed = rate_interval(rate * n, n, "Agresti-Coull")
    return agrees(low, computed[0]) and agrees(high, computed[1])


def cross_validation(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the intervals and F1 of the row from one test fold, and judge its accuracy and what is repeated.

    Args:
        published: Rows of the study.
    """
    folds, found = folds_that_fit(published), []
    if not folds:
        return []
    fold = min(folds, key=lambda one: abs(one.accuracy - np.mean([other.accuracy for other in folds])))
    size = f"{fold.n_pos} malignant and {fold.n_neg} benign lesions"
    n = {"sensitivity": fold.n_pos, "specificity": fold.n_neg, "accuracy": fold.n_pos + fold.n_neg}
    rates = {"sensitivity": fold.sensitivity, "specificity": fold.specificity, "accuracy": fold.accuracy}
    for row, record in rows_of(published, cohort_split=_SPLIT, table_figure=_RESULTS).iterrows():
        metric, line = str(record["metric"]), int(str(row))
        if metric in rates and record["ci_low_text"]:
            bounds = rate_interval(rates[metric] * n[metric], n[metric], "Agresti-Coull")
            formula = f"Agresti-Coull 95 % interval on one fold of {size}"
            parts: tuple[Part, Part] = ("ci_low", "ci_high")
            found += [
                Recomputed(line, part, b, formula, "reproduced")
                for part, b in zip(parts, bounds, strict=True)
            ]
        if metric == "F1":
            formula = f"from sensitivity and specificity on {size}"
            found.append(Recomputed(line, "value", fold.f1, formula, "reproduced"))
    return found + _accuracy(published, fold) + _repeated(published)


def _accuracy(published: pd.DataFrame, fold: Fold) -> list[Recomputed]:
    found = []
    for row, record in rows_of(published, cohort_split=_SPLIT, metric="accuracy").iterrows():
        note = (
            "outside its own interval" if record["ci_low_text"] else "repeats what lies outside its interval"
        )
        formula = f"sensitivity and specificity on {fold.n_pos} + {fold.n_neg} lesions"
        fits = agrees(parse(cell_text(record, "value")), fold.accuracy)
        verdict: Verdict = "reproduced" if fits else "inconsistent"
        found.append(
            Recomputed(int(str(row)), "value", fold.accuracy, formula, verdict, "" if fits else note)
        )
    return found


def _repeated(published: pd.DataFrame) -> list[Recomputed]:
    """Judge the PR AUC of the Discussion by that of the Results."""
    rows = {
        table: locate(published, {"cohort_split": _SPLIT, "table_figure": table, "metric": "PR_AUC"})
        for table in (_RESULTS, _DISCUSSION)
    }
    first, second = rows[_RESULTS], rows[_DISCUSSION]
    if first is None or second is None or first.number is None or second.number is None:
        return []
    fits = agrees(second, first.number)
    verdict: Verdict = "reproduced" if fits else "inconsistent"
    note = "" if fits else f"the Results print {first.text} for the same quantity"
    return [Recomputed(second.row, "value", first.number, "as printed in the Results", verdict, note)]


def one_fold(published: pd.DataFrame) -> list[Finding]:
    """Say from which lesions the cross-validation row comes.

    Args:
        published: Rows of the study.
    """
    folds = folds_that_fit(published)
    accuracy, f1 = _printed(published, "accuracy"), _printed(published, "F1")
    counts = [
        locate(published, {"metric": "count", "model_or_reader": name, "study": PAPER})
        for name in ("malignant", "benign")
    ]
    rates = [_printed(published, metric) for metric in ("sensitivity", "specificity")]
    if (
        not folds
        or accuracy is None
        or f1 is None
        or any(one is None or not one.number for one in (*counts, *rates))
    ):
        return []
    n_pos, n_neg = (float(one.number or 0) for one in counts if one)
    sensitivity, specificity = (float(one.number or 0) for one in rates if one)
    whole = (sensitivity * n_pos + specificity * n_neg) / (n_pos + n_neg)
    sizes = ", ".join(f"{fold.n_pos} + {fold.n_neg}" for fold in folds)
    columns = ["malignant + benign lesions", "accuracy", "F1"]
    lines = [(f"{fold.n_pos} + {fold.n_neg}", f"{fold.accuracy:.3f}", f"{fold.f1:.3f}") for fold in folds]
    at_prevalence = f1_at(sensitivity, specificity, n_pos, n_neg)
    lines.append((f"{n_pos:.0f} + {n_neg:.0f} (all lesions)", f"{whole:.3f}", f"{at_prevalence:.3f}"))
    text = (
        f"The mean accuracy of the five folds, {accuracy.text}, lies outside its own interval. All three "
        f"intervals and the F1 of {f1.text} come from one test fold of about 46 lesions ({sizes} malignant "
        f"and benign fit), on which accuracy would be about {folds[0].accuracy:.2f}. {accuracy.text} is "
        "what the printed sensitivity and specificity give at the prevalence of the whole cohort, where F1 "
        f"would be {at_prevalence:.2f}. A fifth of {n_pos + n_neg:,.0f} lesions is "
        f"{(n_pos + n_neg) / 5:.0f}, not 46."
    )
    return [
        Finding(
            "The cross-validation row mixes two sets of lesions", text, pd.DataFrame(lines, columns=columns)
        )
    ]
