"""The report of `samesplit readers`: a reader study from tables alone."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.ordering import below
from samesplit.reports.context import Context
from samesplit.reports.document import Badge, Fact, Facts, Prose, Report, Section, Table
from samesplit.reports.document import Column as TableColumn
from samesplit.reports.document import Row as TableRow
from samesplit.reports.formatting import (
    capitalised,
    count_cell,
    counted,
    interval_text,
    join_words,
    number,
    p_text,
    short_hash,
    text_cell,
)
from samesplit.reports.rows import records
from samesplit.reports.sections.curves import curves
from samesplit.reports.sections.readers import reader_sections

__all__ = ["reader_study_report"]


def reader_study_report(context: Context, record: dict[str, Any]) -> Report:
    """Say what the report says.

    Args:
        context: Of the study: truth, readings, predictions, results and tables.
        record: What it was made from: files with their hashes, options, versions, the command.
    """
    sections = (
        _test_set(context),
        *reader_sections(context),
        curves(context) if context.models else None,
        _notes(context),
        _provenance(record),
    )
    return Report(
        samesplit=str(record["samesplit"]),
        benchmark=str(record["title"]),
        run="reader study",
        kicker="Reader study",
        title=str(record["title"]),
        question=str(record["question"]),
        answer=_answer(context),
        badges=(
            Badge(
                name="readings",
                text=short_hash(record["readings"]["sha256"]),
                full=record["readings"]["sha256"],
            ),
            Badge(name="truth", text=short_hash(record["truth"]["sha256"]), full=record["truth"]["sha256"]),
            Badge(name="samesplit", text=str(record["samesplit"])),
            Badge(name="finished", text=str(record["finished"])[:16].replace("T", " ")),
        ),
        sections=tuple(section for section in sections if section is not None),
        footer=(
            f"Written by samesplit {record['samesplit']}. Beside this page: report.json (every number "
            "that it shows at "
            "full precision), results.csv and tables/*.csv (every estimate), record.json (what it was made from)."
        ),
    )


def _answer(context: Context) -> str:
    """Answer with an interval: what was declared beforehand, then the change with aid or the readers' mean."""
    declared = len(context.data.table("readers/hypotheses")) > 0
    against = _against_readers(context)
    mrmc, is_change = _readers_mean(context)
    if declared:
        return " ".join(part for part in (against, mrmc if is_change else "") if part)
    if is_change or not against:
        return mrmc or "No MRMC analysis could be made; the notes say why."
    return against


def _against_readers(context: Context) -> str:
    """Say how the reference model compares with the mean reader, and which declared hypotheses were shown."""
    table = context.data.table("readers/against_model")
    primary = records(table[table["primary"].astype(bool)]) if len(table) else []
    if not primary:
        return ""
    row = primary[0]
    steps = []
    for step in records(context.data.table("readers/hypotheses")):
        margin = (
            f" with a margin of {number(step['margin'])}" if step["hypothesis"] == "non-inferiority" else ""
        )
        p = "" if step["decision"] == "not tested" else f" (one-sided P {_p(step['p_one_sided'])})"
        steps.append(f"{step['hypothesis']}{margin}: {step['decision']}{p}")
    told = "".join(f"; {step}" for step in steps)
    return (
        f"{context.title(row['model'])} against the readers' mean ({row['modality']}): the AUC "
        f"{_differs(context, row)}{_ends(context, row)}; two-sided P {_p(row['p_value'])}; "
        f"{counted(int(row['n_readers']), 'reader')}, {counted(int(row['n']), 'case')}, both random){told}."
    )


def _readers_mean(context: Context) -> tuple[str, bool]:
    """Say how a condition changed the readers' mean, or what it is, and whether it is a change."""
    table = context.data.table("readers/mrmc")
    if table.empty:
        return "", False
    mine = table[(table["quantity"] == "auc") & (table["group"] == "all")]
    if mine.empty:
        mine = table[(table["quantity"] == "accuracy") & (table["group"] == "all")]
    rows = records(mine)
    if not rows:
        return "", False
    what = "AUC" if mine["quantity"].iloc[0] == "auc" else "accuracy"
    row = next((row for row in rows if row["reference"]), rows[0])
    ends = _ends(context, row)
    of = f"{counted(int(row['n_readers']), 'reader')}, {counted(int(row['n']), 'case')}, both random"
    if row["reference"]:
        return (
            f"{row['modality']} against {row['reference']}: the readers' mean {what} {_differs(context, row)}"
            f"{ends}; P {_p(row['p_value'])}; {of})."
        ), True
    return f"The readers' mean {what} is {number(row['estimate'])} ({ends}; {of}).", False


def _differs(context: Context, row: dict[str, Any]) -> str:
    """Write a difference up to its bracket; one whose P value is not below the level is not shown to be there."""
    text = number(row["estimate"], signed=True)
    is_shown = below(row["p_value"], 1 - context.data.confidence)
    return f"differs by {text} (" if is_shown else f"is not shown to differ ({text}; "


def _ends(context: Context, row: dict[str, Any]) -> str:
    if pd.isna(row["ci_low"]):
        return "no interval"
    return f"{context.percent()} CI {interval_text(row['ci_low'], row['ci_high'])}"


def _p(p: float) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _test_set(context: Context) -> Section:
    """Count the cases and their classes, by whatever the truth says besides."""
    lesions = context.data.lesions
    judged = lesions[lesions.index.isin(context.data.readings["lesion_id"])]
    positive = int(judged["positive"].sum())
    facts = (
        Fact(name="Cases", text=counted(len(judged), "case")),
        Fact(name="Patients", text=counted(judged["patient_id"].nunique(), "patient")),
        Fact(name=capitalised(context.data.positive), text=f"{positive} of {len(judged)}"),
        Fact(name="Readers", text=counted(context.data.readings["reader_id"].nunique(), "reader")),
        Fact(name="Conditions", text=join_words(sorted(set(context.data.readings["modality"])))),
        Fact(name="Models", text=join_words([model.title for model in context.models]) or "none"),
    )
    blocks: list[Facts | Table] = [Facts(facts=facts)]
    groups = [name for name in context.data.section("statistics").get("groups", []) if name in judged]
    if groups:
        rows = [
            TableRow(
                cells={
                    "value": text_cell(str(value)),
                    "n": count_cell(len(part)),
                    "positive": count_cell(int(part["positive"].sum())),
                },
                group=str(name),
            )
            for name in groups
            for value, part in judged.groupby(name, sort=True)
        ]
        columns = (
            TableColumn(key="value", title="Subgroup"),
            TableColumn(key="n", title="Cases", kind="number"),
            TableColumn(key="positive", title=capitalised(context.data.positive), kind="number"),
        )
        blocks.append(
            Table(id="test-set-groups", title="Cases by subgroup", columns=columns, rows=tuple(rows))
        )
    return Section(id="test-set", title="Cases and readers", blocks=tuple(blocks))


def _notes(context: Context) -> Section | None:
    if not context.data.notes:
        return None
    return Section(id="notes", title="Notes", blocks=tuple(Prose(text=note) for note in context.data.notes))


def _provenance(record: dict[str, Any]) -> Section:
    files = [("Readings", record["readings"]), ("Truth", record["truth"])]
    files += [("Predictions", item) for item in record["predictions"]]
    facts = [
        Fact(name=name, text=f"{item['file']}, SHA-256 {item['sha256']}", code=True) for name, item in files
    ]
    facts += [Fact(name=name, text=version) for name, version in record["versions"].items()]
    facts.append(Fact(name="Command", text=record["command"], code=True))
    return Section(id="provenance", title="Provenance", blocks=(Facts(facts=tuple(facts)),))
