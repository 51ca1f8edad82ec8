"""Location-specific readings as readings of whole cases: what all but the free-response analysis is given."""

from __future__ import annotations

import pandas as pd

from samesplit.tables import POSITION, READING_KEY

__all__ = ["one_row_a_reading"]


def one_row_a_reading(readings: pd.DataFrame) -> pd.DataFrame:
    """Take of several marks of a case the highest rating, and call the case positive where any mark is.

    The highest rating of a case makes the inferred ROC curve of free-response data (Chakraborty 2017, Observer
    performance methods for diagnostic imaging, doi 10.1201/9781351228190). A case that was read and not marked
    has the lowest rating of all, one below every mark: were it taken as not read, the readers would be judged on
    the cases that they marked alone.

    Args:
        readings: One row a reading, or one row a mark with a column `mark`.

    Returns:
        One row a reading, without the columns of marks, sorted as given; the same table where there are no marks.

    Example:
        >>> marks = pd.DataFrame({"reader_id": "A", "lesion_id": ["L1", "L1", "L2"], "modality": "unaided",
        ...                       "mark": [1, 2, 1], "decision": [0, 1, 0], "score": [20.0, 80.0, 10.0]})
        >>> one_row_a_reading(marks)[["lesion_id", "decision", "score"]].values.tolist()
        [['L1', 1, 80.0], ['L2', 0, 10.0]]
        >>> marks["score"] = [20.0, 80.0, None]
        >>> one_row_a_reading(marks)["score"].tolist()
        [80.0, 19.0]
    """
    if "mark" not in readings:
        return readings
    whole = readings.drop(columns=[name for name in ("mark", *POSITION) if name in readings])
    key = [*READING_KEY, *(("task",) if "task" in whole else ())]
    placed = readings[[name for name in POSITION if name in readings]].notna().any(axis=1)
    parts = whole.assign(_is_placed=placed).groupby(key, sort=False, as_index=False).agg("max")
    found = parts[list(whole.columns)]
    if "score" not in found or found["score"].isna().all():
        return found
    return found.assign(
        score=found["score"].where(parts["_is_placed"] | found["score"].notna(), _below(whole))
    )


def _below(marks: pd.DataFrame) -> float:
    return float(marks["score"].min()) - 1
