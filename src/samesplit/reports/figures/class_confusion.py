"""Confusion matrices of several classes: counts and the share of each true class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.palette import ON_LIGHT

__all__ = ["ClassConfusion", "draw_class_confusion"]

_WIDTH_IN = 10.2
_LEFT, _TOP, _GAP = 1.55, 1.0, 0.7
"""Room for the names of the classes and between matrices, in widths of a cell."""


@dataclass(frozen=True)
class ClassConfusion:
    """The confusion matrix of a model.

    Attributes:
        title: The model's title.
        colour: Of the cells on the diagonal.
        counts: Shape (n classes, n classes): true class by row, called class by column; averages over repeats
            may be fractions.
    """

    title: str
    colour: str
    counts: npt.NDArray[np.float64]


def draw_class_confusion(
    matrices: Sequence[ClassConfusion], *, classes: Sequence[str], name: str, alt: str
) -> str:
    """Draw a square a pair of classes; it is as dark as its share of the true class is large.

    Args:
        matrices: In order.
        classes: The names of the classes, in the order of the rows.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    size = len(classes)
    columns = min(len(matrices), {3: 3, 4: 2, 5: 2}.get(size, 1 if size > 7 else 2))
    wide = columns * (_LEFT + size + _GAP)
    cell_in = min(0.78, _WIDTH_IN / wide)
    tall = size + _TOP + _GAP
    rows = math.ceil(len(matrices) / columns)
    with drawing(max(cell_in * wide, 4.0), cell_in * tall * rows) as figure:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(0, max(wide, 4.0 / cell_in)), ylim=(rows * tall - 0.25, 0))
        axes.set_aspect("equal", anchor="NW")
        for index, matrix in enumerate(matrices):
            row, column = divmod(index, columns)
            at = (column * (_LEFT + size + _GAP) + _LEFT, row * tall + _TOP)
            _matrix(axes, matrix, classes, at=at, cell_in=cell_in)
        return to_svg(figure, name=name, alt=alt)


def _matrix(
    axes: Axes, matrix: ClassConfusion, classes: Sequence[str], *, at: tuple[float, float], cell_in: float
) -> None:
    left, top = at
    letters = int(cell_in * 72 / 5.1)  # that fit above a cell at 7.5 points
    most = max(12, int((len(classes) + _LEFT) * cell_in * 72 / 6.0))
    axes.text(left - _LEFT + 0.1, top - 0.62, shorten(matrix.title, most), fontsize=9, fontweight="bold")
    for y, row in enumerate(matrix.counts):
        total = float(row.sum())
        for x, value in enumerate(row):
            share = float(value) / total if total else 0.0
            _cell(
                axes,
                (left + x, top + y),
                float(value),
                share,
                matrix.colour if x == y else "#6b7580",
                cell_in,
            )
    for place, label in enumerate(classes):
        axes.text(
            left + place + 0.5, top - 0.08, shorten(label, max(letters, 4)), ha="center", va="bottom",
            fontsize=8, color=MUTED,
        )  # fmt: skip
        axes.text(
            left - 0.1, top + place + 0.5, shorten(label, int(_LEFT * cell_in * 72 / 4.6)), ha="right",
            va="center", fontsize=8, color=MUTED,
        )  # fmt: skip


def _cell(
    axes: Axes, at: tuple[float, float], value: float, share: float, colour: str, cell_in: float
) -> None:
    x, y = at
    tint = tuple(1 - (0.05 + 0.58 * share) * (1 - part) for part in to_rgb(colour))
    axes.add_patch(Rectangle((x + 0.02, y + 0.02), 0.96, 0.96, linewidth=0, facecolor=tint))
    shown = f"{value:.0f}" if value.is_integer() else f"{value:.1f}"
    axes.text(
        x + 0.5, y + 0.4, shown, ha="center", va="center", fontsize=10 if cell_in > 0.6 else 8, color=ON_LIGHT
    )
    axes.text(x + 0.5, y + 0.75, f"{100 * share:.0f} %", ha="center", va="center", fontsize=8, color=ON_LIGHT)
