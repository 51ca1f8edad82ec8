"""A model at the sensitivity and specificity of each reader, and of the readers' mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.evaluation.readers.arrays import Cases, model_columns, reader_array
from samesplit.evaluation.readers.models import ACROSS_FOLDS, several_fits
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.statistics.matched_operating_point import TIE_RULE, Matching, model_at_reader_point
from samesplit.statistics.matched_readers import model_at_mean_reader_point
from samesplit.statistics.rematching import Rematching

__all__ = ["matched_table"]

_COLUMNS = [
    "modality", "model", "reader_id", "matched", "compared", "threshold", "reader_matched", "model_matched",
    "reader_compared", "model_compared", "estimate", "ci_low", "ci_high", "p_value",
    "given_low", "given_high", "mcnemar_p", "mid_p", "n_readers", "n_matched",
    "n", "method", "note",
]  # fmt: skip
_MATCHINGS: tuple[Matching, Matching] = ("specificity", "sensitivity")


def matched_table(
    readings: pd.DataFrame, models: Mapping[str, pd.DataFrame], cases: Cases, settings: ReaderSettings
) -> pd.DataFrame:
    """Compare each model with each reader at the reader's specificity, and at the reader's sensitivity.

    Args:
        readings: One row a reading, with calls.
        models: Tables of models. Scores of several folds are put on one scale by their rank within the fold.
        cases: The cases.
        settings: The confidence.

    Returns:
        One row a modality, model, reader (empty for their mean) and what is matched; `estimate` is the model minus
        the reader in what is compared, with the interval and `p_value` of a bootstrap that chooses the threshold
        anew (readers' mean: readers random too). `given_low`, `given_high`, `mcnemar_p` (exact) and `mid_p` take
        the threshold as given.
    """
    rows: list[dict[str, Any]] = []
    columns = model_columns(models, cases)
    for modality in ordered_modalities(readings["modality"].tolist()):
        part = readings[readings["modality"] == modality]
        readers = sorted(set(part["reader_id"]))
        calls = reader_array(part, cases, readers, "decision")
        for model, table in columns.items():
            scores = table["score"].to_numpy(dtype=float)
            known = np.isfinite(scores)
            folds = ACROSS_FOLDS if several_fits(models[model]) else ""
            drawn: dict[bytes, Rematching] = {}
            for matching in _MATCHINGS:
                head = {"modality": modality, "model": model, "matched": matching}
                head |= {"compared": next(name for name in _MATCHINGS if name != matching)}
                note = "; ".join(part for part in (TIE_RULE[matching], folds) if part)
                for row, reader in enumerate(readers):
                    found = _one_reader(cases, scores, calls[row], known, matching, settings, drawn)
                    if found is not None:
                        rows.append(head | {"reader_id": reader, "note": note} | found)
                if len(readers) > 1:
                    found = _mean_reader(cases, scores, calls, known, matching, settings)
                    if found is not None:
                        rows.append(head | {"reader_id": "", "note": note} | found)
    return pd.DataFrame(rows, columns=_COLUMNS)


def _one_reader(
    cases: Cases,
    scores: Any,
    calls: Any,
    known: Any,
    matching: Matching,
    settings: ReaderSettings,
    drawn: dict[bytes, Rematching],
) -> dict[str, Any] | None:
    try:
        found = model_at_reader_point(
            cases.labels[known], scores[known], calls[known], matching=matching,
            patients=None if cases.owners is None else cases.owners[known], confidence=settings.confidence,
            known=drawn,
        )  # fmt: skip
    except StatisticsError:  # no call, or cases of one class
        return None
    return {
        "threshold": found.threshold,
        "reader_matched": found.reader_matched,
        "model_matched": found.model_matched,
        "reader_compared": found.reader_compared,
        "model_compared": found.model_compared,
        "estimate": found.rematched.estimate,
        "ci_low": found.rematched.ci_low,
        "ci_high": found.rematched.ci_high,
        "p_value": found.rematched.p_value,
        "given_low": found.difference.ci_low,
        "given_high": found.difference.ci_high,
        "mcnemar_p": found.difference.p_value,
        "mid_p": found.mid_p,
        "n_readers": 1,
        "n_matched": found.n_matched,
        "n": found.n_compared,
        "method": f"{found.rematched.method}; threshold as given: {found.difference.method}",
    }


def _mean_reader(
    cases: Cases, scores: Any, calls: Any, known: Any, matching: Matching, settings: ReaderSettings
) -> dict[str, Any] | None:
    try:
        found = model_at_mean_reader_point(
            cases.labels[known], scores[known], calls[:, known], matching=matching,
            patients=None if cases.owners is None else cases.owners[known], confidence=settings.confidence,
        )  # fmt: skip
    except StatisticsError:
        return None
    matched_class = 0 if matching == "specificity" else 1
    read = np.isfinite(calls[:, known]).any(axis=0)
    labels = cases.labels[known][read]
    return {
        "threshold": np.nan,
        "reader_matched": found.readers_matched,
        "model_matched": found.model_matched,
        "reader_compared": found.readers_compared,
        "model_compared": found.model_compared,
        "estimate": found.difference.estimate,
        "ci_low": found.difference.ci_low,
        "ci_high": found.difference.ci_high,
        "p_value": found.difference.p_value,
        "given_low": np.nan,
        "given_high": np.nan,
        "mcnemar_p": np.nan,
        "mid_p": np.nan,
        "n_readers": found.n_readers,
        "n_matched": int((labels == matched_class).sum()),
        "n": int((labels != matched_class).sum()),
        "method": found.difference.method,
    }
