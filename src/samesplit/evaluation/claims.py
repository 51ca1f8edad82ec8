"""What may be claimed of a difference: one p-value, one rule, stored beside the estimate.

Everybody who speaks of a difference (the answer, the verdict, the table of differences, report.json, MLflow) reads
the claim here and decides nothing again.

The rule: differences that answer the same question make a family, whose p-values are adjusted together (Holm's
method unless another is declared); a difference is claimed when its adjusted p-value is below 1 - confidence and
the probability that the claim is false (see `statistics.false_claims`) is at most 5 %. Families are formed by
quantity, group of lesions and who is compared: models with each other, single readers with a model, readers' means
with a model, and the same two of readers with themselves under another modality. A comparison that the benchmark
declares in a family leaves the one that it would be in. A model that is there for orientation only (the simple arm
that a run adds by itself) makes a family of its own, so that its being there changes no other claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from samesplit.ordering import at_most, below
from samesplit.reader_names import parse_reader_name
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.false_claims import false_claim_from_p
from samesplit.statistics.multiplicity import Adjustment, adjust

__all__ = [
    "CLAIMS",
    "CLAIM_COLUMNS",
    "DEFAULT_RULES",
    "MOST_FALSE_CLAIMS",
    "ClaimRules",
    "add_claims",
    "comparisons_not_made",
]

CLAIMS = ("", "higher", "lower", "not shown")
"""What is claimed of a row: nothing (it is no difference), or how the subject stands to its reference."""

CLAIM_COLUMNS = ("p_adjusted", "claim", "false_claim_probability")
"""What `add_claims` adds."""
MOST_FALSE_CLAIMS = 0.05
"""A claim that is false with a higher probability than this is not made (Christodoulou et al. 2025)."""


@dataclass(frozen=True)
class ClaimRules:
    """What is declared of the claims before the results are seen.

    Attributes:
        apart: Models whose differences make families of their own.
        multiplicity: How p-values of a family are adjusted; see `statistics.multiplicity`.
        families: By name: the comparisons of a declared family, two sides each, in whichever order.
    """

    apart: tuple[str, ...] = ()
    multiplicity: Adjustment = "holm"
    families: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def family_of(self) -> dict[frozenset[str], str]:
        """Return the declared family of each comparison that is in one."""
        return {frozenset(pair): name for name, pairs in self.families.items() for pair in pairs}


DEFAULT_RULES = ClaimRules()
"""Holm's method, no declared families, no model apart."""


def add_claims(
    rows: pd.DataFrame, *, confidence: float = 0.95, rules: ClaimRules = DEFAULT_RULES
) -> pd.DataFrame:
    """Add the adjusted p-value and the claim to rows of results.

    Args:
        rows: With quantity, model, reference, group, estimate and p_value; a row without a reference is no
            difference.
        confidence: Of the intervals; a claim needs an adjusted p-value below 1 - confidence.
        rules: The method of adjustment, and which comparisons make families.

    Returns:
        The rows with `p_adjusted` (NaN where there is no p-value), `claim` (one of `CLAIMS`) and
        `false_claim_probability`: that the one with the higher estimate is in truth not higher; NaN where nothing
        was tested or nothing is compared.

    Example:
        >>> rows = pd.DataFrame({"quantity": "auc_difference", "model": ["a", "b", "c"], "reference": "d",
        ...                      "group": "all", "estimate": [0.2, -0.1, 0.1], "p_value": [0.001, 0.02, 0.03]})
        >>> add_claims(rows)[["p_adjusted", "claim"]].values.tolist()
        [[0.003, 'higher'], [0.04, 'lower'], [0.04, 'higher']]
        >>> main = ClaimRules(families={"primary": [("b", "d")]})
        >>> add_claims(rows, rules=main)["p_adjusted"].tolist()
        [0.002, 0.02, 0.03]
    """
    alpha = 1 - check_confidence(confidence)
    families = [rows["quantity"], rows["group"], _kind(rows, rules)]
    adjusted = (
        rows["p_value"]
        .astype("float64")
        .groupby(families, sort=False)
        .transform(lambda p_values: adjust(p_values, method=rules.multiplicity))
    )
    false_claim = false_claim_from_p(rows["p_value"].astype("float64")).where(rows["reference"] != "")
    claimed = pd.Series(below(adjusted, alpha), index=rows.index)
    claimed &= pd.Series(at_most(false_claim, MOST_FALSE_CLAIMS), index=rows.index)
    side = pd.Series(np.where(rows["estimate"] > 0, "higher", "lower"), index=rows.index)
    claims = side.where(claimed, "not shown").where(rows["reference"] != "", "")
    return rows.assign(p_adjusted=adjusted, claim=claims.astype(str), false_claim_probability=false_claim)


def comparisons_not_made(rules: ClaimRules, rows: pd.DataFrame) -> list[str]:
    """Name the declared comparisons that no row of results makes, as a model that failed leaves them.

    Args:
        rules: With the declared families.
        rows: With model and reference.

    Example:
        >>> rules = ClaimRules(families={"primary": [("a", "b"), ("c", "b")]})
        >>> comparisons_not_made(rules, pd.DataFrame({"model": ["b"], "reference": ["a"]}))
        ['c - b']
    """
    made = {frozenset(pair) for pair in zip(rows["model"], rows["reference"], strict=True)}
    declared = [pair for pairs in rules.families.values() for pair in pairs]
    return [f"{first} - {second}" for first, second in declared if frozenset((first, second)) not in made]


def _kind(rows: pd.DataFrame, rules: ClaimRules) -> pd.Series[str]:
    """Tell in which family a row is: a declared one, or by who is compared (models, readers, readers' means)."""
    sides = [rows[column].astype(str).map(_side) for column in ("model", "reference")]
    kinds = sides[0] + " and " + sides[1]
    kinds = kinds.mask(rows["model"].isin(rules.apart) | rows["reference"].isin(rules.apart), "model apart")
    declared = rules.family_of()
    if not declared:
        return kinds
    pairs = zip(rows["model"].astype(str), rows["reference"].astype(str), strict=True)
    names = [declared.get(frozenset(pair)) for pair in pairs]
    return pd.Series(
        [kind if name is None else f"declared: {name}" for kind, name in zip(kinds, names, strict=True)],
        index=rows.index,
    )


def _side(name: str) -> str:
    reader = parse_reader_name(name)
    return "model" if reader is None else "reader" if reader.reader else "readers"
