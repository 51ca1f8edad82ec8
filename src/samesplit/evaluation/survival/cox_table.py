"""The Cox table: a model's risk alone and beside clinical variables, and those without a model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.survival.cox import CoxModel, cox_regression

__all__ = ["COX_COLUMNS", "SCORE", "clinical_design", "clinical_rows", "cox_rows", "one_term"]

COX_COLUMNS = [
    "model", "fit", "term", "unit", "hazard_ratio", "ci_low", "ci_high", "p_value", "proportional_p", "n",
    "n_events", "method", "note",
]  # fmt: skip

SCORE = "risk score"
"""How a model's risk is called among the terms of a Cox model."""

_FEW_EVENTS = 10
"""With fewer events a term a Cox model is told to be unstable."""


def clinical_design(
    truth: pd.DataFrame, lesions: pd.Series[str], clinical: Mapping[str, str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Make the columns of clinical variables: numbers as they are, categories against the most frequent.

    Args:
        truth: Indexed by lesion_id.
        lesions: In the order of the rows wanted.
        clinical: Name of each variable, and whether it is a number or a category.

    Returns:
        One column a term, NaN where a value is missing, and what each term is of. A variable that is the same
        for all has none.
    """
    known = truth.loc[pd.Index(lesions)].reset_index(drop=True)
    columns: dict[str, pd.Series[Any]] = {}
    units: dict[str, str] = {}
    for name, kind in clinical.items():
        if name not in known:
            continue
        values = known[name]
        if kind == "number":
            numbers = pd.to_numeric(values, errors="coerce")
            if numbers.min() < numbers.max():
                columns[name], units[name] = numbers, "per unit"
            continue
        counts = values.dropna().astype(str).value_counts()
        ordered = counts.sort_index().sort_values(ascending=False, kind="stable").index.tolist()
        for value in ordered[1:]:
            term = f"{name}: {value}"
            columns[term] = (values.astype(str) == value).astype(float).where(values.notna())
            units[term] = f"against {ordered[0]}"
    return pd.DataFrame(columns, index=known.index), units


def cox_rows(
    lesions: pd.DataFrame,
    design: pd.DataFrame,
    units: Mapping[str, str],
    model: str,
    *,
    confidence: float,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the Cox table of one model: its risk alone, then beside the clinical variables.

    Args:
        lesions: As `lesion_risks` makes them.
        design: Clinical terms, row by row.
        units: What each term is of.
        model: The model's name.
        confidence: Two-sided coverage.
    """
    score = pd.DataFrame({SCORE: lesions["score"].to_numpy()})
    yield from _fit_rows(lesions, score, {SCORE: "per SD"}, model, "univariate", confidence)
    if design.shape[1]:
        both = pd.concat([score, design], axis=1)
        yield from _fit_rows(lesions, both, {SCORE: "per SD", **units}, model, "adjusted", confidence)


def clinical_rows(
    lesions: pd.DataFrame, design: pd.DataFrame, units: Mapping[str, str], *, confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the clinical variables, each variable alone and then all together, without a model.

    Args:
        lesions: Of any model; time, label and patient_id count.
        design: Clinical terms, row by row.
        units: What each term is of.
        confidence: Two-sided coverage.
    """
    variables: dict[str, list[str]] = {}
    for term in design:
        variables.setdefault(str(term).partition(":")[0], []).append(str(term))
    for terms in variables.values():
        yield from _fit_rows(lesions, design[terms], units, "", "univariate", confidence)
    if len(variables) > 1:
        yield from _fit_rows(lesions, design, units, "", "adjusted", confidence)


def _fit_rows(
    lesions: pd.DataFrame,
    design: pd.DataFrame,
    units: Mapping[str, str],
    model: str,
    fit: str,
    confidence: float,
) -> Iterator[dict[str, Any]]:
    complete = design.notna().all(axis=1).to_numpy()
    used, terms = lesions[complete], design[complete].astype(float)
    n_events = int(used["label"].sum())
    notes = []
    if not complete.all():
        notes.append(f"{int((~complete).sum())} lesions with missing values are left out")
    if n_events < _FEW_EVENTS * terms.shape[1]:
        notes.append(f"{n_events / terms.shape[1]:.1f} events a term: unstable")
    head = {"model": model, "fit": fit, "n": len(used), "n_events": n_events}
    try:
        found = cox_regression(
            used["time"],
            used["label"],
            terms.to_numpy(),
            [str(term) for term in terms],
            patients=used["patient_id"],
            confidence=confidence,
        )
    except StatisticsError as why:
        told = "; ".join([*notes, str(why.problem)])
        empty = dict.fromkeys(("hazard_ratio", "ci_low", "ci_high", "p_value", "proportional_p"), math.nan)
        for term in terms:
            yield {**head, **empty, "term": str(term), "unit": units[str(term)], "method": "", "note": told}
        return
    for term, ratio in found.hazard_ratios.items():
        yield {
            **head,
            "term": term,
            "unit": units[term],
            "hazard_ratio": ratio.estimate,
            "ci_low": ratio.ci_low,
            "ci_high": ratio.ci_high,
            "p_value": ratio.p_value,
            "proportional_p": found.proportional[term],
            "method": found.method,
            "note": "; ".join(part for part in (*notes, ratio.note) if part),
        }


def one_term(lesions: pd.DataFrame, column: str, confidence: float) -> CoxModel | str:
    """Fit one term, or say why it cannot be."""
    if lesions[column].isna().all():
        return "all risks are the same"
    try:
        return cox_regression(
            lesions["time"],
            lesions["label"],
            lesions[column].astype(float),
            [column],
            patients=lesions["patient_id"],
            confidence=confidence,
        )
    except StatisticsError as why:
        return str(why.problem)
