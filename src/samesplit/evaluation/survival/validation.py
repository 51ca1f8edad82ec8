"""Predicted risks and survival times: checked before anything is computed from them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.errors import PredictionsError, StatisticsError
from samesplit.evaluation.validation import (
    FITTED,
    PREDICTION_KEY,
    name_some,
    refuse_doubled,
    with_text_ids,
)
from samesplit.ordering import merge_equals

__all__ = ["check_risk_predictions", "check_survival_truth"]


def check_survival_truth(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the truth with text ids, events and times, or say what is wrong with it.

    Args:
        truth: Indexed by lesion_id, with patient_id, label (1 where the event was seen, else 0), time (above 0)
            and columns to group by.

    Raises:
        StatisticsError: Columns are missing, a lesion is doubled, or events or times are not such.
    """
    missing = {"patient_id", "label", "time"} - set(truth.columns)
    if missing:
        raise StatisticsError(f"the truth lacks the columns {name_some(missing)}", where="truth")
    checked = truth.set_index(truth.index.astype(str).rename("lesion_id"))
    problems = {
        "lesions occur twice": checked.index.duplicated(),
        "events other than 0 and 1": ~checked["label"].isin([0, 1]),
        "times that are missing or not above 0": ~((checked["time"] > 0) & np.isfinite(checked["time"])),
        "lesions without a patient": checked["patient_id"].isna(),
    }
    for problem, wrong in problems.items():
        lesions = checked.index[np.asarray(wrong, dtype=bool)]
        if len(lesions):
            raise StatisticsError(f"{problem}: {name_some(lesions)}", where="truth")
    return checked.assign(
        label=checked["label"].astype("int64"),
        time=checked["time"].astype("float64"),
        patient_id=checked["patient_id"].astype(str),
    )


def check_risk_predictions(predictions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions, sorted by their key, or say what is wrong with them.

    Risks of one fitted model that are equal but for their last digits become the same number, so that ties are
    ties on every machine.

    Args:
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, risk.
        truth: As `check_survival_truth` returns it.

    Raises:
        PredictionsError: Columns are missing, no test rows, unknown lesions, doubled rows, or risks that are
            not finite.
    """
    where = "predictions"
    table = with_text_ids(predictions, ["risk"], truth)
    refuse_doubled(table, PREDICTION_KEY)
    wrong = table.loc[~np.isfinite(table["risk"]), "lesion_id"]
    if len(wrong):
        raise PredictionsError(
            f"risks missing or infinite: {name_some(wrong)}",
            where=where,
            remedy="leave out lesions without a prediction; they are reported as missing",
        )
    if not (table["subset"] == "test").any():
        raise PredictionsError("no predictions of the subset 'test'", where=where)
    risk = table.groupby(FITTED)["risk"].transform(
        lambda column: pd.Series(merge_equals(column, scale=column.abs().max()), index=column.index)
    )
    return table.assign(risk=risk).sort_values(PREDICTION_KEY, ignore_index=True)
