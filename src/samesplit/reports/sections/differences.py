"""Differences between models, and how each model spreads over folds and seeds."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from samesplit.ordering import below, first_best, merge_equals
from samesplit.reports.answer import is_shown
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.figures.spread import Spread, draw_spread
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
from samesplit.reports.model import Block, Column, Figure, Row, Section, Table
from samesplit.reports.rows import records
from samesplit.reports.sections.split import fold_name
from samesplit.statistics import fold_aucs

__all__ = ["differences", "fold_auc_table"]

_MOST_LINES = 28


def differences(context: Context) -> Section | None:
    """Build the forest plot of all pairs and the spread over folds."""
    blocks: list[Block] = []
    pairs = _pairs(context)
    if pairs is not None:
        blocks.append(pairs)
    spread = _spread(context)
    if spread is not None:
        blocks.append(spread)
    if not blocks:
        return None
    return Section(
        id="differences",
        title="Differences between models",
        lead="Paired: every difference is on the lesions that both models predicted.",
        blocks=tuple(blocks),
    )


def _ordered(context: Context) -> pd.DataFrame:
    """The pairs, turned: the reference stands second, else the higher AUC first."""
    table = context.data.table("pairs")
    reference = context.reference.name if context.reference else None
    rows = []
    for found in records(table):
        lower = below(found["difference"], 0.0, scale=1.0)
        turn = found["model_a"] == reference or (found["model_b"] != reference and lower)
        if turn:
            found["model_a"], found["model_b"] = found["model_b"], found["model_a"]
            found["auc_a"], found["auc_b"] = found["auc_b"], found["auc_a"]
            found["difference"] = -found["difference"]
            found["ci_low"], found["ci_high"] = -found["ci_high"], -found["ci_low"]
        rows.append(found | {"with_reference": found["model_b"] == reference})
    ordered = pd.DataFrame(rows)
    if ordered.empty:
        return ordered
    ordered["difference"] = merge_equals(ordered["difference"], scale=1.0)
    return ordered.sort_values(
        ["with_reference", "difference", "model_a"], ascending=[False, False, True], kind="stable"
    ).reset_index(drop=True)


def _pairs(context: Context) -> Figure | None:
    table = _ordered(context)
    if table.empty:
        return None
    constant = {model.name for model in context.models if model.is_constant}
    drawn = table[
        ~table["model_a"].isin(constant) & ~table["model_b"].isin(constant) & table["difference"].notna()
    ]
    lines = [_line(context, row) for row in records(drawn.head(_MOST_LINES))]
    if not lines:
        return None
    shown = sum(line.strong for line in lines)
    alt = f"Forest plot of {counted(len(lines), 'difference')} of AUC; {shown} shown after adjustment."
    left = len(table) - len(lines)
    return Figure(
        id="pairs",
        title="Pairwise differences of AUC",
        caption=(
            f"Bars: {context.percent()} intervals, not adjusted. Filled: shown after Holm's adjustment "
            "(the interval "
            "leaves 0 out and the adjusted p is small); hollow: not shown to differ."
            + (f" {counted(left, 'further pair')} in the table." if left else "")
        ),
        alt=alt,
        svg=draw_differences(lines, axis="Difference of AUC", name="pairs", alt=alt),
        table=_pairs_table(context, table),
    )


def _line(context: Context, row: dict[str, Any]) -> Difference:
    low, high, p = (float(row[key]) for key in ("ci_low", "ci_high", "p_holm"))
    known = not (is_missing(low) or is_missing(high))
    estimate = float(row["difference"])
    tested = f"· p Holm {p_text(p)}" if not is_missing(p) else ""
    return Difference(
        title=f"{context.title(str(row['model_a']))} − {context.title(str(row['model_b']))}",
        estimate=estimate,
        low=low if known else None,
        high=high if known else None,
        text=f"{number(estimate, signed=True)} ({interval_text(low, high, signed=True)}) {tested}".strip(),
        colour=context.style(str(row["model_a"])).colour,
        strong=is_shown(low, high, p, confidence=context.data.confidence),
    )


def _pairs_table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="a", title="Model"),
        Column(key="b", title="minus"),
        Column(key="n", title="n", kind="number"),
        Column(key="auc_a", title="AUC", kind="number"),
        Column(key="auc_b", title="AUC", kind="number"),
        Column(key="difference", title="Difference", kind="interval"),
        Column(key="p", title="p", kind="number"),
        Column(key="holm", title="p Holm", kind="number"),
        Column(key="t", title="p corrected t", kind="number"),
    )
    rows = tuple(
        Row(
            cells={
                "a": text_cell(context.title(str(row["model_a"]))),
                "b": text_cell(context.title(str(row["model_b"]))),
                "n": count_cell(row["n"]),
                "auc_a": number_cell(row["auc_a"]),
                "auc_b": number_cell(row["auc_b"]),
                "difference": estimate_cell(
                    row["difference"], row["ci_low"], row["ci_high"], note=str(row["note"]), signed=True
                ),
                "p": p_cell(row["p_value"]),
                "holm": p_cell(row["p_holm"]),
                "t": p_cell(row["p_corrected_t"]),
            }
        )
        for row in records(table)
    )
    methods = ", ".join(dict.fromkeys(str(m) for m in table["method"]))
    resampled = (
        " The interval, p and p Holm look at other test patients, with the models as they were trained; p"
        " corrected t is that of the corrected resampled t-test over folds (Nadeau and Bengio 2003), which"
        " also looks at other training patients and has little power with few folds."
        if table["p_corrected_t"].notna().any()
        else ""
    )
    return Table(
        id="pairs-table",
        title="All pairs of models",
        columns=columns,
        rows=rows,
        notes=(f"Methods: {methods}.{resampled} p Holm is adjusted over {counted(len(table), 'pair')}.",),
    )


def fold_auc_table(context: Context) -> pd.DataFrame:
    """The AUC of every fitted model in its test part.

    Args:
        context: The run.

    Returns:
        Columns model, seed, repeat, fold, n and auc, NaN where the part lacks a class. No rows when the labels
        were shuffled: the run's folder keeps the true ones.
    """
    test = context.data.test_predictions()
    truth = context.data.lesions["positive"]
    test = test[test["lesion_id"].isin(truth.index)]
    if context.data.shuffled or test.empty:
        return pd.DataFrame(columns=["model", "seed", "repeat", "fold", "n", "auc"])
    parts = []
    keys = ["seed", "repeat", "fold"]
    for model, rows in test.groupby("model", sort=True):
        cells = rows.groupby(keys, sort=True)
        head = cells.size().rename("n").reset_index()
        head["auc"] = fold_aucs(
            truth.reindex(rows["lesion_id"]).to_numpy(),
            rows["probability"].to_numpy(),
            cells.ngroup().to_numpy(),
        ).to_numpy()
        parts.append(head.assign(model=str(model)))
    return pd.concat(parts, ignore_index=True)


def _spread(context: Context) -> Figure | None:
    table = fold_auc_table(context)
    table = table[table["auc"].notna()]
    fits = table.groupby("model").size()
    if table.empty or fits.max() < 2:
        return None
    spreads = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if model.is_constant or mine.empty:
            continue
        values = [part["auc"].tolist() for _, part in mine.groupby("seed", sort=True)]
        spreads.append(Spread(model.title, context.style(model.name), values, float(mine["auc"].mean())))
    if not spreads:
        return None
    alt = f"AUC of {counted(len(spreads), 'model')} in each fold; standard deviations are in the table."
    return Figure(
        id="spread",
        title="Spread over folds and seeds",
        caption=(
            "A point a fitted model in the test part of its fold; models of several seeds have a line of "
            "points per "
            "seed. A fold holds few lesions, so points lie far apart by chance."
        ),
        alt=alt,
        svg=draw_spread(spreads, name="spread", alt=alt),
        table=_spread_table(context, table),
    )


def _spread_table(context: Context, table: pd.DataFrame) -> Table:
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    columns = [
        Column(key="who", title="Model"),
        Column(key="fits", title="fits", kind="number", help="Fitted models with an AUC"),
        Column(key="mean", title="mean AUC", kind="number"),
        Column(key="fold_sd", title="SD over folds", kind="number", help="Of the means over seeds"),
        Column(
            key="seed_sd",
            title="SD over seeds",
            kind="number",
            help="Mean over folds of the SD between seeds",
        ),
        Column(key="lowest", title="lowest", kind="number"),
        Column(key="highest", title="highest", kind="number"),
        Column(key="where", title="lowest in"),
    ]
    rows = [_spread_row(model, table[table["model"] == model.name], pairs) for model in context.models]
    return Table(
        id="spread-table",
        title="Spread of the AUC",
        columns=tuple(columns),
        rows=tuple(row for row in rows if row is not None),
    )


def _spread_row(model: ModelInfo, mine: pd.DataFrame, pairs: pd.DataFrame) -> Row | None:
    if mine.empty:
        return None
    folds = mine.groupby(["repeat", "fold"])["auc"]
    seeds = folds.std().mean() if len(mine["seed"].unique()) > 1 else math.nan
    ordered = mine.sort_values(["repeat", "fold"], kind="stable")
    worst = ordered.iloc[first_best(ordered["auc"], largest=False)]
    return Row(
        cells={
            "who": text_cell(model.title),
            "fits": count_cell(len(mine)),
            "mean": number_cell(float(mine["auc"].mean())),
            "fold_sd": number_cell(float(folds.mean().std()) if folds.ngroups > 1 else math.nan),
            "seed_sd": number_cell(float(seeds)),
            "lowest": number_cell(float(mine["auc"].min())),
            "highest": number_cell(float(mine["auc"].max())),
            "where": text_cell(fold_name(int(worst["repeat"]), int(worst["fold"]), pairs)),
        },
        key=model.name,
    )
