"""How many lesions are found and how many findings are lesions: a mark with its interval a row, a panel a rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import INK, Style

__all__ = ["RateRow", "draw_rates"]

Mark = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class RateRow:
    """The rates of all models in one group of lesions.

    Attributes:
        title: The group.
        marks: By panel, then by model: estimate with bounds, or None.
    """

    title: str
    marks: Sequence[Sequence[Mark | None]]


def draw_rates(
    rows: Sequence[RateRow],
    panels: Sequence[str],
    models: Sequence[tuple[str, Style]],
    *,
    name: str,
    alt: str,
) -> str:
    """Draw rates between 0 and 1, the models of a row beneath each other.

    Args:
        rows: From top to bottom.
        panels: The title of each panel.
        models: Title and style of each model.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    step = 0.62 / max(len(models), 1)
    with drawing(10.2, 1.2 + (0.22 + 0.16 * len(models)) * len(rows)) as figure:
        every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for place, (axes, title) in enumerate(zip(every, panels, strict=True)):
            clean(axes, grid="x")
            for line, row in enumerate(rows):
                for number, (mark, (_, style)) in enumerate(zip(row.marks[place], models, strict=True)):
                    if mark is None:
                        continue
                    height = line + (number - (len(models) - 1) / 2) * step
                    value, low, high = mark
                    if low is not None and high is not None:
                        axes.plot([low, high], [height] * 2, color=style.colour, linewidth=1.7)
                    axes.plot([value], [height], marker=style.marker, color=style.colour, markersize=5.5)
            axes.set_xlim(-0.02, 1.02)
            axes.set_xlabel(title)
            axes.spines["left"].set_visible(False)
        every[0].set_yticks(range(len(rows)), [row.title for row in rows])
        every[0].tick_params(axis="y", labelcolor=INK, labelsize=9)
        every[0].set_ylim(len(rows) - 0.45, -0.55)
        if len(models) > 1:
            for title, style in models:
                every[0].plot([], [], marker=style.marker, color=style.colour, linewidth=1.7, label=title)
            figure.legend(loc="outside upper left", ncols=min(4, len(models)))
        return to_svg(figure, name=name, alt=alt)
