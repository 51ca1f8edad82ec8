"""How measures of masks spread over lesions: a box and points a row, a panel a measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import INK, PAPER, Style

__all__ = ["BoxRow", "draw_boxes"]


@dataclass(frozen=True)
class BoxRow:
    """The values of a model, or of a model and sequence, in every panel.

    Attributes:
        title: As people read it.
        style: Of the model.
        values: One list a panel; the same lesions in each.
        missed: Which of the lesions were not found; they are drawn as crosses.
    """

    title: str
    style: Style
    values: Sequence[Sequence[float]]
    missed: Sequence[bool]


def draw_boxes(
    rows: Sequence[BoxRow],
    panels: Sequence[tuple[str, tuple[float, float] | None]],
    *,
    name: str,
    alt: str,
) -> str:
    """Draw a box (quartiles, median) over the points of each row.

    Args:
        rows: From top to bottom.
        panels: The title of each panel and the range of its axis; None to take what there is, from 0 on.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 0.8 + 0.5 * len(rows)) as figure:
        every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for place, (axes, (title, reach)) in enumerate(zip(every, panels, strict=True)):
            clean(axes, grid="x")
            for line, row in enumerate(rows):
                _box(axes, line, row, np.asarray(row.values[place], dtype=float))
            axes.set_xlabel(title)
            axes.spines["left"].set_visible(False)
            if reach is not None:
                axes.set_xlim(*reach)
            else:
                axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
        every[0].set_yticks(range(len(rows)), [row.title for row in rows])
        every[0].tick_params(axis="y", labelcolor=INK, labelsize=9)
        every[0].set_ylim(len(rows) - 0.45, -0.55)
        return to_svg(figure, name=name, alt=alt)


def _box(axes: Axes, line: int, row: BoxRow, values: npt.NDArray[np.float64]) -> None:
    """Draw one row of one panel."""
    missed = np.asarray(row.missed, dtype=bool)
    # The golden ratio spreads points evenly, the same way each time.
    heights = line + 0.3 * (((np.arange(len(values)) * 0.618034) % 1) * 2 - 1)
    for chosen, marker, size in ((~missed, row.style.marker, 13), (missed, "x", 20)):
        shape = {"linewidths": 1.1} if marker == "x" else {"linewidths": 0}
        axes.scatter(
            values[chosen],
            heights[chosen],
            s=size,
            marker=marker,
            color=row.style.colour,
            alpha=0.45,
            **shape,
        )
    known = values[~np.isnan(values)]
    if known.size:
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        frame = Rectangle(
            (low, line - 0.36), high - low, 0.72, fill=False, edgecolor=INK, linewidth=1.1, zorder=3
        )
        axes.add_patch(frame)
        axes.plot([middle, middle], [line - 0.36, line + 0.36], color=PAPER, linewidth=4.0)
        axes.plot([middle, middle], [line - 0.36, line + 0.36], color=INK, linewidth=2.0)
