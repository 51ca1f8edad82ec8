"""The hazard ratio of a model's risk in each subgroup, and the test whether it differs between them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.groups import grouping_columns, values_of_columns
from samesplit.evaluation.survival.cox_table import one_term
from samesplit.statistics.interval import Interval
from samesplit.statistics.survival.cox import cox_regression, wald_test

__all__ = ["SUBGROUP_COLUMNS", "subgroup_rows"]

SUBGROUP_COLUMNS = [
    "model", "column", "value", "hazard_ratio", "ci_low", "ci_high", "p_value", "interaction_p", "n", "n_events",
    "note",
]  # fmt: skip

_FEW_IN_GROUP = 10
"""A subgroup with fewer events is told to be too small to judge."""


def subgroup_rows(
    lesions: pd.DataFrame, truth: pd.DataFrame, columns: Sequence[str], model: str, *, confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the hazard ratio of a model's risk in each subgroup, and whether it differs between those of a column.

    Args:
        lesions: As `lesion_risks` makes them.
        truth: Indexed by lesion_id.
        columns: That lesions are grouped by.
        model: The model's name.
        confidence: Two-sided coverage.
    """
    names = grouping_columns(truth, columns)
    groups = list(values_of_columns(truth, lesions["lesion_id"], names, notes=[]))
    interaction = {
        column: _interaction(lesions, [inside for group, inside in groups if group.column == column])
        for column in names
    }
    whole = ("", "all lesions", lesions, math.nan)
    parts = [
        (group.column, group.value, lesions[lesions["lesion_id"].isin(inside)], interaction[group.column])
        for group, inside in groups
    ]
    for column, value, part, p in (whole, *parts):
        found = one_term(part, "score", confidence)
        ratio = (
            Interval(math.nan, math.nan, math.nan, "", found)
            if isinstance(found, str)
            else found.hazard_ratios["score"]
        )
        n_events = int(part["label"].sum())
        few = f"{n_events} events: too few to judge" if n_events < _FEW_IN_GROUP else ""
        yield {
            "model": model,
            "column": column,
            "value": value,
            "hazard_ratio": ratio.estimate,
            "ci_low": ratio.ci_low,
            "ci_high": ratio.ci_high,
            "p_value": ratio.p_value,
            "interaction_p": p,
            "n": len(part),
            "n_events": n_events,
            "note": "; ".join(text for text in (few, ratio.note) if text),
        }


def _interaction(lesions: pd.DataFrame, members: Sequence[pd.Index[str]]) -> float:
    """Test whether the hazard ratio of the score differs between groups, each with a baseline of its own."""
    number = pd.Series(
        {lesion: place for place, inside in enumerate(members) for lesion in inside}, dtype="float64"
    )
    found_in = lesions["lesion_id"].map(number)
    used, place = lesions[found_in.notna()], found_in.dropna().astype(int)
    kept = [one for one in range(len(members)) if used.loc[place == one, "label"].sum() > 1]
    inside = place.isin(kept)
    used, place = used[inside], place[inside]
    if len(kept) < 2:
        return math.nan
    terms = {"score": used["score"]}
    terms |= {f"score x {one}": used["score"].where(place == one, 0.0) for one in kept[1:]}
    try:
        found = cox_regression(
            used["time"],
            used["label"],
            pd.DataFrame(terms).to_numpy(),
            list(terms),
            patients=used["patient_id"],
            strata=place,
        )
    except StatisticsError:
        return math.nan
    return wald_test(found, list(terms)[1:])
