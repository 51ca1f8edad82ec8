"""Decision curves as a table: models, treating all or none, and readers, at each threshold probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.evaluation.binary.draws import Draws
from samesplit.evaluation.binary.scores import trained_in_folds
from samesplit.ordering import above
from samesplit.reader_names import reader_name
from samesplit.statistics.checks import FloatArray
from samesplit.statistics.decision_curve import (
    calls_at,
    check_thresholds,
    decision_curve_of_calls,
    net_benefit_band,
)

__all__ = [
    "COLUMNS",
    "DECISION_CURVES",
    "DEFAULT_THRESHOLDS",
    "TREAT_ALL",
    "TREAT_NONE",
    "decision_curve_table",
]

DECISION_CURVES = "decision_curves"
"""The table's name among those of an evaluation."""
DEFAULT_THRESHOLDS = tuple(k / 100 for k in range(5, 51))
"""From 0.05 to 0.50: nobody acts on less, and few wait for more."""
TREAT_ALL, TREAT_NONE = "treat all", "treat none"
"""How the two strategies that need no model are called in the table."""

COLUMNS = [
    "model",
    "kind",
    "threshold",
    "net_benefit",
    "ci_low",
    "ci_high",
    "standardised_net_benefit",
    "interventions_avoided",
    "above_default",
    "above_default_low",
    "above_default_high",
    "tp_rate",
    "fp_rate",
    "n",
    "n_positive",
    "method",
]


def decision_curve_table(
    tables: dict[str, pd.DataFrame],
    readers: dict[str, dict[str, pd.DataFrame]],
    draws: Draws,
    thresholds: Sequence[float],
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compute the net benefit of all who are judged, at each threshold.

    The predictions of all folds are taken together. A reader's calls are the same at every threshold. Each is set
    against the better of treating all and treating none, on its own lesions.

    Args:
        tables: The table of each model, see `scores`, all on the same lesions.
        readers: Modality -> reader -> table of the reader.
        draws: The bootstrap samples of the patients.
        thresholds: Rising, strictly between 0 and 1.
        confidence: Two-sided coverage.

    Returns:
        The columns of `COLUMNS`; `kind` is model, strategy or reader, `above_default` the net benefit less that of
        the better of treating all and none. No rows where the lesions are of one class.

    Raises:
        StatisticsError: A threshold is not usable.
    """
    t = check_thresholds(thresholds)
    parts: list[pd.DataFrame] = []

    def add(name: str, kind: str, table: pd.DataFrame, called: npt.NDArray[np.bool_]) -> None:
        if table["label"].nunique() == 2:
            found = _curve(table, called, t, draws, confidence=confidence)
            method = "no band" if draws.samples is None else "bootstrap percentile, pointwise"
            if kind == "model" and trained_in_folds(table) and draws.samples is not None:
                method += ", models as fitted"
            parts.append(found.assign(model=name, kind=kind, method=method))

    for model, table in tables.items():
        add(model, "model", table, calls_at(table["score"], t))
    first = next(iter(tables.values())).drop_duplicates("lesion_id")
    for name, call in ((TREAT_ALL, True), (TREAT_NONE, False)):
        add(name, "strategy", first, np.full((len(first), 1), call))
    for modality, members in readers.items():
        for reader, table in members.items():
            known = table[table["decision"].notna()]
            add(
                reader_name(reader, modality),
                "reader",
                known,
                known["decision"].to_numpy()[:, np.newaxis] == 1,
            )
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)


def _curve(
    table: pd.DataFrame, called: npt.NDArray[np.bool_], t: FloatArray, draws: Draws, *, confidence: float
) -> pd.DataFrame:
    labels, columns = table["label"].to_numpy(dtype=np.int64), draws.codes(table["patient_id"])
    treating_all_is_better = np.asarray(above(labels.mean(), t))[np.newaxis]
    own, gain = (
        net_benefit_band(
            labels, called, t, samples=draws.samples, columns=columns, minus=minus, confidence=confidence
        )
        for minus in (None, treating_all_is_better)
    )
    lesions = table.drop_duplicates("lesion_id")["label"]
    return decision_curve_of_calls(labels, called, t).assign(
        ci_low=own["ci_low"],
        ci_high=own["ci_high"],
        above_default=gain["estimate"],
        above_default_low=gain["ci_low"],
        above_default_high=gain["ci_high"],
        n=len(lesions),
        n_positive=int(lesions.sum()),
    )
