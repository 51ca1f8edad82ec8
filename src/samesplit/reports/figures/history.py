"""The training history of networks, a panel a metric, a thin line a fold."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import Style

__all__ = ["draw_history"]


def draw_history(history: pd.DataFrame, *, style: Style, name: str, alt: str) -> str:
    """Draw metrics against epochs: a thin line per seed, repeat and fold, and their mean.

    The mean ends where fewer than half of the fits were still training.

    Args:
        history: Columns seed, repeat, fold, epoch, metric, value; at most four metrics.
        style: The model's style.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    metrics = list(dict.fromkeys(history["metric"]))
    with drawing(min(10.2, 3.4 * max(len(metrics), 2)), 2.7) as figure:
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            here = history[history["metric"] == metric]
            fits = list(here.groupby(["seed", "repeat", "fold"], sort=True))
            for _, fit in fits:
                ordered = fit.sort_values("epoch")
                axes.plot(ordered["epoch"], ordered["value"], color=style.colour, linewidth=0.7, alpha=0.35)
            by_epoch = here.groupby("epoch")["value"].agg(["mean", "count"])
            mean = by_epoch.loc[by_epoch["count"] * 2 >= len(fits), "mean"]
            axes.plot(mean.index, mean, color=style.colour, linewidth=2.2)
            clean(axes, grid="y")
            axes.set(title=str(metric).replace("_", " "), xlabel="Epoch")
            axes.xaxis.get_major_locator().set_params(integer=True)
        return to_svg(figure, name=name, alt=alt)
