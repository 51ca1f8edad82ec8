"""Selection stability of each selector and AUC variability of each classifier: two maps side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import drawing, to_svg
from samesplit.reports.palette import BLUE, INK, ON_DARK, ON_LIGHT, PAPER, VERMILION, relative_luminance

__all__ = ["draw_selection_stability"]


def draw_selection_stability(
    selectors: pd.DataFrame, classifiers: pd.DataFrame, *, name: str, alt: str
) -> str:
    """Draw the stability of every selector and the relative standard deviation of every classifier, by size.

    Args:
        selectors: Selectors as rows, numbers of features as columns, Nogueira's stability; may be empty.
        classifiers: Classifiers as rows, numbers of features as columns, percent; may be empty.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    maps = [
        (selectors, "Selectors: stability of selection (Nogueira)", BLUE, "{:.2f}", (0.0, 1.0)),
        (classifiers, "Classifiers: relative SD of the AUC, %", VERMILION, "{:.1f}", None),
    ]
    drawn = [one for one in maps if one[0].size]
    tall, wide = (max(one[0].shape[axis] for one in drawn) for axis in (0, 1))
    width = min(10.2, len(drawn) * (1.5 + max(0.48 * wide, 2.4)))
    with drawing(width, 0.85 + 0.27 * tall) as figure:
        places = figure.subplots(1, len(drawn), squeeze=False)[0]
        for axes, (panel, title, colour, form, limits) in zip(places, drawn, strict=True):
            _map(axes, panel, colour, form, limits)
            axes.set(title=title, xlabel="Number of features", ylabel="")
        return to_svg(figure, name=name, alt=alt)


def _map(axes: Axes, panel: pd.DataFrame, colour: str, form: str, limits: tuple[float, float] | None) -> None:
    values = panel.to_numpy(float)
    finite = values[np.isfinite(values)]
    low, high = limits or (0.0, float(finite.max()) if finite.size else 1.0)
    sns.heatmap(
        panel, ax=axes, vmin=low, vmax=high, cmap=sns.light_palette(colour, as_cmap=True), cbar=False,
        linewidths=1, linecolor=PAPER, xticklabels=True, yticklabels=True,
    )  # fmt: skip
    axes.tick_params(axis="both", length=0, labelsize=8, labelcolor=INK, rotation=0)
    mesh = axes.collections[0]
    mesh.update_scalarmappable()
    places = [(x, y) for y in range(panel.shape[0]) for x in range(panel.shape[1])]
    for (x, y), background in zip(places, np.asarray(mesh.get_facecolor()), strict=True):
        if np.isfinite(values[y, x]):
            ink = ON_LIGHT if relative_luminance(tuple(background[:3])) > 0.179 else ON_DARK
            text = form.format(values[y, x]).replace("-0.00", "0.00").replace("-", "−")
            axes.text(x + 0.5, y + 0.52, text, ha="center", va="center", color=ink, fontsize=7.5)
