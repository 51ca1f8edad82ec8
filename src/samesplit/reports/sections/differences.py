"""Differences between models, and how each model spreads over folds and seeds."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from samesplit.ordering import below, first_best, merge_equals
from samesplit.reports.adjustment import adjustment_method, declared_families
from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
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
from samesplit.reports.rows import records
from samesplit.reports.sections.fold_assignment import fold_name

__all__ = ["differences"]

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
        lead="All comparisons are paired, on the same lesions: those that all models predicted.",
        blocks=tuple(blocks),
    )


def _ordered(context: Context) -> pd.DataFrame:
    """Turn the pairs: the reference stands second, else the model with the higher value first."""
    quantity = context.main.quantity
    table = context.data.table("pairs")
    table = table.rename(columns={f"{quantity}_a": "value_a", f"{quantity}_b": "value_b"})
    reference = context.reference.name if context.reference else None
    rows = []
    for found in records(table):
        lower = below(found["difference"], 0.0, scale=1.0)
        turn = found["model_a"] == reference or (found["model_b"] != reference and lower)
        if turn:
            found["model_a"], found["model_b"] = found["model_b"], found["model_a"]
            found["value_a"], found["value_b"] = found["value_b"], found["value_a"]
            found["difference"] = -found["difference"]
            found["ci_low"], found["ci_high"] = -found["ci_high"], -found["ci_low"]
            found["claim"] = {"higher": "lower", "lower": "higher"}.get(found["claim"], found["claim"])
        rows.append(found | {"with_reference": found["model_b"] == reference})
    ordered = pd.DataFrame(rows)
    if ordered.empty:
        return ordered
    ordered["size"] = merge_equals(ordered["difference"], scale=1.0)
    return ordered.sort_values(
        ["with_reference", "size", "model_a"], ascending=[False, False, True], kind="stable"
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
    many = counted(len(lines), "difference")
    alt = f"Forest plot of {many} of the {context.main.noun}; {shown} shown after adjustment."
    left = len(table) - len(lines)
    return Figure(
        id="pairs",
        title=f"Pairwise differences of {context.main.title}",
        caption=(
            f"Bars: {context.percent()} intervals, not adjusted for multiple comparisons. Filled squares: "
            f"a difference is shown (the P value, adjusted by {adjustment_method(context)}, is below "
            f"{1 - context.data.confidence:.2g} and the probability of a false claim at most 0.05). Hollow "
            "squares: no difference is shown."
            + (f" {counted(left, 'further pair')} in the table." if left else "")
        ),
        alt=alt,
        svg=draw_differences(lines, axis=f"Difference of {context.main.title}", name="pairs", alt=alt),
        table=_pairs_table(context, table),
    )


def _line(context: Context, row: dict[str, Any]) -> Difference:
    low, high, p = (float(row[key]) for key in ("ci_low", "ci_high", "p_adjusted"))
    known = not (is_missing(low) or is_missing(high))
    estimate = float(row["difference"])
    tested = f"· p {p_text(p)}" if not is_missing(p) else ""
    return Difference(
        title=f"{context.title(str(row['model_a']))} − {context.title(str(row['model_b']))}",
        estimate=estimate,
        low=low if known else None,
        high=high if known else None,
        text=f"{number(estimate, signed=True)} ({interval_text(low, high, signed=True)}) {tested}".strip(),
        colour=context.style(str(row["model_a"])).colour,
        strong=str(row["claim"]) in ("higher", "lower"),
    )


def _counted_pairs(context: Context, table: pd.DataFrame) -> str:
    """How many p-values were adjusted together; the pairs of a model that the run added are counted apart."""
    added = [model.name for model in context.models if model.control]
    apart = int((table["model_a"].isin(added) | table["model_b"].isin(added)).sum())
    together = counted(len(table) - apart, "pair")
    return f"{together}, and over the {apart} with {context.title(added[0])} apart" if apart else together


def _pairs_table(context: Context, table: pd.DataFrame) -> Table:
    columns = (
        Column(key="a", title="Model"),
        Column(key="b", title="minus"),
        Column(key="n", title="n", kind="number"),
        Column(key=f"{context.main.quantity}_a", title=context.main.title, kind="number"),
        Column(key=f"{context.main.quantity}_b", title=context.main.title, kind="number"),
        Column(key="difference", title="Difference", kind="interval"),
        Column(
            key="p",
            title="Adjusted P",
            kind="number",
            help=f"Adjusted by {adjustment_method(context)} over "
            + ("the pairs of a family" if declared_families(context) else "all pairs"),
        ),
        Column(
            key="false_claim",
            title="Probability of a false claim",
            kind="number",
            help=(
                "That the one with the higher estimate is in truth not higher, given these data and no prior "
                "preference (arXiv 2505.04720); above 0.05 nothing is claimed"
            ),
        ),
        Column(key="claim", title="Difference shown"),
    )
    rows = tuple(
        Row(
            cells={
                "a": text_cell(context.title(str(row["model_a"]))),
                "b": text_cell(context.title(str(row["model_b"]))),
                "n": count_cell(row["n"]),
                f"{context.main.quantity}_a": number_cell(row["value_a"]),
                f"{context.main.quantity}_b": number_cell(row["value_b"]),
                "difference": estimate_cell(
                    row["difference"], row["ci_low"], row["ci_high"], note=str(row["note"]), signed=True
                ),
                "p": p_cell(row["p_adjusted"]),
                "false_claim": p_cell(row.get("false_claim_probability", math.nan)),
                "claim": text_cell(row["claim"]),
            }
        )
        for row in records(table)
    )
    methods = "; ".join(dict.fromkeys(str(m) for m in table["method"]))
    resampled = (
        " Over several folds a difference has to pass two tests, that of the influence values and the corrected"
        " resampled t-test over folds (Nadeau and Bengio 2003): the interval is the wider of the two, and P the"
        " larger."
        if table["p_corrected_t"].notna().any()
        else ""
    )
    families = declared_families(context)
    adjusted = "" if families else f"P is adjusted over {_counted_pairs(context, table)}. "
    return Table(
        id="pairs-table",
        title="All pairs of models",
        columns=columns,
        rows=rows,
        notes=tuple(
            note
            for note in (
                f"Methods: {methods}.{resampled} {adjusted}The intervals of the values themselves are in the "
                "first table of the report.",
                families,
            )
            if note
        ),
    )


def _spread(context: Context) -> Figure | None:
    table = context.data.table("folds")
    quantity = context.main.quantity
    if table.empty or quantity not in table:
        return None
    table = table[table[quantity].notna()]
    fits = table.groupby("model").size()
    if table.empty or fits.max() < 2:
        return None
    spreads = []
    for model in context.models:
        mine = table[table["model"] == model.name]
        if model.is_constant or mine.empty:
            continue
        values = [part[quantity].tolist() for _, part in mine.groupby("seed", sort=True)]
        mean = context.numbers.get(quantity, model.name)
        spreads.append(
            Spread(model.title, context.style(model.name), values, mean.estimate if mean else float("nan"))
        )
    if not spreads:
        return None
    many = counted(len(spreads), "model")
    alt = f"{context.main.title} of {many} in each fold; standard deviations are in the table."
    return Figure(
        id="spread",
        title="Variability over folds and seeds",
        caption=(
            "Each point is one fitted model in the test part of its fold; models with several seeds have "
            "a line of points for each seed. A fold holds few lesions, so points lie far apart by chance."
        ),
        alt=alt,
        svg=draw_spread(spreads, axis=context.main.title, name="spread", alt=alt, chance=context.main.chance),
        table=_spread_table(context, table),
    )


def _spread_table(context: Context, table: pd.DataFrame) -> Table:
    pairs = context.data.splits[["repeat", "fold"]].drop_duplicates()
    columns = [
        Column(key="who", title="Model"),
        Column(key="fits", title="Fits", kind="number", help="Fitted models that could be evaluated"),
        Column(key="mean", title=f"Mean {context.main.title}", kind="interval"),
        Column(
            key="as_fitted",
            title="Interval for the models as fitted",
            kind="interval",
            help="The same mean with the interval for other test patients alone, the fitted models taken as given",
        ),
        Column(key="fold_sd", title="SD over folds", kind="number", help="Of the means over seeds"),
        Column(
            key="seed_sd",
            title="SD over seeds",
            kind="number",
            help="Mean over folds of the SD between seeds",
        ),
        Column(key="lowest", title="Lowest", kind="number"),
        Column(key="highest", title="Highest", kind="number"),
        Column(key="where", title="Lowest in"),
    ]
    rows = [
        _spread_row(context, model, table[table["model"] == model.name], pairs) for model in context.models
    ]
    return Table(
        id="spread-table",
        title=f"Variability of the {context.main.noun}",
        columns=tuple(columns),
        rows=tuple(row for row in rows if row is not None),
        notes=(
            "Standard deviations, lowest and highest values describe the fitted models and have no interval: "
            "folds share most of their training patients, so these are no standard errors.",
        ),
    )


def _spread_row(context: Context, model: ModelInfo, mine: pd.DataFrame, pairs: pd.DataFrame) -> Row | None:
    if mine.empty:
        return None
    numbers, name, main = context.numbers, model.name, context.main.quantity
    ordered = mine.sort_values(["repeat", "fold"], kind="stable")
    worst = ordered.iloc[first_best(ordered[context.main.quantity], largest=False)]
    return Row(
        cells={
            "who": text_cell(model.title),
            "fits": count_cell(len(mine)),
            "mean": numbers.cell(main, name),
            "as_fitted": numbers.cell(f"{main}_as_fitted", name),
            "fold_sd": numbers.cell(f"{main}_sd_over_folds", name),
            "seed_sd": numbers.cell(f"{main}_sd_over_seeds", name),
            "lowest": numbers.cell(f"{main}_lowest", name),
            "highest": numbers.cell(f"{main}_highest", name),
            "where": text_cell(fold_name(int(worst["repeat"]), int(worst["fold"]), pairs)),
        },
        key=model.name,
    )
