"""Calibration: do the probabilities mean what they say."""

from __future__ import annotations

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.calibration import Calibration, draw_calibration
from samesplit.reports.formatting import counted, estimate_cell, number, number_cell, text_cell
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
                    "observed share. Below: how the probabilities are spread. The dashed line is perfect "
                    "calibration."
                ),
                alt=alt,
                svg=draw_calibration([_panel(context, m) for m in drawn], name="calibration", alt=alt),
                table=_bins(context, drawn),
            )
        )
    pairs = before_and_after(context, _QUANTITIES)
    blocks += [pairs, *fitted_maps(context)] if pairs is not None else []
    blocks.append(scores)
    return Section(id="calibration", title="Calibration", lead=lead(context), blocks=tuple(blocks))


def _panel(context: Context, model: ModelInfo) -> Calibration:
    table = context.data.table("curves/calibration")
    points = table[table["model"] == model.name].sort_values("mean_probability")
    test = context.data.test_predictions()
    lines = []
    for quantity, title in (("brier", "Brier"), ("ece", "ECE"), ("calibration_slope", "slope")):
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
    )


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
    present = [
        item
        for item in _QUANTITIES
        if any(context.numbers.get(item[0], model.name) for model in context.models)
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
    methods = "; ".join(context.numbers.methods(tuple(key for key, _, _ in present)))
    return Table(
        id="calibration-table",
        title="Calibration and overall scores",
        columns=tuple(columns),
        rows=rows if present else (),
        notes=(f"Intervals: {context.percent()}. Methods: {methods}.",),
    )
