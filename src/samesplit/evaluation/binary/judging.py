"""Every model on every group of lesions: all, other raters' masks, and the values of a column."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import pandas as pd

from samesplit.evaluation.binary.estimates import (
    Draws,
    Row,
    auc_as_fitted_row,
    auc_row,
    make_draws,
    probability_rows,
    rate_rows,
    result_row,
)
from samesplit.evaluation.binary.scores import model_table
from samesplit.execution.calls import Asked, Calls
from samesplit.statistics.proportions import confusion

__all__ = ["Settings", "ask_judgements", "call_counts", "judge", "tables_by_model"]


@dataclass(frozen=True)
class Settings:
    """How intervals are made.

    Attributes:
        confidence: Two-sided coverage.
        n_bootstrap: Bootstrap samples of patients; 0 for none.
        seed: Of the bootstrap.
    """

    confidence: float
    n_bootstrap: int
    seed: int


def tables_by_model(
    decisions: pd.DataFrame, truth: pd.DataFrame, *, alike: Container[str] = ()
) -> dict[str, pd.DataFrame]:
    """Make the table of each model, see `subject`, in the order of their names.

    Args:
        decisions: Test predictions with calls.
        truth: As `check_truth` returns it.
        alike: Models whose fits all order lesions alike, see `rankings`.
    """
    return {
        str(model): model_table(part, truth, rank_alike=str(model) in alike)
        for model, part in decisions.groupby("model", sort=True)
    }


def judge(
    table: pd.DataFrame, draws: Draws, *, model: str, group: str, confidence: float
) -> tuple[list[Row], Row]:
    """Make the rows of one model on the lesions of one group.

    Args:
        table: The table of the model on these lesions.
        draws: The bootstrap samples that all models of the group share.
        model: Its name.
        group: The name of the group.
        confidence: Two-sided coverage.

    Returns:
        The rows of results, and the counts of calls.
    """
    called = table[table["decision"].notna()]
    rates = rate_rows(table, draws, confidence=confidence)
    rest = probability_rows(table, draws, confidence=confidence)
    area = auc_row(table, confidence=confidence)
    rows = [result_row("auc", area, table, model=model, group=group)]
    narrow = auc_as_fitted_row(table, confidence=confidence)
    if narrow is not None:
        rows.append(result_row("auc_as_fitted", narrow, table, model=model, group=group))
    rows += [result_row(name, item, called, model=model, group=group) for name, item in rates]
    rows += [result_row(name, item, table, model=model, group=group) for name, item in rest]
    return rows, call_counts(table, model, group)


def ask_judgements(
    calls: Calls, tables: dict[str, pd.DataFrame], group: str, settings: Settings
) -> list[Asked[tuple[list[Row], Row]]]:
    """Ask for the rows of every model on the lesions of one group, see `judge`.

    Args:
        calls: Gets a call a model.
        tables: The table of each model on these lesions.
        group: The name of the group.
        settings: How intervals are made.
    """
    first = next(iter(tables.values()))
    draws = make_draws(first, n_bootstrap=settings.n_bootstrap, seed=settings.seed)
    return [
        calls.ask(
            f"{model}, {group}", judge, table, draws, model=model, group=group, confidence=settings.confidence
        )
        for model, table in tables.items()
    ]


def call_counts(table: pd.DataFrame, model: str, group: str) -> Row:
    """Count calls against truth, summed over folds, repeats and seeds.

    Args:
        table: Of a subject.
        model: Its name.
        group: The group of lesions.
    """
    called = table[table["decision"].notna()]
    lesions = {"n_lesions": int(called["lesion_id"].nunique()), "n_calls": len(called)}
    head: Row = {"model": model, "subset": "test", "group": group}
    if called.empty:
        return head | {"tp": 0, "fn": 0, "tn": 0, "fp": 0} | lesions
    found = confusion(called["label"], called["decision"])
    return head | {"tp": found.tp, "fn": found.fn, "tn": found.tn, "fp": found.fp} | lesions
