"""One score and one call of a model for each lesion, for comparisons that need a case at a time.

A model that was trained in folds has several fitted models, whose probabilities are not on one scale. Where a
comparison needs all cases ranked together (the model at a reader's specificity), each probability is replaced
by its place among those of the same fold: the share of the fold's test lesions below it, ties by half. This takes
the folds as alike in their cases, which stratified folds are; the comparison says so. Comparisons of mean AUCs
need none of it: they use the AUC inside each fold (`against_model`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from samesplit.ordering import at_least

__all__ = ["ACROSS_FOLDS", "one_row_a_lesion", "several_fits"]

ACROSS_FOLDS = "scores of folds are put on one scale by their rank within the fold"
"""The note of what is computed of ranks within folds."""


def several_fits(table: pd.DataFrame) -> bool:
    """Tell whether the scores of a model come from more than one fitted model.

    Args:
        table: Of a subject, as `evaluation.binary.scores` describes it.
    """
    return bool(table["cell"].min() < table["cell"].max())


def one_row_a_lesion(table: pd.DataFrame) -> pd.DataFrame:
    """Return one score and one call a lesion.

    Args:
        table: Of a model: lesion_id, patient_id, label, score, decision, cell.

    Returns:
        Indexed by lesion_id, sorted: patient_id, label, score (the probability of a single fitted model; else the
        mean over repeats and seeds of the rank within the fold, in (0, 1)) and decision (that of most repeats and
        seeds, positive where they are split in half; NaN where there is no call).
    """
    rows = table
    if several_fits(table):
        ranks = table.groupby("cell")["score"].transform(
            lambda scores: (rankdata(scores) - 0.5) / len(scores)
        )
        rows = table.assign(score=ranks)
    found = rows.groupby("lesion_id", sort=True).agg(
        patient_id=("patient_id", "first"),
        label=("label", "first"),
        score=("score", "mean"),
        decision=("decision", "mean"),
    )
    called = np.where(at_least(found["decision"].to_numpy(), 0.5), 1.0, 0.0)
    return found.assign(decision=np.where(found["decision"].isna(), np.nan, called))
