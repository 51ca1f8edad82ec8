"""Calibration: do the probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.calibration import Calibration, draw_calibration
from samesplit.reports.formatting import counted, estimate_cell, number, number_cell, p_cell, text_cell
from samesplit.reports.sections.calibrated_pairs import before_and_after, fitted_maps, in_pairs, lead

__all__ = ["calibration"]

_QUANTITIES = (
    ("brier", "Brier score", "Mean squared error of the probabilities; 0 is best"),
    ("brier_scaled", "Scaled Brier score", "1 is best; 0 is as good as giving every lesion the prevalence"),
    ("ece", "ECE", "Expected calibration error, ten bins of equal width; 0 is best"),
    ("ece_equal_frequency", "ECE, equal-frequency bins", "The same with bins of equally many lesions"),
    ("calibration_slope", "Calibration slope", "1 is best; below 1 the probabilities are too extreme"),
    (
        "calibration_in_the_large",
        "Calibration in the large",
        "0 is best; above 0 the probabilities are too low",
    ),
    ("log_loss", "Log loss", "0 is best"),
)
_MORE = (
    (
        "ici",
        "ICI",
        "Integrated calibration index: mean distance of the smooth curve from the diagonal; 0 is best",
    ),
    ("e50", "E50", "Median distance of the smooth curve from the diagonal"),
    ("e90", "E90", "90th percentile of the distance"),
    ("emax", "Emax", "Largest distance"),
    ("mce_equal_frequency", "MCE", "Maximum calibration error, ten bins of equally many lesions; 0 is best"),
    ("calibration_intercept", "Calibration intercept", "Beside the slope in one regression; 0 is best"),
)


def calibration(context: Context) -> Section | None:
    """Build the panels and the table of scores."""
    table = context.data.table("curves/calibration")
    models = [model for model in in_pairs(context) if not model.is_constant]
    drawn = [model for model in models if len(table) and (table["model"] == model.name).any()]
    scores = _scores(context)
    if not drawn and not scores.rows:
        return None
    blocks: list[Block] = []
    if drawn:
        alt = f"Calibration curves of {counted(len(drawn), 'model')} with the observed share of each bin."
        blocks.append(
            Figure(
                id="calibration-figure",
                title="Predicted probability against observed share",
                caption=(
                    f"Points: bins of predicted probability, with the {context.percent()} Wilson interval "
                    "of the "
                    "observed share. Line and band: the share smoothed by local regression (loess, span 0.75), "
                    f"with its pointwise {context.percent()} bootstrap band, where there are enough distinct "
                    "probabilities. Below: how the probabilities are spread. The dashed line is perfect "
                    "calibration."
                ),
                alt=alt,
                svg=draw_calibration([_panel(context, m) for m in drawn], name="calibration", alt=alt),
                table=_bins(context, drawn),
            )
        )
    pairs = before_and_after(context, _QUANTITIES)
    blocks += [pairs, *fitted_maps(context)] if pairs is not None else []
    blocks += [table for table in (scores, _more(context)) if table is scores or table.rows]
    return Section(id="calibration", title="Calibration", lead=lead(context), blocks=tuple(blocks))


def _panel(context: Context, model: ModelInfo) -> Calibration:
    table = context.data.table("curves/calibration")
    points = table[table["model"] == model.name].sort_values("mean_probability")
    test = context.data.test_predictions()
    lines = []
    for quantity, title in (("brier", "Brier"), ("ici", "ICI"), ("calibration_slope", "slope")):
        found = context.numbers.get(quantity, model.name)
        if found is not None and found.is_known():
            lines.append(f"{title} {number(found.estimate, 3 if quantity == 'brier' else 2)}")
    return Calibration(
        title=model.title,
        style=context.style(model.name),
        mean=points["mean_probability"].tolist(),
        observed=points["observed"].tolist(),
        low=points["ci_low"].tolist(),
        high=points["ci_high"].tolist(),
        probabilities=test.loc[test["model"] == model.name, "probability"].tolist(),
        text="\n".join(lines),
        curve=_smooth(context, model),
    )


def _smooth(
    context: Context, model: ModelInfo
) -> tuple[list[float], list[float], list[float], list[float]] | None:
    """Return the smooth curve of a model with its band, where it has one."""
    table = context.data.table("curves/calibration_smooth")
    if table.empty or not (table["model"] == model.name).any():
        return None
    points = table[table["model"] == model.name].sort_values("probability")
    x, y, low, high = (points[name].tolist() for name in ("probability", "observed", "ci_low", "ci_high"))
    return x, y, low, high


def _bins(context: Context, models: list[ModelInfo]) -> Table:
    table = context.data.table("curves/calibration")
    rows = []
    for model in models:
        for row in table[table["model"] == model.name].sort_values("mean_probability").to_dict("records"):
            rows.append(
                Row(
                    cells={
                        "who": text_cell(model.title),
                        "mean": number_cell(row["mean_probability"], 2),
                        "observed": estimate_cell(row["observed"], row["ci_low"], row["ci_high"], 2),
                        "n": number_cell(row["n"], 1 if float(row["n"]) % 1 else 0),
                    },
                    key=model.name,
                )
            )
    columns = (
        Column(key="who", title="Model"),
        Column(key="mean", title="Mean probability", kind="number"),
        Column(key="observed", title="Observed share", kind="interval"),
        Column(key="n", title="Lesions", kind="number"),
    )
    note = "A lesion predicted several times (repeats, seeds) counts as one lesion, which may be spread over bins."
    return Table(
        id="bins-table",
        title="Bins of predicted probability",
        columns=columns,
        rows=tuple(rows),
        notes=(note,),
    )


def _scores(context: Context) -> Table:
    present, columns, rows = _of_models(context, _QUANTITIES)
    methods = "; ".join(context.numbers.methods(present))
    return Table(
        id="calibration-table",
        title="Calibration and overall scores",
        columns=columns,
        rows=rows,
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )


def _more(context: Context) -> Table:
    """Return the distances of the smooth curve, the largest gaps of bins, and the test of Spiegelhalter."""
    present, columns, rows = _of_models(context, _MORE)
    tested = Column(
        key="spiegelhalter",
        title="Spiegelhalter P",
        kind="number",
        help="Small where the probabilities are wrong",
    )
    told = []
    for row in rows:
        found = context.numbers.get("spiegelhalter_z", str(row.key))
        cell = (
            p_cell(None) if found is None else p_cell(found.p_value, note=f"z = {number(found.estimate, 2)}")
        )
        told.append(row.model_copy(update={"cells": row.cells | {"spiegelhalter": cell}}))
    methods = "; ".join(context.numbers.methods((*present, "spiegelhalter_z")))
    return Table(
        id="calibration-distances-table",
        title="Distances from perfect calibration",
        columns=(*columns, tested),
        rows=tuple(told),
        notes=(
            f"ICI, E50, E90 and Emax: of the smooth curve in the figure. Intervals: {context.percent()}. Where "
            "an estimate is no larger than noise alone makes it, the interval begins at 0. "
            f"P is not adjusted for the number of models. Methods: {methods}.",
        ),
    )


def _of_models(
    context: Context, quantities: Sequence[tuple[str, str, str]]
) -> tuple[tuple[str, ...], tuple[Column, ...], tuple[Row, ...]]:
    """Return the quantities that any model has, a column for each and a row for each model."""
    present = [
        item for item in quantities if any(context.numbers.get(item[0], m.name) for m in context.models)
    ]
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, text in present]
    rows = tuple(
        Row(
            cells={
                "who": text_cell(model.title),
                **{
                    key: context.numbers.cell(key, model.name, digits=3 if "brier" in key else 2)
                    for key, _, _ in present
                },
            },
            key=model.name,
        )
        for model in in_pairs(context)
    )
    return tuple(key for key, _, _ in present), tuple(columns), rows if present else ()
