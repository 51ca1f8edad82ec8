"""Readers against a model, and against themselves: the same lesions read under another modality."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from samesplit.evaluation.binary.estimates import Row, result_row, with_note
from samesplit.evaluation.binary.readers import having, is_defined, left_out
from samesplit.evaluation.binary.scores import (
    COMPARED_RATES,
    auc_difference,
    auc_of,
    rate_difference,
    rate_of,
)
from samesplit.ordering import first_best
from samesplit.reader_names import mean_name, reader_name
from samesplit.statistics.influence import Influence, mean_influence
from samesplit.statistics.interval import Interval, is_degenerate, z_test

__all__ = ["BASELINE", "compare_modalities", "compare_with"]

BASELINE = "unaided"
"""The modality that the others are compared with; without it the first by name."""

Pair = tuple[pd.DataFrame, pd.DataFrame]


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
            (theirs,) = having({reference_name: reference}, quantity)
            pairs = {
                reader: _common(mine, theirs)
                for reader, mine in zip(readers, having(readers, quantity), strict=True)
            }
            found = _compared(pairs, quantity, n_readers=len(readers), confidence=confidence)
            for reader, (item, lesions) in found.items():
                name = reader_name(reader, modality) if reader else mean_name(modality)
                rows.append(_row(quantity, item, lesions, name, reference_name))
    return rows


def compare_modalities(tables: dict[str, dict[str, pd.DataFrame]], *, confidence: float = 0.95) -> list[Row]:
    """Report how each reader, and the readers' mean, differ from themselves under another modality.

    Paired: each difference is on the lesions that the reader read both ways.

    Args:
        tables: As `reader_tables` returns them.
        confidence: Two-sided coverage.

    Returns:
        Rows of `auc_difference`, `sensitivity_difference`, `specificity_difference`, `accuracy_difference`: every
        other modality minus `BASELINE`; none with a single modality.
    """
    if len(tables) < 2:
        return []
    baseline = BASELINE if BASELINE in tables else min(tables)
    rows: list[Row] = []
    for modality, readers in tables.items():
        if modality == baseline:
            continue
        before = {reader: table for reader, table in tables[baseline].items() if reader in readers}
        after = {reader: readers[reader] for reader in before}
        for quantity in ("auc", *COMPARED_RATES):
            both = zip(before, having(after, quantity), having(before, quantity), strict=True)
            pairs = {reader: _common(mine, earlier) for reader, mine, earlier in both}
            found = _compared(pairs, quantity, n_readers=len(pairs), confidence=confidence)
            for reader, (item, lesions) in found.items():
                names = [reader_name(reader, m) if reader else mean_name(m) for m in (modality, baseline)]
                rows.append(_row(quantity, item, lesions, names[0], names[1]))
    return rows


def _compared(
    pairs: Mapping[str, Pair], quantity: str, *, n_readers: int, confidence: float
) -> dict[str, tuple[Interval, pd.DataFrame]]:
    """Return the difference of each reader's pair, and under the empty name that of the mean of two or more."""
    usable = {
        reader: pair for reader, pair in pairs.items() if all(is_defined(table, quantity) for table in pair)
    }
    found = {
        reader: (_difference(*pair, quantity, confidence=confidence), pair[0])
        for reader, pair in usable.items()
    }
    if len(usable) > 1:
        mean = _mean_difference(list(usable.values()), quantity, confidence=confidence)
        lesions = pd.concat([mine for mine, _ in usable.values()])
        found[""] = (with_note(mean, left_out(n_readers - len(usable))), lesions)
    return found


def _row(quantity: str, found: Interval, lesions: pd.DataFrame, name: str, reference: str) -> Row:
    return result_row(f"{quantity}_difference", found, lesions, model=name, reference=reference)


def _common(first: pd.DataFrame, second: pd.DataFrame) -> Pair:
    """Keep the lesions that both have."""
    return (
        first[first["lesion_id"].isin(second["lesion_id"])],
        second[second["lesion_id"].isin(first["lesion_id"])],
    )


def _difference(mine: pd.DataFrame, theirs: pd.DataFrame, quantity: str, *, confidence: float) -> Interval:
    if quantity == "auc":
        return auc_difference(mine, theirs, confidence=confidence)
    return rate_difference(mine, theirs, quantity, confidence=confidence)


def _mean_difference(pairs: list[Pair], quantity: str, *, confidence: float) -> Interval:
    """Average the readers' differences; at its bound the one with the widest interval stands for all."""

    def one(table: pd.DataFrame) -> Influence:
        return auc_of(table) if quantity == "auc" else rate_of(table, quantity)

    mean = mean_influence([one(mine) - one(theirs) for mine, theirs in pairs])
    method = "mean of fixed readers, influence values"
    each = [_difference(*pair, quantity, confidence=confidence) for pair in pairs]
    if is_degenerate(mean.variance) and not any(math.isnan(found.ci_low) for found in each):
        widest = each[first_best([found.ci_high - found.ci_low for found in each])]
        return replace(widest, method=f"mean of fixed readers, {widest.method}")
    return z_test(mean.estimate, mean.variance, method=method, confidence=confidence)
