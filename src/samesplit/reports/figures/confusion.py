"""Confusion matrices side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.palette import INK

__all__ = ["Confusion", "draw_confusion"]


@dataclass(frozen=True)
class Confusion:
    """The four counts of a model or reader; averages over repeats may be fractions."""

    title: str
    colour: str
    tp: float
    fn: float
    tn: float
    fp: float


def draw_confusion(
    matrices: Sequence[Confusion], *, positive: str, negative: str, name: str, alt: str
) -> str:
    """Draw two by two squares, five matrices a row; a square is as dark as its share of its class is large.

    Args:
        matrices: In order.
        positive: Name of the positive class.
        negative: Name of the negative class.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = min(5, max(len(matrices), 3))
    rows = math.ceil(len(matrices) / columns)
    with drawing(10.2, 2.05 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for index, axes in enumerate(grid.ravel()):
            axes.set_axis_off()
            if index < len(matrices):
                _matrix(axes, matrices[index], positive, negative, first=index % columns == 0)
        return to_svg(figure, name=name, alt=alt)


def _matrix(axes: Axes, counts: Confusion, positive: str, negative: str, *, first: bool) -> None:
    axes.set(xlim=(0, 2), ylim=(2.12, -0.36))
    axes.set_aspect("equal")
    axes.set_title(shorten(counts.title, 25), fontsize=8, pad=3)
    cells = [[(counts.tp, True), (counts.fn, False)], [(counts.fp, False), (counts.tn, True)]]
    for y, row in enumerate(cells):
        total = sum(value for value, _ in row)
        for x, (value, right) in enumerate(row):
            share = value / total if total else 0.0
            axes.add_patch(
                Rectangle(
                    (x + 0.02, y + 0.02),
                    0.96,
                    0.96,
                    facecolor=counts.colour if right else "#6b7580",
                    alpha=0.06 + 0.55 * share,
                    linewidth=0,
                )
            )
            shown = f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
            axes.text(x + 0.5, y + 0.44, shown, ha="center", va="center", fontsize=10.5, color=INK)
            axes.text(
                x + 0.5, y + 0.76, f"{100 * share:.0f} %", ha="center", va="center", fontsize=7.5, color=INK
            )
    for x, label in enumerate((positive, negative)):
        axes.text(x + 0.5, -0.1, shorten(label, 14), ha="center", va="bottom", fontsize=7, color=MUTED)
    if first:
        for y, label in enumerate((positive, negative)):
            axes.text(
                -0.07,
                y + 0.5,
                shorten(label, 14),
                ha="right",
                va="center",
                fontsize=7.5,
                color=MUTED,
                rotation=90,
            )
