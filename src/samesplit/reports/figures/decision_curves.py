"""Decision curves: net benefit against threshold probability, with the readers as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import MUTED, drawing, to_svg
from samesplit.reports.figures.roc import ReaderPoint, modality_order
from samesplit.reports.palette import INK, PAPER, READER, Style

__all__ = ["DecisionCurve", "draw_decision_curves"]


@dataclass(frozen=True)
class DecisionCurve:
    """The net benefit of a model or of a strategy that needs none.

    Attributes:
        title: As in the legend.
        style: Of the model; None for treating all or none, which are drawn in the colour of text.
        dashed: Whether a curve without a style is dashed.
        thresholds: Threshold probabilities, rising.
        net_benefit: At each threshold.
        low: Lower bound of the band; empty for no band.
        high: Upper bound.
        control: Whether the model is a control, drawn thin.
    """

    title: str
    style: Style | None
    thresholds: Sequence[float]
    net_benefit: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    control: bool = False
    dashed: bool = False


def draw_decision_curves(
    curves: Sequence[DecisionCurve], readers: Sequence[ReaderPoint], *, name: str, alt: str
) -> str:
    """Draw decision curves.

    Args:
        curves: Models, and treating all and none; a band is drawn for those that have one.
        readers: Readers at (threshold, net benefit), several thresholds each.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 4.6 + 0.1 * len(curves)) as figure:
        axes = figure.subplots()
        for curve in curves:
            x, y = list(curve.thresholds), list(curve.net_benefit)
            colour = INK if curve.style is None else curve.style.colour
            if len(curve.low):
                axes.fill_between(x, list(curve.low), list(curve.high), color=colour, alpha=0.12, linewidth=0)
            line = curve.style.line if curve.style is not None else (0, (5, 2.5)) if curve.dashed else "-"
            axes.plot(
                x, y, color=colour, linestyle=line, label=curve.title,
                linewidth=1.0 if curve.control or curve.style is None else 1.9,
            )  # fmt: skip
        _readers(axes, readers)
        top = max(max(curve.net_benefit) for curve in curves)
        highest = max([top, *(point.y for point in readers)])
        axes.set_ylim(-0.15 * max(highest, 0.02), 1.12 * max(highest, 0.02))
        axes.set(xlabel="Threshold probability", ylabel="Net benefit (true positives per lesion)")
        axes.tick_params(colors=MUTED)
        figure.legend(loc="outside right upper", ncols=1, handlelength=3.2, borderaxespad=0.2)
        return to_svg(figure, name=name, alt=alt)


def _readers(axes: Axes, readers: Sequence[ReaderPoint]) -> None:
    """Mark the readers: hollow for the first modality, filled for the second."""
    table = pd.DataFrame([vars(point) for point in readers], columns=["reader", "modality", "x", "y"])
    faces = (PAPER, READER, "#a9b1b8", "#6e7780")
    for index, modality in enumerate(modality_order(table["modality"].unique().tolist())):
        here = table[table["modality"] == modality]
        axes.scatter(
            here["x"], here["y"], s=24, marker="o" if index % 2 == 0 else "D", color=faces[index % len(faces)],
            edgecolors=READER, linewidths=1.0, zorder=5, label=f"Readers, {modality}",
        )  # fmt: skip
