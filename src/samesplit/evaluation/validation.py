"""The tables that an evaluation is given: checked, and cut down to the lesions that all models share."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from samesplit.errors import PredictionsError, ReadingsError, StatisticsError
from samesplit.ordering import merge_probabilities

__all__ = [
    "FITTED",
    "PREDICTION_KEY",
    "UNIT",
    "check_labels",
    "check_predictions",
    "check_readings",
    "check_reference",
    "check_truth",
    "choose_rater",
    "common_units",
    "name_some",
    "refuse_doubled",
    "with_text_ids",
]

UNIT = ["repeat", "fold", "lesion_id"]
"""What all models must have predicted for it to count: a lesion in a test fold."""

FITTED = ["model", "seed", "repeat", "fold"]
"""What names one fitted model."""
PREDICTION_KEY = [*FITTED, "subset", "rater", "lesion_id"]
"""What names one prediction of any kind of task."""
_READING_KEY = ["reader_id", "modality", "lesion_id"]


def name_some(names: Iterable[object], *, most: int = 5) -> str:
    """List names for a message, the first few of them.

    Example:
        >>> name_some(["L3", "L1", "L2"], most=2)
        'L1, L2 and 1 more'
    """
    ordered = sorted({str(name) for name in names})
    shown = ", ".join(ordered[:most])
    return shown if len(ordered) <= most else f"{shown} and {len(ordered) - most} more"


def check_truth(truth: pd.DataFrame) -> pd.DataFrame:
    """Return the truth with text ids and integer labels, or say what is wrong with it.

    Args:
        truth: Indexed by lesion_id, with patient_id and label (0 or 1) and any columns to group by.

    Raises:
        StatisticsError: Columns are missing, a lesion is doubled, or a label is not 0 or 1.
    """
    return check_labels(
        truth,
        range(2),
        problem="labels other than 0 and 1",
        remedy="map the two classes of the task to 0 and 1 and leave out lesions without one",
    )


def check_labels(truth: pd.DataFrame, allowed: range, *, problem: str, remedy: str) -> pd.DataFrame:
    """Return the truth with text ids and integer labels, or say what is wrong with it.

    Args:
        truth: Indexed by lesion_id, with patient_id and label and any columns to group by.
        allowed: The labels that there are.
        problem: What is wrong with a lesion that has another label.
        remedy: What to do about it.

    Raises:
        StatisticsError: Columns are missing, a lesion is doubled, has no patient, or another label.
    """
    missing = {"patient_id", "label"} - set(truth.columns)
    if missing:
        raise StatisticsError(f"the truth lacks the columns {name_some(missing)}", where="truth")
    checked = truth.set_index(truth.index.astype(str).rename("lesion_id"))
    doubled = checked.index[checked.index.duplicated()]
    if len(doubled):
        raise StatisticsError(f"lesions occur twice: {name_some(doubled)}", where="truth")
    wrong = checked.index[~checked["label"].isin(allowed)]
    if len(wrong):
        raise StatisticsError(f"{problem}: {name_some(wrong)}", where="truth", remedy=remedy)
    if checked["patient_id"].isna().any():
        orphans = checked.index[checked["patient_id"].isna()]
        raise StatisticsError(f"lesions without a patient: {name_some(orphans)}", where="truth")
    return checked.assign(
        label=checked["label"].astype("int64"), patient_id=checked["patient_id"].astype(str)
    )


def _check_columns(table: pd.DataFrame, needed: list[str], error: type[Exception], where: str) -> None:
    missing = set(needed) - set(table.columns)
    if missing:
        raise error(f"{where}: the columns {name_some(missing)} are missing")


def check_predictions(predictions: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions, sorted by their key, or say what is wrong with them.

    Probabilities of one fitted model that are equal but for their last digits become the same number, so that
    ties are ties on every machine.

    Args:
        predictions: Model, seed, repeat, fold, subset, rater, lesion_id, probability.
        truth: As `check_truth` returns it.

    Raises:
        PredictionsError: Columns are missing, no test rows, unknown lesions, doubled rows, or probabilities
            outside [0, 1].
    """
    where = "predictions"
    table = with_text_ids(predictions, ["probability"], truth)
    refuse_doubled(table, PREDICTION_KEY)
    wrong = table.loc[~table["probability"].between(0, 1), "lesion_id"]
    if len(wrong):
        raise PredictionsError(
            f"probabilities missing or outside [0, 1]: {name_some(wrong)}",
            where=where,
            remedy="leave out lesions without a prediction; they are reported as missing",
        )
    if not (table["subset"] == "test").any():
        raise PredictionsError("no predictions of the subset 'test'", where=where)
    probability = table.groupby(FITTED)["probability"].transform(
        lambda column: pd.Series(merge_probabilities(column), index=column.index)
    )
    return table.assign(probability=probability).sort_values(PREDICTION_KEY, ignore_index=True)


def with_text_ids(predictions: pd.DataFrame, columns: list[str], truth: pd.DataFrame) -> pd.DataFrame:
    """Return predictions of any kind with text ids; see to it that they have their key and a truth.

    Args:
        predictions: The key (`PREDICTION_KEY`) and what is predicted.
        columns: What is predicted.
        truth: Indexed by lesion_id.

    Raises:
        PredictionsError: Columns are missing, or a lesion is not in the truth.
    """
    where = "predictions"
    _check_columns(predictions, [*PREDICTION_KEY, *columns], PredictionsError, where)
    table = predictions.assign(lesion_id=predictions["lesion_id"].astype(str))
    unknown = table.loc[~table["lesion_id"].isin(truth.index), "lesion_id"]
    if len(unknown):
        raise PredictionsError(f"lesions without truth: {name_some(unknown)}", where=where)
    return table


def refuse_doubled(predictions: pd.DataFrame, key: list[str]) -> None:
    """See to it that no two predictions have the same key.

    Raises:
        PredictionsError: Two have; the lesions are named.
    """
    doubled = predictions.loc[predictions.duplicated(key), "lesion_id"]
    if len(doubled):
        raise PredictionsError(
            f"lesions predicted twice by the same model, seed, repeat and fold: {name_some(doubled)}",
            where="predictions",
        )


def check_reference(reference: str | None, predictions: pd.DataFrame) -> None:
    """See to it that the reference model, where there is one, has predictions.

    Raises:
        StatisticsError: It has none.
    """
    if reference is not None and reference not in set(predictions["model"]):
        raise StatisticsError(
            f"the reference model {reference!r} has no predictions",
            remedy=f"choose {name_some(predictions['model'])}",
        )


def check_readings(readings: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return the readings, sorted by their key, or say what is wrong with them.

    Args:
        readings: Reader_id, lesion_id, modality, decision (0, 1 or missing), score (or missing).
        truth: As `check_truth` returns it.

    Raises:
        ReadingsError: Columns are missing, unknown lesions, doubled rows, or other decisions than 0 and 1.
    """
    where = "readings"
    _check_columns(readings, [*_READING_KEY, "decision", "score"], ReadingsError, where)
    table = readings.assign(lesion_id=readings["lesion_id"].astype(str))
    unknown = table.loc[~table["lesion_id"].isin(truth.index), "lesion_id"]
    if len(unknown):
        raise ReadingsError(f"lesions without truth: {name_some(unknown)}", where=where)
    doubled = table.loc[table.duplicated(_READING_KEY), "lesion_id"]
    if len(doubled):
        raise ReadingsError(
            f"lesions read twice by the same reader in the same modality: {name_some(doubled)}", where=where
        )
    wrong = table.loc[~(table["decision"].isna() | table["decision"].isin([0, 1])), "lesion_id"]
    if len(wrong):
        raise ReadingsError(f"decisions other than 0, 1 or missing: {name_some(wrong)}", where=where)
    return table.sort_values(_READING_KEY, ignore_index=True)


def choose_rater(predictions: pd.DataFrame, primary_rater: str | None) -> str:
    """Return the rater whose masks the main results are of.

    Args:
        predictions: As `check_predictions` returns them.
        primary_rater: The rater; None when there is only one.

    Raises:
        StatisticsError: Several raters and none named, or one named that is not there.
    """
    raters = sorted(predictions["rater"].unique())
    if primary_rater is None and len(raters) == 1:
        return str(raters[0])
    if primary_rater is None:
        raise StatisticsError(
            f"the predictions are of several raters: {name_some(raters)}", remedy="name the primary rater"
        )
    if primary_rater not in raters:
        raise StatisticsError(
            f"there are no predictions of the rater {primary_rater!r}", remedy=f"choose {name_some(raters)}"
        )
    return primary_rater


def common_units(test: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Keep the test lesions that every model predicted with all its seeds, fold by fold.

    Args:
        test: Test predictions of one rater.

    Returns:
        The kept rows, and a note for each model that lacks predictions.

    Raises:
        PredictionsError: Nothing is common to all models.
    """
    notes: list[str] = []
    units = pd.MultiIndex.from_frame(test[UNIT].drop_duplicates())
    common = units
    for model, part in test.groupby("model", sort=True):
        n_seeds = part.groupby(["repeat", "fold"])["seed"].nunique()
        if n_seeds.min() < n_seeds.max():
            notes.append(f"{model}: the folds do not all have the same number of seeds")
        seen = part.groupby(UNIT)["seed"].nunique().reset_index()
        wanted = n_seeds.loc[pd.MultiIndex.from_frame(seen[["repeat", "fold"]])].to_numpy()
        complete = pd.MultiIndex.from_frame(seen.loc[seen["seed"] == wanted, UNIT])
        lacking = units.difference(complete)
        if len(lacking):
            lesions = lacking.get_level_values("lesion_id").unique()
            notes.append(
                f"{model}: {len(lacking)} of {len(units)} test predictions are missing "
                f"({name_some(lesions)}); left out for every model"
            )
        common = common.intersection(complete)
    if not len(common):
        raise PredictionsError(
            "no test lesion of any fold was predicted by all models",
            where="predictions",
            remedy="predict on the folds of the same split, with the same repeat and fold numbers",
        )
    kept = pd.MultiIndex.from_frame(test[UNIT]).isin(common)
    return test[kept], notes
