"""Printed numbers of a study beside the recomputed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import CONTROL_GREY, GREEN, INK, PAPER, VERMILION

__all__ = ["VERDICT_COLOURS", "PrintedInterval", "VerdictBar", "draw_printed_intervals", "draw_verdicts"]

VERDICT_COLOURS = {"reproduced": GREEN, "inconsistent": VERMILION, "not derivable": CONTROL_GREY}
"""The colour of each verdict."""


@dataclass(frozen=True)
class VerdictBar:
    """How many printed numbers of one table of the paper have which verdict.

    Attributes:
        title: The table.
        counts: By verdict.
    """

    title: str
    counts: dict[str, int]


@dataclass(frozen=True)
class PrintedInterval:
    """A printed estimate with its interval, and the recomputed ones.

    Attributes:
        title: Who and what.
        group: The table or part that it belongs to.
        printed: Estimate, low, high.
        recomputed: The same; None for what is not derivable.
        holds: Whether all three hold.
    """

    title: str
    group: str
    printed: tuple[float | None, float, float]
    recomputed: tuple[float | None, float | None, float | None]
    holds: bool


def draw_verdicts(bars: Sequence[VerdictBar], *, name: str, alt: str) -> str:
    """Draw a bar for each table of the paper, divided by verdict.

    Args:
        bars: From top to bottom.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 0.9 + 0.3 * len(bars)) as figure:
        axes = clean(figure.subplots(), grid="x")
        most = max(sum(bar.counts.values()) for bar in bars)
        for row, bar in enumerate(bars):
            start = 0
            for verdict, colour in VERDICT_COLOURS.items():
                count = bar.counts.get(verdict, 0)
                if not count:
                    continue
                axes.barh(row, count, left=start, height=0.62, color=colour, edgecolor=PAPER, linewidth=1.2)
                if count > 0.03 * most:
                    middle = start + count / 2
                    axes.text(middle, row, str(count), ha="center", va="center", color=PAPER, fontsize=8.5)
                elif verdict == "inconsistent":
                    axes.plot(
                        [start + count / 2],
                        [row - 0.42],
                        marker="v",
                        markersize=5,
                        color=colour,
                        clip_on=False,
                    )
                start += count
            wrong = bar.counts.get("inconsistent", 0)
            if wrong:
                text = f"{wrong} inconsistent"
                axes.text(start + 0.012 * most, row, text, va="center", color=VERMILION, fontsize=8.5)
        axes.set_yticks(range(len(bars)), [shorten(bar.title, 44) for bar in bars])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(len(bars) - 0.45, -0.65)
        axes.set_xlim(0, 1.16 * most)
        axes.set_xlabel("Printed numbers")
        axes.spines["left"].set_visible(False)
        for verdict, colour in VERDICT_COLOURS.items():
            axes.barh([0], [0], color=colour, label=verdict)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.1)
        return to_svg(figure, name=name, alt=alt)


def draw_printed_intervals(lines: Sequence[PrintedInterval], *, axis: str, name: str, alt: str) -> str:
    """Draw printed intervals as broad bars and the recomputed ones as thin lines in them.

    Args:
        lines: From top to bottom; lines of one group stand together.
        axis: Label of the horizontal axis.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 0.9 + 0.21 * len(lines)) as figure:
        axes = clean(figure.subplots(), grid="x")
        for row, line in enumerate(lines):
            colour = VERDICT_COLOURS["reproduced" if line.holds else "inconsistent"]
            value, low, high = line.printed
            axes.plot([low, high], [row, row], color=colour, linewidth=7, alpha=0.3, solid_capstyle="butt")
            if value is not None:
                axes.plot([value, value], [row - 0.36, row + 0.36], color=colour, linewidth=2.4)
            mine, least, most = line.recomputed
            if least is not None and most is not None:
                axes.plot([least, most], [row, row], color=INK, linewidth=1.1)
            if mine is not None:
                marker, face = ("o", INK) if line.holds else ("X", VERMILION)
                axes.plot(
                    [mine], [row], marker=marker, markersize=4 if line.holds else 7, color=INK,
                    markerfacecolor=face, markeredgewidth=0.7,
                )  # fmt: skip
            if row and line.group != lines[row - 1].group:
                axes.axhline(row - 0.5, color=MUTED, linewidth=0.6)
        axes.set_yticks(range(len(lines)), [shorten(line.title, 58) for line in lines])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=8)
        for label, line in zip(axes.get_yticklabels(), lines, strict=True):
            if not line.holds:
                label.set_color(VERMILION)
                label.set_fontweight("bold")
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)
