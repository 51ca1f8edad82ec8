"""Who read what: cases of each reader and modality, whether the design is crossed, and when lesions were read."""

from __future__ import annotations

import pandas as pd

from samesplit.evaluation.readers.arrays import Cases
from samesplit.evaluation.readers.settings import ordered_modalities

__all__ = ["design_table", "read_table", "sessions_table"]

_DESIGN = [
    "reader_id", "modality", "n_cases", "n_positive", "n_patients", "n_scores", "n_decisions", "n_missing",
    "crossed",
]  # fmt: skip
_SESSIONS = [
    "reader_id", "modality", "reference", "n_cases", "n_dated", "washout_days_least", "washout_days_median",
    "washout_days_most", "n_reference_first", "n_reference_last", "order",
]  # fmt: skip


def design_table(readings: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Count what each reader read under each modality.

    Args:
        readings: One row a reading.
        truth: Indexed by lesion_id: patient_id, label.

    Returns:
        One row a reader and modality: cases with a score or a call, positive ones, patients, scores, calls, cases
        of the study that the reader did not read under this modality, and whether the whole design is crossed.
    """
    read = readings[readings["score"].notna() | readings["decision"].notna()]
    n_all = read["lesion_id"].nunique()
    modalities = ordered_modalities(read["modality"].tolist())
    n_readers = read["reader_id"].nunique()
    crossed = len(read) == n_all * len(modalities) * n_readers
    rows = []
    for modality in modalities:
        for reader, part in read[read["modality"] == modality].groupby("reader_id", sort=True):
            known = truth.loc[part["lesion_id"]]
            rows.append(
                (reader, modality, len(part), int(known["label"].sum()), known["patient_id"].nunique(),
                 int(part["score"].notna().sum()), int(part["decision"].notna().sum()), n_all - len(part), crossed)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=_DESIGN)


def read_table(readings: pd.DataFrame, cases: Cases) -> pd.DataFrame:
    """Write down which reader read which case, as the design matrix is drawn from.

    Args:
        readings: One row a reading.
        cases: The cases.

    Returns:
        One row a reader and modality: `read` holds a 1 or a 0 for each case, the negative cases first, each
        class in the order of the ids, and `n_negative` says how many these are.
    """
    order = pd.Series(cases.labels, index=cases.lesions).sort_values(kind="stable")
    read = readings[readings["score"].notna() | readings["decision"].notna()]
    rows = []
    for modality in ordered_modalities(read["modality"].tolist()):
        for reader, part in read[read["modality"] == modality].groupby("reader_id", sort=True):
            there = order.index.isin(part["lesion_id"])
            rows.append(
                (reader, modality, "".join("1" if one else "0" for one in there), int((order == 0).sum()))
            )
    return pd.DataFrame(rows, columns=["reader_id", "modality", "read", "n_negative"])


def sessions_table(readings: pd.DataFrame) -> pd.DataFrame:
    """Tell how many days lay between two readings of a lesion by a reader, and which came first.

    Args:
        readings: One row a reading; without columns `date`, `order` and `session` nothing is known.

    Returns:
        One row a reader and modality beside the first modality: lesions read under both, those dated under both,
        the least, median and most days between, how many lesions were read under the reference first and last, and
        how the order was recorded (`date`, `order`, or empty). Empty where there is one modality.
    """
    modalities = ordered_modalities(readings["modality"].tolist())
    rows = []
    for modality in modalities[1:]:
        for reader, part in readings.groupby("reader_id", sort=True):
            pair = _paired(part, modalities[0], modality)
            if pair is None:
                continue
            days = (pair["date"] - pair["date_first"]).dt.days
            by_day = int(days.notna().sum()) > 0
            after = days if by_day else pair["order"] - pair["order_first"]
            known = "date" if by_day else "order" if after.notna().any() else ""
            washout = days.abs()
            rows.append(
                (reader, modality, modalities[0], len(pair), int(days.notna().sum()),
                 washout.min(), washout.median(), washout.max(),
                 int((after > 0).sum()), int((after < 0).sum()), known)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=_SESSIONS)


def _paired(readings: pd.DataFrame, first: str, second: str) -> pd.DataFrame | None:
    """Put the two readings of each lesion beside each other; None where there are none."""
    table = readings.assign(
        date=pd.to_datetime(readings.get("date", pd.Series(index=readings.index, dtype="str"))),
        order=readings.get("order", pd.Series(index=readings.index, dtype="float64")),
    )
    columns = ["lesion_id", "date", "order"]
    sides = [table.loc[table["modality"] == name, columns] for name in (second, first)]
    pair = sides[0].merge(sides[1], on="lesion_id", suffixes=("", "_first"))
    return pair if len(pair) else None
