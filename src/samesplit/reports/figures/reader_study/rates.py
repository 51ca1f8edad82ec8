"""Rates of readers with their intervals, a panel a rate: how often advice was followed, how long a case took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samesplit.reports.figures.canvas import clean, drawing, shorten, to_svg
from samesplit.reports.palette import BLUE, INK, ORANGE, PAPER, READER

__all__ = ["Panel", "RatePoint", "draw_rates"]

_COLOURS = (BLUE, ORANGE, READER, "#8c6d00")


@dataclass(frozen=True)
class RatePoint:
    """One reader in a panel.

    Attributes:
        title: The reader.
        estimate: The value.
        low: Lower bound, or None.
        high: Upper bound, or None.
        mean: Whether it is all readers together.
    """

    title: str
    estimate: float
    low: float | None
    high: float | None
    mean: bool = False


@dataclass(frozen=True)
class Panel:
    """One rate.

    Attributes:
        title: What it is.
        points: A point a reader, from top to bottom.
        limits: Of the axis; None for those of the values.
        line: Where a line marks no change; None for none.
    """

    title: str
    points: Sequence[RatePoint]
    limits: tuple[float, float] | None = None
    line: float | None = None


def draw_rates(panels: Sequence[Panel], *, name: str, alt: str) -> str:
    """Draw the panels beside each other; all have the same readers in the same order.

    Args:
        panels: From left to right.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    n = max(len(panel.points) for panel in panels)
    with drawing(10.2 if len(panels) > 1 else 6.4, 0.95 + 0.26 * n) as figure:
        drawn = np.atleast_1d(np.asarray(figure.subplots(1, len(panels), sharey=True)))
        for axes, panel, colour in zip(drawn, panels, _COLOURS * len(panels), strict=False):
            clean(axes, grid="x")
            if panel.line is not None:
                axes.axvline(panel.line, color=INK, linewidth=0.9)
            for row, point in enumerate(panel.points):
                if point.low is not None and point.high is not None:
                    axes.plot(
                        [point.low, point.high],
                        [row, row],
                        color=colour,
                        linewidth=2.6 if point.mean else 1.6,
                    )
                axes.plot(
                    [point.estimate], [row], marker="D" if point.mean else "o", markersize=8 if point.mean else 6,
                    color=colour, markerfacecolor=colour if point.mean else PAPER, markeredgewidth=1.4,
                )  # fmt: skip
            axes.set_title(panel.title)
            axes.set_yticks(range(n), [shorten(point.title, 28) for point in panel.points])
            axes.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
            axes.set_ylim(n - 0.4, -0.6)
            axes.spines["left"].set_visible(False)
            if panel.limits is not None:
                axes.set_xlim(*panel.limits)
        return to_svg(figure, name=name, alt=alt)
