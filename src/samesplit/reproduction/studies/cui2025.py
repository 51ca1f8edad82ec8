"""Cui and colleagues 2025: segmentation of small renal masses on five MR sequences. Only the abstract is known."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.relations import locate
from samesplit.reproduction.rules import FindingRule, Rule

__all__ = ["FINDINGS", "RULES", "STUDY", "vendor_gap"]

STUDY = "Cui 2025"


def vendor_gap(published: pd.DataFrame) -> list[Finding]:
    """Say what the printed ranges of Dice leave open between vendors.

    Args:
        published: Rows of the study.
    """
    ends = {}
    for part in ("GE tests (internal 99 and external 81)", "non-GE generalisation"):
        for end in ("lowest", "highest"):
            where = {"cohort_split": part, "metric": f"DSC_median, {end} of 5 sequences"}
            number = locate(published, where)
            if number is None or number.number is None:
                return []
            ends[(part[:2], end)] = number.number
    lowest = ends[("GE", "lowest")] - ends[("no", "lowest")]
    highest = ends[("GE", "highest")] - ends[("no", "highest")]
    text = (
        "The abstract gives the lowest and the highest median Dice coefficient over five sequences, not "
        "which sequence it is, and no interval. From GE to the other vendors the lowest falls by "
        f"{lowest:.3f} and the highest by {highest:.3f}; by how much any one sequence falls, and with what "
        "certainty, does not follow."
    )
    return [Finding("What the ranges of Dice say of vendors", text)]


RULES: tuple[Rule, ...] = ()
FINDINGS: tuple[FindingRule, ...] = (vendor_gap,)
