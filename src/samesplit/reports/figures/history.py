"""The training history of networks, a panel a metric, a thin line a fold."""

from __future__ import annotations

import pandas as pd

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import Style

__all__ = ["draw_history"]

_FIT = ["seed", "repeat", "fold"]


def draw_history(
    history: pd.DataFrame, kept: pd.DataFrame, *, axis: str, style: Style, name: str, alt: str
) -> str:
    """Draw metrics against steps: a thin line per seed, repeat and fold, and their mean.

    The mean is of the first, second, ... validation of all fits, and ends where fewer than half of the fits were
    still being trained.

    Args:
        history: Columns seed, repeat, fold, at (the step), metric, value; at most four metrics.
        kept: Columns seed, repeat, fold and steps: where a fit's weights were kept; may be empty.
        axis: What `at` counts.
        style: The model's style.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    metrics = list(dict.fromkeys(history["metric"]))
    chosen = kept.set_index(_FIT)["steps"].to_dict() if len(kept) else {}
    with drawing(min(10.2, 3.4 * max(len(metrics), 2)), 2.7) as figure:
        panels = figure.subplots(1, len(metrics), squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            here = history[history["metric"] == metric].sort_values([*_FIT, "at"])
            fits = list(here.groupby(_FIT, sort=True))
            for key, fit in fits:
                axes.plot(fit["at"], fit["value"], color=style.colour, linewidth=0.7, alpha=0.35)
                there = fit[fit["at"] == chosen.get(key)]
                axes.plot(there["at"], there["value"], ".", color=style.colour, markersize=7)
            by_number = here.assign(number=here.groupby(_FIT).cumcount()).groupby("number")
            mean = by_number[["at", "value"]].mean()[by_number.size() * 2 >= len(fits)]
            axes.plot(mean["at"], mean["value"], color=style.colour, linewidth=2.2)
            clean(axes, grid="y")
            axes.set(title=str(metric).replace("_", " "), xlabel=axis)
            axes.xaxis.get_major_locator().set_params(integer=True)
        return to_svg(figure, name=name, alt=alt)
