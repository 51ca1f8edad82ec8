"""One risk a lesion, from the predictions of all folds, repeats and seeds, and whether it is a high one.

Risks of different fits share no scale, so each fit's are brought to a standard deviation of 1 among the test
lesions of its fold, and a lesion's are averaged over the fits that predicted it. High is what lies above the
median risk of the validation part of the same fit, which no test lesion has a say in; several fits vote. Where
the risk is the probability of another task, high is what that task calls positive: what reaches its threshold.
"""

from __future__ import annotations

import pandas as pd

from samesplit.ordering import probability_at_least

__all__ = ["FIT", "lesion_risks", "validation_cuts"]

FIT = ["seed", "repeat", "fold"]
"""What names a fit of one model."""


def validation_cuts(validation: pd.DataFrame) -> pd.Series[float]:
    """Return the median validation risk of each fit of a model, by seed, repeat and fold.

    Args:
        validation: Validation predictions of one model and rater: seed, repeat, fold, risk.
    """
    return validation.groupby(FIT)["risk"].median()


def lesion_risks(
    table: pd.DataFrame, cuts: pd.Series[float], *, declared: bool = False
) -> tuple[pd.DataFrame, str]:
    """Summarise the predictions of one model by lesion.

    Args:
        table: Of a model, see `scores.model_table`.
        cuts: As `validation_cuts` returns them; a fit without one is cut at the median of its test lesions.
        declared: Whether they are operating points of another task, and no medians.

    Returns:
        One row a lesion: lesion_id, patient_id, label, time, score (of standard deviation 1; NaN throughout
        where all risks are the same), high (whether more than half of the fits call the risk high); and how
        risks were cut.
    """
    cells = table.groupby("cell")["score"]
    spread = cells.transform("std", ddof=0)
    standard = ((table["score"] - cells.transform("mean")) / spread.where(spread > 0)).fillna(0.0)
    fits = pd.Series(list(zip(*(table[name] for name in FIT), strict=True)), index=table.index)
    cut = fits.map(dict(zip(cuts.index, cuts, strict=True))).astype("float64")
    lacking = cut.isna()
    high = table["score"] > cut.where(~lacking, cells.transform("median"))
    if declared:  # a task calls what reaches its threshold positive
        reached = probability_at_least(table["score"], cut)
        high = high.where(lacking, pd.Series(reached, index=table.index))
    rows = table.assign(score=standard, high=high.astype(float)).groupby("lesion_id", as_index=False)
    found = rows.agg(
        patient_id=("patient_id", "first"),
        label=("label", "first"),
        time=("time", "first"),
        score=("score", "mean"),
        high=("high", "mean"),
    )
    scale = float(found["score"].std(ddof=0))
    found["score"] = found["score"] / scale if scale > 0 else float("nan")
    found["high"] = found["high"] > 0.5
    if lacking.any():
        return found, "cut at the median risk of the test part, there being no validation risks"
    where = (
        "where the other task calls a lesion positive"
        if declared
        else "at the median risk of the validation part"
    )
    return found, f"cut {where}"
