"""The estimates of several studies with their intervals, one panel for each kind of estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, PAPER
from samesplit.storage import make_directory

__all__ = ["StudyEstimate", "draw_studies", "save_studies"]

_PNG_DPI = 150
_LINE_IN = 0.25
_WITH_CHANCE = ("AUC", "Macro AUC", "C-index")


@dataclass(frozen=True)
class StudyEstimate:
    """One line of the figure.

    Attributes:
        study: Its title; lines of one study follow each other under it.
        label: What the estimate is of.
        quantity: What kind of estimate it is, such as AUC; each has a panel of its own.
        estimate: The value, NaN where only a range was printed.
        low: Lower bound, NaN for none.
        high: Upper bound, NaN for none.
        text: The numbers, as they stand at the right.
        colour: Of the study.
        recomputed: Whether the interval is not the study's own.
        own_run: Whether it is a run of one's own, and no published study.
    """

    study: str
    label: str
    quantity: str
    estimate: float
    low: float
    high: float
    text: str
    colour: str
    recomputed: bool = False
    own_run: bool = False


def draw_studies(lines: Sequence[StudyEstimate], *, name: str, alt: str) -> str:
    """Draw the estimates for a page.

    Args:
        lines: From top to bottom.
        name: Unique in the page.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(*_size(lines)) as figure:
        _compose(figure, lines)
        return to_svg(figure, name=name, alt=alt)


def save_studies(lines: Sequence[StudyEstimate], path: Path) -> None:
    """Save the same drawing on white as two files.

    Args:
        lines: From top to bottom.
        path: Without its ending: `.svg` and `.png` are added.
    """
    make_directory(path.parent)
    with drawing(*_size(lines)) as figure, mpl.rc_context({"svg.hashsalt": path.name}):
        _compose(figure, lines)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None}, facecolor=PAPER)
        figure.savefig(path.with_suffix(".png"), dpi=_PNG_DPI, facecolor=PAPER)


def _panels(lines: Sequence[StudyEstimate]) -> dict[str, list[StudyEstimate]]:
    """Return the lines of each quantity, in the order in which they come first."""
    found: dict[str, list[StudyEstimate]] = {}
    for line in lines:
        found.setdefault(line.quantity, []).append(line)
    return found


def _heights(lines: Sequence[StudyEstimate]) -> list[int]:
    """Return the rows of each panel: its lines and a heading for each study."""
    return [len(part) + len({line.study for line in part}) for part in _panels(lines).values()]


def _size(lines: Sequence[StudyEstimate]) -> tuple[float, float]:
    heights = _heights(lines)
    return 10.2, 0.6 + 0.62 * len(heights) + _LINE_IN * sum(heights)


def _compose(figure: Figure, lines: Sequence[StudyEstimate]) -> None:
    panels = _panels(lines)
    drawn = figure.subplots(len(panels), 1, squeeze=False, height_ratios=_heights(lines))[:, 0]
    for axes, (quantity, part) in zip(drawn, panels.items(), strict=True):
        _panel(axes, quantity, part)
    figure.legend(handles=_legend(lines), loc="outside upper left", ncols=4)


def _panel(axes: Axes, quantity: str, lines: Sequence[StudyEstimate]) -> None:
    clean(axes, grid="x")
    ticks: list[tuple[float, str, str]] = []
    row, study = -1, None
    for line in lines:
        if line.study != study:
            study, row = line.study, row + 1
            axes.annotate(
                shorten(line.study, 90), (0, row), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8.8, fontweight="bold", color=INK,
            )  # fmt: skip
            ticks.append((row, "", ""))
        row += 1
        ticks.append((row, shorten(line.label, 52), line.text))
        _mark(axes, row, line)
    if quantity in _WITH_CHANCE:
        axes.axvline(0.5, color=CONTROL_GREY, linewidth=0.9, dashes=(2, 2), zorder=0)
    axes.set_yticks([place for place, _, _ in ticks], [label for _, label, _ in ticks])
    axes.tick_params(axis="y", labelcolor=INK, labelsize=8.8)
    axes.set_ylim(row + 0.6, -0.7)
    axes.set_xlim(_reach(quantity, lines))
    axes.set_xlabel(quantity)
    axes.spines["left"].set_visible(False)
    right = axes.secondary_yaxis("right")
    right.set_yticks([place for place, _, _ in ticks], [text for _, _, text in ticks])
    right.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
    right.spines["right"].set_visible(False)


def _mark(axes: Axes, row: int, line: StudyEstimate) -> None:
    if not (math.isnan(line.low) or math.isnan(line.high)):
        dashes = (1.2, 1.0) if math.isnan(line.estimate) else (None, None)
        axes.plot([line.low, line.high], [row, row], color=line.colour, linewidth=1.9, dashes=dashes)
    if not math.isnan(line.estimate):
        face = PAPER if line.recomputed else line.colour
        axes.plot(
            [line.estimate], [row], marker="D" if line.own_run else "o", markersize=6, color=line.colour,
            markerfacecolor=face, markeredgewidth=1.5,
        )  # fmt: skip


def _reach(quantity: str, lines: Sequence[StudyEstimate]) -> tuple[float, float]:
    values = [v for line in lines for v in (line.estimate, line.low, line.high) if not math.isnan(v)]
    chance = [0.5] if quantity in _WITH_CHANCE else []
    low, high = min([*values, *chance, 0.6]), max([*values, *chance, 0.9])
    return (max(low - 0.03, -0.02), high + 0.02) if high <= 1.0 else (low * 0.97, high * 1.03)


def _legend(lines: Sequence[StudyEstimate]) -> list[Line2D]:
    """Return a mark for each kind of estimate that is drawn."""
    kinds = {
        "published": ("o", INK, any(not (line.own_run or line.recomputed) for line in lines)),
        "published, interval recomputed": ("o", PAPER, any(line.recomputed for line in lines)),
        "own run": ("D", INK, any(line.own_run for line in lines)),
    }
    marks = [
        Line2D(
            [], [], marker=marker, linestyle="", color=INK, markerfacecolor=face, markersize=6, label=title
        )
        for title, (marker, face, there) in kinds.items()
        if there
    ]
    ranges = any(math.isnan(line.estimate) and not math.isnan(line.low) for line in lines)
    return [*marks, *([Line2D([], [], color=INK, dashes=(1.2, 1.0), label="range as printed")] * ranges)]
