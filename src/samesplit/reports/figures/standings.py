"""The entries of a board from the best: estimates with intervals, ranges of ranks, and groups.

Titles stand above their intervals, so that the figure is narrow enough for a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from samesplit.reports.figures.canvas import EDGE, MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import BLUE, CONTROL_GREY, INK, READER

__all__ = ["MOST_GROUPS", "Standing", "draw_standings"]

MOST_GROUPS = 14
"""Beyond as many, groups are not drawn: their lines would be a thicket. The table names them."""

_LINE_IN = 0.38
_LABEL = 58
_WIDTH_IN = 4.9


@dataclass(frozen=True)
class Standing:
    """One line of the figure.

    Attributes:
        label: Rank and title.
        estimate: The main quantity.
        low: Lower bound, NaN for none.
        high: Upper bound, NaN for none.
        text: The range of ranks.
        groups: The letters of its groups.
        leading: Whether nobody is claimed to be better.
    """

    label: str
    estimate: float
    low: float
    high: float
    text: str
    groups: tuple[str, ...]
    leading: bool


def draw_standings(
    lines: Sequence[Standing], *, quantity: str, chance: float | None, name: str, alt: str
) -> str:
    """Draw the entries for a page.

    Args:
        lines: From the best down.
        quantity: The label of the axis.
        chance: Where a model without any knowledge stands; None for no line.
        name: Unique in the page.
        alt: Description.

    Returns:
        The SVG element.
    """
    letters = list(dict.fromkeys(letter for line in lines for letter in line.groups))
    drawn = letters if len(letters) <= MOST_GROUPS else []
    width = _WIDTH_IN + 0.2 * len(drawn)
    with drawing(width, 0.7 + _LINE_IN * len(lines)) as figure:
        _compose(figure, lines, drawn, quantity, chance)
        return to_svg(figure, name=name, alt=alt)


def _compose(
    figure: Figure, lines: Sequence[Standing], letters: Sequence[str], quantity: str, chance: float | None
) -> None:
    if letters:
        share = max(0.2 * len(letters), 0.45)
        forest, groups = figure.subplots(1, 2, sharey=True, width_ratios=[_WIDTH_IN - 1.0, share])
        _groups(groups, lines, letters)
    else:
        forest = figure.subplots(1, 1)
    clean(forest, grid="x")
    if chance is not None:
        forest.axvline(chance, color=CONTROL_GREY, linewidth=0.9, dashes=(2, 2), zorder=0)
    for row, line in enumerate(lines):
        colour = BLUE if line.leading else READER
        if not (math.isnan(line.low) or math.isnan(line.high)):
            forest.plot([line.low, line.high], [row, row], color=colour, linewidth=1.9)
        forest.plot([line.estimate], [row], marker="o", markersize=5.5, color=colour)
        forest.annotate(
            shorten(line.label, _LABEL), (0, row), xycoords=("axes fraction", "data"), xytext=(1, 5.2),
            textcoords="offset points", va="bottom", fontsize=8.8, color=INK,
        )  # fmt: skip
    forest.set_yticks([])
    forest.set_ylim(len(lines) - 0.55, -0.95)
    forest.set_xlim(_reach(lines, chance))
    forest.set_xlabel(quantity)
    forest.spines["left"].set_visible(False)
    right = forest.secondary_yaxis("right")
    right.set_yticks(range(len(lines)), [line.text for line in lines])
    right.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
    right.spines["right"].set_visible(False)
    forest.set_title("Ranks", loc="right", fontsize=8.5, fontweight="normal", color=MUTED, x=1.11)


def _groups(axes: Axes, lines: Sequence[Standing], letters: Sequence[str]) -> None:
    """Draw a line a group, with a dot for each of its members."""
    clean(axes)
    for place, letter in enumerate(letters):
        rows = [row for row, line in enumerate(lines) if letter in line.groups]
        axes.plot([place, place], [rows[0], rows[-1]], color=EDGE, linewidth=1.1)
        axes.plot([place] * len(rows), rows, linestyle="", marker="o", markersize=3.6, color=INK)
    axes.set_xlim(-0.6, len(letters) - 0.4)
    axes.set_xticks(range(len(letters)), letters)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", length=0, labelsize=8.5)
    axes.tick_params(axis="y", labelleft=False)
    axes.set_xlabel("Groups")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _reach(lines: Sequence[Standing], chance: float | None) -> tuple[float, float]:
    values = [v for line in lines for v in (line.estimate, line.low, line.high) if not math.isnan(v)]
    values += [] if chance is None else [chance]
    low, high = min(values), max(values)
    pad = 0.04 * max(high - low, 0.1)
    return low - pad, high + pad
