"""A factorial benchmark: what each factor explains, the mean of each level, and every combination."""

from __future__ import annotations

from typing import Any

from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.factorial import LevelMark, ShareBar, draw_factorial
from samesplit.reports.formatting import (
    estimate_cell,
    number_cell,
    text_cell,
)
from samesplit.reports.named_test_sets import lowest_site
from samesplit.reports.rows import records

__all__ = ["factorial"]

_REST = {
    "interactions": "Interactions of factors",
    "shared by factors": "Shared by factors",
    "folds": "Folds",
    "folds by combinations": "Folds by combinations (rest)",
}


def factorial(context: Context) -> Section | None:
    """Build the section; None where the run has no factorial benchmark."""
    shares = context.data.table("factorial")
    if shares.empty:
        return None
    terms, levels = records(shares), records(context.data.table("factorial_levels"))
    return Section(
        id="factorial",
        title="What each factor explains",
        lead=(
            "Every set of features was combined with every mask regime it has and every head, in the same frozen "
            "split. The variance of the AUCs, fold by fold and combination by combination, is taken apart."
        ),
        blocks=(
            _figure(context, terms, levels),
            _share_table(context, terms),
            _level_table(context, levels),
            _combinations(context),
        ),
    )


def _title(term: str) -> str:
    return _REST.get(term, term[:1].upper() + term[1:])


def _figure(context: Context, terms: list[dict[str, Any]], levels: list[dict[str, Any]]) -> Figure:
    bars = [
        ShareBar(
            _title(row["term"]), row["kind"] == "factor", row["share"], row["share_low"], row["share_high"]
        )
        for row in terms
    ]
    factors = [
        (
            _title(factor),
            [
                LevelMark(str(row["level"]), row["auc"], row["auc_low"], row["auc_high"])
                for row in levels
                if row["factor"] == factor
            ],
        )
        for factor in dict.fromkeys(row["factor"] for row in levels)
    ]
    alt = (
        "Bars of the share of the variance that each factor explains, and dots of the mean AUC of each level."
    )
    return Figure(
        id="factorial-figure",
        title="Variance explained, and mean AUC of each level",
        caption=f"Lines: {context.percent()} intervals, which allow for other test patients.",
        alt=alt,
        svg=draw_factorial(bars, factors, axis=context.main.noun, name="factorial-figure", alt=alt),
    )


def _share_table(context: Context, terms: list[dict[str, Any]]) -> Table:
    columns = (
        Column(key="term", title="Factor"),
        Column(key="share", title="Share of the variance", kind="interval"),
        Column(
            key="corrected",
            title="Without chance",
            kind="number",
            help="Omega squared: the share without what a factor that does nothing would have had",
        ),
        Column(key="range", title="Best minus worst level", kind="interval", help="Of the mean AUCs"),
    )
    rows = [
        Row(
            cells={
                "term": text_cell(_title(row["term"])),
                "share": estimate_cell(row["share"], row["share_low"], row["share_high"]),
                "corrected": number_cell(row["corrected"]),
                "range": estimate_cell(row["range"], row["range_low"], row["range_high"]),
            }
        )
        for row in terms
    ]
    notes = [
        f"{context.percent()} intervals: {terms[0]['method']}. Shares cannot fall below 0, and resampling adds "
        "noise of its own, so that intervals of small shares lie too high: a factor without any effect has a "
        "share above 0.",
    ]
    if any(row["term"] == "shared by factors" for row in terms):
        notes.append(
            "Not every level stands with every other equally often: the share of a factor is what it explains "
            "beyond the others, and what several explain alike stands by itself."
        )
    return Table(
        id="factorial-shares",
        title="Variance explained",
        columns=columns,
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _level_table(context: Context, levels: list[dict[str, Any]]) -> Table:
    columns = (
        Column(key="level", title="Level"),
        Column(key="auc", title=f"Mean {context.main.noun}", kind="interval"),
        Column(key="combinations", title="Combinations", kind="number"),
    )
    rows = [
        Row(
            group=_title(row["factor"]),
            cells={
                "level": text_cell(row["level"]),
                "auc": estimate_cell(row["auc"], row["auc_low"], row["auc_high"]),
                "combinations": number_cell(row["combinations"], 0),
            },
        )
        for row in levels
    ]
    return Table(id="factorial-levels", title="Levels", columns=columns, rows=tuple(rows))


def _combinations(context: Context) -> Table:
    table = context.data.table("factorial_models")
    factors = [str(column) for column in table if column not in ("model", "auc")]
    columns = (
        *(Column(key=factor.replace(" ", "_"), title=_title(factor)) for factor in factors),
        Column(key="auc", title=context.main.noun, kind="interval"),
        Column(key="site", title="Worst site", help="Where sites are judged apart"),
    )
    rows = []
    for row in records(table.sort_values("auc", ascending=False, kind="stable")):
        found = context.numbers.get(context.main.quantity, str(row["model"]))
        lowest = lowest_site(context, str(row["model"]))
        site = "" if lowest is None else f"{lowest[0]} {lowest[1].words()}"
        cells = {factor.replace(" ", "_"): text_cell(row[factor]) for factor in factors}
        cells["auc"] = number_cell(row["auc"]) if found is None else found.cell()
        rows.append(Row(key=str(row["model"]), cells=cells | {"site": text_cell(site)}))
    return Table(id="factorial-combinations", title="Combinations", columns=columns, rows=tuple(rows))
