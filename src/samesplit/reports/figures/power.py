"""Power against the number of cases, one line for each number of readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, Style

__all__ = ["PowerLine", "draw_power"]


@dataclass(frozen=True)
class PowerLine:
    """The power of studies that differ in the number of cases.

    Attributes:
        title: Such as `5 readers`.
        style: Its style.
        sizes: Numbers of cases, rising.
        powers: At each.
    """

    title: str
    style: Style
    sizes: Sequence[int]
    powers: Sequence[float]


def draw_power(lines: Sequence[PowerLine], *, axis: str, name: str, alt: str) -> str:
    """Draw the lines; the dashed line is a power of 80 %.

    Args:
        lines: In the order of the legend.
        axis: What the sizes are called.
        name: Unique in the page.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(7.6, 3.9) as figure:
        axes = clean(figure.subplots(), grid="y")
        axes.axhline(0.8, color=CONTROL_GREY, linewidth=0.9, dashes=(2, 2))
        for line in lines:
            axes.plot(
                line.sizes,
                line.powers,
                color=line.style.colour,
                linestyle=line.style.line,
                marker=line.style.marker,
                markersize=4.5,
                label=line.title,
            )
        axes.set(ylim=(0, 1.02), xlabel=axis, ylabel="Power")
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0], ["0", "20 %", "40 %", "60 %", "80 %", "100 %"])
        if len(lines) > 1:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=3.2)
        return to_svg(figure, name=name, alt=alt)
