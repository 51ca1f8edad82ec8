"""The reader study: who read what, each reader under each condition, and the MRMC analysis."""

from __future__ import annotations

from samesplit.reports.context import Context
from samesplit.reports.document import Block, Details, Section
from samesplit.reports.formatting import capitalised, counted, interval_text, join_words, number, p_text
from samesplit.reports.rows import records
from samesplit.reports.sections.readers.design import design_blocks
from samesplit.reports.sections.readers.each_reader import reader_tables, reading_table
from samesplit.reports.sections.readers.mrmc import components_table, mrmc_table, subgroup_table
from samesplit.reports.sections.readers.study_figures import changes_figure, operating_points_figure

__all__ = ["readers"]

_MOST_ROWS = 24
"""A longer table of readings is one click away."""


def readers(context: Context) -> Section | None:
    """Build the section; None without readers."""
    if not context.readers:
        return None
    tables = reader_tables(context)
    blocks: list[Block] = [*design_blocks(context)]
    figures = (operating_points_figure(context), changes_figure(context))
    blocks += [figure for figure in figures if figure is not None]
    blocks += [table for table in (mrmc_table(context), components_table(context)) if table is not None]
    blocks += tables
    subgroups = subgroup_table(context)
    if subgroups is not None:
        blocks.append(Details(summary="MRMC analysis by subgroup", blocks=(subgroups,)))
    table = reading_table(context)
    many = len(table.rows) > _MOST_ROWS
    blocks.append(Details(summary=table.title, blocks=(table,)) if many else table)
    return Section(id="readers", title="Readers", lead=_lead(context), blocks=tuple(blocks))


def _lead(context: Context) -> str:
    people = {reader.reader for reader in context.readers if not reader.is_mean}
    modalities = list(dict.fromkeys(reader.modality for reader in context.readers))
    where = "on the same lesions as the models" if context.models else ""
    text = f"{counted(len(people), 'reader')}, {join_words(modalities)}{', ' + where if where else ''}. "
    table = context.data.table("readers/mrmc")
    auc = table[(table["quantity"] == "auc") & (table["group"] == "all")] if len(table) else table
    if auc.empty:
        return (
            text
            + "No MRMC analysis of the AUC: the readers are taken as fixed, and intervals allow for other "
            "patients, not for other readers."
        )
    changes = [row for row in records(auc) if row["reference"]]
    for row in changes:
        text += (
            f"{capitalised(row['modality'])} minus {row['reference']}: mean AUC "
            f"{number(row['estimate'], signed=True)} ({context.percent()} CI "
            f"{interval_text(row['ci_low'], row['ci_high'], signed=True)}; P {_p(row['p_value'])}). "
        )
    return text + (
        "In the MRMC analysis readers and lesions are both random: its intervals hold for other readers and "
        "other patients. The lines of single readers, and of their mean with readers fixed, allow for other "
        "patients alone."
    )


def _p(p: float) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"
