"""The radiomics grid: every cell, the winner's curse, and the features chosen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import pandas as pd

from samesplit.ordering import merge_equals
from samesplit.reports.context import Context, slug
from samesplit.reports.figures.grid import draw_grid
from samesplit.reports.figures.selection import draw_selection
from samesplit.reports.figures.winners_curse import draw_winners_curse
from samesplit.reports.formatting import count_cell, counted, number, number_cell, text_cell
from samesplit.reports.model import Block, Column, Figure, Row, Section, Table
from samesplit.reports.rows import records
from samesplit.reports.sections.differences import fold_auc_table
from samesplit.reports.sections.split import fold_name
from samesplit.reports.sections.steadiness import steadiness

__all__ = ["radiomics"]

_FIT = ["seed", "repeat", "fold"]
_MOST_FOLDS = 25
_MOST_FEATURES = 18
_MOST_ROWS = 150


def radiomics(context: Context) -> Section | None:
    """Build the figures of every model that searched a grid or chose features."""
    blocks: list[Block] = []
    searched = 0
    for model in context.models:
        cells = context.found_by(model.name, "grid")
        if {"selector", "classifier", "inner_auc"} <= set(cells.columns) and len(cells):
            searched = max(searched, int(cells.groupby(_FIT).size().max()))
            blocks.append(_heat_map(context, model.name, cells))
            curse = _curse(context, model.name, cells)
            blocks += [curse] if curse is not None else []
        blocks += steadiness(context, model.name)
        features = context.found_by(model.name, "chosen_features")
        if len(features):
            blocks.append(_selection(context, model.name, features))
    if not blocks:
        return None
    compared = _where(context.data.table("details/grid"))
    lead = (
        f"In every fold {counted(searched, 'candidate')} were compared {compared}, and one was chosen and "
        "refitted; the test part was used once, after the choice."
        if searched
        else "Features chosen while fitting, on the training part of each fold alone."
    )
    return Section(id="radiomics", title="Radiomics grid and features", lead=lead, blocks=tuple(blocks))


def _where(grid: pd.DataFrame) -> str:
    """How candidates were compared, over all models that searched."""
    validated = (
        grid["validation_auc"].notna() if "validation_auc" in grid else pd.Series(False, index=grid.index)
    )
    if validated.all():
        return "on the validation part"
    inner = "by inner cross-validation on the training part"
    return f"{inner}, or on the validation part where a model says so" if validated.any() else inner


def _compared(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with `compared_auc`: the AUC by which the model compared them."""
    if "validation_auc" in cells and cells["validation_auc"].notna().any():
        return cells.assign(compared_auc=cells["validation_auc"])
    return cells.assign(compared_auc=cells["inner_auc"])


def _heat_map(context: Context, model: str, cells: pd.DataFrame) -> Figure:
    cells = cells.assign(size=cells.get("size", 0))
    cells = cells.assign(chosen=cells["chosen"].fillna(False).astype(bool) if "chosen" in cells else False)
    panels, picked = {}, {}
    for size, part in cells.groupby("size", sort=True):
        title = f"{size} features"
        panels[title] = part.pivot_table(
            index="selector", columns="classifier", values="inner_auc", dropna=False
        )
        picked[title] = part.pivot_table(
            index="selector", columns="classifier", values="chosen", aggfunc="sum"
        )
    fits = cells.groupby(_FIT).ngroups
    name = f"grid-{slug(model)}"
    alt = f"Heat map of the inner AUC of {len(cells) // max(fits, 1)} candidates, mean of {counted(fits, 'fit')}."
    return Figure(
        id=name,
        title=f"{context.title(model)}: inner AUC of every candidate",
        caption=(
            f"Mean over {counted(fits, 'fit')} (folds, repeats, seeds) of the AUC in inner "
            "cross-validation, and how often the candidate was chosen (a frame: at least once). Names as in "
            "the model's file."
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
        Column(key="chosen", title="Chosen", kind="number"),
    )
    rows = []
    for key, part in cells.groupby(["selector", "classifier", "size"], sort=True):
        selector, classifier, size = key
        rows.append(
            Row(
                cells={
                    "selector": text_cell(selector),
                    "classifier": text_cell(classifier),
                    "size": count_cell(size),
                    "inner": number_cell(float(part["inner_auc"].mean())),
                    "sd": number_cell(float(part["inner_auc"].std())),
                    "chosen": count_cell(int(part["chosen"].sum())),
                }
            )
        )
    return Table(id=f"{name}-table", title="Candidates", columns=columns, rows=tuple(rows))


def _curse(context: Context, model: str, cells: pd.DataFrame) -> Figure | None:
    """The AUC that chose against the outer AUC of the chosen candidate, fold by fold."""
    if "chosen" not in cells:
        return None
    on_validation = "validation_auc" in cells and cells["validation_auc"].notna().any()
    chooser = "validation" if on_validation else "inner"
    cells = _compared(cells)
    best = cells[cells["chosen"].fillna(False).astype(bool)]
    outer = fold_auc_table(context)
    both = best.merge(outer[outer["model"] == model][[*_FIT, "auc"]], on=_FIT, how="inner")
    both = both[both["auc"].notna() & both["compared_auc"].notna()].sort_values(_FIT)
    if both.empty:
        return None
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    seeds = len(both["seed"].unique()) > 1
    labels = [
        fold_name(int(r["repeat"]), int(r["fold"]), pairs) + (f", seed {r['seed']}" if seeds else "")
        for r in records(both)
    ]
    gap = number(float((both["compared_auc"] - both["auc"]).mean()), signed=True)
    inner, outer_mean = number(float(both["compared_auc"].mean())), number(float(both["auc"].mean()))
    name = f"curse-{slug(model)}"
    shown = both.head(_MOST_FOLDS)
    alt = f"{chooser.capitalize()} and test AUC of the chosen candidate in each fold; mean gap {gap}."
    rest = f" The first {len(shown)} of {len(both)} fits are drawn." if len(shown) < len(both) else ""
    return Figure(
        id=name,
        title=f"{context.title(model)}: the winner’s curse",
        caption=(
            f"The best of several {chooser} scores is expected to be too high by selection. Here: {chooser} "
            f"{inner}, "
            f"test {outer_mean}, gap {gap} on the mean of "
            f"{counted(len(both), 'fit')}.{rest}"
        ),
        alt=alt,
        width="half",
        svg=draw_winners_curse(
            labels[: len(shown)],
            shown["compared_auc"].tolist(),
            shown["auc"].tolist(),
            style=context.style(model),
            name=name,
            alt=alt,
            chooser=chooser,
        ),
        table=_curse_table(name, both, labels, _sparest(cells)),
    )


def _sparest(cells: pd.DataFrame) -> dict[tuple[int, ...], dict[Hashable, Any]]:
    """The sparest cell within one standard error of the best, by fit."""
    if "one_standard_error" not in cells:
        return {}
    marked = cells[cells["one_standard_error"].fillna(False).astype(bool)]
    return {tuple(int(row[key]) for key in _FIT): row for row in marked.to_dict("records")}


def _cell_name(row: Mapping[Hashable, Any]) -> str:
    return ", ".join(str(row[key]) for key in ("selector", "classifier", "size") if key in row)


def _curse_table(
    name: str,
    both: pd.DataFrame,
    labels: list[str],
    sparest: Mapping[tuple[int, ...], Mapping[Hashable, Any]],
) -> Table:
    columns = (
        Column(key="fold", title="Fold"),
        Column(key="chosen", title="Chosen"),
        Column(key="inner", title="AUC that chose", kind="number"),
        Column(key="outer", title="Test AUC", kind="number"),
        Column(key="gap", title="Gap", kind="number"),
        Column(key="sparest", title="Sparest within one standard error"),
        Column(key="sparest_inner", title="Its AUC", kind="number"),
    )
    spare = [sparest.get(tuple(int(row[key]) for key in _FIT), {}) for row in records(both)]
    rows = tuple(
        Row(
            cells={
                "fold": text_cell(label),
                "chosen": text_cell(_cell_name(row)),
                "inner": number_cell(row["compared_auc"]),
                "outer": number_cell(row["auc"]),
                "gap": number_cell(row["compared_auc"] - row["auc"], signed=True),
                "sparest": text_cell(_cell_name(other)),
                "sparest_inner": number_cell(other.get("compared_auc", float("nan"))),
            }
        )
        for label, row, other in zip(labels, both.to_dict("records"), spare, strict=True)
    )
    return Table(id=f"{name}-table", title="Choosing and test AUC of each fit", columns=columns, rows=rows)


def _selection(context: Context, model: str, features: pd.DataFrame) -> Figure:
    fits = features.groupby(_FIT).ngroups
    grouped = features.groupby("feature", sort=True)
    counts = grouped.size()
    ranks = grouped["rank"].mean() if "rank" in features else counts * float("nan")
    table = pd.DataFrame({"count": counts, "rank": merge_equals(ranks)}).reset_index()
    table = table.sort_values(["count", "rank", "feature"], ascending=[False, True, True], kind="stable")
    shown = table.head(_MOST_FEATURES)
    name = f"selection-{slug(model)}"
    first, times = shown["feature"].iloc[0], shown["count"].iloc[0]
    alt = f"How often features were chosen; the first is {first}, {times} of {fits}."
    rest = f" The first {len(shown)} of {len(table)} are drawn." if len(table) > len(shown) else ""
    return Figure(
        id=name,
        title=f"{context.title(model)}: features chosen",
        caption=(
            f"In how many of {counted(fits, 'fit')} each feature was chosen. Features that change from "
            "fold to fold "
            f"stand for each other; none of them is shown to matter by itself.{rest}"
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
        table=_selection_table(context, name, table, fits),
    )


def _selection_table(context: Context, name: str, table: pd.DataFrame, fits: int) -> Table:
    meaning = _meanings(context, table["feature"].astype(str))
    columns = (
        Column(key="feature", title="Feature", kind="code"),
        Column(key="meaning", title="Meaning (IBSI code)"),
        Column(key="count", title="Chosen", kind="number"),
        Column(key="share", title="Share of fits", kind="number"),
        Column(key="rank", title="Mean rank", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "feature": text_cell(row["feature"]),
                "meaning": text_cell(meaning.get(str(row["feature"]), "")),
                "count": count_cell(row["count"]),
                "share": number_cell(row["count"] / fits, 2),
                "rank": number_cell(row["rank"], 1),
            }
        )
        for row in table.head(_MOST_ROWS).to_dict("records")
    )
    rest = len(table) - len(rows)
    notes = (f"{rest} more in details/chosen_features.parquet.",) if rest > 0 else ()
    return Table(id=f"{name}-table", title="Features chosen", columns=columns, rows=rows, notes=notes)


def _meanings(context: Context, columns: Iterable[str]) -> dict[str, str]:
    """IBSI's name of each column `profile/sequence/feature`, with aggregation and code, where it has one."""
    catalogue = {(row["profile"], row["feature"]): row for row in records(context.data.table("catalogue"))}
    found: dict[str, str] = {}
    for column in columns:
        profile, _, rest = column.partition("/")
        row = catalogue.get((profile, rest.partition("/")[2]))
        if row is not None and row["ibsi_code"]:
            aggregation = f", {row['aggregation']}" if row["aggregation"] else ""
            found[column] = f"{row['name']}{aggregation} ({row['ibsi_code']})"
    return found
