"""Numbers that a paper cites from other papers."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.numbers import Recomputed, printed_numbers

__all__ = ["cited_numbers"]


def cited_numbers(published: pd.DataFrame) -> list[Recomputed]:
    """Leave aside what is cited: numbers of other papers follow from nothing that this paper prints.

    Args:
        published: Rows of one study; those whose `cohort_split` begins with "cited" are cited.
    """
    rows = published[published["cohort_split"].str.casefold().str.startswith("cited")]
    note = "cited from another paper"
    return [
        Recomputed(number.row, number.part, None, "", "not derivable", note)
        for number in printed_numbers(rows)
    ]
