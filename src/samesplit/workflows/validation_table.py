"""All that `samesplit validate` finds as one table, one row a finding, to be worked through."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from samesplit.errors import SamesplitError

__all__ = ["place_of", "validation_table"]

_COLUMNS = ["finding", "file", "line", "lesion_id", "sequence", "rater", "problem", "remedy"]
_PLACE = re.compile(
    r"^(?P<file>.*?), (?P<kind>lines?|row) (?P<lines>\d[\d, ]*(?: and line \d+)?)(?P<rest>,.*)?$"
)


def place_of(fault: SamesplitError) -> tuple[str, str]:
    """Return the file of a fault and its lines, as text; "" for what it does not say.

    Example:
        >>> place_of(SamesplitError("x", where="/data/lesions.csv, lines 2, 6"))
        ('/data/lesions.csv', '2, 6')
        >>> place_of(SamesplitError("x", where="/data/t.csv, line 3 and line 6")), place_of(SamesplitError("x"))
        (('/data/t.csv', '3, 6'), ('', ''))
    """
    where = fault.where or ""
    found = _PLACE.match(where)
    if found is None:
        return where, ""
    return found["file"], found["lines"].replace(" and line ", ", ")


def validation_table(
    faults: Sequence[SamesplitError], problems: pd.DataFrame, doubled: pd.DataFrame, notes: Sequence[str]
) -> pd.DataFrame:
    """Put all findings into one table.

    Args:
        faults: What is wrong with declarations, tables and models.
        problems: Ledger rows.
        doubled: Images that stand under several patients.
        notes: What was found out about the files.

    Returns:
        Columns finding (`fault`, a status of the case ledger, `doubled` or `note`), file, line, lesion_id,
        sequence, rater, problem and remedy; all text.
    """
    rows = []
    for fault in faults:
        file, lines = place_of(fault)
        rows.append(
            {
                "finding": "fault",
                "file": file,
                "line": lines,
                "problem": fault.problem,
                "remedy": fault.remedy,
            }
        )
    for row in problems.to_dict("records"):
        kept = {name: row[name] for name in ("lesion_id", "sequence", "rater")}
        rows.append({"finding": row["status"], "problem": row["reason"], **kept})
    for row in doubled.to_dict("records"):
        rows.append(
            {
                "finding": "doubled",
                "file": row["image"],
                "lesion_id": row["lesion_id"],
                "sequence": row["sequence"],
                "problem": f"the image stands under several patients, among them {row['patient_id']}",
                "remedy": "give each patient the right file, or the lesions of one patient the same patient_id",
            }
        )
    rows += [
        {"finding": "note", "file": note.partition(": ")[0], "problem": note.partition(": ")[2]}
        for note in notes
    ]
    return pd.DataFrame(rows, columns=_COLUMNS, dtype="object").fillna("")
