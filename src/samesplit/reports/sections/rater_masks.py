"""The frozen models under the masks of other raters, and how far those masks agree."""

from __future__ import annotations

from typing import Any

from samesplit.ordering import below
from samesplit.reports.context import Context
from samesplit.reports.document import Block, Column, Figure, Row, Section, Table
from samesplit.reports.figures.differences import Difference, draw_differences
from samesplit.reports.formatting import (
    count_cell,
    counted,
    estimate_cell,
    interval_text,
    number,
    p_cell,
    text_cell,
)
from samesplit.reports.rows import records

__all__ = ["rater_masks"]

_CHANGES = ("accuracy_difference", "sensitivity_difference", "specificity_difference")
_KEYS = {
    "auc_primary": "AUC, primary rater",
    "auc_rater": "AUC, this rater",
    "auc_difference": "Difference in AUC",
    "accuracy_difference": "Accuracy",
    "sensitivity_difference": "Sensitivity",
    "specificity_difference": "Specificity",
}


def rater_masks(context: Context) -> Section | None:
    """Build the forest plot of what other raters' masks change, and the table of Dice and ICC between raters."""
    blocks: list[Block] = []
    changes = _changes(context)
    if changes is not None:
        blocks.append(changes)
    agreement = _agreement(context)
    if agreement is not None:
        blocks.append(agreement)
    if not blocks:
        return None
    return Section(
        id="rater-masks",
        title="Masks of other raters",
        lead="Every model is frozen: fitted, tuned and given its thresholds on the masks of the primary rater "
        f"({context.data.rater}), then asked again about the same test lesions with the masks of another rater.",
        blocks=tuple(blocks),
    )


def _changes(context: Context) -> Figure | None:
    table = context.data.table("raters")
    if table.empty:
        return None
    known = [model.name for model in context.models]
    table = table[table["model"].isin(known)]
    lines, rows = [], []
    for model in context.models:
        for rater, part in table[table["model"] == model.name].groupby("rater", sort=True):
            found = {str(row["quantity"]): row for row in records(part)}
            rows.append(_row(model.title, str(rater), found))
            difference = found.get("auc_difference")
            if difference is None:
                continue
            lines.append(
                _line(context, f"{model.title}, {rater}", context.style(model.name).colour, difference)
            )
    if not lines:
        return None
    alt = f"Forest plot of {counted(len(lines), 'difference')} in AUC between raters' masks."
    columns = [
        Column(key="model", title="Model"),
        Column(key="rater", title="Masks of"),
        Column(key="n", title="Lesions", kind="number"),
        *(Column(key=key, title=title, kind="interval") for key, title in _KEYS.items()),
        Column(key="p", title="P, adjusted", kind="number"),
        Column(key="icc", title="ICC of probability", kind="interval"),
    ]
    used = {key for row in rows for key in row.cells}
    return Figure(
        id="rater-changes",
        title="What another rater's masks change",
        caption=(
            f"AUC with the masks of the named rater minus AUC with those of {context.data.rater}, of the same "
            f"fitted models on the same lesions, with {context.percent()} intervals. Filled: P below "
            f"{1 - context.data.confidence:.2g} after Holm's adjustment."
        ),
        alt=alt,
        svg=draw_differences(
            lines, axis="Difference in AUC between raters' masks", name="rater-changes", alt=alt
        ),
        table=Table(
            id="rater-changes-table",
            title="Models under other raters' masks",
            columns=tuple(column for column in columns if column.key in used),
            rows=tuple(rows),
            notes=(
                "Accuracy, sensitivity and specificity: the other rater's minus the primary rater's, at the "
                "thresholds of the primary rater. ICC(A,1): absolute agreement of the probability of a lesion "
                "between the two masks, with an interval that takes lesions of a patient as independent; of "
                "several classes the lowest over classes.",
            ),
        ),
    )


def _row(title: str, rater: str, found: dict[str, dict[str, Any]]) -> Row:
    cells = {"model": text_cell(title), "rater": text_cell(rater)}
    cells["n"] = count_cell(max(int(row["n"]) for row in found.values()))
    for key in _KEYS:
        if key in found:
            cells[key] = _cell(found[key], signed=key.endswith("difference"))
    if "auc_difference" in found:
        cells["p"] = p_cell(found["auc_difference"]["p_adjusted"])
    agreements = [row for key, row in found.items() if key == "icc" or key.startswith("icc ")]
    known = [row for row in agreements if row["estimate"] == row["estimate"]]
    if known:
        cells["icc"] = _cell(min(known, key=lambda row: float(row["estimate"])))
    return Row(cells=cells)


def _line(context: Context, title: str, colour: str, row: dict[str, Any]) -> Difference:
    low, high = (None if row[key] != row[key] else float(row[key]) for key in ("ci_low", "ci_high"))
    strong = bool(
        row["p_adjusted"] == row["p_adjusted"] and below(row["p_adjusted"], 1 - context.data.confidence)
    )
    estimate = float(row["estimate"])
    text = f"{number(estimate, signed=True)} ({interval_text(low, high, signed=True)})"
    return Difference(title, estimate, low, high, text, colour, strong)


def _agreement(context: Context) -> Table | None:
    """Return Dice of every two raters by sequence and class, and the ICC of the volume."""
    table = context.data.table("rater_masks")
    if table.empty:
        return None
    groups = [str(group) for group in table["group"].unique()]
    columns = [
        Column(key="pair", title="Raters"),
        Column(key="sequence", title="Sequence"),
        Column(key="n", title="Lesions", kind="number"),
        *(
            Column(
                key=f"dice:{group}",
                title="Dice" if group == "all" else f"Dice, {group.partition('=')[2]}",
                kind="interval",
            )
            for group in groups
        ),
        Column(key="volume", title="ICC of volume", kind="interval"),
    ]
    rows = []
    for (first, second, sequence), part in table.groupby(["rater_a", "rater_b", "sequence"], sort=True):
        cells = {"pair": text_cell(f"{first} and {second}"), "sequence": text_cell(sequence)}
        cells["n"] = count_cell(part.loc[part["group"] == "all", "n"].max())
        for row in records(part):
            key = "volume" if row["quantity"] == "icc_volume" else f"dice:{row['group']}"
            cells[key] = _cell(row)
        rows.append(Row(cells=cells))
    return Table(
        id="rater-dice",
        title="Agreement of the raters' masks",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"Mean Dice over lesions with {context.percent()} intervals of a bootstrap over patients; ICC(A,1) of "
            "the volume of the mask, whose interval takes lesions of a patient as independent. All lesions of the "
            "cohort that both raters drew, not only test lesions.",
        ),
    )


def _title(group: str) -> str:
    return "Dice" if group == "all" else f"Dice, {group.partition('=')[2]}"


def _cell(row: dict[str, Any], *, signed: bool = False) -> Any:
    return estimate_cell(row["estimate"], row["ci_low"], row["ci_high"], signed=signed)
