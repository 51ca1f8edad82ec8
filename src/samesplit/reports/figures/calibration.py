"""Calibration curves, one small panel a model, each over the histogram of its probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import drawing, shorten, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, PAPER, Style

__all__ = ["Calibration", "draw_calibration"]


@dataclass(frozen=True)
class Calibration:
    """A model's calibration.

    Attributes:
        title: The model's title.
        style: Its style.
        mean: Mean probability of each bin.
        observed: Share of positives of each bin.
        low: Lower bound of the share.
        high: Upper bound of the share.
        probabilities: All test probabilities.
        text: Brier score, ICI and slope, in a line or two.
        curve: Places, heights, lower and upper bounds of the smooth curve; None where there is none. Bounds that
            are not numbers are not drawn.
    """

    title: str
    style: Style
    mean: Sequence[float]
    observed: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    probabilities: Sequence[float]
    text: str
    curve: tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float]] | None = None


def draw_calibration(models: Sequence[Calibration], *, name: str, alt: str) -> str:
    """Draw calibration curves with the intervals of the observed shares.

    Args:
        models: A panel each, in rows of three or four.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = 4 if len(models) == 4 or len(models) > 6 else 3
    most = 28 if columns == 4 else 38
    rows = math.ceil(len(models) / columns)
    with drawing(10.2, (10.2 / columns + 0.7) * rows) as figure:
        ratios = [x for _ in range(rows) for x in (5.0, 1.0)]
        grid = figure.subplots(2 * rows, columns, squeeze=False, gridspec_kw={"height_ratios": ratios})
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            upper, lower = grid[2 * row, column], grid[2 * row + 1, column]
            if index >= len(models):
                upper.set_axis_off()
                lower.set_axis_off()
                continue
            _curve(upper, models[index], shorten(models[index].title, most), first=column == 0)
            _histogram(lower, models[index])
        return to_svg(figure, name=name, alt=alt)


def _curve(axes: Axes, model: Calibration, title: str, *, first: bool) -> None:
    axes.plot([0, 1], [0, 1], color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
    mean, observed = np.asarray(model.mean, float), np.asarray(model.observed, float)
    below = np.clip(observed - np.asarray(model.low, float), 0, None)
    above = np.clip(np.asarray(model.high, float) - observed, 0, None)
    if model.curve is not None:
        x, height, low, high = (np.asarray(values, float) for values in model.curve)
        axes.fill_between(x, low, high, color=model.style.colour, alpha=0.16, linewidth=0)
        axes.plot(x, height, color=model.style.colour, linewidth=1.6)
    axes.errorbar(
        mean, observed, yerr=np.vstack([below, above]), color=model.style.colour, elinewidth=0.9,
        linewidth=1.5 if model.curve is None else 0, marker=model.style.marker, markersize=4.5,
        markerfacecolor=model.style.colour if model.curve is None else PAPER, ecolor=model.style.colour,
    )  # fmt: skip
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), title=title)
    axes.set_xticks([0, 0.5, 1.0], [])
    axes.set_yticks([0, 0.5, 1.0])
    axes.annotate(
        model.text,
        (0.97, 0.04),
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        fontsize=8.5,
        color=INK,
        linespacing=1.35,
        bbox={"facecolor": PAPER, "alpha": 0.75, "linewidth": 0, "pad": 1.5},
    )
    if first:
        axes.set_ylabel("Observed share")


def _histogram(axes: Axes, model: Calibration) -> None:
    counts, edges = np.histogram(np.asarray(model.probabilities, float), bins=20, range=(0, 1))
    axes.bar(edges[:-1], counts, width=0.05, align="edge", color=model.style.colour, alpha=0.45, linewidth=0)
    axes.set(xlim=(-0.03, 1.03), xlabel="Predicted probability")
    axes.set_xticks([0, 0.5, 1.0])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["left"].set_visible(False)
