"""The radiomics grid: every candidate, selection optimism, and the selected features."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from samesplit.reports.context import Context, slug
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.grid import draw_grid
from samesplit.reports.figures.selection import draw_selection
from samesplit.reports.figures.winners_curse import draw_winners_curse
from samesplit.reports.formatting import MISSING, count_cell, counted, number, number_cell, text_cell
from samesplit.reports.rows import records
from samesplit.reports.sections.fold_assignment import fold_name
from samesplit.reports.sections.selection_stability import selection_stability
from samesplit.reports.sections.simple_arm import simple_arm

__all__ = ["radiomics"]

_MOST_FOLDS = 25
_MOST_FEATURES = 18
_MOST_ROWS = 150


def radiomics(context: Context) -> Section | None:
    """Build the figures of every model that searched a grid or chose features."""
    blocks: list[Block] = []
    searched = 0
    for model in context.models:
        cells = context.summed_up(model.name, "grid_cells")
        if len(cells):
            searched = max(searched, len(cells))
            blocks.append(_heat_map(context, model.name, cells))
            curse = _curse(context, model.name, context.summed_up(model.name, "chosen_cells"))
            blocks += [curse] if curse is not None else []
        blocks += selection_stability(context, model.name)
        features = context.summed_up(model.name, "selected_features")
        if len(features):
            blocks.append(_selection(context, model.name, features))
    if not blocks:
        return None
    beside = simple_arm(context)
    blocks = [beside, *blocks] if beside is not None else blocks
    compared = _where(context.data.table("summaries/chosen_cells"))
    lead = (
        f"In every fold {counted(searched, 'candidate')} were compared {compared}, and one was selected and "
        "refitted. The test part was used once, after the selection."
        if searched
        else "Features selected while fitting, on the training part of each fold alone."
    )
    return Section(
        id="radiomics", title="Radiomics grid and selected features", lead=lead, blocks=tuple(blocks)
    )


def _where(chosen: pd.DataFrame) -> str:
    """How candidates were compared, over all models that searched."""
    choosers = set(chosen["chooser"]) if "chooser" in chosen else set()
    if choosers == {"validation"}:
        return "on the validation part"
    inner = "by inner cross-validation on the training part"
    return f"{inner}, or on the validation part where a model says so" if len(choosers) > 1 else inner


def _heat_map(context: Context, model: str, cells: pd.DataFrame) -> Figure:
    panels, picked = {}, {}
    for size, part in cells.groupby("size", sort=True):
        title = f"{size} features"
        panels[title] = part.pivot_table(
            index="selector", columns="classifier", values="inner_auc", dropna=False
        )
        picked[title] = part.pivot_table(index="selector", columns="classifier", values="chosen")
    fits = int(cells["fits"].max())
    name = f"grid-{slug(model)}"
    alt = f"Heat map of the inner AUC of {len(cells)} candidates, mean of {counted(fits, 'fit')}."
    return Figure(
        id=name,
        title=f"{context.title(model)}: AUC of every candidate in inner cross-validation",
        caption=(
            f"Mean over {counted(fits, 'fit')} (folds, repeats, seeds) of the AUC in inner "
            "cross-validation, and how often the candidate was selected (bold: at least once). Names "
            "are those of the model's file."
        ),
        alt=alt,
        svg=draw_grid(panels, chosen=picked, name=name, alt=alt),
        table=_grid_table(name, cells),
    )


def _grid_table(name: str, cells: pd.DataFrame) -> Table:
    columns = (
        Column(key="selector", title="Selector"),
        Column(key="classifier", title="Classifier"),
        Column(key="size", title="Features", kind="number"),
        Column(key="inner", title="Inner AUC, mean", kind="number"),
        Column(key="sd", title="SD over fits", kind="number"),
        Column(key="chosen", title="Times selected", kind="number"),
    )
    rows = [
        Row(
            cells={
                "selector": text_cell(row["selector"]),
                "classifier": text_cell(row["classifier"]),
                "size": count_cell(row["size"]),
                "inner": number_cell(row["inner_auc"]),
                "sd": number_cell(row["inner_sd"]),
                "chosen": count_cell(row["chosen"]),
            }
        )
        for row in records(cells)
    ]
    return Table(id=f"{name}-table", title="Candidates", columns=columns, rows=tuple(rows))


def _curse(context: Context, model: str, both: pd.DataFrame) -> Figure | None:
    """Return the AUC that chose against the test AUC of the chosen candidate, fit by fit."""
    if both.empty:
        return None
    chooser = str(both["chooser"].iloc[0])
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    seeds = len(both["seed"].unique()) > 1
    labels = [
        fold_name(int(r["repeat"]), int(r["fold"]), pairs) + (f", seed {r['seed']}" if seeds else "")
        for r in records(both)
    ]
    means = [context.numbers.get(quantity, model) for quantity in ("choosing_auc", "chosen_test_auc")]
    inner, outer_mean = (number(found.estimate) if found else MISSING for found in means)
    difference = context.numbers.get("choosing_gap", model)
    gap = number(difference.estimate, signed=True) if difference else MISSING
    name = f"curse-{slug(model)}"
    shown = both.head(_MOST_FOLDS)
    alt = (
        f"{chooser.capitalize()} and test AUC of the selected candidate in each fold; mean difference {gap}."
    )
    rest = f" The first {len(shown)} of {len(both)} fits are drawn." if len(shown) < len(both) else ""
    return Figure(
        id=name,
        title=f"{context.title(model)}: selection optimism",
        caption=(
            f"The best of several {chooser} scores is too high by selection (the winner’s curse). Mean over "
            f"{counted(len(both), 'fit')}: {chooser} {inner}, test {outer_mean}, difference {gap}.{rest}"
        ),
        alt=alt,
        width="half",
        svg=draw_winners_curse(
            labels[: len(shown)],
            shown["choosing_auc"].tolist(),
            shown["test_auc"].tolist(),
            style=context.style(model),
            name=name,
            alt=alt,
            chooser=chooser,
        ),
        table=_curse_table(name, both, labels),
    )


def _cell_name(row: Mapping[Hashable, Any]) -> str:
    return ", ".join(str(row[key]) for key in ("selector", "classifier", "size") if key in row)


def _curse_table(name: str, both: pd.DataFrame, labels: list[str]) -> Table:
    columns = (
        Column(key="fold", title="Fold"),
        Column(key="chosen", title="Selected candidate"),
        Column(key="inner", title="AUC used for selection", kind="number"),
        Column(key="outer", title="Test AUC", kind="number"),
        Column(key="gap", title="Difference", kind="number"),
        Column(key="sparest", title="Most parsimonious candidate (one-standard-error rule)"),
        Column(key="sparest_inner", title="Its AUC", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "fold": text_cell(label),
                "chosen": text_cell(_cell_name(row)),
                "inner": number_cell(row["choosing_auc"]),
                "outer": number_cell(row["test_auc"]),
                "gap": number_cell(row["gap"], signed=True),
                "sparest": text_cell(row["sparest"]),
                "sparest_inner": number_cell(row["sparest_auc"]),
            }
        )
        for label, row in zip(labels, both.to_dict("records"), strict=True)
    )
    return Table(
        id=f"{name}-table",
        title="AUC used for selection and test AUC of each fit",
        columns=columns,
        rows=rows,
    )


def _selection(context: Context, model: str, table: pd.DataFrame) -> Figure:
    fits = int(table["fits"].max())
    shown = table.head(_MOST_FEATURES)
    name = f"selection-{slug(model)}"
    first, times = shown["feature"].iloc[0], shown["count"].iloc[0]
    alt = f"How often features were selected; the first is {first}, {times} of {fits}."
    rest = f" The first {len(shown)} of {len(table)} are drawn." if len(table) > len(shown) else ""
    return Figure(
        id=name,
        title=f"{context.title(model)}: selected features",
        caption=(
            f"In how many of {counted(fits, 'fit')} each feature was selected. Features that change from "
            f"fold to fold are often interchangeable; none of them is shown to matter by itself.{rest}"
        ),
        alt=alt,
        svg=draw_selection(
            shown["feature"].tolist(),
            shown["count"].tolist(),
            of=fits,
            style=context.style(model),
            name=name,
            alt=alt,
        ),
        table=_selection_table(context, name, table),
    )


def _selection_table(context: Context, name: str, table: pd.DataFrame) -> Table:
    meaning = _meanings(context, table["feature"].astype(str))
    columns = (
        Column(key="feature", title="Feature", kind="code"),
        Column(key="meaning", title="Meaning (IBSI code)"),
        Column(key="count", title="Times selected", kind="number"),
        Column(key="share", title="Share of fits", kind="number"),
        Column(key="rank", title="Mean rank", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "feature": text_cell(row["feature"]),
                "meaning": text_cell(meaning.get(str(row["feature"]), "")),
                "count": count_cell(row["count"]),
                "share": number_cell(row["share"], 2),
                "rank": number_cell(row["mean_rank"], 1),
            }
        )
        for row in table.head(_MOST_ROWS).to_dict("records")
    )
    rest = len(table) - len(rows)
    notes = (f"{rest} more in summaries/selected_features.parquet.",) if rest > 0 else ()
    return Table(id=f"{name}-table", title="Selected features", columns=columns, rows=rows, notes=notes)


def _meanings(context: Context, columns: Iterable[str]) -> dict[str, str]:
    """IBSI's name of each column `profile/sequence/feature`, with aggregation and code, where it has one."""
    catalogue = {(row["profile"], row["feature"]): row for row in records(context.data.table("catalogue"))}
    found: dict[str, str] = {}
    for column in columns:
        profile, _, rest = column.partition("/")
        row = catalogue.get((profile, rest.partition("/")[2]))
        if row is not None and row["ibsi_code"]:
            aggregation = f", {row['aggregation']}" if row["aggregation"] else ""
            of = f", of {row['filter']} ({row['filter_code']})" if row.get("filter") else ""
            found[column] = f"{row['name']}{aggregation} ({row['ibsi_code']}){of}"
    return found
