"""Precision-recall curves of the models, with the readers as points."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.figures.canvas import MUTED, drawing, to_svg
from samesplit.reports.figures.roc import Curve, ReaderPoint, draw_bands, reader_points
from samesplit.reports.palette import CONTROL_GREY

__all__ = ["draw_precision_recall"]


def draw_precision_recall(
    curves: Sequence[Curve], readers: Sequence[ReaderPoint], *, prevalence: float, name: str, alt: str
) -> str:
    """Draw precision-recall curves as the staircases that average precision is the area of.

    Args:
        curves: Recall against precision; a precision holds from the recall before up to its own.
        readers: Readers at (sensitivity, positive predictive value).
        prevalence: Share of positives, the precision of chance.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(5.15, 5.5 + 0.1 * len(curves)) as figure:
        axes = figure.subplots()
        axes.axhline(prevalence, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        axes.annotate("chance", (0.0, prevalence - 0.012), color=MUTED, fontsize=8, va="top")
        draw_bands(axes, curves, step="pre")
        for curve in curves:
            x, y = [0.0, *curve.x], [curve.y[0] if len(curve.y) else 1.0, *curve.y]
            axes.plot(
                x, y, drawstyle="steps-pre", color=curve.style.colour, linestyle=curve.style.line,
                linewidth=1.1 if curve.control else 1.7, label=curve.title,
            )  # fmt: skip
        reader_points(axes, readers)
        axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015))
        axes.set(xlabel="Recall (sensitivity)", ylabel="Precision (positive predictive value)")
        axes.set_aspect("equal")
        ticks = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        figure.legend(loc="outside lower left", ncols=1, handlelength=3.2, borderaxespad=0.2)
        return to_svg(figure, name=name, alt=alt)
