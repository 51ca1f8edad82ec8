"""Subgroups: the AUC in each, whether it differs between them, and how fair the calls are.

A subgroup with fewer than `FEWEST_EVENTS` lesions of either class cannot be judged, and says so instead of giving
a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samesplit.evaluation.binary.scores import auc_interval_of, auc_of, has_both_classes, rate_of
from samesplit.evaluation.comparison import on_same_units
from samesplit.evaluation.groups import values_of_columns
from samesplit.ordering import below, first_best
from samesplit.statistics.checks import check_confidence
from samesplit.statistics.fairness import (
    FEWEST_EVENTS,
    equal_opportunity_difference,
    equalized_odds_difference,
    group_rates,
)
from samesplit.statistics.heterogeneity import heterogeneity
from samesplit.statistics.influence import Influence, covariance_matrix
from samesplit.statistics.interval import z_test
from samesplit.statistics.multiplicity import holm

__all__ = ["FAIRNESS", "SUBGROUPS", "SUBGROUP_TESTS", "subgroup_tables"]

SUBGROUPS, SUBGROUP_TESTS, FAIRNESS = "subgroups", "subgroup_tests", "fairness"
"""Names of the tables in a run."""

_SUBGROUP_COLUMNS = [
    "column",
    "value",
    "model",
    "n",
    "n_positive",
    "auc",
    "ci_low",
    "ci_high",
    "difference",
    "difference_low",
    "difference_high",
    "reason",
]
_TEST_COLUMNS = [
    "column",
    "model",
    "reference",
    "n_groups",
    "statistic",
    "df",
    "p_value",
    "p_adjusted",
    "claim",
    "note",
]
_FAIRNESS_COLUMNS = [
    "column",
    "model",
    "n_groups",
    "worst_group",
    "worst_n",
    "worst_n_positive",
    "worst_auc",
    "worst_low",
    "worst_high",
    "equal_opportunity_difference",
    "equal_opportunity_low",
    "equal_opportunity_high",
    "highest_sensitivity",
    "lowest_sensitivity",
    "equalized_odds_difference",
    "reason",
]


@dataclass(frozen=True)
class _Level:
    """A subgroup: its name, its lesions, and why it cannot be judged (empty where it can)."""

    value: str
    lesions: pd.Index[str]
    reason: str


def subgroup_tables(
    tables: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    columns: Sequence[str],
    *,
    reference: str | None = None,
    confidence: float = 0.95,
) -> dict[str, pd.DataFrame]:
    """Judge every model in every subgroup, and test whether subgroups differ.

    The interaction test is Wald's test that the AUC is the same in all subgroups that can be judged, from the
    influence values of the patients; with the reference's AUC taken off it tests whether the difference to the
    reference is the same. P values of a model are adjusted by Holm's method over the columns.

    Args:
        tables: The table of each model on the lesions common to all, see `scores`.
        truth: Indexed by lesion_id, with the columns.
        columns: The declared columns; none gives no tables.
        reference: The model that others are compared with.
        confidence: Two-sided coverage.

    Returns:
        `subgroups` (one row a column, value and model), `subgroup_tests` (one a column and model, and one more for
        the difference to the reference; `claim` is `differs`, `not shown` or, without a test, empty) and
        `fairness` (one a column and model).
    """
    first = next(iter(tables.values()))  # all have the same lesions in the same folds
    lesions = first["lesion_id"]
    found: dict[str, list[dict[str, Any]]] = {SUBGROUPS: [], SUBGROUP_TESTS: [], FAIRNESS: []}
    for column in columns:
        levels = [
            _Level(group.value, inside, _why_not(first[first["lesion_id"].isin(inside)]))
            for group, inside in values_of_columns(truth, lesions, [column], notes=[])
        ]
        for model, table in tables.items():
            other = tables.get(reference or "") if model != reference else None
            head = {"column": column, "model": model}
            found[SUBGROUPS] += [
                head | row for row in _estimates(table, other, levels, confidence=confidence)
            ]
            judged = [level for level in levels if not level.reason]
            found[SUBGROUP_TESTS] += [
                head | row for row in _tests(table, other, judged, str(reference or ""))
            ]
            found[FAIRNESS].append(head | _fairness(table, judged, confidence=confidence))
    if not columns:
        return {}
    tests = pd.DataFrame(found[SUBGROUP_TESTS])
    adjusted = tests.groupby(["model", "reference"], sort=False)["p_value"].transform(holm)
    return {
        SUBGROUPS: pd.DataFrame(found[SUBGROUPS], columns=_SUBGROUP_COLUMNS),
        SUBGROUP_TESTS: tests.assign(
            p_adjusted=adjusted, claim=_claims(adjusted, 1 - check_confidence(confidence))
        )[_TEST_COLUMNS],
        FAIRNESS: pd.DataFrame(found[FAIRNESS], columns=_FAIRNESS_COLUMNS),
    }


def _claims(adjusted: pd.Series[float], alpha: float) -> list[str]:
    """Return what is claimed of each test: `differs`, `not shown`, or nothing where there is no test."""
    shown = below(adjusted, alpha)
    return [
        "" if math.isnan(p) else "differs" if is_below else "not shown"
        for p, is_below in zip(adjusted, shown, strict=True)
    ]


def _why_not(table: pd.DataFrame) -> str:
    """Return why the lesions of a table cannot be judged as a subgroup; empty where they can."""
    labels = table.drop_duplicates("lesion_id")["label"]
    positive = int(labels.sum())
    counts = {"positive": positive, "negative": len(labels) - positive}
    short = [f"{count} {name}" for name, count in counts.items() if count < FEWEST_EVENTS]
    if short:
        return f"cannot be judged: {' and '.join(short)} lesions, fewer than {FEWEST_EVENTS}"
    return "" if has_both_classes(table) else "cannot be judged: no fold holds both classes"


def _of(table: pd.DataFrame, level: _Level) -> pd.DataFrame:
    return table[table["lesion_id"].isin(level.lesions)]


def _estimates(
    table: pd.DataFrame, other: pd.DataFrame | None, levels: list[_Level], *, confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the AUC of each subgroup and its difference to the reference there."""
    for level in levels:
        mine = _of(table, level)
        labels = mine.drop_duplicates("lesion_id")["label"]
        row: dict[str, Any] = {
            "value": level.value,
            "n": len(labels),
            "n_positive": int(labels.sum()),
            "reason": level.reason,
        }
        if not level.reason:
            auc = auc_interval_of(mine, confidence=confidence)
            row |= {"auc": auc.estimate, "ci_low": auc.ci_low, "ci_high": auc.ci_high}
            apart = None if other is None else _difference(mine, _of(other, level))
            if apart is not None:
                test = z_test(apart.estimate, apart.variance, method="influence", confidence=confidence)
                row |= {
                    "difference": test.estimate,
                    "difference_low": test.ci_low,
                    "difference_high": test.ci_high,
                }
        yield row


def _difference(first: pd.DataFrame, second: pd.DataFrame) -> Influence:
    a, b = on_same_units(first, second)
    return auc_of(a) - auc_of(b)


def _tests(
    table: pd.DataFrame, other: pd.DataFrame | None, levels: list[_Level], reference: str
) -> Iterator[dict[str, Any]]:
    """Yield the interaction test of the AUC, and of the difference to the reference."""
    parts = {"": [auc_of(_of(table, level)) for level in levels]}
    if other is not None:
        parts[reference] = [_difference(_of(table, level), _of(other, level)) for level in levels]
    for against, items in parts.items():
        row: dict[str, Any] = {"reference": against, "n_groups": len(items)}
        if len(items) < 2:
            note = "fewer than two groups can be judged: no test"
            yield row | {"statistic": math.nan, "df": 0, "p_value": math.nan, "note": note}
            continue
        test = heterogeneity([item.estimate for item in items], covariance_matrix(items))
        yield row | {
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "note": test.note,
        }


def _fairness(table: pd.DataFrame, levels: list[_Level], *, confidence: float) -> dict[str, Any]:
    """Return the worst subgroup and how far the error rates of subgroups lie apart."""
    if len(levels) < 2:
        return {"n_groups": len(levels), "reason": "cannot be judged: fewer than two groups are large enough"}
    parts = {level.value: _of(table, level) for level in levels}
    names = list(parts)
    aucs = [auc_interval_of(part, confidence=confidence) for part in parts.values()]
    worst = first_best([auc.estimate for auc in aucs], largest=False)
    labels = parts[names[worst]].drop_duplicates("lesion_id")["label"]
    row: dict[str, Any] = {
        "n_groups": len(levels),
        "worst_group": names[worst],
        "worst_n": len(labels),
        "worst_n_positive": int(labels.sum()),
        "worst_auc": aucs[worst].estimate,
        "worst_low": aucs[worst].ci_low,
        "worst_high": aucs[worst].ci_high,
        "reason": "",
    }
    called = pd.concat([part[part["decision"].notna()].assign(_level=name) for name, part in parts.items()])
    distinct = called.drop_duplicates(["lesion_id", "_level"])
    counts = pd.crosstab(distinct["_level"], distinct["label"]).reindex(
        index=names, columns=[0, 1], fill_value=0
    )
    if (counts < FEWEST_EVENTS).any(axis=None):
        return row | {"reason": "calls are missing: error rates cannot be judged"}
    rates = group_rates(called["label"], called["decision"].astype(int), called["_level"])
    difference, best, lowest = equal_opportunity_difference(rates)
    high, low = (rate_of(called[called["_level"] == name], "sensitivity") for name in (best, lowest))
    apart = high - low
    test = z_test(apart.estimate, apart.variance, method="influence", confidence=confidence)
    return row | {
        "equal_opportunity_difference": difference,
        "equal_opportunity_low": test.ci_low,
        "equal_opportunity_high": test.ci_high,
        "highest_sensitivity": best,
        "lowest_sensitivity": lowest,
        "equalized_odds_difference": equalized_odds_difference(rates),
    }
