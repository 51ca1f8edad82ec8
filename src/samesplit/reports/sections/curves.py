"""ROC and precision-recall curves with the readers as points."""

from __future__ import annotations

from dataclasses import replace

from samesplit.reports.context import Context, ModelInfo
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.precision_recall import draw_precision_recall
from samesplit.reports.figures.roc import Curve, ReaderPoint, draw_roc
from samesplit.reports.formatting import counted, join_words, number, text_cell
from samesplit.reports.ranking import best_first

__all__ = ["curves"]

_MOST_BANDS = 3
"""Of more models than these, bands would cover each other."""
_INTERVALS = "Intervals: those of the band at this place (bootstrap percentile, models as fitted)."
_READ_ROC = "sensitivity_at_specificity_"
_READ_PR = "precision_at_recall_"


def curves(context: Context) -> Section | None:
    """Build both figures."""
    found = [figure for figure in (_roc(context), _precision_recall(context)) if figure is not None]
    if not found:
        return None
    blocks: tuple[Block, ...] = tuple(found)
    return Section(id="curves", title="ROC and precision–recall curves", lead=_lead(context), blocks=blocks)


def _lead(context: Context) -> str:
    roc = context.data.table("curves/roc")
    folds = int(roc["n_folds"].max()) if len(roc) and "n_folds" in roc else 1
    if folds == 1:
        return "One split: each curve is the empirical one."
    return (
        f"Each curve is the average of up to {folds} curves, one for each fold, repeat and seed, at equal "
        "1 − specificity (ROC) or recall (PR); its area is the mean of their areas."
    )


def _curves(context: Context, name: str, x: str, y: str, quantity: str) -> list[tuple[ModelInfo, Curve]]:
    table = context.data.table(f"curves/{name}")
    if table.empty or "model" not in table:
        return []
    found = []
    for model in (model for model in context.models if not model.is_constant):
        points = table[table["model"] == model.name]
        if points.empty:
            continue
        estimate = context.numbers.get(quantity, model.name)
        area = f" ({number(estimate.estimate)})" if estimate else ""
        curve = Curve(
            title=f"{model.title}{area}",
            style=context.style(model.name),
            x=points[x].tolist(),
            y=points[y].tolist(),
            control=model.is_control,
        )
        found.append((model, curve))
    return _with_bands(context, sorted(found, key=lambda item: item[0].is_control), name, x, quantity)


def _with_bands(
    context: Context, found: list[tuple[ModelInfo, Curve]], name: str, x: str, quantity: str
) -> list[tuple[ModelInfo, Curve]]:
    """Give their bands to all models where these are few, else to the reference and the best of the others."""
    bands = context.data.table(f"curves/{name}_bands")
    if "model" not in bands or bands.empty:
        return found
    models = [model for model, _ in found if not model.is_control]
    if len(models) > _MOST_BANDS:
        ordered = best_first(context.numbers, quantity, models)
        reference = context.data.reference
        others = [model for model in ordered if model.name != reference]
        models = [model for model in ordered if model.name in (reference, others[0].name)]
    shown = {model.name for model in models}
    with_bands = []
    for model, curve in found:
        mine = bands[(bands["model"] == model.name) & bands["ci_low"].notna()]
        if model.name in shown and len(mine):
            band = (mine[x].tolist(), mine["ci_low"].tolist(), mine["ci_high"].tolist())
            curve = replace(curve, band=band)
        with_bands.append((model, curve))
    return with_bands


def _band_caption(context: Context, found: list[tuple[ModelInfo, Curve]]) -> str:
    shaded = [model.title for model, curve in found if curve.band is not None]
    if not shaded:
        return ""
    whose = (
        f" of {join_words(shaded)}" if len(shaded) < sum(not model.is_control for model, _ in found) else ""
    )
    return (
        f" Shaded: pointwise {context.percent()} bands{whose} (bootstrap over patients, models as fitted); each "
        "holds for a single place of the curve, not for the whole curve at once."
    )


def _roc(context: Context) -> Figure | None:
    found = _curves(context, "roc", "fpr", "tpr", "auc")
    if not found:
        return None
    points = []
    for reader in context.readers:
        sensitivity = context.numbers.get("sensitivity", reader.name)
        specificity = context.numbers.get("specificity", reader.name)
        if (
            not reader.is_mean
            and sensitivity
            and specificity
            and sensitivity.is_known()
            and specificity.is_known()
        ):
            points.append(
                ReaderPoint(reader.reader, reader.modality, 1 - specificity.estimate, sensitivity.estimate)
            )
    alt = f"ROC curves of {counted(len(found), 'model')} and {counted(len(points), 'reader point')}."
    return Figure(
        id="roc",
        title="ROC curves",
        caption=f"Numbers in the key: AUC.{_reader_caption(points)}{_band_caption(context, found)}",
        alt=alt,
        width="half",
        svg=draw_roc([curve for _, curve in found], points, name="roc", alt=alt),
        table=_roc_table(context, found),
    )


def _reader_caption(points: list[ReaderPoint]) -> str:
    if not points:
        return ""
    several = len({point.modality for point in points}) > 1
    return " Points: readers at their decisions" + (
        "; a line joins the points of a reader." if several else "."
    )


def _precision_recall(context: Context) -> Figure | None:
    found = _curves(context, "pr", "recall", "precision", "pr_auc")
    if not found:
        return None
    auc = context.numbers.get("auc", found[0][0].name)
    prevalence = auc.n_positive / auc.n if auc is not None and auc.n else float("nan")
    points = []
    for reader in context.readers:
        recall = context.numbers.get("sensitivity", reader.name)
        precision = context.numbers.get("ppv", reader.name)
        if not reader.is_mean and recall is not None and recall.is_known() and precision is not None:
            if not precision.is_known():
                continue
            points.append(ReaderPoint(reader.reader, reader.modality, recall.estimate, precision.estimate))
    alt = f"Precision-recall curves of {counted(len(found), 'model')}; prevalence {number(prevalence, 2)}."
    svg = draw_precision_recall(
        [curve for _, curve in found], points, prevalence=prevalence, name="precision-recall", alt=alt
    )
    return Figure(
        id="precision-recall",
        title="Precision–recall curves",
        caption=(
            "Numbers in the key: average precision, which depends on the prevalence, here "
            f"{number(prevalence, 2)}.{_band_caption(context, found)}"
        ),
        alt=alt,
        width="half",
        svg=svg,
        table=_pr_table(context, found),
    )


def _read_off(
    context: Context, found: list[tuple[ModelInfo, Curve]], quantity: str, group: str, help_text: str
) -> tuple[tuple[Column, ...], tuple[Row, ...], str]:
    """Return a column for each place that the statistics read the curves off at, a row a model, and who counts."""
    places = context.numbers.quantities(quantity)
    columns = [Column(key="who", title="Model")]
    columns += [
        Column(key=f"at{i}", title=place.removeprefix(quantity), kind="interval", help=help_text, group=group)
        for i, place in enumerate(places)
    ]
    rows = []
    counts: list[str] = []
    for model, _ in found:
        cells = {"who": text_cell(model.title)}
        for i, place in enumerate(places):
            cells[f"at{i}"] = context.numbers.cell(place, model.name, digits=2)
            read = context.numbers.get(place, model.name)
            counts += (
                [f"{counted(read.n, 'lesion')}, {read.n_positive} {context.data.positive}"] if read else []
            )
        rows.append(Row(cells=cells, key=model.name))
    return tuple(columns), tuple(rows), "; ".join(dict.fromkeys(counts))


def _roc_table(context: Context, found: list[tuple[ModelInfo, Curve]]) -> Table:
    help_text = "Sensitivity read from the curve"
    columns, rows, counts = _read_off(context, found, _READ_ROC, "Sensitivity at specificity", help_text)
    return Table(
        id="roc-table",
        title="Sensitivity at fixed specificity",
        columns=columns,
        rows=rows,
        notes=(
            "Read from the test curve to describe it: these thresholds could not have been known beforehand. "
            f"On {counts}. {_INTERVALS} All points: curves/roc.parquet; bands: curves/roc_bands.parquet.",
        ),
    )


def _pr_table(context: Context, found: list[tuple[ModelInfo, Curve]]) -> Table:
    help_text = "Precision read from the curve"
    columns, rows, counts = _read_off(context, found, _READ_PR, "Precision at recall", help_text)
    return Table(
        id="precision-recall-table",
        title="Precision at fixed recall",
        columns=columns,
        rows=rows,
        notes=(
            f"Read from the test curve to describe it. On {counts}. {_INTERVALS} All points: curves/pr.parquet; "
            "bands: curves/pr_bands.parquet.",
        ),
    )
