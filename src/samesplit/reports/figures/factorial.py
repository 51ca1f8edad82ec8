"""What each factor of a factorial benchmark explains, beside the mean AUC of each of its levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import BLUE, CONTROL_GREY, INK, ORANGE, PAPER

__all__ = ["LevelMark", "ShareBar", "draw_factorial"]


@dataclass(frozen=True)
class ShareBar:
    """The share of the variance of one term; `factor` or what belongs to none."""

    title: str
    factor: bool
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class LevelMark:
    """The mean of one level."""

    title: str
    value: float
    low: float
    high: float


def draw_factorial(
    shares: Sequence[ShareBar],
    factors: Sequence[tuple[str, Sequence[LevelMark]]],
    *,
    axis: str,
    name: str,
    alt: str,
) -> str:
    """Draw a bar a term at the left, and at the right the means of the levels, factor by factor.

    Args:
        shares: From top to bottom.
        factors: The title and levels of each factor.
        axis: What the means are of.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    rows = sum(1 + len(levels) for _, levels in factors)
    with drawing(10.2, 0.9 + 0.3 * max(rows, len(shares))) as figure:
        left, right = figure.subplots(1, 2)
        _shares(clean(left, grid="x"), shares)
        _levels(clean(right, grid="x"), factors, axis)
        return to_svg(figure, name=name, alt=alt)


def _shares(axes: Axes, shares: Sequence[ShareBar]) -> None:
    for row, bar in enumerate(shares):
        colour = BLUE if bar.factor else CONTROL_GREY
        axes.barh(row, 100 * bar.share, height=0.55, color=colour, alpha=0.85)
        axes.plot([100 * bar.low, 100 * bar.high], [row, row], color=INK, linewidth=1.3)
    axes.set_yticks(range(len(shares)), [bar.title for bar in shares])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.set_xlim(min([0.0, *(100 * bar.low for bar in shares)]), 100)
    axes.set_xlabel("Share of the variance between AUCs (%)")
    axes.spines["left"].set_visible(False)


def _levels(axes: Axes, factors: Sequence[tuple[str, Sequence[LevelMark]]], axis: str) -> None:
    row, ticks, names = 0, [], []
    for title, levels in factors:
        axes.text(
            0.0, row, title, transform=axes.get_yaxis_transform(), color=MUTED, fontsize=8.5, va="center"
        )
        row += 1
        for level in levels:
            axes.plot([level.low, level.high], [row, row], color=ORANGE, linewidth=1.7)
            axes.plot(
                [level.value], [row], marker="o", markersize=5.5, color=ORANGE, markerfacecolor=PAPER,
                markeredgewidth=1.5,
            )  # fmt: skip
            ticks.append(row)
            names.append(level.title)
            row += 1
    axes.set_yticks(ticks, names)
    axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
    axes.set_ylim(row - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(f"Mean {axis} of the combinations with this level")
    axes.spines["left"].set_visible(False)
