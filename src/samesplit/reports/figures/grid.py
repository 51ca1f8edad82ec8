"""The grid of selectors and classifiers as a heat map, a panel a number of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from samesplit.reports.figures.canvas import drawing, to_svg
from samesplit.reports.palette import BLUE, INK, ON_DARK, ON_LIGHT, PAPER, VERMILION, relative_luminance

__all__ = ["draw_grid"]

_WIDEST = 10.2
_NAMES = 1.3


@dataclass(frozen=True)
class _Layout:
    """How panels are put on the page.

    Attributes:
        rows: Of panels.
        columns: Of panels.
        width: Of the figure, in inches.
        height: Of the figure, in inches.
        small: Whether a cell has room for two digits only.
    """

    rows: int
    columns: int
    width: float
    height: float
    small: bool

    @classmethod
    def of(cls, panels: int, tall: int, wide: int) -> _Layout:
        """Side by side with room for text where they fit, else in rows of small cells."""
        if 1.6 + 0.62 * wide * panels <= _WIDEST:
            width = min(_WIDEST, 1.6 + 1.15 * wide * panels)
            return cls(1, panels, width, 0.95 + 0.5 * tall, small=False)
        columns = min(panels, max(1, int((_WIDEST - _NAMES) / (0.28 * wide))))
        rows = -(-panels // columns)
        width = min(_WIDEST, _NAMES + 0.62 * wide * columns)
        return cls(rows, columns, width, 0.85 + rows * (0.3 + 0.235 * tall), small=True)


def draw_grid(
    panels: Mapping[str, pd.DataFrame], *, chosen: Mapping[str, pd.DataFrame], name: str, alt: str
) -> str:
    """Draw the inner AUC of every cell of a grid, averaged over folds.

    Few cells show their AUC and how often they were selected. Many show two digits of the AUC, and a frame around
    those that were ever selected.

    Args:
        panels: By the panel's title: selectors as rows, classifiers as columns, mean inner AUC.
        chosen: By the same titles: how often each cell was chosen.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    values = np.concatenate([panel.to_numpy(float).ravel() for panel in panels.values()])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.5, 1.0)
    tall, wide = max(len(p) for p in panels.values()), max(p.shape[1] for p in panels.values())
    layout = _Layout.of(len(panels), tall, wide)
    with drawing(layout.width, layout.height) as figure:
        colours = sns.light_palette(BLUE, as_cmap=True)
        places = figure.subplots(layout.rows, layout.columns, squeeze=False, sharey=True, sharex=True).ravel()
        for axes, (title, panel) in zip(places, panels.items(), strict=False):
            picked = chosen[title].reindex(index=panel.index, columns=panel.columns).fillna(0)
            sns.heatmap(
                panel, ax=axes, vmin=low - 0.15 * (high - low) - 0.005, vmax=high + 0.005, cmap=colours,
                cbar=False, linewidths=0.8 if layout.small else 2, linecolor=PAPER,
                xticklabels=True, yticklabels=True,
            )  # fmt: skip
            _label(axes, panel, picked, small=layout.small)
            axes.set_xticklabels([_broken(name) for name in panel.columns])
            axes.set_yticklabels([_broken(name) for name in panel.index])
            axes.set(title=title, xlabel="", ylabel="")
            axes.tick_params(axis="both", length=0, labelsize=7.5 if layout.small else 8.5, labelcolor=INK)
            axes.tick_params(axis="y", rotation=0)
            turned = 90 if layout.small else 0 if wide * len(panels) <= 6 else 30
            axes.tick_params(axis="x", rotation=turned)
        for axes in places[len(panels) :]:
            axes.set_visible(False)
        for axes in places[max(0, len(panels) - layout.columns) : len(panels)]:
            axes.tick_params(
                axis="x", labelbottom=True
            )  # the last of a column may stand above an empty place
        return to_svg(figure, name=name, alt=alt)


def _broken(name: object) -> str:
    """Return a selector or classifier with settings of its own takes two lines."""
    return str(name).replace("[", "\n[", 1)


def _label(axes: Axes, panel: pd.DataFrame, picked: pd.DataFrame, *, small: bool) -> None:
    """Write the numbers into the cells, in black or white, whichever stands out more."""
    values, counts = panel.to_numpy(float), picked.to_numpy(float)
    mesh = axes.collections[0]
    mesh.update_scalarmappable()
    places = [(x, y) for y in range(panel.shape[0]) for x in range(panel.shape[1])]
    for (x, y), background in zip(places, np.asarray(mesh.get_facecolor()), strict=True):
        value, times = float(values[y, x]), int(counts[y, x])
        if not np.isfinite(value):
            continue
        colour = ON_LIGHT if relative_luminance(tuple(background[:3])) > 0.179 else ON_DARK
        weight = "bold" if times else "normal"
        if small:
            text = f"{value:.2f}".removeprefix("0")
            axes.text(
                x + 0.5, y + 0.52, text, ha="center", va="center", color=colour, weight=weight, fontsize=6.5
            )
            if times:
                frame = Rectangle(
                    (x + 0.05, y + 0.05), 0.9, 0.9, fill=False, edgecolor=VERMILION, linewidth=1.4
                )
                axes.add_patch(frame)
            continue
        middle = y + (0.36 if times else 0.5)
        axes.text(x + 0.5, middle, f"{value:.3f}", ha="center", va="center", color=colour, weight=weight)
        if times:
            mark = f"selected {times}×"
            axes.text(x + 0.5, y + 0.68, mark, ha="center", va="center", color=colour, fontsize=7.5)
