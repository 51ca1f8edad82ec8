"""The measures of predicted masks: how they spread over lesions, and their means and medians."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.context import Context
from samesplit.reports.document import Column, Figure, Row, Section, Table
from samesplit.reports.figures.mask_boxes import BoxRow, draw_boxes
from samesplit.reports.formatting import counted, text_cell

__all__ = ["mask_measures"]

_PANELS = (("dice", "Dice", (-0.02, 1.02)), ("hd95_mm", "HD95 (mm)", None), ("nsd", "NSD", (-0.02, 1.02)))
_COLUMNS = (
    ("dice", "Dice", "Mean over lesions of twice the shared voxels over the voxels of both masks", 3),
    ("dice_median", "Dice, median", "Half of the lesions have at least this Dice", 3),
    (
        "lesion_dice",
        "Lesion-wise Dice",
        "Only the components that belong to the lesion; 0 where it was missed",
        3,
    ),
    (
        "hd95_mm",
        "HD95 (mm)",
        "Median over lesions: 95 % of both surfaces lie nearer to the other than this",
        1,
    ),
    ("lesion_hd95_mm", "Lesion-wise HD95 (mm)", "The same for the components that belong to the lesion", 1),
    ("hausdorff_mm", "Hausdorff (mm)", "Median over lesions of the largest distance between the surfaces", 1),
    ("assd_mm", "ASSD (mm)", "Median over lesions of the mean distance between the surfaces", 2),
    ("nsd", "NSD", "Share of both surfaces within the tolerance of the other, mean over lesions", 3),
    ("volume_difference_ml", "Volume (mL)", "Predicted minus reference, mean over lesions", 2),
    ("volume_difference_percent", "Volume (%)", "Predicted minus reference in % of the reference, median", 1),
)


def mask_measures(context: Context) -> Section | None:
    """Build the boxes of Dice, HD95 and NSD and the table of all measures."""
    table = context.data.table("overlap")
    panels = [panel for panel in _PANELS if panel[0] in table]
    if len(panels) < len(_PANELS):
        return None
    rows = _rows(context, table)
    if not rows:
        return None
    alt = f"Boxes of Dice, HD95 and NSD over lesions, {counted(len(rows), 'row')}."
    figure = Figure(
        id="mask-measures-figure",
        title="Overlap and distance of the lesions",
        caption=(
            "A point a lesion; the box holds the middle half of them, the bar is the median. Crosses: lesions "
            "that were not found, whose distance is the diagonal of their image."
        ),
        alt=alt,
        svg=draw_boxes(rows, [(title, reach) for _, title, reach in panels], name="mask-measures", alt=alt),
        table=_table(context),
    )
    return Section(id="mask-measures", title="Measures of the masks", blocks=(figure,))


def _rows(context: Context, table: pd.DataFrame) -> list[BoxRow]:
    """Return a row a model and sequence; a lesion counts once in each."""
    sequences = sorted(map(str, table["sequence"].unique()))
    rows = []
    for model in context.models:
        for sequence in sequences:
            mine = table[(table["model"] == model.name) & (table["sequence"] == sequence)]
            if mine.empty:
                continue
            names = [column for column, _, _ in _PANELS]
            lesions = (
                mine.assign(found=mine["detected"].astype(float))
                .groupby("lesion_id")[[*names, "found"]]
                .mean()
            )
            title = f"{model.title}, {sequence}" if len(sequences) > 1 else model.title
            values = [lesions[column].tolist() for column in names]
            rows.append(BoxRow(title, context.style(model.name), values, (lesions["found"] < 0.5).tolist()))
    return rows


def _table(context: Context) -> Table:
    numbers = context.numbers
    there = [one for one in _COLUMNS if any(numbers.get(one[0], model.name) for model in context.models)]
    columns = [Column(key="who", title="Model")]
    columns += [Column(key=key, title=title, kind="interval", help=text) for key, title, text, _ in there]
    rows = []
    for model in context.models:
        if numbers.get("dice", model.name) is None:
            continue
        cells = {key: numbers.cell(key, model.name, digits=digits) for key, _, _, digits in there}
        rows.append(Row(cells={"who": text_cell(model.title), **cells}, key=model.name))
    return Table(
        id="mask-measures-table",
        title="Measures of the masks",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"With {context.percent()} intervals of a bootstrap over patients. A lesion without any predicted "
            "voxel has a Dice and an NSD of 0 and distances as long as the diagonal of its image; lesion-wise, so "
            "has a lesion that was not found. A lesion's value is the mean over sequences, seeds and folds.",
        ),
    )
