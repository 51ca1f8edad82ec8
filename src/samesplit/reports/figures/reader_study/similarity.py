"""How alike readers and models call, as a heat map in clustered order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.formatting import number
from samesplit.reports.palette import BLUE, INK, ON_LIGHT, PAPER

__all__ = ["draw_similarity"]

_MOST_NUMBERS = 16
_MOST_CELLS = 30
_MOST_NAMES = 40


def draw_similarity(matrix: pd.DataFrame, *, measure: str, name: str, alt: str) -> str:
    """Draw a square of similarities.

    Args:
        matrix: Names as rows and columns, in the order in which they are drawn; NaN where two share no case.
        measure: What the numbers are.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    n = len(matrix)
    cell = 0.52 if n <= _MOST_NUMBERS else min(0.3, 8.0 / n)
    with drawing(min(10.2, 2.3 + cell * n), min(10.2, 1.9 + cell * n)) as figure:
        axes = figure.subplots()
        colours = sns.light_palette(BLUE, as_cmap=True)
        names = [shorten(str(one), 26) for one in matrix.index] if n <= _MOST_NAMES else []
        if n <= _MOST_CELLS:
            sns.heatmap(
                matrix, ax=axes, vmin=-0.2, vmax=1.8, cmap=colours, cbar=False, linewidths=1, linecolor=PAPER,
                square=True, xticklabels=names or False, yticklabels=names or False,
            )  # fmt: skip
        else:  # one picture instead of thousands of cells
            axes.imshow(matrix.to_numpy(float), vmin=-0.2, vmax=1.8, cmap=colours, interpolation="nearest")
            axes.set_xticks(range(len(names)), names)
            axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="", ylabel="")
        axes.grid(visible=False)
        axes.tick_params(axis="both", length=0, labelsize=8.5, labelcolor=INK)
        axes.tick_params(axis="x", rotation=90)
        axes.tick_params(axis="y", rotation=0)
        axes.set_title(measure, color=MUTED, fontweight="normal")
        if n <= _MOST_NUMBERS:
            values = matrix.to_numpy(float)
            for y, x in np.ndindex(*values.shape):
                if y == x:
                    continue
                axes.text(
                    x + 0.5,
                    y + 0.5,
                    number(float(values[y, x]), 2),
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color=ON_LIGHT,
                )
        return to_svg(figure, name=name, alt=alt)
