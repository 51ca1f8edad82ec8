"""Bland-Altman plots of several measurements, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import BLUE, INK

__all__ = ["Agreement", "draw_bland_altman"]

_ACROSS = 4


@dataclass(frozen=True)
class Agreement:
    """One plot.

    Attributes:
        title: What was measured.
        first: Shape (n,), of the first rater.
        second: Shape (n,), of the second.
        bias: The mean difference.
        lower: Lower limit of agreement.
        upper: Upper limit of agreement.
    """

    title: str
    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]
    bias: float
    lower: float
    upper: float


def draw_bland_altman(plots: Sequence[Agreement], *, axis: str, name: str, alt: str) -> str:
    """Draw the difference of two raters against their mean, one plot a measurement.

    Args:
        plots: In the order of reading.
        axis: What the vertical axes show.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    across = min(_ACROSS, len(plots))
    down = math.ceil(len(plots) / across)
    with drawing(2.75 * across + 0.3, 2.35 * down + 0.25) as figure:
        grid = figure.subplots(down, across, squeeze=False)
        for place, axes in enumerate(grid.ravel()):
            if place >= len(plots):
                axes.set_axis_off()
                continue
            plot = plots[place]
            clean(axes, grid="y")
            axes.scatter(
                (plot.first + plot.second) / 2,
                plot.first - plot.second,
                s=9,
                color=BLUE,
                alpha=0.6,
                linewidths=0,
            )
            axes.axhline(plot.bias, color=INK, linewidth=1.1)
            for limit in (plot.lower, plot.upper):
                axes.axhline(limit, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
            axes.locator_params(axis="x", nbins=4)
            axes.locator_params(axis="y", nbins=5)
            axes.set_title(plot.title)
            if place % across == 0:
                axes.set_ylabel(axis)
            if place + across >= len(plots):
                axes.set_xlabel("Mean of both")
        return to_svg(figure, name=name, alt=alt)
