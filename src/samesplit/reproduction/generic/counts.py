"""Counts that must add up."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.names import canonical_metric
from samesplit.reproduction.numbers import Recomputed, Verdict, cell_text, parse

__all__ = ["class_sizes", "counts_add_up", "shares_of_counts"]


def counts_add_up(published: pd.DataFrame) -> list[Recomputed]:
    """Compare totals with the sums of their parts.

    A row of the metric `count` is part of the total that `comparator` names; rows of one `task` (what is divided:
    subtype, hospital, ...), `cohort_split` and `comparator` are all its parts. The total is the row of the metric
    `count` with that name as `model_or_reader` in the same `cohort_split`.

    Args:
        published: Rows of one study.
    """
    counts = published[published["metric"].map(lambda name: canonical_metric(str(name)) == "count")]
    found: dict[int, Recomputed] = {}
    parts = counts[counts["comparator"] != ""]
    for keys, rows in parts.groupby(["cohort_split", "task", "comparator"], sort=False):
        split, what, name = (str(key) for key in keys)
        totals = counts[(counts["cohort_split"] == split) & (counts["model_or_reader"] == name)]
        numbers = [parse(text).number for text in rows["value"]]
        if totals.empty or any(number is None for number in numbers):
            continue
        total = sum(number for number in numbers if number is not None)
        formula = (
            f"{f'sum over {what}' if what else 'sum'}: {' + '.join(str(text) for text in rows['value'])}"
        )
        for row, record in totals.iterrows():
            printed = parse(cell_text(record, "value"))
            fits = agrees(printed, total)
            said = Recomputed(
                int(str(row)), "value", total, formula, "reproduced" if fits else "inconsistent"
            )
            if said.row not in found or not fits:
                found[said.row] = said
            if fits:
                for part, number in zip(rows.index, numbers, strict=True):
                    rest = f"{printed.text} less the other parts{f' ({what})' if what else ''}"
                    entry = Recomputed(int(str(part)), "value", number, rest, "reproduced")
                    found.setdefault(entry.row, entry)
    return list(found.values())


def shares_of_counts(published: pd.DataFrame) -> list[Recomputed]:
    """Compare printed percentages with the counts that they are of.

    A row of the metric `share` (as a fraction, or with "%") belongs to the row of the metric `count` with the same
    `table_figure`, `task`, `cohort_split` and `model_or_reader`; it is of the total that `comparator` of that row
    names.

    Args:
        published: Rows of one study.
    """
    metrics = published["metric"].map(lambda name: str(name).casefold())
    counts = published[metrics.map(lambda name: canonical_metric(name) == "count")]
    keys = ["table_figure", "task", "cohort_split", "model_or_reader"]
    found = []
    for row, record in published[metrics == "share"].iterrows():
        same = counts[(counts[keys] == record[keys]).all(axis=1)]
        if len(same) != 1 or not same["comparator"].iloc[0]:
            continue
        total = counts[
            (counts["cohort_split"] == record["cohort_split"])
            & (counts["model_or_reader"] == same["comparator"].iloc[0])
        ]
        if total.empty:
            continue
        part, whole = parse(same["value"].iloc[0]).number, parse(total["value"].iloc[0]).number
        if part is None or not whole:
            continue
        fits = agrees(parse(cell_text(record, "value")), part / whole)
        said: Verdict = "reproduced" if fits else "inconsistent"
        found.append(Recomputed(int(str(row)), "value", part / whole, f"{part:g}/{whole:g}", said))
    return found


def class_sizes(published: pd.DataFrame) -> list[Finding]:
    """Say in how many rows the classes do not add up to the number of lesions.

    Args:
        published: Rows of one study.
    """
    total = published["n_pos"] + published["n_neg"]
    uneven = published[total.notna() & published["n"].notna() & (total != published["n"])]
    if uneven.empty:
        return []
    table = (
        uneven.groupby(["table_figure", "n_pos", "n_neg", "n"], sort=False)
        .size()
        .reset_index(name="printed rows")
        .assign(sum=lambda rows: rows["n_pos"] + rows["n_neg"])
    )
    table = table[["table_figure", "n_pos", "n_neg", "sum", "n", "printed rows"]]
    whole = dict.fromkeys(("n_pos", "n_neg", "sum", "n"), "int64")
    table = table.astype(whole).rename(columns={"table_figure": "table"})
    text = "The two classes of these rows do not add up to the number of lesions or patients printed beside them."
    return [Finding("Classes that do not add up", text, table)]
