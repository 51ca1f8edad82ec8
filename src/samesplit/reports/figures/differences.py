"""A forest plot of differences, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, clean, drawing, in_lines, to_svg
from samesplit.reports.palette import INK, PAPER

__all__ = ["Difference", "draw_differences"]


@dataclass(frozen=True)
class Difference:
    """One line of the plot.

    Attributes:
        title: "A minus B".
        estimate: The difference.
        low: Lower bound, or None.
        high: Upper bound, or None.
        text: The numbers, as they stand at the right.
        colour: Of the mark.
        strong: Whether the difference is shown after adjustment; else the mark is hollow.
    """

    title: str
    estimate: float
    low: float | None
    high: float | None
    text: str
    colour: str
    strong: bool


def draw_differences(lines: Sequence[Difference], *, axis: str, name: str, alt: str) -> str:
    """Draw differences as a forest plot with a line at zero.

    Args:
        lines: From top to bottom.
        axis: Label of the horizontal axis.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    titles, height = in_lines([line.title for line in lines])
    with drawing(10.2, 0.75 + height * len(lines)) as figure:
        axes = clean(figure.subplots(), grid="x")
        axes.axvline(0, color=INK, linewidth=0.9)
        for row, line in enumerate(lines):
            if line.low is not None and line.high is not None:
                axes.plot([line.low, line.high], [row, row], color=line.colour, linewidth=1.8)
            face = line.colour if line.strong else PAPER
            axes.plot(
                [line.estimate], [row], marker="s", markersize=6, color=line.colour, markerfacecolor=face,
                markeredgewidth=1.4,
            )  # fmt: skip
        axes.set_yticks(range(len(lines)), titles)
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(len(lines) - 0.4, -0.6)
        reach = max([0.05, *(abs(b) for x in lines for b in (x.estimate, x.low, x.high) if b is not None)])
        axes.set_xlim(-1.06 * reach, 1.06 * reach)
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        right = axes.secondary_yaxis("right")
        right.set_yticks(range(len(lines)), [line.text for line in lines])
        right.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
        right.spines["right"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)
