"""Confusion matrices side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.palette import ON_LIGHT

_STEP_X, _STEP_Y = 2.75, 2.75

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
    with drawing(10.0, 1.92 * rows) as figure:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(-0.25, columns * _STEP_X - 0.5), ylim=(rows * _STEP_Y - 0.35, -0.62))
        axes.set_aspect("equal", anchor="NW")
        for index, counts in enumerate(matrices):
            row, column = divmod(index, columns)
            _matrix(axes, counts, positive, negative, at=(column * _STEP_X, row * _STEP_Y), first=column == 0)
        return to_svg(figure, name=name, alt=alt)


def _matrix(
    axes: Axes, counts: Confusion, positive: str, negative: str, *, at: tuple[float, float], first: bool
) -> None:
    left, top = at
    axes.text(left, top - 0.34, shorten(counts.title, 25), fontsize=8, fontweight="bold")
    cells = [[(counts.tp, True), (counts.fn, False)], [(counts.fp, False), (counts.tn, True)]]
    for y, row in enumerate(cells):
        total = sum(value for value, _ in row)
        for x, (value, right) in enumerate(row):
            share = value / total if total else 0.0
            axes.add_patch(
                Rectangle(
                    (left + x + 0.02, top + y + 0.02),
                    0.96,
                    0.96,
                    linewidth=0,
                    facecolor=_tint(counts.colour if right else "#6b7580", 0.06 + 0.55 * share),
                )
            )
            shown = f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
            middle = left + x + 0.5
            axes.text(middle, top + y + 0.44, shown, ha="center", va="center", fontsize=10.5, color=ON_LIGHT)
            axes.text(
                middle,
                top + y + 0.76,
                f"{100 * share:.0f} %",
                ha="center",
                va="center",
                fontsize=8,
                color=ON_LIGHT,
            )
    for place, label in enumerate((positive, negative)):
        short = shorten(label, 14)
        axes.text(left + place + 0.5, top - 0.06, short, ha="center", va="bottom", fontsize=7.5, color=MUTED)
        if first:
            axes.text(
                left - 0.07,
                top + place + 0.5,
                short,
                ha="right",
                va="center",
                fontsize=7.5,
                color=MUTED,
                rotation=90,
            )


def _tint(colour: str, share: float) -> tuple[float, ...]:
    """Return a colour with so much of it in white; not see-through, so that it is the same on a dark page."""
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))
