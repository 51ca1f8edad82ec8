"""The results table, asked for one estimate at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from samesplit.reports.document import Cell
from samesplit.reports.formatting import estimate_cell, interval_text, number
from samesplit.reports.rows import records

__all__ = ["Estimate", "Numbers"]

_SECOND_OPINION = "Clopper-Pearson"


@dataclass(frozen=True)
class Estimate:
    """One row of the results table; NaN where there is no value."""

    estimate: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    claim: str
    n: int
    n_positive: int
    method: str
    note: str
    false_claim: float = math.nan
    """The probability that a claim that the higher one is better would be false."""

    @property
    def excludes_zero(self) -> bool:
        """Whether the statistics claim a difference: `claim` is their decision, and nobody decides again."""
        return self.claim in ("higher", "lower")

    def reversed(self) -> Estimate:
        """Return the same difference the other way round."""
        turned = {"higher": "lower", "lower": "higher"}.get(self.claim, self.claim)
        return replace(self, estimate=-self.estimate, low=-self.high, high=-self.low, claim=turned)

    def cell(self, digits: int = 3, *, signed: bool = False) -> Cell:
        """Return the estimate with its interval as a cell."""
        return estimate_cell(self.estimate, self.low, self.high, digits, note=self.note, signed=signed)

    def words(self, digits: int = 3, *, signed: bool = False) -> str:
        """Return the estimate with its interval in words: `0.84 (0.77 to 0.91)`."""
        shown = number(self.estimate, digits, signed=signed)
        return f"{shown} ({interval_text(self.low, self.high, digits, signed=signed)})"

    def is_known(self) -> bool:
        """Whether there is an estimate."""
        return self.estimate == self.estimate


class Numbers:
    """Looks up estimates on one part of the split.

    Args:
        results: The results table.
        subset: `test`, `validation` or `train`; all lesions of a part are the group `all`.
    """

    def __init__(self, results: pd.DataFrame, subset: str = "test") -> None:
        part = results[results["subset"] == subset]
        order = part.assign(_last=part["method"] == _SECOND_OPINION).sort_values("_last", kind="stable")
        self._rows: dict[tuple[str, str, str, str], Estimate] = {}
        for row in records(order):
            group = str(row["group"])
            whole = "all" if group == f"subset={subset}" else group
            key = (str(row["quantity"]), str(row["model"]), str(row["reference"]), whole)
            names = ("estimate", "ci_low", "ci_high", "p_value", "p_adjusted")
            estimate, low, high, p, adjusted = (float(row[name]) for name in names)
            counts = (int(row["n"]), int(row["n_positive"]))
            words = (str(row["method"]), str(row["note"]))
            false_claim = float(row.get("false_claim_probability", math.nan))
            found = Estimate(
                estimate, low, high, p, adjusted, str(row["claim"]), *counts, *words, false_claim
            )
            self._rows.setdefault(key, found)

    def get(
        self, quantity: str, model: str, *, reference: str | None = None, group: str = "all"
    ) -> Estimate | None:
        """Return an estimate, or None where the results have none.

        Args:
            quantity: As in the results table: `auc`, `sensitivity`, `auc_difference`, ...
            model: A model, `reader:<id>/<modality>` or `readers:mean/<modality>`.
            reference: What it is compared with.
            group: The group of lesions.
        """
        return self._rows.get((quantity, model, reference or "", group))

    def difference(self, quantity: str, first: str, second: str, *, group: str = "all") -> Estimate | None:
        """First minus second, in whichever order it was computed, or None.

        Args:
            quantity: `auc`, `sensitivity`, ...
            first: A model, reader or readers' mean.
            second: Another.
            group: The group of lesions.
        """
        found = self.get(f"{quantity}_difference", first, reference=second, group=group)
        if found is not None:
            return found
        turned = self.get(f"{quantity}_difference", second, reference=first, group=group)
        return turned.reversed() if turned is not None else None

    def cell(
        self,
        quantity: str,
        model: str,
        *,
        reference: str | None = None,
        digits: int = 3,
        signed: bool = False,
    ) -> Cell:
        """Return an estimate as a cell; a dash where there is none."""
        found = self.get(quantity, model, reference=reference)
        return Cell(text="–") if found is None else found.cell(digits, signed=signed)

    def models(self) -> list[str]:
        """Everybody who has a result, readers included, in order of appearance."""
        return list(dict.fromkeys(key[1] for key in self._rows))

    def groups(self, model: str, quantity: str = "auc") -> list[str]:
        """Name the groups, besides all lesions, in which a model has an estimate.

        Args:
            model: Its name.
            quantity: `auc`, `c_index`, ...
        """
        return [
            key[3]
            for key in self._rows
            if key[0] == quantity and key[1] == model and not key[2] and key[3] != "all"
        ]

    def quantities(self, beginning: str) -> list[str]:
        """Return the quantities whose names begin so, in order of appearance."""
        return list(dict.fromkeys(key[0] for key in self._rows if key[0].startswith(beginning)))

    def methods(self, quantities: tuple[str, ...]) -> list[str]:
        """Return the names of the methods used for some quantities, without doubles, in order."""
        return list(dict.fromkeys(row.method for key, row in self._rows.items() if key[0] in quantities))
