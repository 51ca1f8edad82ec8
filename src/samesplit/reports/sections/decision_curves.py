"""Decision curves and reclassification: what acting on a model is worth."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from samesplit.reader_names import parse_reader_name
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Details, Figure, Row, Section, Table
from samesplit.reports.figures.decision_curves import DecisionCurve, draw_decision_curves
from samesplit.reports.figures.roc import ReaderPoint
from samesplit.reports.formatting import counted, estimate_cell, number, number_cell, text_cell
from samesplit.reports.rows import records

__all__ = ["decision_curves"]

_SHOWN = 5
"""At so many thresholds readers are marked and the table has columns."""
_BANDS = 3
"""Bands are drawn for at most so many models, lest nothing can be told apart."""
_MEASURES = {
    "nri_events": "NRI, positives",
    "nri_non_events": "NRI, negatives",
    "nri": "NRI",
    "idi_events": "IDI, positives",
    "idi_non_events": "IDI, negatives",
    "idi": "IDI",
}


def decision_curves(context: Context) -> Section | None:
    """Build the figure, the table of net benefit and the table of reclassification."""
    table = context.data.table("decision_curves")
    if table.empty:
        return None
    blocks: list[Block] = [_figure(context, table), _above_default(context, table)]
    moved = context.data.table("reclassification")
    if len(moved):
        blocks.append(
            Details(summary="Reclassification (NRI and IDI)", blocks=(_reclassification(context, moved),))
        )
    lead = (
        "Net benefit counts the true positives per lesion, less the false positives weighted by the odds of the "
        "threshold probability, from which somebody would act. A model is of use at a threshold where it lies "
        "above both treating all and treating none. The test predictions of all folds are taken together; the "
        "models are taken as fitted."
    )
    return Section(id="decision-curves", title="Decision curves", lead=lead, blocks=tuple(blocks))


def _figure(context: Context, table: pd.DataFrame) -> Figure:
    strategies = table[table["kind"] == "strategy"]
    models = [m for m in context.models if not m.is_constant and (table["model"] == m.name).any()]
    banded = {model.name for model in [m for m in models if not m.is_control][:_BANDS]}
    curves = [
        _curve(table[table["model"] == model.name], model.title, banded=model.name in banded, context=context)
        for model in models
    ]
    for name, rows in strategies.groupby("model", sort=False):
        curve = _curve(rows, str(name).capitalize(), banded=False, context=None)
        curves.append(replace(curve, dashed=bool(rows["net_benefit"].eq(0).all())))
    points = _reader_points(table)
    band = (
        f" Bands: pointwise {context.percent()} bootstrap, of the first {len(banded)} models."
        if banded
        else ""
    )
    marked = (
        " Points: readers, whose calls are the same at every threshold, at five of the thresholds."
        if points
        else ""
    )
    n_readers = len({point.reader for point in points})
    alt = f"Decision curves of {counted(len(models), 'model')}, treat all and treat none" + (
        f", with {counted(n_readers, 'reader')} as points." if n_readers else "."
    )
    return Figure(
        id="decision-curves-figure",
        title="Net benefit by threshold probability",
        caption=f"Higher is better; 0 is treating none.{band}{marked}",
        alt=alt,
        svg=draw_decision_curves(curves, points, name="decision-curves", alt=alt),
        table=_net_benefit(context, table),
    )


def _curve(rows: pd.DataFrame, title: str, *, banded: bool, context: Context | None) -> DecisionCurve:
    name = str(rows["model"].iloc[0])
    known = banded and rows["ci_low"].notna().all()
    return DecisionCurve(
        title=title,
        style=None if context is None else context.style(name),
        thresholds=rows["threshold"].tolist(),
        net_benefit=rows["net_benefit"].tolist(),
        low=rows["ci_low"].tolist() if known else [],
        high=rows["ci_high"].tolist() if known else [],
        control=context is not None and next(m.is_control for m in context.models if m.name == name),
    )


def _shown(table: pd.DataFrame) -> list[float]:
    """Return up to five of the thresholds, evenly from the lowest to the highest."""
    every = sorted(set(table["threshold"].tolist()))
    last = len(every) - 1
    places = {round(last * step / (_SHOWN - 1)) for step in range(_SHOWN)}
    return [every[place] for place in sorted(places)]


def _reader_points(table: pd.DataFrame) -> list[ReaderPoint]:
    points = []
    shown = _shown(table)
    for row in records(table[(table["kind"] == "reader") & table["threshold"].isin(shown)]):
        reader = parse_reader_name(str(row["model"]))
        if reader is not None:
            point = (float(row["threshold"]), float(row["net_benefit"]))
            points.append(ReaderPoint(reader.reader, reader.condition, *point))
    return points


def _net_benefit(context: Context, table: pd.DataFrame) -> Table:
    """Net benefit of everybody at a few thresholds."""
    return _at_thresholds(
        context,
        table,
        ("net_benefit", "ci_low", "ci_high"),
        Table(
            id="net-benefit-table",
            title="Net benefit at some thresholds",
            columns=(),
            rows=(),
            notes=(
                f"Intervals: {context.percent()}, {_methods(table)}. All thresholds: decision_curves.parquet.",
            ),
        ),
    )


def _above_default(context: Context, table: pd.DataFrame) -> Table:
    """Net benefit less that of the better of treating all and none, of models and readers."""
    return _at_thresholds(
        context,
        table[table["kind"] != "strategy"],
        ("above_default", "above_default_low", "above_default_high"),
        Table(
            id="above-default-table",
            title="Net benefit above the better of treating all and treating none",
            columns=(),
            rows=(),
            notes=(
                "Above 0, acting on the model or reader is worth more than treating everybody and than treating "
                "nobody; an interval that contains 0 does not show that. Multiplied by 100, it is the number of "
                "additional net true positives per 100 lesions. "
                f"Intervals: {context.percent()}, {_methods(table)}, not adjusted for the number of thresholds.",
            ),
        ),
        signed=True,
    )


def _at_thresholds(
    context: Context, table: pd.DataFrame, names: tuple[str, str, str], empty: Table, *, signed: bool = False
) -> Table:
    shown = _shown(table)
    columns = [Column(key="who", title="Model or reader"), Column(key="n", title="Lesions", kind="number")]
    columns += [
        Column(key=f"at{i}", title=f"At {number(threshold, 2)}", kind="interval")
        for i, threshold in enumerate(shown)
    ]
    rows = []
    parts = dict(list(table.groupby("model", sort=False)))
    order = [*(model.name for model in context.models), *(reader.name for reader in context.readers)]
    names_in_order = [name for name in (*order, *parts) if name in parts]
    for name in dict.fromkeys(names_in_order):
        found = parts[name]
        by_threshold = {float(row["threshold"]): row for row in records(found)}
        cells = {"who": text_cell(_title(context, str(name))), "n": number_cell(found["n"].iloc[0], 0)}
        for i, threshold in enumerate(shown):
            estimate, low, high = (by_threshold[threshold][column] for column in names)
            cells[f"at{i}"] = estimate_cell(estimate, low, high, 3, signed=signed)
        rows.append(Row(cells=cells, key=str(name)))
    return empty.model_copy(update={"columns": tuple(columns), "rows": tuple(rows)})


def _reclassification(context: Context, table: pd.DataFrame) -> Table:
    several = table["categories"].ne("").any()
    columns = [
        Column(key="who", title="Model"),
        Column(key="reference", title="Compared with"),
        Column(key="measure", title="Measure"),
        *([Column(key="categories", title="Categories from")] if several else []),
        Column(key="estimate", title="Estimate", kind="interval"),
        Column(key="up", title="Moved up", kind="number", help="Share of the class whose probability rose"),
        Column(
            key="down", title="Moved down", kind="number", help="Share of the class whose probability fell"
        ),
        Column(key="n", title="Lesions", kind="number"),
    ]
    rows = tuple(
        Row(
            cells={
                "who": text_cell(context.title(str(row["model"]))),
                "reference": text_cell(context.title(str(row["reference"]))),
                "measure": text_cell(_MEASURES[str(row["measure"])]),
                **({"categories": text_cell(row["categories"])} if several else {}),
                "estimate": estimate_cell(
                    row["estimate"], row["ci_low"], row["ci_high"], 3, note=str(row["note"]), signed=True
                ),
                "up": number_cell(row["share_up"], 2),
                "down": number_cell(row["share_down"], 2),
                "n": number_cell(row["n"], 0),
            },
            key=str(row["model"]),
        )
        for row in records(table)
    )
    notes = (
        "NRI: share of the positives that moved up less the share that moved down, and the reverse for negatives; "
        "IDI: the same for the mean probability. Both describe and are not tested: the category-free NRI can "
        "be above 0 for models that add nothing (Kerr et al. 2014). Net benefit says what moving is worth. "
        f"Intervals: {context.percent()}, {_methods(table)}.",
    )
    return Table(
        id="reclassification-table", title="Reclassification", columns=tuple(columns), rows=rows, notes=notes
    )


def _title(context: Context, name: str) -> str:
    reader = next((reader for reader in context.readers if reader.name == name), None)
    if reader is not None:
        return reader.title
    known = {model.name for model in context.models}
    return context.title(name) if name in known else name.capitalize()


def _methods(table: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(str(method) for method in table["method"]))
