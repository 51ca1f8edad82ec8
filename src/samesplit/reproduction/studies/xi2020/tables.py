"""The tables of whole lesions behind Table 2, and what they show."""

from __future__ import annotations

import pandas as pd

from samesplit.reproduction.agrees import agrees, is_double_rounded
from samesplit.reproduction.confusion import rate_of
from samesplit.reproduction.finding import Finding
from samesplit.reproduction.generic.groups import rate_groups
from samesplit.reproduction.generic.intervals import interval_counts
from samesplit.reproduction.numbers import cell_text
from samesplit.reproduction.studies.xi2020.lookup import PAPER, READERS_AND_MODELS, paper_tables, rows_of

__all__ = ["intervals_of_test", "other_ensemble", "rounded_twice", "specificity_ties", "tables_found"]

_PARTS = ("train", "validation", "test", "test, segmenter 3")
_CODE = "Xi 2020, public code"


def tables_found(published: pd.DataFrame) -> list[Finding]:
    """List the tables of whole lesions, and how many tables the printed rates alone leave.

    Args:
        published: Rows of the study.
    """
    groups = rate_groups(rows_of(published, study=PAPER))
    lines, needed = [], 0
    for part in _PARTS:
        for group in groups:
            table = group.fit.table
            is_wanted = group.cohort_split == part and group.model in READERS_AND_MODELS
            if not is_wanted or table is None or group.distinct <= 2:
                continue
            needed += group.by_intervals
            right = f"{table.tp + table.tn}/{table.n}"
            fitting = f"{group.fit.fitting} of {group.fit.printed}"
            counts = (table.tp, table.fn, table.tn, table.fp)
            lines.append((part, group.model, *counts, right, fitting, group.without_intervals))
    if not lines:
        return []
    columns = [
        "part", "model or reader", "TP", "FN", "TN", "FP", "right", "rates it prints", "tables by rates alone",
    ]  # fmt: skip
    text = (
        f"Each of these {len(lines)} rows comes from one table of whole lesions and from no other. In all "
        f"test rows two decimals suffice; for {needed} rows of the validation and training parts several "
        f"tables print the same rates, and the printed intervals leave one. {_notebook_agrees(published)}"
    ).strip()
    return [Finding("Whole lesions behind every row", text, pd.DataFrame(lines, columns=columns))]


def _notebook_agrees(published: pd.DataFrame) -> str:
    """Say for how many rows the public notebook's rates, most with three decimals, give the same table."""
    paper = paper_tables(published)
    pairs = [
        (paper[(group.cohort_split, group.model)], group.fit.table)
        for group in rate_groups(rows_of(published, study=_CODE))
        if group.model != "Ensemble" and (group.cohort_split, group.model) in paper
    ]
    same = sum(first == second for first, second in pairs)
    return f"The public notebook's rates give the same table in {same} of {len(pairs)} rows." if pairs else ""


def intervals_of_test(published: pd.DataFrame) -> list[Finding]:
    """Count the test intervals that each method gives.

    Args:
        published: Rows of the study.
    """
    paper = rows_of(published, study=PAPER)
    test = paper[
        paper["cohort_split"].str.startswith("test") & paper["model_or_reader"].isin(READERS_AND_MODELS)
    ]
    counted = interval_counts(test)
    if not counted["reproduced"].any():
        return []
    total, best = int(counted["intervals"].iloc[0]), counted.iloc[counted["reproduced"].to_numpy().argmax()]
    others = ", ".join(
        f"{row['method']} {row['reproduced']}"
        for _, row in counted.iterrows()
        if row["method"] != best["method"]
    )
    text = (
        "The adjusted Wald interval of the Methods is Agresti and Coull's with z = 1.96: it gives "
        f"{best['reproduced']} of the {total} intervals of test lesions to the printed digit. The other "
        f"methods give fewer: {others}."
    )
    return [Finding("The adjusted Wald interval is Agresti and Coull's", text, counted)]


def rounded_twice(published: pd.DataFrame) -> list[Finding]:
    """List the rates that were rounded twice.

    Args:
        published: Rows of the study.
    """
    lines = []
    for group in rate_groups(rows_of(published, study=PAPER)):
        table = group.fit.table
        if table is None:
            continue
        for _, metric, number in group.rates:
            value = rate_of(table, metric)
            if is_double_rounded(number, value):
                printed = _in_notebook(published, group.cohort_split, group.model, metric)
                about = (group.cohort_split, group.model, metric.upper())
                lines.append((*about, f"{value:.4f}", printed, number.text))
    if not lines:
        return []
    columns = ["part", "model", "metric", "computed", "public notebook", "paper"]
    text = (
        "These were first rounded to three decimals, as the public notebook prints them, and from there to "
        "two: the paper's last digit is one too high."
    )
    return [Finding("Rounded twice", text, pd.DataFrame(lines, columns=columns))]


def _in_notebook(published: pd.DataFrame, part: str, model: str, metric: str) -> str:
    rows = rows_of(published, study=_CODE, cohort_split=part, model_or_reader=model, metric=metric.upper())
    return cell_text(rows.iloc[0], "value") if len(rows) == 1 else ""


def specificity_ties(published: pd.DataFrame) -> list[Finding]:
    """Name those that share the highest specificity on the test lesions.

    Args:
        published: Rows of the study.
    """
    tables = {model: table for (part, model), table in paper_tables(published).items() if part == "test"}
    if "Ensemble" not in tables:
        return []
    most = max(table.tn for table in tables.values())
    tied = [model for model, table in tables.items() if table.tn == most]
    n = tables["Ensemble"].tn + tables["Ensemble"].fp
    if "Ensemble" not in tied or len(tied) < 2:
        return []
    text = (
        f"{', '.join(tied[:-1])} and {tied[-1]} all have {most} of {n} benign lesions right: no one has the "
        "highest specificity alone."
    )
    return [Finding("The highest specificity is shared", text)]


def other_ensemble(published: pd.DataFrame) -> list[Finding]:
    """Compare the ensemble of the paper with that of the public notebook.

    Args:
        published: Rows of the study.
    """
    lines = []
    for part in ("train", "validation", "test"):
        mine = rows_of(published, cohort_split=part, model_or_reader="Ensemble")
        paper, code = rows_of(mine, study=PAPER, table_figure="Table 2"), rows_of(mine, study=_CODE)
        for _, record in paper.iterrows():
            same = code[code["metric"] == record["metric"]]
            if len(same) == 1 and not agrees(cell_text(record, "value"), float(same["number"].iloc[0])):
                lines.append((part, record["metric"], record["value"], same["value"].iloc[0]))
    if not lines:
        return []
    columns = ["part", "metric", "paper", "public notebook"]
    text = (
        "The stored output of the public notebook (2019-10-14) has the clinical model, networks, experts "
        f"and radiomics of the paper, but another ensemble: {len(lines)} of its numbers differ from Table "
        "2, the test accuracy among them. What the paper prints for the ensemble cannot be had from the "
        "public output."
    )
    return [Finding("The public notebook holds another ensemble", text, pd.DataFrame(lines, columns=columns))]
