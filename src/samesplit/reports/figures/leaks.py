"""AUC without and with each leak, on true and on permuted labels, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import BLUE, CONTROL_GREY, INK, PAPER, VERMILION

__all__ = ["LeakLine", "Mark", "draw_leaks"]


@dataclass(frozen=True)
class Mark:
    """An AUC with its interval; None where there is none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class LeakLine:
    """One leak in one panel.

    Attributes:
        honest: The correct counterpart; None where the leak was not made.
        leaky: With the leak.
        informative: Whether it lets test labels in.
        text: The difference, as it stands at the right.
    """

    honest: Mark | None
    leaky: Mark | None
    informative: bool
    text: str


def draw_leaks(
    titles: Sequence[str], panels: Sequence[tuple[str, Sequence[LeakLine]]], *, name: str, alt: str
) -> str:
    """Draw one row a leak and one panel a kind of labels.

    Args:
        titles: Of the leaks, from top to bottom.
        panels: Title and lines of each panel, in the order of the titles.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(11.4, 1.15 + 0.36 * len(titles)) as figure:
        both = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        low, high = _reach(panels)
        for axes, (title, lines) in zip(both, panels, strict=True):
            clean(axes, grid="x")
            axes.axvline(0.5, color=CONTROL_GREY, linewidth=0.9, dashes=(2, 2))
            for row, line in enumerate(lines):
                _line(axes, row, line)
            axes.set_title(title)
            axes.set_xlim(low, high)
            axes.set_xlabel("AUC")
            axes.spines["left"].set_visible(False)
            right = axes.secondary_yaxis("right")
            right.set_yticks(range(len(lines)), [line.text for line in lines])
            right.tick_params(length=0, labelcolor=MUTED, labelsize=8)
            right.spines["right"].set_visible(False)
        first = both[0]
        first.set_yticks(range(len(titles)), list(titles))
        first.tick_params(axis="y", labelcolor=INK, labelsize=9)
        first.set_ylim(len(titles) - 0.45, -0.55)
        _legend(figure, first)
        return to_svg(figure, name=name, alt=alt)


def _line(axes: Axes, row: int, line: LeakLine) -> None:
    colour = VERMILION if line.informative else BLUE
    for mark, y, shade, face, shape in (
        (line.honest, row - 0.13, MUTED, PAPER, "o"),
        (line.leaky, row + 0.13, colour, colour, "D"),
    ):
        if mark is None:
            continue
        if mark.low is not None and mark.high is not None:
            axes.plot([mark.low, mark.high], [y, y], color=shade, linewidth=1.7)
        axes.plot(
            [mark.value], [y], marker=shape, markersize=5, color=shade, markerfacecolor=face, markeredgewidth=1.3,
            linestyle="none",
        )  # fmt: skip


def _reach(panels: Sequence[tuple[str, Sequence[LeakLine]]]) -> tuple[float, float]:
    values = [0.4, 0.8]
    for _, lines in panels:
        for line in lines:
            for mark in (line.honest, line.leaky):
                if mark is not None:
                    values += [v for v in (mark.value, mark.low, mark.high) if v is not None]
    return min(values) - 0.02, max(values) + 0.02


def _legend(figure: object, axes: Axes) -> None:
    marks = [
        axes.plot(
            [], [], marker="o", color=MUTED, markerfacecolor=PAPER, label="without the leak", markersize=5
        )[0],
        axes.plot(
            [], [], marker="D", color=VERMILION, label="with the leak, test labels get in", markersize=5
        )[0],
        axes.plot([], [], marker="D", color=BLUE, label="with the leak, no test label gets in", markersize=5)[
            0
        ],
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=3)  # type: ignore[attr-defined]
