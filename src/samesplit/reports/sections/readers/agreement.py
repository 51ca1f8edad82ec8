"""How far readers and models agree, and the cases that all readers or a model got wrong."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Details, Figure, Row, Section, Table
from samesplit.reports.figures.reader_study.similarity import draw_similarity
from samesplit.reports.formatting import (
    capitalised,
    count_cell,
    counted,
    estimate_cell,
    number_cell,
    p_cell,
    text_cell,
)
from samesplit.reports.rows import groups, records
from samesplit.reports.sections.readers.each_reader import mrmc_cell

__all__ = ["reader_agreement"]

_TITLES = {
    "percent_agreement": "Percent agreement",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac1": "Gwet's AC1",
    "icc": "Intraclass correlation, ICC(A,1)",
    "cohen_kappa": "Cohen's kappa with oneself",
}
_MOST_CASES = 40


def reader_agreement(context: Context) -> Section | None:
    """Build the section; None where nothing was computed of agreement."""
    blocks: list[Block] = []
    blocks += _matrices(context)
    table = context.data.table("readers/agreement")
    if len(table):
        blocks.append(_agreement(table[table["reader_id"] == ""]))
        own = table[table["reader_id"] != ""]
        if len(own):
            blocks.append(
                Details(summary="Each reader with and without aid", blocks=(_with_themselves(own),))
            )
    limits = context.data.table("readers/limits")
    if len(limits):
        blocks.append(Details(summary="Limits of agreement of the scores", blocks=(_limits(limits),)))
    blocks += _missed(context)
    if not blocks:
        return None
    lead = (
        "How alike readers and models call the same lesions, and the lesions that all readers or a model called "
        "wrongly. Agreement says nothing about who is right."
    )
    return Section(
        id="reader-agreement", title="Agreement of readers and models", lead=lead, blocks=tuple(blocks)
    )


def _matrices(context: Context) -> list[Block]:
    table = context.data.table("readers/similarity")
    blocks: list[Block] = []
    if table.empty:
        return blocks
    constant = {f"model:{model.name}" for model in context.models if model.is_constant}
    kept = table[~table["first"].isin(constant) & ~table["second"].isin(constant)]
    for place, (modality, part) in enumerate(kept.groupby("modality", sort=False)):
        ordered = part.sort_values(["place_first", "place_second"])
        names = list(dict.fromkeys(ordered["first"]))
        if len(names) < 2:
            continue
        titles = {name: _title(context, name) for name in names}
        matrix = _square(ordered, names)
        measure = str(part["measure"].iloc[0])
        shown = matrix.rename(index=titles, columns=titles)
        ident = f"reader-similarity-{place}"
        counts = counted(len(names), "reader or model", "readers and models")
        alt = f"Heat map of the similarity, {measure}, of every two of {counts}, {modality}."
        blocks.append(
            Figure(
                id=ident,
                title=f"Similarity, readers {modality}",
                caption="Clustered: those who call alike stand beside each other (average linkage).",
                alt=alt,
                width="half" if len(names) <= 5 else "full",
                svg=draw_similarity(shown, measure=measure, name=ident, alt=alt),
                table=_matrix_table(ident, matrix, titles, measure),
            )
        )
    return blocks


def _square(pairs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Put the similarities of pairs into a square."""
    values = {(row["first"], row["second"]): row["similarity"] for row in records(pairs)}
    return pd.DataFrame(
        [[values[one, other] for other in names] for one in names], index=names, columns=names
    )


def _title(context: Context, name: str) -> str:
    kind, found, model = name.partition("model:")
    return context.title(model) if found and not kind else name


def _matrix_table(ident: str, matrix: pd.DataFrame, titles: dict[str, str], measure: str) -> Table:
    names = list(matrix.index)
    columns = [Column(key="who", title=measure)]
    columns += [Column(key=f"c{i}", title=titles[name], kind="number") for i, name in enumerate(names)]
    rows = tuple(
        Row(
            cells={"who": text_cell(titles[name])}
            | {f"c{i}": number_cell(matrix.loc[name, other], 2) for i, other in enumerate(names)}
        )
        for name in names
    )
    return Table(id=f"{ident}-table", title=measure, columns=tuple(columns), rows=rows, sortable=False)


def _agreement(table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Coefficient"),
        Column(key="of", title="Of"),
        Column(key="estimate", title="Estimate", kind="interval"),
        Column(key="readers", title="Readers", kind="number"),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="method", title="Method"),
    )
    rows = tuple(
        Row(
            cells={
                "what": text_cell(_TITLES[row["statistic"]]),
                "of": text_cell(row["of"]),
                "estimate": mrmc_cell(row, 2),
                "readers": count_cell(row["n_readers"]),
                "n": count_cell(row["n"]),
                "method": text_cell(row["method"]),
            },
            group=capitalised(str(row["modality"])),
        )
        for row in records(table)
    )
    return Table(
        id="reader-agreement-table",
        title="Agreement among the readers",
        columns=columns,
        rows=rows,
        sortable=False,
    )


def _with_themselves(table: pd.DataFrame) -> Table:
    columns = (
        Column(key="who", title="Reader"),
        Column(key="pair", title="Conditions"),
        Column(key="estimate", title="Cohen's kappa", kind="interval"),
        Column(key="p", title="P", kind="number"),
        Column(key="n", title="Lesions", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "who": text_cell(row["reader_id"]),
                "pair": text_cell(f"{row['reference']}, {row['modality']}"),
                "estimate": mrmc_cell(row, 2),
                "p": p_cell(row["p_value"]),
                "n": count_cell(row["n"]),
            }
        )
        for row in records(table)
    )
    return Table(
        id="reader-self-agreement", title="Each reader with and without aid", columns=columns, rows=rows
    )


_KINDS = {
    "BRWM": "Two readers, same condition",
    "WRBM": "One reader, two conditions",
    "BRBM": "Two readers, two conditions",
}


def _limits(table: pd.DataFrame) -> Table:
    columns = (
        Column(key="what", title="Two scores of a case"),
        Column(key="pair", title="Conditions"),
        Column(key="mean", title="Mean difference", kind="interval"),
        Column(key="low", title="Lower limit", kind="number"),
        Column(key="high", title="Upper limit", kind="number"),
        Column(key="readers", title="Readers", kind="number"),
        Column(key="n", title="Lesions", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "what": text_cell(_KINDS[row["kind"]]),
                "pair": text_cell(" − ".join(part for part in (row["modality"], row["reference"]) if part)),
                "mean": estimate_cell(row["mean_difference"], row["ci_low"], row["ci_high"], 2, signed=True),
                "low": number_cell(row["limit_low"], 2, signed=True),
                "high": number_cell(row["limit_high"], 2, signed=True),
                "readers": count_cell(row["n_readers"]),
                "n": count_cell(row["n"]),
            }
        )
        for row in records(table)
    )
    return Table(
        id="reader-limits",
        title="Limits of agreement of the scores",
        columns=columns,
        rows=rows,
        notes=(
            "95 % of the differences of two scores of a case lie between the limits; readers and cases random.",
        ),
        sortable=False,
    )


def _missed(context: Context) -> list[Block]:
    table = context.data.table("readers/cases")
    if table.empty:
        return []
    names = [context.reference.name] if context.reference else []
    names += [model.name for model in context.models if not model.is_control and model.name not in names]
    blocks: list[Block] = []
    for place, name in enumerate(names):
        mine = table[table["model"] == name]
        if mine.empty:
            continue
        built = _cases(context, name, mine, place)
        blocks.append(built if not blocks else Details(summary=built.title, blocks=(built,)))
    return blocks


def _cases(context: Context, model: str, table: pd.DataFrame, place: int) -> Table:
    columns = (
        Column(key="case", title="Lesion", kind="code"),
        Column(key="modality", title="Readers"),
        Column(key="truth", title="True class"),
        Column(key="right", title="Readers right"),
        Column(key="score", title="Score of the model", kind="number"),
    )
    classes = (context.data.negative, context.data.positive)
    rows = []
    for row in records(table.sort_values("kind", kind="stable", ascending=False)):
        rows.append(
            Row(
                cells={
                    "case": text_cell(row["lesion_id"]),
                    "modality": text_cell(row["modality"]),
                    "truth": text_cell(classes[int(row["label"])]),
                    "right": text_cell(f"{int(row['n_right'])} of {int(row['n_readers'])}"),
                    "score": number_cell(row["model_score"], 2),
                },
                group=capitalised(str(row["kind"])),
            )
        )
    told = "; ".join(
        f"{modality}: {kind}, {counted(len(part), 'lesion')}"
        for (modality, kind), part in groups(table, ["modality", "kind"])
    )
    folds = context.data.table("decisions")
    ranked = "fold" in folds and len(set(folds["fold"])) > 1
    left = max(len(rows) - _MOST_CASES, 0)
    notes = [capitalised(told) + "."]
    if ranked:
        notes.append("Score of the model: rank within the fold, between 0 and 1.")
    if left:
        notes.append(f"{counted(left, 'further row')} in readers/cases.parquet.")
    return Table(
        id=f"reader-cases-{place}",
        title=f"All readers against {context.title(model)}: lesions called wrongly",
        columns=columns,
        rows=tuple(rows[:_MOST_CASES]),
        notes=tuple(notes),
        sortable=False,
    )
