"""The AUC of models against the number of training lesions, and where two curves cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, PAPER, Style
from samesplit.storage import make_directory

__all__ = ["CrossingMark", "CurveLine", "draw_learning_curve", "save_learning_curve"]

_PNG_DPI = 150


@dataclass(frozen=True)
class CurveLine:
    """The curve of one model.

    Attributes:
        title: The model's title.
        style: Its style.
        sizes: Numbers of training lesions, rising.
        values: The AUC at each, with the bounds of its interval; NaN where there is none.
    """

    title: str
    style: Style
    sizes: Sequence[int]
    values: Sequence[tuple[float, float, float]]


@dataclass(frozen=True)
class CrossingMark:
    """Where two curves cross; bounds beyond the sizes are drawn to the edge."""

    value: float
    low: float
    high: float
    text: str


def draw_learning_curve(
    lines: Sequence[CurveLine], crossings: Sequence[CrossingMark], *, axis: str, name: str, alt: str
) -> str:
    """Draw the curves for a page.

    Args:
        lines: In the order of the legend.
        crossings: Those inside the sizes.
        axis: What the values are called.
        name: Unique in the page.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(9.2, 4.4) as figure:
        _compose(figure, lines, crossings, axis)
        return to_svg(figure, name=name, alt=alt)


def save_learning_curve(
    lines: Sequence[CurveLine], crossings: Sequence[CrossingMark], *, axis: str, path: Path
) -> None:
    """Save the same drawing on white as two files.

    Args:
        lines: In the order of the legend.
        crossings: Those inside the sizes.
        axis: What the values are called.
        path: Without its ending: `.svg` and `.png` are added.
    """
    make_directory(path.parent)
    with drawing(9.2, 4.4) as figure, mpl.rc_context({"svg.hashsalt": path.name}):
        _compose(figure, lines, crossings, axis)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None}, facecolor=PAPER)
        figure.savefig(path.with_suffix(".png"), dpi=_PNG_DPI, facecolor=PAPER)


def _compose(
    figure: Figure, lines: Sequence[CurveLine], crossings: Sequence[CrossingMark], axis: str
) -> None:
    """Draw the curves, and below them, on the same axis of lesions, a bar for each crossing."""
    panels = figure.subplots(
        1 + bool(crossings),
        1,
        sharex=True,
        squeeze=False,
        height_ratios=[10, 1.1 * len(crossings)] if crossings else [1],
    )[:, 0]
    axes = clean(panels[0], grid="y")
    sizes = sorted({size for line in lines for size in line.sizes})
    edges = (sizes[0] / 1.12, sizes[-1] * 1.12)
    axes.set_xscale("log")
    for place, line in enumerate(lines):
        _line(axes, line, shift=1 + 0.012 * (place - (len(lines) - 1) / 2))
    axes.axhline(0.5, color=CONTROL_GREY, linewidth=0.9, dashes=(2, 2))
    low, high = _reach(lines)
    axes.set_ylim(low - 0.02, min(1.0, high) + 0.01)
    axes.set_ylabel(f"{axis} in the test part")
    if crossings:
        _bars(panels[1], crossings, edges)
    last = panels[-1]
    last.minorticks_off()
    last.set_xlim(*edges)
    last.set_xticks(sizes, [f"{size:,}".replace(",", "\u202f") for size in sizes])
    last.set_xlabel("Lesions in the training part")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3)


def _line(axes: Axes, line: CurveLine, *, shift: float) -> None:
    """Draw a curve with a bar for each interval; curves stand a little apart, so that bars do not overlap."""
    there = [(size * shift, *value) for size, value in zip(line.sizes, line.values, strict=True)]
    there = [point for point in there if not math.isnan(point[1])]
    for size, _, low, high in there:
        if not (math.isnan(low) or math.isnan(high)):
            axes.plot([size, size], [low, high], color=line.style.colour, linewidth=1.3, alpha=0.75)
    axes.plot(
        [point[0] for point in there], [point[1] for point in there], color=line.style.colour,
        linestyle=line.style.line, marker=line.style.marker, markersize=5.5, label=line.title,
    )  # fmt: skip


def _bars(axes: Axes, crossings: Sequence[CrossingMark], edges: tuple[float, float]) -> None:
    """Draw where curves cross, and from where to where each interval reaches; what is beyond goes to the edge."""
    clean(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_ylim(len(crossings) - 0.35, -0.85)
    for row, mark in enumerate(crossings):
        low, high = max(mark.low, edges[0]), min(mark.high, edges[1])
        axes.plot([low, high], [row, row], color=MUTED, linewidth=1.6, solid_capstyle="butt")
        axes.plot([mark.value], [row], marker="|", markersize=11, color=INK, markeredgewidth=2)
        late = mark.value > math.sqrt(edges[0] * edges[1])
        axes.annotate(
            mark.text, (mark.value, row), xytext=(-7 if late else 7, 3), textcoords="offset points",
            ha="right" if late else "left", va="bottom", fontsize=8, color=MUTED,
        )  # fmt: skip


def _reach(lines: Sequence[CurveLine]) -> tuple[float, float]:
    values = [v for line in lines for point in line.values for v in point if not math.isnan(v)]
    return min([0.5, *values]), max([0.7, *values])
