"""A model against the readers as a panel: one opinion of all of them, by mean, median or majority."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.readers.arrays import Cases, model_columns
from samesplit.evaluation.readers.models import ACROSS_FOLDS, several_fits
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.evaluation.readers.studies import RATES, study_of
from samesplit.statistics.checks import FloatArray, IntArray
from samesplit.statistics.mrmc import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    FigureOfMerit,
    model_against_panel,
    panel_scores,
)

__all__ = ["panel_table"]

_FIGURES = {"auc": AUC, "sensitivity": SENSITIVITY, "specificity": SPECIFICITY, "accuracy": ACCURACY}
_PANELS: tuple[tuple[str, Literal["mean", "median", "majority"]], ...] = (
    ("auc", "mean"),
    ("auc", "median"),
    *((rate, "majority") for rate in RATES),
)
_COLUMNS = [
    "modality", "panel", "model", "quantity", "panel_value", "model_value", "estimate", "ci_low", "ci_high",
    "p_value", "n_readers", "n", "n_positive", "method", "note",
]  # fmt: skip


def panel_table(
    readings: pd.DataFrame,
    truth: pd.DataFrame,
    models: Mapping[str, pd.DataFrame],
    cases: Cases,
    settings: ReaderSettings,
) -> pd.DataFrame:
    """Compare each model with the mean and median of the readers' scores and the majority of their calls.

    A tie of calls is left out. The panel is these readers: nothing is said of others.

    Args:
        readings: One row a reading.
        truth: Indexed by lesion_id: patient_id, label.
        models: Tables of models. Scores of several folds are put on one scale by their rank within the fold.
        cases: The cases.
        settings: The confidence.

    Returns:
        One row a modality, panel, model and quantity: model minus panel.
    """
    rows: list[dict[str, Any]] = []
    columns = model_columns(models, cases)
    for modality in ordered_modalities(readings["modality"].tolist()):
        for quantity, how in _PANELS:
            study = study_of(readings, truth, quantity, modalities=[modality])
            if study is None or len(study.readers) < 2:
                continue
            panel = panel_scores(study, how, ties="leave out")
            for model, table in columns.items():
                column = "score" if quantity == "auc" else "decision"
                given = table[column].reindex(list(study.cases)).to_numpy(dtype=float)
                try:
                    found = model_against_panel(
                        study,
                        given,
                        how,
                        _FIGURES[quantity],
                        ties="leave out",
                        confidence=settings.confidence,
                    )
                except StatisticsError:  # no call of the model, or cases of one class
                    continue
                both = np.isfinite(given) & np.isfinite(panel)
                figure = _FIGURES[quantity]
                folds = ACROSS_FOLDS if quantity == "auc" and several_fits(models[model]) else ""
                rows.append(
                    {
                        "modality": modality,
                        "panel": how,
                        "model": model,
                        "quantity": quantity,
                        "panel_value": _value(figure, study.truth[both], panel[both]),
                        "model_value": _value(figure, study.truth[both], given[both]),
                        "estimate": found.estimate,
                        "ci_low": found.ci_low,
                        "ci_high": found.ci_high,
                        "p_value": found.p_value,
                        "n_readers": len(study.readers),
                        "n": int(both.sum()),
                        "n_positive": int(study.truth[both].sum()),
                        "method": found.method,
                        "note": "; ".join(part for part in (found.note, folds) if part),
                    }
                )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _value(figure: FigureOfMerit, truth: IntArray, scores: FloatArray) -> float:
    return float(figure.of(truth, scores))
