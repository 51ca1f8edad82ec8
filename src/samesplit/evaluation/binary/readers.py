"""Readers beside models: each reader's rates and AUC, their mean, and the difference to a reference model.

The readers are taken as given (fixed): intervals say how results move with other patients, not with other
readers. Multi-reader multi-case analysis, which adds the readers' variance, will stand beside this.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from samesplit.evaluation.binary.estimates import (
    Draws,
    Row,
    auc_row,
    pr_auc_interval,
    pr_auc_statistic,
    rate_rows,
    result_row,
    with_false_discoveries,
    with_note,
)
from samesplit.evaluation.binary.scores import (
    auc_of,
    has_both_classes,
    reader_table,
    sizes_of,
)
from samesplit.reader_names import mean_name, reader_name
from samesplit.statistics.auc import area_interval
from samesplit.statistics.boundary import exact_interval
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.influence import mean_influence
from samesplit.statistics.interval import Interval
from samesplit.statistics.patient_sums import MeanOf, OfSums, ratio, sums_of
from samesplit.statistics.proportions import RATES, rate_parts
from samesplit.statistics.weighted import mean_over

__all__ = [
    "having",
    "is_defined",
    "left_out",
    "mean_rows",
    "reader_rows",
    "reader_tables",
    "second_rows",
]


_AREAS = ("auc", "pr_auc")
"""What is estimated from scores; all else is estimated from calls."""


def reader_tables(readings: pd.DataFrame, truth: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    """Split the readings by modality and reader.

    Args:
        readings: As `check_readings` returns them.
        truth: As `check_truth` returns it.

    Returns:
        Modality -> reader_id -> table of the reader, see `subject`.
    """
    tables: dict[str, dict[str, pd.DataFrame]] = {}
    for (modality, reader), part in readings.groupby(["modality", "reader_id"], sort=True):
        tables.setdefault(str(modality), {})[str(reader)] = reader_table(part, truth)
    return tables


def reader_rows(
    tables: dict[str, dict[str, pd.DataFrame]], draws: Draws, *, confidence: float = 0.95
) -> list[Row]:
    """Report each reader in each modality: rates from calls, AUC and PR AUC from scores.

    A missing call or score is left out and counted; it is never taken for a benign call.

    Args:
        tables: As `reader_tables` returns them.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage.
    """
    rows: list[Row] = []
    for modality, readers in tables.items():
        for reader, table in readers.items():
            name = reader_name(reader, modality)
            scored = table[table["score"].notna()]
            if len(scored):
                found = auc_row(scored, confidence=confidence)
                rows.append(result_row("auc", found, scored, model=name))
                found = pr_auc_interval(scored, draws, confidence=confidence)
                rows.append(result_row("pr_auc", found, scored, model=name))
            called = table[table["decision"].notna()]
            for quantity, found in rate_rows(table, draws, confidence=confidence):
                rows.append(result_row(quantity, found, called, model=name))
    return rows


def second_rows(readings: pd.DataFrame, truth: pd.DataFrame) -> list[Row]:
    """Report the median reading time of each reader in each modality, in seconds and without an interval.

    Args:
        readings: As `check_readings` returns them; without a column `seconds` there are no rows.
        truth: As `check_truth` returns it.
    """
    timed = readings[readings["seconds"].notna()] if "seconds" in readings else readings.iloc[:0]
    rows: list[Row] = []
    for (modality, reader), part in timed.groupby(["modality", "reader_id"], sort=True):
        found = Interval(float(part["seconds"].median()), math.nan, math.nan, "median")
        table, name = reader_table(part, truth), reader_name(str(reader), str(modality))
        rows.append(result_row("reading_seconds", found, table, model=name))
    return rows


def mean_rows(
    tables: dict[str, dict[str, pd.DataFrame]], draws: Draws, *, confidence: float = 0.95
) -> list[Row]:
    """Report the mean over the readers of each modality, every reader with the same weight.

    Args:
        tables: As `reader_tables` returns them.
        draws: The bootstrap samples of the patients.
        confidence: Two-sided coverage.

    Returns:
        Rows of `readers:mean/<modality>`, for modalities with at least two readers.
    """
    rows: list[Row] = []
    for modality, readers in tables.items():
        name = mean_name(modality)
        for quantity in ("auc", "pr_auc", *RATES, "f1"):
            usable = [table for table in having(readers, quantity) if is_defined(table, quantity)]
            if len(usable) < 2:
                continue
            if quantity == "auc":
                found = _mean_auc(usable, confidence=confidence)
            elif quantity == "pr_auc":
                found = _mean_pr_auc(usable, draws, confidence=confidence)
            else:
                found = _mean_rate(usable, quantity, draws, confidence=confidence)
            found = with_note(found, left_out(len(readers) - len(usable)))
            rows += [
                result_row(each, item, pd.concat(usable), model=name)
                for each, item in with_false_discoveries([(quantity, found)])
            ]
    return rows


def having(readers: dict[str, pd.DataFrame], quantity: str) -> list[pd.DataFrame]:
    """Keep of each reader the readings that a quantity needs: scores for an area, calls for a rate.

    Args:
        readers: Reader_id -> table of the reader.
        quantity: `auc`, `pr_auc` or a rate.
    """
    return [_with(table, "score" if quantity in _AREAS else "decision") for table in readers.values()]


def is_defined(table: pd.DataFrame, quantity: str) -> bool:
    """Whether a quantity can be estimated from a table.

    Args:
        table: Of a subject, with scores or calls throughout.
        quantity: `auc`, `pr_auc` or a rate.
    """
    if quantity in _AREAS:
        return has_both_classes(table)
    return bool(rate_parts(table["label"], table["decision"], quantity)[1].sum() > 0)


def left_out(n: int) -> str:
    """Say how many readers do not count in a mean; empty for none.

    Args:
        n: How many.
    """
    return f"{n} readers without this quantity are left out" if n else ""


def _mean_auc(tables: list[pd.DataFrame], *, confidence: float) -> Interval:
    mean = mean_influence([auc_of(table) for table in tables])
    sizes = [run for table in tables for run in sizes_of(table)]
    return area_interval(mean, sizes, method="mean of fixed readers", confidence=confidence)


def _mean_pr_auc(tables: list[pd.DataFrame], draws: Draws, *, confidence: float) -> Interval:
    """Average the area under the precision-recall curve over readers, with the bootstrap over patients."""
    parts = [pr_auc_statistic(table, draws) for table in tables]
    found = draws.interval(MeanOf(parts), confidence=confidence)
    if found.estimate > 1 - 1e-12:  # no sample varies
        n = min(int(table.loc[table["label"] == 1, "patient_id"].nunique()) for table in tables)
        found = exact_interval(1.0, n, confidence=confidence)
    return replace(found, method=f"mean of fixed readers, {found.method}")


def _with(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[table[column].notna()]


def _mean_rate(tables: list[pd.DataFrame], rate: str, draws: Draws, *, confidence: float) -> Interval:
    """Average a rate over readers, with the bootstrap over patients."""
    parts = [rate_parts(table["label"], table["decision"], rate) for table in tables]
    codes = [draws.codes(table["patient_id"]) for table in tables]
    each = zip(codes, parts, strict=True)
    sums = np.hstack([sums_of(of, both, n_patients=len(draws.patients)) for of, both in each])
    found = draws.interval(OfSums(sums, _mean_of_ratios), confidence=confidence)
    if found.estimate in (0.0, 1.0):
        n = min(
            int(table["patient_id"][below > 0].nunique())
            for table, (_, below) in zip(tables, parts, strict=True)
        )
        found = exact_interval(found.estimate, n, confidence=confidence)
    method = f"mean of fixed readers, {found.method}"
    return Interval(found.estimate, found.ci_low, found.ci_high, method, found.note)


def _mean_of_ratios(sums: FloatArray) -> FloatArray:
    """Average the ratios of sums that stand in pairs of columns."""
    return mean_over([ratio(sums[:, place : place + 2]) for place in range(0, sums.shape[1], 2)])
