"""Inflation of the AUC by leaks: the audit's figure, its table, and what each leak is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.ordering import first_best
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Details, Fact, Facts, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.leaks import LeakLine, Mark, draw_leaks
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    number,
    text_cell,
)
from samesplit.reports.rows import records

__all__ = ["audit", "audit_section"]

_TITLES = {"real": "True labels", "shuffled": "Permuted labels"}
_CAUTIONS = {
    "real": (
        "The intervals allow for other patients. They take the selected candidate and the random split as "
        "given, as a study would print them: they do not allow for the selection among candidates on the "
        "test part."
    ),
    "shuffled": (
        "A leak that has little to give in this cohort, such as few patients with several lesions or few cells to "
        "choose from, may let test labels in and yet stay near chance. Many leaks share one correct "
        "counterpart, the model as it is, and therefore its numbers."
    ),
}


def audit(context: Context) -> Section | None:
    """Build the section of a run whose benchmark was audited."""
    table, record = context.data.table("audit"), context.data.audit
    if table.empty or not record:
        return None
    return audit_section(table, record)


def audit_section(table: pd.DataFrame, record: dict[str, Any]) -> Section:
    """Build the section.

    Args:
        table: As `samesplit audit` writes it: one row a leak and kind of labels.
        record: What it was made from.
    """
    rows = records(table)
    blocks: list[Block] = [Prose(text=_in_words(rows, record))]
    if any(row["applied"] for row in rows):
        blocks.append(_figure(rows, record))
    blocks += [_table(rows, kind, record) for kind in _TITLES if any(r["labels"] == kind for r in rows)]
    blocks.append(_descriptions(rows))
    return Section(
        id="audit",
        title="Audit of leaks",
        lead=(
            "The radiomics model was run again, correctly and with one known mistake at a time: by how "
            "much each mistake would have inflated the AUC on this cohort."
        ),
        blocks=tuple(blocks),
    )


def _name(row: dict[str, Any]) -> str:
    return str(row["title"])


def _in_words(rows: list[dict[str, Any]], record: dict[str, Any]) -> str:
    done = [row for row in rows if row["applied"]]
    real = [row for row in done if row["labels"] == "real"]
    text = (
        f"Audited: {record['model']['title']} on {counted(int(record['lesions']), 'lesion')} and "
        f"{counted(int(record['features']), 'feature')}, {counted(int(record['repeats']), 'repeat')} of "
        f"{counted(int(record['folds']), 'fold')}. "
    )
    if any(float(row["difference"]) > 0 for row in real):
        most = real[first_best([float(row["difference"]) for row in real])]
        text += (
            f"The largest inflation is that of “{_name(most)}”: {number(most['difference'], signed=True)} "
            f"({interval_text(most['difference_low'], most['difference_high'], signed=True)}). "
        )
    shuffled = [row for row in done if row["labels"] == "shuffled"]
    if shuffled:
        at_chance = sum(_covers_chance(row, "honest") for row in shuffled)
        leaking = [row for row in shuffled if row["informative"]]
        above = sum(float(row["leaky_low"]) > 0.5 for row in leaking)
        text += (
            f"On permuted labels the correct counterparts of {at_chance} of {counted(len(shuffled), 'leak')} "
            f"are at chance (the interval contains 0.5), and {above} of the {len(leaking)} leaks that let test "
            "labels in are above it."
        )
    return text.strip()


def _covers_chance(row: dict[str, Any], which: str) -> bool:
    """Whether an interval covers 0.5; an AUC without an interval only when it is 0.5 itself."""
    low, high = row[f"{which}_low"], row[f"{which}_high"]
    if is_missing(low) or is_missing(high):
        return float(row[f"{which}_auc"]) == 0.5
    return float(low) <= 0.5 <= float(high)


def _figure(rows: list[dict[str, Any]], record: dict[str, Any]) -> Figure:
    shown = [row for row in rows if row["applied"]]
    keys = list(dict.fromkeys((row["leak"], row["variant"]) for row in shown))
    titles = {(row["leak"], row["variant"]): _name(row) for row in shown}
    panels = []
    for kind, title in _TITLES.items():
        by_key = {(row["leak"], row["variant"]): row for row in shown if row["labels"] == kind}
        if by_key:
            if kind == "shuffled":
                shuffles = int(next(iter(by_key.values()))["shuffles"])
                title += f", mean of {counted(shuffles, 'permutation')}"
            panels.append((title, [_line(by_key.get(key)) for key in keys]))
    alt = f"Dot plot of the AUC with and without each of {counted(len(keys), 'leak')}, with intervals."
    return Figure(
        id="audit-figure",
        title="AUC without and with each leak",
        caption=(
            f"Bars: {100 * float(record['confidence']):g} % intervals; at the right, the AUC with minus "
            "that without the leak. The dashed line is chance. On permuted labels there is nothing to "
            "learn: what lies above chance there is the leak."
        ),
        alt=alt,
        svg=draw_leaks([titles[key] for key in keys], panels, name="audit-figure", alt=alt),
    )


def _line(row: dict[str, Any] | None) -> LeakLine:
    if row is None:
        return LeakLine(None, None, False, "")
    text = f"{number(row['difference'], 2, signed=True)}"
    return LeakLine(_mark(row, "honest"), _mark(row, "leaky"), bool(row["informative"]), text)


def _mark(row: dict[str, Any], which: str) -> Mark:
    low, high = row[f"{which}_low"], row[f"{which}_high"]
    known = not (is_missing(low) or is_missing(high))
    return Mark(float(row[f"{which}_auc"]), float(low) if known else None, float(high) if known else None)


def _table(rows: list[dict[str, Any]], kind: str, record: dict[str, Any]) -> Table:
    columns = (
        Column(key="leak", title="Leak"),
        Column(key="informative", title="Test labels get in"),
        Column(key="honest", title="AUC without the leak", kind="interval"),
        Column(key="leaky", title="AUC with the leak", kind="interval"),
        Column(
            key="difference", title="Inflation", kind="interval", help="With minus without the leak, paired"
        ),
        Column(key="expected", title="As expected" if kind == "shuffled" else "Candidates of the grid"),
        Column(key="note", title="Notes"),
    )
    made = []
    methods = []
    for row in rows:
        if row["labels"] != kind:
            continue
        cells = {
            "leak": text_cell(_name(row)),
            "informative": text_cell("yes" if row["informative"] else "no"),
            "note": text_cell(_remark(row)),
        }
        if row["applied"]:
            methods.append(str(row["method"]))
            for key, value in (
                ("honest", "honest_auc"),
                ("leaky", "leaky_auc"),
                ("difference", "difference"),
            ):
                cells[key] = estimate_cell(
                    row[value], row[f"{key}_low"], row[f"{key}_high"], signed=key == "difference"
                )
            cells["expected"] = (
                text_cell(_as_expected(row)) if kind == "shuffled" else count_cell(row["candidates"])
            )
        made.append(Row(cells=cells))
    note = (
        f"{100 * float(record['confidence']):g} % intervals: {', '.join(dict.fromkeys(methods)) or 'none'}."
    )
    return Table(
        id=f"audit-{kind}",
        title=_TITLES[kind],
        columns=columns,
        rows=tuple(made),
        notes=(note, _CAUTIONS[kind]),
    )


def _remark(row: dict[str, Any]) -> str:
    """Return what is to be known of a row; of one without numbers, why it has none."""
    note = "" if is_missing(row["note"]) else str(row["note"])
    if row["applied"] or note.startswith(("failed:", "no AUC:")):
        return note
    return f"not applicable: {note}"


def _as_expected(row: dict[str, Any]) -> str:
    """Whether a row on shuffled labels is what it must be, in words."""
    if not _covers_chance(row, "honest"):
        return "no: the correct counterpart is not at chance"
    if row["informative"]:
        above = not is_missing(row["leaky_low"]) and float(row["leaky_low"]) > 0.5
        return "yes: above chance" if above else "no: not above chance"
    return "yes: at chance" if _covers_chance(row, "leaky") else "no: not at chance"


def _descriptions(rows: list[dict[str, Any]]) -> Details:
    facts = []
    for row in {(row["leak"], row["variant"]): row for row in rows}.values():
        text = (
            f"{row['done_in']} Measured here: {row['measured']} Correct counterpart: {row['honest_title']}."
        )
        facts.append(Fact(name=_name(row), text=text))
    return Details(
        summary="What each leak is, where it was found, and what is compared",
        blocks=(Facts(facts=tuple(facts)),),
    )
