"""How far readers agree: with each other, with themselves under another modality, and with models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from samesplit.evaluation.readers.arrays import Cases, model_columns, reader_array
from samesplit.evaluation.readers.settings import ReaderSettings, ordered_modalities
from samesplit.statistics.agreement import (
    Agreement,
    cluster_order,
    cohen_kappa_interval,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    similarity_matrix,
)
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.icc import icc
from samesplit.statistics.interval import Interval

__all__ = ["agreement_table", "similarity_table"]

_COLUMNS = [
    "statistic", "of", "modality", "reference", "reader_id", "estimate", "ci_low", "ci_high", "p_value",
    "n_readers",
    "n", "method", "note",
]  # fmt: skip
_MOST_CATEGORIES = 20
"""Up to so many different scores the bootstrap of the ordinal alpha takes a moment and no minutes."""
_MOST_RANKS = 500
"""Of more different scores the ordinal alpha is not computed; the intraclass correlation is."""
_SIMILARITY = ["modality", "measure", "first", "second", "place_first", "place_second", "similarity", "n"]


def agreement_table(readings: pd.DataFrame, cases: Cases, settings: ReaderSettings) -> pd.DataFrame:
    """Estimate how far the readers of each modality agree, and each reader with themselves under another.

    Args:
        readings: One row a reading.
        cases: The cases.
        settings: Confidence and bootstrap.

    Returns:
        Of calls: percent agreement, Fleiss' kappa, Krippendorff's alpha and Gwet's AC1; of scores the intraclass
        correlation for absolute agreement of single readers, and Krippendorff's alpha of ranks (without an
        interval where there are more than 20 different scores); of one reader's calls under two modalities
        Cohen's kappa (`reference` and `reader_id` are filled in).
    """
    rows: list[dict[str, Any]] = []
    modalities = ordered_modalities(readings["modality"].tolist())
    for modality in modalities:
        part = readings[readings["modality"] == modality]
        readers = sorted(set(part["reader_id"]))
        if len(readers) < 2:
            continue
        calls = reader_array(part, cases, readers, "decision").T
        scores = reader_array(part, cases, readers, "score").T
        for of, table in (("calls", calls), ("scores", scores)):
            if not (np.isfinite(table).sum(axis=1) >= 2).any():
                continue
            for name, found in _coefficients(table, of, cases, settings):
                head = {"statistic": name, "of": of, "modality": modality, "reference": "", "reader_id": ""}
                rows.append(head | _row(found, table))
    for modality in modalities[1:]:
        rows += _with_themselves(readings, cases, modality, modalities[0], settings)
    return pd.DataFrame(rows, columns=_COLUMNS)


def similarity_table(
    readings: pd.DataFrame, models: Mapping[str, pd.DataFrame], cases: Cases
) -> pd.DataFrame:
    """Compare every two of the readers of a modality and the models by Cohen's kappa of their calls.

    Args:
        readings: One row a reading.
        models: Tables of models; those without calls are left out.
        cases: The cases.

    Returns:
        One row a modality and pair, also of one with itself; `place_first` and `place_second` are the places in
        the clustered order. Where there are no calls, Spearman's correlation of scores. Readers are named by
        their id, models as `model:<name>`.
    """
    columns = model_columns(models, cases)
    rows: list[dict[str, Any]] = []
    for modality in ordered_modalities(readings["modality"].tolist()):
        part = readings[readings["modality"] == modality]
        readers = sorted(set(part["reader_id"]))
        calls = bool(part["decision"].notna().any())
        column = "decision" if calls else "score"
        ratings = reader_array(part, cases, readers, column).T
        beside = {name: table[column] for name, table in columns.items() if table[column].notna().any()}
        whole = np.column_stack([ratings, *(values.to_numpy(dtype=float) for values in beside.values())])
        names = [*readers, *(f"model:{name}" for name in beside)]
        if len(names) < 2 or not (np.isfinite(whole).sum(axis=1) >= 2).any():
            continue
        found = similarity_matrix(whole, names, coefficient="kappa" if calls else "Spearman")
        square = found.values  # noqa: PD011 (an array, no table)
        place = {name: order for order, name in enumerate(cluster_order(found).names)}
        for a, first in enumerate(found.names):
            for b, second in enumerate(found.names):
                rows.append(
                    {
                        "modality": modality,
                        "measure": "Cohen's kappa" if calls else "Spearman's correlation",
                        "first": first,
                        "second": second,
                        "place_first": place[first],
                        "place_second": place[second],
                        "similarity": float(square[a, b]),
                        "n": int(found.n_cases[a, b]),
                    }
                )
    return pd.DataFrame(rows, columns=_SIMILARITY)


def _coefficients(
    table: FloatArray, of: str, cases: Cases, settings: ReaderSettings
) -> list[tuple[str, Interval]]:
    confidence = settings.confidence
    if of == "scores":
        return _of_scores(table, cases, settings)
    alpha = krippendorff_alpha(
        table,
        level="nominal",
        patients=cases.owners,
        n_resamples=settings.n_bootstrap,
        seed=settings.seed,
        confidence=confidence,
    )
    found: list[tuple[str, Interval]] = [
        ("percent_agreement", percent_agreement(table, confidence=confidence))
    ]
    if np.isfinite(table).all(axis=1).any():
        found.append(("fleiss_kappa", fleiss_kappa(table, confidence=confidence)))
    return [*found, ("krippendorff_alpha", alpha), ("gwet_ac1", gwet_ac(table, confidence=confidence))]


def _of_scores(table: FloatArray, cases: Cases, settings: ReaderSettings) -> list[tuple[str, Interval]]:
    """Estimate the agreement of scores; alpha counts categories, so it is left out where there are very many."""
    n_different = len(np.unique(table[np.isfinite(table)]))
    many = n_different > _MOST_CATEGORIES
    found: list[tuple[str, Interval]] = []
    if n_different <= _MOST_RANKS:
        alpha = krippendorff_alpha(
            table,
            level="ordinal",
            patients=cases.owners,
            n_resamples=0 if many else settings.n_bootstrap,
            seed=settings.seed,
            confidence=settings.confidence,
        )
        if many:
            alpha = replace(alpha, note=f"no interval: more than {_MOST_CATEGORIES} different scores")
        found.append(("krippendorff_alpha", alpha))
    complete = table[np.isfinite(table).all(axis=1)]
    if len(complete) > 1:
        found.append(("icc", _icc(complete, settings.confidence)))
    return found


def _icc(table: FloatArray, confidence: float) -> Interval:
    found = icc(table, confidence=confidence)
    return Interval(
        float(found.estimate), float(found.ci_low), float(found.ci_high), "ICC(A,1), McGraw and Wong"
    )


def _row(found: Interval, table: FloatArray) -> dict[str, Any]:
    rated = np.isfinite(table)
    complete = int(rated.all(axis=1).sum())
    return {
        "estimate": found.estimate,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
        "n_readers": int(rated.any(axis=0).sum()),
        "n": found.n_cases if isinstance(found, Agreement) else complete,
        "method": found.method,
        "note": found.note,
    }


def _with_themselves(
    readings: pd.DataFrame, cases: Cases, modality: str, reference: str, settings: ReaderSettings
) -> list[dict[str, Any]]:
    sides = [readings[readings["modality"] == name] for name in (modality, reference)]
    readers = sorted(set(sides[0]["reader_id"]) & set(sides[1]["reader_id"]))
    arrays = [reader_array(side, cases, readers, "decision") for side in sides]
    rows = []
    for place, reader in enumerate(readers):
        pair = np.column_stack([arrays[0][place], arrays[1][place]])
        both = pair[np.isfinite(pair).all(axis=1)]
        if len(both) < 2:
            continue
        found = cohen_kappa_interval(both[:, 0], both[:, 1], confidence=settings.confidence)
        rows.append(
            {
                "statistic": "cohen_kappa",
                "of": "calls",
                "modality": modality,
                "reference": reference,
                "reader_id": reader,
            }
            | _row(found, pair)
            | {"n_readers": 1, "n": len(both)}
        )
    return rows
