"""Variability of the main quantity of each model over folds and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, Style

__all__ = ["Spread", "draw_spread"]


@dataclass(frozen=True)
class Spread:
    """The main quantity of a model in the test part of each of its fits.

    Attributes:
        title: The model's title.
        style: Its style.
        values: For each seed, the value of each (repeat, fold).
        mean: The cross-validated value.
    """

    title: str
    style: Style
    values: Sequence[Sequence[float]]
    mean: float


def draw_spread(
    spreads: Sequence[Spread], *, axis: str, name: str, alt: str, chance: float | None = 0.5
) -> str:
    """Draw one point per fitted model (a fold of a repeat, with one seed), a line of points per seed.

    Args:
        spreads: From top to bottom.
        axis: What the values are called.
        name: Unique in the report.
        alt: Description.
        chance: What a model without any knowledge reaches; None where there is no such value.

    Returns:
        The SVG element.
    """
    rows = [max(1, len(spread.values)) for spread in spreads]
    heights = [0.3 + 0.13 * (count - 1) for count in rows]
    with drawing(10.2, 0.7 + sum(heights)) as figure:
        axes = clean(figure.subplots(), grid="x")
        if chance is not None:
            axes.axvline(chance, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        top, middles = 0.0, []
        for spread, height in zip(spreads, heights, strict=True):
            for index, values in enumerate(spread.values):
                y = top + 0.15 + 0.13 * index
                axes.scatter(
                    list(values), [y] * len(values), s=22, color=spread.style.colour, alpha=0.55, linewidths=0,
                    marker=spread.style.marker,
                )  # fmt: skip
            axes.plot([spread.mean] * 2, [top + 0.04, top + height - 0.04], color=INK, linewidth=1.8)
            middles.append(top + height / 2)
            top += height
        axes.set_yticks(middles, [spread.title for spread in spreads])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(top, 0)
        low = min(
            [0.4 if chance is not None else 1.0, *(v for s in spreads for part in s.values for v in part)]
        )
        axes.set_xlim(low - 0.02, 1.02)
        axes.set_xlabel(f"{axis} in the test part of one fold (bar: mean)")
        axes.spines["left"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)
