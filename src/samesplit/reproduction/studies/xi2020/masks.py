"""Masks of three radiologists: the copied row, and the Dice coefficients."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees_within
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import PrintedNumber, Recomputed, cell_text
from samesplit.reproduction.relations import locate, rounding_range
from samesplit.reproduction.studies.xi2020.lookup import PAPER, rows_of

__all__ = ["copied_masks", "dice_of_classes", "overall_dice"]

_METRICS = ("accuracy", "F1", "PR_AUC", "sensitivity", "specificity")


def _dice(published: pd.DataFrame, name: str) -> PrintedNumber | None:
    return locate(published, {"metric": "DSC_mean", "model_or_reader": name})


def _weighted(published: pd.DataFrame) -> tuple[PrintedNumber, float, tuple[float, float], str] | None:
    """Return the printed overall Dice, the mean weighted by class, its range by rounding, and the formula."""
    overall = _dice(published, "all segmenters")
    classes = [_dice(published, f"{name} lesions, all segmenters") for name in ("benign", "malignant")]
    if overall is None or any(one is None or one.number is None for one in classes):
        return None
    benign, malignant = (one for one in classes if one is not None)
    n_neg, n_pos = (float(published["n"].loc[one.row]) for one in (benign, malignant))

    def mean(below: float, above: float) -> float:
        return (n_neg * below + n_pos * above) / (n_neg + n_pos)

    formula = f"({n_neg:.0f} x {benign.text} + {n_pos:.0f} x {malignant.text}) / {n_neg + n_pos:.0f}"
    value = mean(float(benign.number or 0), float(malignant.number or 0))
    return overall, value, rounding_range(mean, [benign, malignant]), formula


def overall_dice(published: pd.DataFrame) -> list[Recomputed]:
    """Compute the overall Dice coefficient from those of benign and malignant lesions.

    Args:
        published: Rows of the study.
    """
    found = _weighted(published)
    if found is None:
        return []
    overall, value, (low, high), formula = found
    fits = agrees_within(overall, low, high)
    note = "" if fits else f"with rounding at most {high:.4f}; the three pairs average {overall.text}"
    return [Recomputed(overall.row, "value", value, formula, "reproduced" if fits else "inconsistent", note)]


def dice_of_classes(published: pd.DataFrame) -> list[Finding]:
    """Say that the Dice coefficients of the classes and of the pairs do not fit each other.

    Args:
        published: Rows of the study.
    """
    found = _weighted(published)
    pairs = [_dice(published, f"segmenter {a} vs {b}") for a, b in ((1, 2), (2, 3), (1, 3))]
    if found is None or any(pair is None or pair.number is None for pair in pairs):
        return []
    overall, value, (_, high), _ = found
    mean = sum(float(pair.number or 0) for pair in pairs if pair) / 3
    text = (
        f"Overall the three segmenters agree with a mean Dice coefficient of {overall.text}, which is also "
        f"the mean of the three pairs ({mean:.4f}). Weighted by the lesions of each class it is "
        f"{value:.4f}, and {high:.4f} at most if both class means were rounded down as far as possible. One "
        "of these means is not of these lesions."
    )
    return [Finding("Dice coefficients of classes and pairs do not fit", text)]


def copied_masks(published: pd.DataFrame) -> list[Finding]:
    """Show that the row of the second segmenter is that of the first, to every digit.

    Args:
        published: Rows of the study.
    """
    first = _texts(rows_of(published, study=PAPER, table_figure="Table 2", cohort_split="test"))
    second, third = (_texts(rows_of(published, cohort_split=f"test, segmenter {k}")) for k in (2, 3))
    own = _texts(rows_of(published, cohort_split="test, re-segmentation 1"))
    dice = _dice(published, "segmenter 1 vs 2")
    if not second or dice is None or any(second.get(metric) != first.get(metric) for metric in _METRICS):
        return []
    lines = [
        (metric, first[metric], second[metric], third.get(metric, ""), own.get(metric, ""))
        for metric in _METRICS
    ]
    columns = [
        "metric",
        "segmenter 1 (Table 2)",
        "segmenter 2",
        "segmenter 3",
        "public notebook, re-segmentation 1",
    ]
    text = (
        "The ensemble on the masks of the second segmenter has all five numbers and all intervals of the "
        f"first, PR AUC included, although the masks agree with a Dice coefficient of {dice.text} only. On "
        "the masks of the third, every number is lower. The row of the second segmenter looks like a copy; "
        "the public notebook gives lower numbers for both re-segmentations."
    )
    return [
        Finding("The second segmenter's row equals the first's", text, pd.DataFrame(lines, columns=columns))
    ]


def _texts(rows: pd.DataFrame) -> dict[str, str]:
    """Write value and interval of the ensemble by metric."""
    found = {}
    for _, record in rows[rows["model_or_reader"] == "Ensemble"].iterrows():
        low, high = cell_text(record, "ci_low"), cell_text(record, "ci_high")
        value = cell_text(record, "value")
        found[str(record["metric"])] = f"{value} ({low}-{high})" if low else value
    return found
