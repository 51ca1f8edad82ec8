"""How far the masks of two raters agree: Dice of each lesion in, means with intervals out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.options import EvaluationOptions
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.icc import icc
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_summaries import summary_of_lesions

__all__ = ["MASK_PAIRS", "RATER_MASKS", "RATER_MASK_COLUMNS", "mask_agreement"]

MASK_PAIRS = "mask_pairs"
"""The name of the measured pairs of masks among the details."""
RATER_MASKS = "rater_masks"
"""The name of the table."""
RATER_MASK_COLUMNS = [
    "rater_a",
    "rater_b",
    "sequence",
    "group",
    "quantity",
    "estimate",
    "ci_low",
    "ci_high",
    "n",
    "method",
    "note",
]


def mask_agreement(
    pairs: pd.DataFrame, truth: pd.DataFrame, options: EvaluationOptions, *, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Sum up how far the masks of two raters agree.

    Args:
        pairs: A row a lesion, sequence and pair of raters: lesion_id, sequence, rater_a, rater_b, dice,
            volume_a_ml, volume_b_ml.
        truth: Indexed by lesion_id: patient_id, label (the number of the class).
        options: Confidence, bootstrap samples and seed are used.
        classes: The names of the classes by number; Dice is given for each as well.

    Returns:
        A row a pair, sequence, group (`all` or `label=<class>`) and quantity: `dice` (mean over lesions, interval
        by a bootstrap over patients) and `icc_volume`, the ICC(A,1) of the volume.
    """
    confidence = check_confidence(options.confidence)
    known = pairs[pairs["lesion_id"].isin(truth.index)]
    rows: list[dict[str, Any]] = []
    for (first, second, sequence), part in known.groupby(["rater_a", "rater_b", "sequence"], sort=True):
        of = truth.loc[part["lesion_id"]]
        groups = {"all": np.ones(len(part), dtype=bool)}
        groups |= {f"label={name}": (of["label"] == n).to_numpy() for n, name in enumerate(classes)}
        for group, inside in groups.items():
            mine = part[inside]
            if mine.empty:
                continue
            dice = summary_of_lesions(
                mine["dice"],
                of["patient_id"].to_numpy()[inside],
                n_resamples=options.n_bootstrap,
                seed=options.seed,
                confidence=confidence,
            )
            found = {"dice": dice}
            if group == "all":
                found["icc_volume"] = _icc_of_volume(mine, confidence)
            rows += [
                {
                    "rater_a": first,
                    "rater_b": second,
                    "sequence": sequence,
                    "group": group,
                    "quantity": quantity,
                    "estimate": value.estimate,
                    "ci_low": value.ci_low,
                    "ci_high": value.ci_high,
                    "n": len(mine),
                    "method": value.method,
                    "note": value.note,
                }
                for quantity, value in found.items()
            ]
    return pd.DataFrame(rows, columns=RATER_MASK_COLUMNS)


def _icc_of_volume(pairs: pd.DataFrame, confidence: float) -> Interval:
    found = icc(pairs[["volume_a_ml", "volume_b_ml"]].to_numpy(), form="ICC(A,1)", confidence=confidence)
    estimate = float(found.estimate)
    note = "" if np.isfinite(estimate) else "too few lesions, or all of one volume"
    return Interval(estimate, float(found.ci_low), float(found.ci_high), "ICC(A,1)", note)
