"""What a simulation says of the intervals of a study of this size."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.rows import records

__all__ = ["interval_remarks"]

_NAMES = {
    "auc": "the AUC",
    "sensitivity": "the sensitivity",
    "specificity": "the specificity",
    "brier": "the Brier score",
    "dice": "the mean Dice",
}
_MEANINGS = {
    "unreliable at this size": "unreliable at this size: too narrow",
    "wider than needed": "wider than they would have to be at this size",
}


def interval_remarks(context: Context) -> list[str]:
    """Return one remark for each quantity whose intervals hold the truth too seldom or too often at this size."""
    remarks = []
    for row in records(context.data.table("interval_coverage")):
        meaning = _MEANINGS.get(str(row["verdict"]))
        if meaning is None:
            continue
        folds = "in folds" if int(row["folds"]) > 1 else "on one test set"
        classes = (
            ""
            if row["quantity"] == "dice"
            else f", {100 * float(row['simulated_prevalence']):g} % of the class"
        )
        remarks.append(
            f"Intervals of {_NAMES.get(str(row['quantity']), str(row['quantity']))} are {meaning}. In simulated "
            f"studies of {int(row['simulated_n'])} lesions{classes}, judged {folds}, 95 % intervals held the "
            f"truth in {100 * float(row['coverage']):.0f} % (docs/interval-coverage.md)."
        )
    return remarks
