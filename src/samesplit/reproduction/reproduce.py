"""Recompute the printed numbers of a study."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from samesplit.reproduction.finding import Finding
from samesplit.reproduction.numbers import Part, Recomputed, Verdict, printed_numbers, read_printed
from samesplit.reproduction.reasons import why_not_derivable
from samesplit.reproduction.rules import GENERIC_FINDINGS, GENERIC_RULES, Rule
from samesplit.reproduction.studies import rows_as_written_for, rules_of

__all__ = ["REPRODUCTION_COLUMNS", "VERDICTS", "Finding", "Reproduction", "reproduce", "reproduce_table"]

VERDICTS: tuple[Verdict, ...] = ("reproduced", "inconsistent", "not derivable")
REPRODUCTION_COLUMNS = (
    "row", "study", "table_figure", "cohort_split", "model_or_reader", "metric", "part", "printed", "recomputed",
    "formula", "verdict", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Reproduction:
    """The printed numbers of one file, each with one verdict.

    Attributes:
        table: One row a printed number; columns `REPRODUCTION_COLUMNS`.
        totals: How many have which verdict.
        findings: What no single number says.
    """

    table: pd.DataFrame
    totals: dict[Verdict, int]
    findings: list[Finding] = field(default_factory=list)


def reproduce(folder: Path) -> Reproduction:
    """Recompute every printed number that follows from other printed numbers.

    Args:
        folder: A folder with `published.csv`. Rows of a study that this package knows by the name in the column
            `study` are checked by its own rules first, then, as those of any other, by the generic ones.

    Returns:
        Every printed number with exactly one verdict, and the findings.

    Raises:
        SamesplitError: There is no such file, no row in it, or it is faulty.
    """
    return reproduce_table(read_printed(folder))


def reproduce_table(published: pd.DataFrame) -> Reproduction:
    """Recompute printed numbers that were read before.

    Args:
        published: As `samesplit.reproduction.numbers.read_printed` gives it.
    """
    heard: dict[tuple[int, Part], Recomputed] = {}
    findings: list[Finding] = []
    names = published["study"].map(lambda name: rules_of(str(name)).study)
    for study, rows in published.groupby(names, sort=False):
        known = rules_of(str(study))
        for one in _said((*known.rules, *GENERIC_RULES), rows):
            heard.setdefault((one.row, one.part), one)
        for finding in (rows_as_written_for, *known.findings, *GENERIC_FINDINGS):
            findings += finding(rows)
    table = _table(published, heard)
    counts = table["verdict"].value_counts()
    return Reproduction(table, {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}, findings)


def _said(rules: Iterable[Rule], rows: pd.DataFrame) -> Iterable[Recomputed]:
    for rule in rules:
        yield from rule(rows)


def _table(published: pd.DataFrame, heard: dict[tuple[int, Part], Recomputed]) -> pd.DataFrame:
    lines = []
    places = {int(str(row)): place for place, row in enumerate(published.index)}
    for number in printed_numbers(published):
        record = published.iloc[places[number.row]]
        said = heard.get((number.row, number.part))
        if said is None:
            said = Recomputed(
                number.row, number.part, None, "", "not derivable", why_not_derivable(record, number)
            )
        about = [record[column] for column in REPRODUCTION_COLUMNS[1:6]]
        line = [
            number.row,
            *about,
            number.part,
            number.text,
            said.value,
            said.formula,
            said.verdict,
            said.note,
        ]
        lines.append(line)
    return pd.DataFrame(lines, columns=pd.Index(REPRODUCTION_COLUMNS)).astype({"recomputed": "object"})
