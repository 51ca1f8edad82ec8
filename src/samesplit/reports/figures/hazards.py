"""A forest plot of hazard ratios on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, clean, drawing, in_lines, to_svg
from samesplit.reports.palette import INK

__all__ = ["HazardLine", "draw_hazards"]

_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class HazardLine:
    """One line of the plot.

    Attributes:
        title: Whose hazard ratio it is.
        estimate: Above 0; None where there is none.
        low: Lower bound, or None.
        high: Upper bound, or None.
        text: The numbers, as they stand at the right.
        colour: Of the mark.
    """

    title: str
    estimate: float | None
    low: float | None
    high: float | None
    text: str
    colour: str


def draw_hazards(lines: Sequence[HazardLine], *, axis: str, name: str, alt: str) -> str:
    """Draw hazard ratios as a forest plot with a line at 1; what lies beyond 0.1 to 10 is drawn to the edge.

    Args:
        lines: From top to bottom.
        axis: Label of the horizontal axis.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    edges = (_TICKS[0] / 1.3, _TICKS[-1] * 1.3)

    def inside(value: float) -> float:
        return min(max(value, edges[0]), edges[1])

    titles, height = in_lines([line.title for line in lines])
    with drawing(10.2, 0.85 + height * len(lines)) as figure:
        axes = clean(figure.subplots(), grid="x")
        axes.set_xscale("log")
        axes.axvline(1, color=INK, linewidth=0.9)
        for row, line in enumerate(lines):
            if line.estimate is None:
                continue
            if line.low is not None and line.high is not None:
                axes.plot([inside(line.low), inside(line.high)], [row, row], color=line.colour, linewidth=1.8)
            axes.plot([inside(line.estimate)], [row], marker="s", markersize=6, color=line.colour)
        axes.set_yticks(range(len(lines)), titles)
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.set_xlim(*edges)
        axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
        axes.minorticks_off()
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        right = axes.secondary_yaxis("right")
        right.set_yticks(range(len(lines)), [line.text for line in lines])
        right.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
        right.spines["right"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)
