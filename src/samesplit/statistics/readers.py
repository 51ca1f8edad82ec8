"""Readers beside models: each reader's rates and AUC, their mean, and the difference to a reference model.

The readers are taken as given (fixed): intervals say how results move with other patients, not with other
readers. Multi-reader multi-case analysis, which adds the readers' variance, will stand beside this.
"""

from __future__ import annotations

import pandas as pd

from samesplit.statistics.checks import FloatArray
from samesplit.statistics.influence import Influence, mean_influence
from samesplit.statistics.interval import Interval, normal_interval, z_test
from samesplit.statistics.proportions import rate_parts
from samesplit.statistics.rows import Draws, Row, auc_row, mean_over, rate_rows, result_row, with_note
from samesplit.statistics.subject import (
    COMPARED_RATES,
    auc_difference,
    auc_of,
    has_both_classes,
    rate_difference,
    rate_of,
    reader_table,
)
from samesplit.statistics.weighted import weighted_ratio

__all__ = ["compare_with", "mean_rows", "reader_name", "reader_rows", "reader_tables"]


def reader_name(reader_id: str, modality: str) -> str:
    """Return the name of a reader in the results.

    Example:
        >>> reader_name("R1", "unaided")
        'reader:R1/unaided'
    """
    return f"reader:{reader_id}/{modality}"


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
    """Report each reader in each modality: rates from calls, AUC from scores.

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
                rows.append(result_row("auc", auc_row(scored, confidence=confidence), scored, model=name))
            called = table[table["decision"].notna()]
            for quantity, found in rate_rows(table, draws, confidence=confidence, rates=COMPARED_RATES):
                rows.append(result_row(quantity, found, called, model=name))
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
        name = f"readers:mean/{modality}"
        for quantity in ("auc", *COMPARED_RATES):
            usable = [table for table in _having(readers, quantity) if _is_defined(table, quantity)]
            if len(usable) < 2:
                continue
            if quantity == "auc":
                found = _mean_auc(usable, confidence=confidence)
            else:
                found = _mean_rate(usable, quantity, draws, confidence=confidence)
            found = with_note(found, _left_out(len(readers) - len(usable)))
            rows.append(result_row(quantity, found, pd.concat(usable), model=name))
    return rows


def _having(readers: dict[str, pd.DataFrame], quantity: str) -> list[pd.DataFrame]:
    """Keep of each reader the readings that a quantity needs: scores for the AUC, calls for a rate."""
    return [_with(table, "score" if quantity == "auc" else "decision") for table in readers.values()]


def _is_defined(table: pd.DataFrame, quantity: str) -> bool:
    if quantity == "auc":
        return has_both_classes(table)
    return bool(rate_parts(table["label"], table["decision"], quantity)[1].sum() > 0)


def _left_out(n: int) -> str:
    return f"{n} readers without this quantity are left out" if n else ""


def _mean_auc(tables: list[pd.DataFrame], *, confidence: float) -> Interval:
    mean = mean_influence([auc_of(table) for table in tables])
    return normal_interval(
        mean.estimate,
        mean.variance,
        method="mean of fixed readers",
        confidence=confidence,
        bounds=(0.0, 1.0),
    )


def _with(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table[table[column].notna()]


def _mean_rate(tables: list[pd.DataFrame], rate: str, draws: Draws, *, confidence: float) -> Interval:
    """Average a rate over readers, with the bootstrap over patients."""
    parts = [
        (draws.codes(table["patient_id"]), *rate_parts(table["label"], table["decision"], rate))
        for table in tables
    ]

    def statistic(weights: FloatArray) -> FloatArray:
        return mean_over([weighted_ratio(weights[:, codes], a, b) for codes, a, b in parts])

    found = draws.interval(statistic, confidence=confidence)
    method = f"mean of fixed readers, {found.method}"
    return Interval(found.estimate, found.ci_low, found.ci_high, method, found.note)


def compare_with(
    tables: dict[str, dict[str, pd.DataFrame]],
    reference: pd.DataFrame,
    *,
    reference_name: str,
    confidence: float = 0.95,
) -> list[Row]:
    """Report the differences of each reader, and of the readers' mean, to a reference model.

    Paired: each difference is on the lesions that both have. A reader's AUC ranks all lesions at once, a
    model's AUC the lesions of each fold; with several folds the difference is between these two.

    Args:
        tables: As `reader_tables` returns them.
        reference: The table of the reference model.
        reference_name: Its name.
        confidence: Two-sided coverage.

    Returns:
        Rows of `auc_difference`, `sensitivity_difference`, `specificity_difference`, `accuracy_difference`:
        reader minus reference.
    """
    rows: list[Row] = []
    for modality, readers in tables.items():
        for quantity in ("auc", *COMPARED_RATES):
            column = "score" if quantity == "auc" else "decision"
            pairs = {
                reader: _common(mine, _with(reference, column))
                for reader, mine in zip(readers, _having(readers, quantity), strict=True)
            }
            usable = {
                reader_name(reader, modality): pair
                for reader, pair in pairs.items()
                if all(_is_defined(table, quantity) for table in pair)
            }
            found = {
                name: (_difference(*pair, quantity, confidence=confidence), pair[0])
                for name, pair in usable.items()
            }
            if len(usable) > 1:
                mean = _mean_difference(list(usable.values()), quantity, confidence=confidence)
                lesions = pd.concat([mine for mine, _ in usable.values()])
                mean = with_note(mean, _left_out(len(readers) - len(usable)))
                found[f"readers:mean/{modality}"] = (mean, lesions)
            rows += [
                result_row(f"{quantity}_difference", item, table, model=name, reference=reference_name)
                for name, (item, table) in found.items()
            ]
    return rows


def _common(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the lesions that both have."""
    return (
        first[first["lesion_id"].isin(second["lesion_id"])],
        second[second["lesion_id"].isin(first["lesion_id"])],
    )


def _difference(mine: pd.DataFrame, theirs: pd.DataFrame, quantity: str, *, confidence: float) -> Interval:
    if quantity == "auc":
        return auc_difference(mine, theirs, confidence=confidence)
    return rate_difference(mine, theirs, quantity, confidence=confidence)


def _mean_difference(
    pairs: list[tuple[pd.DataFrame, pd.DataFrame]], quantity: str, *, confidence: float
) -> Interval:
    def one(table: pd.DataFrame) -> Influence:
        return auc_of(table) if quantity == "auc" else rate_of(table, quantity)

    mean = mean_influence([one(mine) - one(theirs) for mine, theirs in pairs])
    method = "mean of fixed readers, influence values"
    return z_test(mean.estimate, mean.variance, method=method, confidence=confidence)
