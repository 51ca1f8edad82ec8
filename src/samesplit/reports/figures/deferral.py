"""Deferral curves: the error among the lesions that a model keeps, against the share that it defers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import INK, Style

__all__ = ["Deferral", "draw_deferral"]


@dataclass(frozen=True)
class Deferral:
    """The panel of a model.

    Attributes:
        title: The model.
        style: How it is drawn.
        deferred: Shares of deferred lesions, rising.
        error: Among the lesions that are kept.
        low: Lower bound of the band.
        high: Upper bound.
        ideal: The error if all wrong calls were deferred first.
        random: The error of deferring at random.
    """

    title: str
    style: Style
    deferred: Sequence[float]
    error: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    ideal: Sequence[float]
    random: Sequence[float]


def draw_deferral(panels: Sequence[Deferral], *, name: str, alt: str) -> str:
    """Draw one panel a model, all on the same axes.

    Args:
        panels: From left to right, three in a row.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    top = max([0.05, *(max([*panel.high, *panel.random]) for panel in panels)])
    with drawing(3.4 * columns, 0.5 + 2.7 * rows) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place >= len(panels):
                axes.set_axis_off()
                continue
            panel = panels[place]
            x = [100 * share for share in panel.deferred]
            clean(axes, grid="both")
            axes.fill_between(
                x,
                _percent(panel.low),
                _percent(panel.high),
                color=panel.style.colour,
                alpha=0.15,
                linewidth=0,
            )
            axes.plot(x, _percent(panel.random), color=MUTED, linewidth=1.0, dashes=(2, 2), label="at random")
            axes.plot(
                x, _percent(panel.ideal), color=INK, linewidth=1.0, dashes=(5, 2), label="wrong calls first"
            )
            axes.plot(
                x,
                _percent(panel.error),
                color=panel.style.colour,
                linewidth=1.9,
                label="least certain first (the model)",
            )
            axes.set_title(shorten(panel.title, 40))
            axes.set_ylim(0, 105 * top)
            if place % columns == 0:
                axes.set_ylabel("Error among the kept, %")
            if place + columns >= len(panels):
                axes.set_xlabel("Deferred, % of the lesions")
                axes.tick_params(labelbottom=True)
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=1 if columns == 1 else 3)
        return to_svg(figure, name=name, alt=alt)


def _percent(values: Sequence[float]) -> list[float]:
    return [100 * value for value in values]
