"""Location-specific readings: FROC curves, and weighted AFROC with readers and cases random."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.readers.mrmc import estimate_row
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.statistics.mrmc.free_response import (
    FreeResponseFigure,
    FreeResponseStudy,
    HitRule,
    free_response_analysis,
    free_response_curve,
)
from samesplit.tables import POSITION

__all__ = ["marks_tables"]

_FIGURES: tuple[FreeResponseFigure, ...] = ("wAFROC", "AFROC")
_ESTIMATES = [
    "figure", "modality", "reference", "estimate", "ci_low", "ci_high", "p_value", "df", "standard_error",
    "n_readers", "n", "n_lesions", "hit_radius_mm", "method", "note",
]  # fmt: skip
_CURVE = ["modality", "reader_id", "threshold", "false_marks_per_case", "lesions_found"]


def marks_tables(
    marks: pd.DataFrame | None, truth: pd.DataFrame, settings: ReaderSettings, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge readers by their marks.

    A case is a patient: a mark belongs to the patient of the lesion that its row names, and hits a positive
    lesion of this patient whose position lies within the declared radius.

    Args:
        marks: One row a mark: reader_id, lesion_id, modality, score and position; None for none.
        truth: Indexed by lesion_id: patient_id, label and, for positive lesions, `x_mm`, `y_mm`, `z_mm`.
        settings: The hit radius and the confidence.
        notes: Gets what could not be computed, and why.

    Returns:
        Estimates of weighted AFROC and AFROC (a modality, or a modality minus the first), and the points of
        the FROC curve of each reader and modality. Both are empty without marks or without a declared radius.
    """
    empty = pd.DataFrame(columns=_ESTIMATES), pd.DataFrame(columns=_CURVE)
    if marks is None:
        return empty
    if settings.hit_radius_mm is None:
        notes.append("readings have positions, and no hit radius is declared: no location-specific analysis")
        return empty
    try:
        study = _study(marks, truth, settings.hit_radius_mm)
        rows = [row for figure in _FIGURES for row in _estimates(study, figure, settings)]
    except StatisticsError as error:
        notes.append(f"location-specific analysis: {error.problem}")
        return empty
    curve = [
        pd.DataFrame(
            {
                "modality": modality,
                "reader_id": reader,
                "threshold": points["threshold"],
                "false_marks_per_case": points["x"],
                "lesions_found": points["y"],
            }
        )
        for modality in study.modalities
        for reader in study.readers
        for points in [free_response_curve(study, modality, reader, "FROC")]
    ]
    return pd.DataFrame(rows, columns=_ESTIMATES), pd.concat(curve, ignore_index=True)[_CURVE]


def _study(marks: pd.DataFrame, truth: pd.DataFrame, radius_mm: float) -> FreeResponseStudy:
    order = {name: place for place, name in enumerate(ordered_modalities(marks["modality"].tolist()))}
    table = marks.sort_values("modality", key=lambda names: names.map(order), kind="stable")
    axes = [name for name in POSITION if name in table and name in truth]
    if len(axes) < 2:
        raise StatisticsError("the lesions have no positions (columns x_mm, y_mm of the truth)")
    there = truth.assign(**{name: pd.to_numeric(truth[name], errors="coerce") for name in axes})
    cases = list(dict.fromkeys(truth.loc[table["lesion_id"], "patient_id"]))
    known = there[(there["label"] == 1) & there["patient_id"].isin(cases)]
    lacking = known.index[known[axes].isna().any(axis=1)]
    if len(lacking):
        raise StatisticsError(f"the positive lesion {lacking[0]!r} has no position")
    lesions = known[axes].assign(lesion=known.index, case=known["patient_id"]).reset_index(drop=True)
    given = table[axes].assign(
        reader=table["reader_id"],
        modality=table["modality"],
        case=truth.loc[table["lesion_id"], "patient_id"].to_numpy(),
        rating=table["score"],
    )
    return FreeResponseStudy.from_marks(given.reset_index(drop=True), lesions, cases, HitRule(radius_mm))


def _estimates(
    study: FreeResponseStudy, figure: FreeResponseFigure, settings: ReaderSettings
) -> list[dict[str, Any]]:
    found = free_response_analysis(study, figure, confidence=settings.confidence)
    head = {
        "figure": figure,
        "n_readers": len(study.readers),
        "n": len(study.cases),
        "n_lesions": len(study.lesions),
        "hit_radius_mm": study.rule.radius_mm,
    }
    rows = [
        estimate_row(name, "", one, one.df, one.standard_error, sign=1)
        for name, one in found.modalities.items()
    ]
    rows += [
        estimate_row(second, first, one, one.df, one.standard_error, sign=-1)
        for (first, second), one in found.differences.items()
    ]
    return [head | row for row in rows]
