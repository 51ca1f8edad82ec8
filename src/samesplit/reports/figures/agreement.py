"""How far engines agree, family by family, as a heat map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns

from samesplit.reports.figures.canvas import drawing, to_svg
from samesplit.reports.palette import BLUE, INK, ON_LIGHT, PAPER

__all__ = ["draw_agreement"]


def draw_agreement(shares: pd.DataFrame, texts: pd.DataFrame, *, name: str, alt: str) -> str:
    """Draw the share of features on which two engines agree.

    Args:
        shares: Families as rows, comparisons as columns; in [0, 1], NaN where there is nothing to compare.
        texts: What is written into the cells, of the same shape.
        name: Unique on the page.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = shares.shape[1]
    with drawing(min(11.0, 2.2 + 1.45 * columns), 0.9 + 0.38 * len(shares)) as figure:
        axes = figure.subplots()
        colours = sns.light_palette(BLUE, as_cmap=True)  # its lighter half, so that black text stands out
        sns.heatmap(
            shares, ax=axes, vmin=-0.1, vmax=2.0, cmap=colours, cbar=False, linewidths=2, linecolor=PAPER
        )
        axes.set(xlabel="", ylabel="")
        axes.grid(visible=False)
        axes.xaxis.tick_top()
        axes.tick_params(axis="both", length=0, labelsize=8.5, labelcolor=INK)
        axes.tick_params(axis="both", rotation=0)
        values, words = shares.to_numpy(float), texts.to_numpy(object)
        for y, x in np.ndindex(*values.shape):
            if not np.isfinite(values[y, x]):
                axes.text(x + 0.5, y + 0.5, "–", ha="center", va="center", color=INK)
                continue
            axes.text(
                x + 0.5, y + 0.5, str(words[y, x]), ha="center", va="center", fontsize=8.5, color=ON_LIGHT
            )
        return to_svg(figure, name=name, alt=alt)
