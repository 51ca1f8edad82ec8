"""Where the numbers of the paper stand in its rows."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.generic.groups import RateGroup, rate_groups
from samesplit.statistics.proportions import Confusion

__all__ = ["EXPERTS", "MODELS", "PAPER", "READERS_AND_MODELS", "paper_tables", "rows_of"]

PAPER = "Xi 2020"
MODELS = ("Clinical", "T1C", "T2", "Ensemble")
EXPERTS = ("Expert 1", "Expert 2", "Expert 3", "Expert 4")
READERS_AND_MODELS = (*MODELS, *EXPERTS, "Radiomics")


def rows_of(published: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows in which columns hold given texts.

    Args:
        published: Rows of the study.
        where: Columns and what must stand in them.
    """
    fits = pd.Series(True, index=published.index)
    for column, wanted in where.items():
        fits &= published[column] == wanted
    return published[fits]


def paper_tables(published: pd.DataFrame) -> dict[tuple[str, str], Confusion]:
    """Return the unique tables of the paper's rows by part and model or reader.

    Args:
        published: Rows of the study.
    """
    groups: list[RateGroup] = rate_groups(rows_of(published, study=PAPER))
    wanted = ("train", "validation")
    return {
        (group.cohort_split, group.model): table
        for group in groups
        if (table := group.fit.table) is not None
        and group.distinct > 2
        and group.model in READERS_AND_MODELS
        and (group.cohort_split in wanted or group.cohort_split.startswith("test"))
    }
