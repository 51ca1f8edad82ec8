"""The grid of selectors and classifiers as a heat map, a panel a number of features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import drawing, to_svg
from samesplit.reports.palette import BLUE, INK, relative_luminance

__all__ = ["draw_grid"]


def draw_grid(
    panels: Mapping[str, pd.DataFrame], *, chosen: Mapping[str, pd.DataFrame], name: str, alt: str
) -> str:
    """Draw the inner AUC of every cell of a grid, averaged over folds.

    Args:
        panels: By the panel's title: selectors as rows, classifiers as columns, mean inner AUC.
        chosen: By the same titles: how often each cell was chosen; shown under the AUC.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    values = np.concatenate([panel.to_numpy(float).ravel() for panel in panels.values()])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.5, 1.0)
    tall, wide = max(len(p) for p in panels.values()), max(p.shape[1] for p in panels.values())
    width = min(10.2, 1.6 + 1.15 * wide * len(panels))
    with drawing(width, 0.95 + 0.5 * tall) as figure:
        colours = sns.light_palette(BLUE, as_cmap=True)
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, (title, panel) in zip(grid, panels.items(), strict=True):
            picked = chosen[title].reindex(index=panel.index, columns=panel.columns).fillna(0)
            sns.heatmap(
                panel, ax=axes, vmin=low - 0.15 * (high - low) - 0.005, vmax=high + 0.005, cmap=colours,
                cbar=False, linewidths=2, linecolor="white",
            )  # fmt: skip
            _label(axes, panel, picked)
            axes.set(title=title, xlabel="", ylabel="")
            axes.tick_params(axis="both", length=0, labelsize=8.5, labelcolor=INK)
            axes.tick_params(axis="y", rotation=0)
            axes.tick_params(axis="x", rotation=0 if wide * len(panels) <= 6 else 30)
        return to_svg(figure, name=name, alt=alt)


def _label(axes: Axes, panel: pd.DataFrame, picked: pd.DataFrame) -> None:
    """Write the numbers into the cells, in black or white, whichever stands out more."""
    values, counts = panel.to_numpy(float), picked.to_numpy(float)
    mesh = axes.collections[0]
    mesh.update_scalarmappable()
    places = [(x, y) for y in range(panel.shape[0]) for x in range(panel.shape[1])]
    for (x, y), background in zip(places, np.asarray(mesh.get_facecolor()), strict=True):
        value, times = float(values[y, x]), int(counts[y, x])
        if not np.isfinite(value):
            continue
        colour = "black" if relative_luminance(tuple(background[:3])) > 0.179 else "white"
        middle = y + (0.36 if times else 0.5)
        weight = "bold" if times else "normal"
        axes.text(x + 0.5, middle, f"{value:.3f}", ha="center", va="center", color=colour, weight=weight)
        if times:
            mark = f"chosen {times}×"
            axes.text(x + 0.5, y + 0.68, mark, ha="center", va="center", color=colour, fontsize=7.5)
