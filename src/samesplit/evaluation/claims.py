"""What may be claimed of a difference: one p-value, one rule, stored beside the estimate.

Everybody who speaks of a difference (the answer, the verdict, the table of differences, report.json, MLflow) reads
the claim here and decides nothing again.

The rule: differences that answer the same question make a family, whose p-values are adjusted by Holm's method; a
difference is claimed when its adjusted p-value is below 1 - confidence and the probability that the claim is false
(see `statistics.false_claims`) is at most 5 %. Families are formed by quantity, group of lesions and who is
compared: models with each other, single readers with a model, readers' means with a model, and the same two of
readers with themselves under another modality. A model that is there for orientation only (the simple arm that a
run adds by itself) makes a family of its own, so that its being there changes no other claim.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from samesplit.ordering import at_most, below
from samesplit.reader_names import parse_reader_name
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.false_claims import false_claim_from_p
from samesplit.statistics.multiplicity import holm

__all__ = ["CLAIMS", "CLAIM_COLUMNS", "MOST_FALSE_CLAIMS", "add_claims"]

CLAIMS = ("", "higher", "lower", "not shown")
"""What is claimed of a row: nothing (it is no difference), or how the subject stands to its reference."""

CLAIM_COLUMNS = ("p_adjusted", "claim", "false_claim_probability")
"""What `add_claims` adds."""
MOST_FALSE_CLAIMS = 0.05
"""A claim that is false with a higher probability than this is not made (Christodoulou et al. 2025)."""


def add_claims(rows: pd.DataFrame, *, confidence: float = 0.95, apart: Collection[str] = ()) -> pd.DataFrame:
    """Add the adjusted p-value and the claim to rows of results.

    Args:
        rows: With quantity, model, reference, group, estimate and p_value; a row without a reference is no
            difference.
        confidence: Of the intervals; a claim needs an adjusted p-value below 1 - confidence.
        apart: Models whose differences make families of their own.

    Returns:
        The rows with `p_adjusted` (NaN where there is no p-value), `claim` (one of `CLAIMS`) and
        `false_claim_probability`: that the one with the higher estimate is in truth not higher; NaN where nothing
        was tested or nothing is compared.

    Example:
        >>> rows = pd.DataFrame({"quantity": "auc_difference", "model": ["a", "b", "c"], "reference": "d",
        ...                      "group": "all", "estimate": [0.2, -0.1, 0.1], "p_value": [0.001, 0.02, 0.03]})
        >>> add_claims(rows)[["p_adjusted", "claim"]].values.tolist()
        [[0.003, 'higher'], [0.04, 'lower'], [0.04, 'higher']]
    """
    alpha = 1 - check_confidence(confidence)
    families = [rows["quantity"], rows["group"], _kind(rows, apart)]
    adjusted = rows["p_value"].astype("float64").groupby(families, sort=False).transform(holm)
    false_claim = false_claim_from_p(rows["p_value"].astype("float64")).where(rows["reference"] != "")
    claimed = pd.Series(below(adjusted, alpha), index=rows.index)
    claimed &= pd.Series(at_most(false_claim, MOST_FALSE_CLAIMS), index=rows.index)
    side = pd.Series(np.where(rows["estimate"] > 0, "higher", "lower"), index=rows.index)
    claims = side.where(claimed, "not shown").where(rows["reference"] != "", "")
    return rows.assign(p_adjusted=adjusted, claim=claims.astype(str), false_claim_probability=false_claim)


def _kind(rows: pd.DataFrame, apart: Collection[str]) -> pd.Series[str]:
    """Tell who is compared with whom: models, single readers, or readers' means."""
    sides = [rows[column].astype(str).map(_side) for column in ("model", "reference")]
    kinds = sides[0] + " and " + sides[1]
    return kinds.mask(rows["model"].isin(apart) | rows["reference"].isin(apart), "model apart")


def _side(name: str) -> str:
    reader = parse_reader_name(name)
    return "model" if reader is None else "reader" if reader.reader else "readers"
