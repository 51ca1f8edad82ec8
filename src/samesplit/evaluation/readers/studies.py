"""Readings as studies: arrays of scores for the AUC, arrays of calls for the rates."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from samesplit.evaluation.readers.settings import ordered_modalities
from samesplit.statistics.mrmc import ReaderStudy

__all__ = ["QUANTITIES", "RATES", "column_of", "study_of"]

RATES = ("sensitivity", "specificity", "accuracy")
"""What is made of calls."""

QUANTITIES = ("auc", *RATES)
"""What readers are judged by, the AUC first."""


def column_of(quantity: str) -> str:
    """Return the column of the readings that a quantity is made of.

    Example:
        >>> column_of("auc"), column_of("accuracy")
        ('score', 'decision')
    """
    return "score" if quantity == "auc" else "decision"


def study_of(
    readings: pd.DataFrame, truth: pd.DataFrame, quantity: str, *, modalities: Sequence[str] | None = None
) -> ReaderStudy | None:
    """Make the study that a quantity is computed of.

    Args:
        readings: One row a reading: reader_id, lesion_id, modality, decision, score.
        truth: Indexed by lesion_id: patient_id, label.
        quantity: One of `QUANTITIES`.
        modalities: Which; None for all.

    Returns:
        The study, the modality that the others are compared with first; cases without any reading are not in it.
        None where there is no reading of a class.
    """
    column = column_of(quantity)
    table = readings[readings[column].notna()]
    if modalities is not None:
        table = table[table["modality"].isin(modalities)]
    order = {name: place for place, name in enumerate(ordered_modalities(table["modality"].tolist()))}
    table = table.sort_values(
        ["modality", "reader_id", "lesion_id"], key=lambda c: c.map(order) if c.name == "modality" else c
    )
    known = truth.loc[table["lesion_id"], ["patient_id", "label"]]
    if known["label"].nunique() < 2:
        return None
    return ReaderStudy.from_columns(
        table["reader_id"],
        table["lesion_id"],
        table[column].astype("Float64").to_numpy(dtype=float),
        known["label"].to_numpy(),
        modality=table["modality"],
        patient=known["patient_id"],
    )
