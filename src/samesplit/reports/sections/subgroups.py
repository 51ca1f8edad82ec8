"""Subgroups: the AUC in each of them, whether it differs between them, and how far error rates lie apart."""

from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Cell, Column, Details, Figure, Prose, Row, Section, Table
from samesplit.reports.figures.subgroups import (
    Subgroup,
    SubgroupEstimate,
    SubgroupsOfColumn,
    draw_subgroups,
)
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    is_missing,
    number,
    number_cell,
    p_cell,
    p_text,
    text_cell,
)
from samesplit.reports.ranking import leading_models
from samesplit.reports.rows import records

__all__ = ["subgroups"]

_MOST_DRAWN = 40
"""Beyond as many subgroups the figure would be too long; the table has them all."""


def subgroups(context: Context) -> Section | None:
    """Build the forest plot with the table behind it, the interaction tests and the table of fairness."""
    table = context.data.table("subgroups")
    if table.empty:
        return None
    blocks: list[Block] = [_figure(context, table)]
    tests = context.data.table("subgroup_tests")
    blocks += [Prose(text=text) for text in _sentences(context, tests)]
    blocks.append(Details(summary="Interaction tests of all models", blocks=(_tests(context, tests),)))
    fairness = context.data.table("fairness")
    if len(fairness):
        blocks.append(_fairness(context, fairness))
    lead = (
        "The same test lesions by what was declared of them before the run. A subgroup with fewer than 10 lesions "
        "of either class cannot be judged. Small subgroups have wide intervals, and comparing intervals by eye is "
        "no test: whether subgroups differ is what the interaction test says."
    )
    return Section(id="subgroups", title="Subgroups", lead=lead, blocks=tuple(blocks))


def column_title(column: str) -> str:
    """Return a column of the cohort as people read it.

    Example:
        >>> column_title("size_mm"), column_title("label_provenance")
        ('Size, mm', 'Reference standard')
    """
    known = {"label_provenance": "reference standard", "test_set": "named test set"}
    name = known.get(column, column.replace("_mm", ", mm").replace("_", " "))
    return name[:1].upper() + name[1:]


def _figure(context: Context, table: pd.DataFrame) -> Figure:
    there = set(table["model"])
    drawn = [model for model in leading_models(context) if model.name in there]
    columns = [
        _drawn_column(context, column, table[table["column"] == column], drawn)
        for column in dict.fromkeys(table["column"])
    ]
    shown: list[SubgroupsOfColumn] = []
    for column in columns:
        if sum(len(one.subgroups) for one in (*shown, column)) <= _MOST_DRAWN:
            shown.append(column)
    left = len(columns) - len(shown)
    further = f" {counted(left, 'further column')} in the table alone." if left else ""
    alt = (
        f"Forest plot of the AUC of {counted(len(drawn), 'model')} in the subgroups of "
        f"{counted(len(shown), 'column')} of the cohort."
    )
    return Figure(
        id="subgroups-figure",
        title="AUC by subgroup",
        caption=(
            f"Bars: {context.percent()} intervals of the AUC, not adjusted for the number of subgroups. In "
            f"brackets: {context.data.positive} of all lesions of the subgroup. P: interaction test of the first "
            "model, adjusted by Holm's method over the columns. Drawn are the model with the highest AUC, the "
            f"reference and the next; the table has all models.{further}"
        ),
        alt=alt,
        svg=draw_subgroups(
            shown,
            [(model.title, context.style(model.name)) for model in drawn],
            axis="AUC",
            chance=0.5,
            name="subgroups",
            alt=alt,
        ),
        table=_table(context, table),
    )


def _drawn_column(
    context: Context, column: str, table: pd.DataFrame, drawn: list[ModelInfo]
) -> SubgroupsOfColumn:
    groups = []
    for value in dict.fromkeys(table["value"]):
        rows = {str(row["model"]): row for row in records(table[table["value"] == value])}
        first = rows[drawn[0].name] if drawn else next(iter(rows.values()))
        estimates = [
            SubgroupEstimate(
                place,
                float(row["auc"]),
                None if is_missing(row["ci_low"]) else float(row["ci_low"]),
                None if is_missing(row["ci_high"]) else float(row["ci_high"]),
                f"{number(row['auc'])} ({interval_text(row['ci_low'], row['ci_high'])})",
            )
            for place, model in enumerate(drawn)
            if (row := rows.get(model.name)) is not None and not is_missing(row["auc"])
        ]
        title = f"{value} ({first['n_positive']}/{first['n']})"
        groups.append(Subgroup(title, estimates, "" if estimates else "cannot be judged"))
    tests = context.data.table("subgroup_tests")
    text = ""
    if drawn and len(tests):
        mine = tests[
            (tests["column"] == column) & (tests["model"] == drawn[0].name) & (tests["reference"] == "")
        ]
        p = mine["p_adjusted"].iloc[0] if len(mine) else None
        text = "no test" if is_missing(p) else f"P = {p_text(p)}".replace("= <", "<")
    return SubgroupsOfColumn(column_title(column), groups, text)


def _table(context: Context, table: pd.DataFrame) -> Table:
    reference = context.reference
    columns = [
        Column(key="column", title="Column"),
        Column(key="value", title="Subgroup"),
        Column(key="n", title="Lesions", kind="number"),
        Column(key="positive", title=context.data.positive, kind="number"),
        Column(key="auc", title="AUC", kind="interval"),
    ]
    if reference is not None:
        columns.append(
            Column(
                key="difference",
                title=f"Difference to {reference.title}",
                kind="interval",
                help="On the same lesions of the subgroup",
            )
        )
    rows = []
    for model in _that_vary(context):
        for row in records(table[table["model"] == model.name]):
            cells = {
                "column": text_cell(column_title(str(row["column"]))),
                "value": text_cell(row["value"]),
                "n": count_cell(row["n"]),
                "positive": count_cell(row["n_positive"]),
                "auc": Cell(
                    text="cannot be judged", note=str(row["reason"]).removeprefix("cannot be judged: ")
                )
                if row["reason"]
                else estimate_cell(row["auc"], row["ci_low"], row["ci_high"]),
            }
            if reference is not None:
                cells["difference"] = estimate_cell(
                    row["difference"], row["difference_low"], row["difference_high"], signed=True
                )
            rows.append(Row(cells=cells, group=model.title, key=model.name))
    return Table(
        id="subgroups-table",
        title="AUC by subgroup",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=("Intervals are of one subgroup each and are not adjusted for their number.",),
        sortable=False,
    )


def _sentences(context: Context, tests: pd.DataFrame) -> list[str]:
    """Say of the model with the highest AUC in which columns its AUC is shown to differ, and in which not."""
    leading = leading_models(context, 1)
    if not leading or tests.empty:
        return []
    model = leading[0]
    mine = tests[(tests["model"] == model.name) & (tests["reference"] == "")]
    said = {"differs": "is shown to differ", "not shown": "is not shown to differ"}
    sentences = [
        f"{said[str(row['claim'])]} between the {counted(int(row['n_groups']), 'subgroup')} of "
        f"{_in_words(row['column'])} that can be judged (adjusted P {_equals(row['p_adjusted'])})"
        for row in records(mine)
        if row["claim"] in said
    ]
    untested = [_in_words(row["column"]) for row in records(mine) if not row["claim"]]
    told = [f"The AUC of {model.title} {'; it '.join(sentences)}."] if sentences else []
    if untested:
        told.append(f"Too few subgroups are large enough to test: {', '.join(untested)}.")
    return told


def _in_words(column: object) -> str:
    """Return a column as it stands in a sentence: `size`."""
    return column_title(str(column)).removesuffix(", mm").lower()


def _equals(p: Any) -> str:
    shown = p_text(p)
    return shown if shown.startswith("<") else f"= {shown}"


def _tests(context: Context, tests: pd.DataFrame) -> Table:
    columns = (
        Column(key="column", title="Column"),
        Column(
            key="what", title="Tested", help="The difference is that to the reference, on the same lesions"
        ),
        Column(key="groups", title="Subgroups", kind="number", help="Those that can be judged"),
        Column(key="statistic", title="Chi-squared", kind="number"),
        Column(key="df", title="df", kind="number"),
        Column(key="p", title="P", kind="number"),
        Column(key="adjusted", title="Adjusted P", kind="number", help="By Holm's method over the columns"),
        Column(key="claim", title="Between subgroups"),
    )
    words = {"differs": "shown to differ", "not shown": "not shown to differ", "": "no test"}
    rows = []
    for model in _that_vary(context):
        for row in records(tests[tests["model"] == model.name]):
            rows.append(
                Row(
                    cells={
                        "column": text_cell(column_title(str(row["column"]))),
                        "what": text_cell("difference of AUC" if row["reference"] else "AUC"),
                        "groups": count_cell(row["n_groups"]),
                        "statistic": number_cell(row["statistic"], 2),
                        "df": count_cell(row["df"] if row["df"] else None),
                        "p": p_cell(row["p_value"]),
                        "adjusted": p_cell(row["p_adjusted"]),
                        "claim": text_cell(words[str(row["claim"])], note=str(row["note"])),
                    },
                    group=model.title,
                    key=model.name,
                )
            )
    return Table(
        id="subgroup-tests",
        title="Interaction tests",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Wald's test that the AUC, or its difference to the reference, is the same in all subgroups of a "
            "column that can be judged. A test that does not reject is no proof that subgroups are alike: with "
            "small subgroups it seldom rejects.",
        ),
    )


def _fairness(context: Context, fairness: pd.DataFrame) -> Table:
    columns = (
        Column(key="column", title="Column"),
        Column(key="groups", title="Subgroups", kind="number", help="Those that can be judged"),
        Column(key="worst", title="Lowest AUC in"),
        Column(key="n", title="Lesions", kind="number", help="Of the subgroup with the lowest AUC"),
        Column(key="positive", title=context.data.positive, kind="number"),
        Column(key="auc", title="Lowest AUC", kind="interval"),
        Column(
            key="opportunity",
            title="Equal-opportunity difference",
            kind="interval",
            help="The largest difference of sensitivity between two subgroups; 0 is best",
        ),
        Column(key="between", title="Sensitivity highest, lowest in"),
        Column(
            key="odds",
            title="Equalised-odds difference",
            kind="number",
            help="The larger of the largest differences of sensitivity and of false-positive rate; 0 is best",
        ),
    )
    rows = []
    for model in _that_vary(context):
        for row in records(fairness[fairness["model"] == model.name]):
            rows.append(Row(cells=_fair_cells(row), group=model.title, key=model.name))
    return Table(
        id="fairness",
        title="Fairness between subgroups",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "At the operating point of each model. The subgroups with the highest and the lowest value are chosen "
            "after seeing them, so the differences are larger than they would be for subgroups that are named "
            f"beforehand; the {context.percent()} interval of the equal-opportunity difference takes the two "
            "subgroups as given. Measures as in fairlearn.",
        ),
    )


def _that_vary(context: Context) -> list[ModelInfo]:
    """Return the models but the constant one, which has nothing to tell of subgroups."""
    return [model for model in context.models if not model.is_constant]


def _fair_cells(row: dict[str, Any]) -> dict[str, Cell]:
    both = [row["highest_sensitivity"], row["lowest_sensitivity"]]
    return {
        "column": text_cell(column_title(str(row["column"]))),
        "groups": count_cell(row["n_groups"]),
        "worst": text_cell(row["worst_group"]),
        "n": count_cell(row["worst_n"]),
        "positive": count_cell(row["worst_n_positive"]),
        "auc": estimate_cell(row["worst_auc"], row["worst_low"], row["worst_high"]),
        "opportunity": Cell(
            text="cannot be judged", note=str(row["reason"]).removeprefix("cannot be judged: ")
        )
        if row["reason"]
        else estimate_cell(
            row["equal_opportunity_difference"],
            row["equal_opportunity_low"],
            row["equal_opportunity_high"],
        ),
        "between": text_cell("" if any(map(is_missing, both)) else ", ".join(map(str, both))),
        "odds": number_cell(row["equalized_odds_difference"]),
    }
