"""The MRMC analysis: modalities over random readers and random cases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.groups import ALL, values_of_columns
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.readers.studies import QUANTITIES, study_of
from samesplit.statistics.interval import Interval
from samesplit.statistics.mrmc import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    ReaderStudy,
    obuchowski_rockette,
    on_logit_scale,
    u_statistic_analysis,
)
from samesplit.statistics.student import StudentInterval

__all__ = ["estimate_row", "mrmc_tables"]

_FIGURES = {"auc": AUC, "sensitivity": SENSITIVITY, "specificity": SPECIFICITY, "accuracy": ACCURACY}

_ESTIMATES = [
    "group", "quantity", "modality", "reference", "estimate", "ci_low", "ci_high", "p_value", "df",
    "standard_error", "n_readers", "n", "n_positive", "method", "note",
]  # fmt: skip
_TESTS = [
    "group", "quantity", "crossed", "test", "statistic", "df1", "df2", "p_value", "reader", "modality_reader",
    "cov1", "cov2", "cov3", "error", "n_modalities", "n_readers", "n", "n_positive", "method", "note",
]  # fmt: skip


def mrmc_tables(
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    settings: ReaderSettings,
    notes: list[str],
    *,
    groups: Sequence[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Analyse each quantity: by Obuchowski and Rockette where the design is crossed, else by U-statistics.

    Args:
        readings: One row a reading.
        truth: Indexed by lesion_id: patient_id, label.
        settings: The confidence.
        notes: Gets what could not be analysed, and why.
        groups: Columns of the truth, each of whose values is analysed by itself as well.

    Returns:
        Estimates (a modality where `reference` is empty, else a modality minus the reference), and one row a
        quantity with the global test and the variance components.
    """
    estimates: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for group, lesions in _groups(readings, truth, groups, notes):
        part = readings[readings["lesion_id"].isin(lesions)]
        for quantity in QUANTITIES:
            study = study_of(part, truth, quantity)
            if study is None:
                continue
            of = f"MRMC, {quantity}" if group == ALL else f"MRMC, {quantity}, {group}"
            if len(study.readers) < 2:
                notes.append(f"{of}: one reader, so nothing can be said of other readers")
                continue
            try:
                found, test = _analyse(study, quantity, settings)
            except StatisticsError as error:
                notes.append(f"{of}: {error.problem}")
                continue
            head = {"group": group, "quantity": quantity} | _sizes(study)
            estimates += [head | row for row in found]
            tests.append(head | {"n_modalities": len(study.modalities)} | test)
    return pd.DataFrame(estimates, columns=_ESTIMATES), pd.DataFrame(tests, columns=_TESTS)


def _groups(
    readings: pd.DataFrame, truth: pd.DataFrame, columns: Sequence[str], notes: list[str]
) -> Iterator[tuple[str, pd.Index[str]]]:
    """Yield all lesions, then each value of each column."""
    yield ALL, pd.Index(readings["lesion_id"].unique(), dtype=str)
    for group, lesions in values_of_columns(truth, readings["lesion_id"], columns, notes=notes):
        yield group.name, lesions


def _analyse(
    study: ReaderStudy, quantity: str, settings: ReaderSettings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    if study.is_crossed:
        return _crossed(study, quantity, settings)
    return _incomplete(study, quantity, settings)


def _crossed(
    study: ReaderStudy, quantity: str, settings: ReaderSettings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = obuchowski_rockette(study, _FIGURES[quantity], confidence=settings.confidence)
    rows = [
        _modality_row(name, one, one.df, one.standard_error, settings)
        for name, one in found.modalities.items()
    ] + [
        estimate_row(second, first, one, one.df, one.standard_error, sign=-1)
        for (first, second), one in found.differences.items()
    ]
    parts, test = found.components, found.global_test
    told: dict[str, Any] = {
        "crossed": True,
        "reader": parts.reader,
        "modality_reader": parts.modality_reader,
        "cov1": parts.cov1,
        "cov2": parts.cov2,
        "cov3": parts.cov3,
        "error": parts.error,
        "method": found.method,
        "note": "; ".join(found.notes),
    }
    if test is not None:
        told |= {
            "test": "F",
            "statistic": test.statistic,
            "df1": test.df1,
            "df2": test.df2,
            "p_value": test.p_value,
        }
    return rows, {"test": ""} | told


def _incomplete(
    study: ReaderStudy, quantity: str, settings: ReaderSettings
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    found = u_statistic_analysis(study, quantity, confidence=settings.confidence)  # type: ignore[arg-type]
    rows = []
    for name, one in found.modalities.items():
        variance = found.variances[name]
        rows.append(_modality_row(name, one, variance.df, _root(variance.value), settings))
    for (first, second), one in found.differences.items():
        variance = found.difference_variances[first, second]
        rows.append(estimate_row(second, first, one, variance.df, _root(variance.value), sign=-1))
    return rows, {"crossed": False, "test": "", "method": found.method, "note": ""}


def _modality_row(
    modality: str, found: StudentInterval, df: float, standard_error: float, settings: ReaderSettings
) -> dict[str, Any]:
    """Make the row of one modality; its interval on the logit scale, since the plain one holds too seldom."""
    curved = on_logit_scale(found, confidence=settings.confidence)
    return estimate_row(modality, "", curved, df, standard_error, sign=1)


def estimate_row(
    modality: str, reference: str, found: Interval, df: float, standard_error: float, *, sign: int
) -> dict[str, Any]:
    """Make a row of an estimate, turned round where `sign` is -1.

    Args:
        modality: The modality.
        reference: What it is compared with; empty for nothing.
        found: The estimate.
        df: Degrees of freedom.
        standard_error: Of the estimate.
        sign: 1, or -1 where the estimate is the reference minus the modality.
    """
    ends = sorted([sign * found.ci_low, sign * found.ci_high], key=lambda end: (math.isnan(end), end))
    return {
        "modality": modality,
        "reference": reference,
        "estimate": sign * found.estimate,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "p_value": found.p_value,
        "df": df,
        "standard_error": standard_error,
        "method": found.method,
        "note": found.note,
    }


def _root(variance: float) -> float:
    return math.sqrt(variance) if variance > 0 else math.nan


def _sizes(study: ReaderStudy) -> dict[str, int]:
    return {
        "n_readers": len(study.readers),
        "n": len(study.cases),
        "n_positive": int(study.truth.sum()),
    }
