"""ROC curves of the models, with the readers as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import MUTED, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, PAPER, READER, Style

__all__ = ["Curve", "ReaderPoint", "draw_bands", "draw_roc", "reader_points"]


@dataclass(frozen=True)
class Curve:
    """A model's curve.

    Attributes:
        title: As in the legend.
        style: The model's style.
        x: Horizontal values, rising.
        y: Vertical values.
        control: Whether the model is a control, drawn thin.
        band: Horizontal values with lower and upper bounds of the curve; None for no band.
    """

    title: str
    style: Style
    x: Sequence[float]
    y: Sequence[float]
    control: bool = False
    band: tuple[Sequence[float], Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True)
class ReaderPoint:
    """A reader at work with one modality.

    Attributes:
        reader: The reader's id.
        modality: `unaided`, `aided` or another.
        x: Horizontal value.
        y: Vertical value.
    """

    reader: str
    modality: str
    x: float
    y: float


def draw_roc(curves: Sequence[Curve], readers: Sequence[ReaderPoint], *, name: str, alt: str) -> str:
    """Draw ROC curves.

    Args:
        curves: 1 - specificity against sensitivity, a line each.
        readers: Readers at (1 - specificity, sensitivity).
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(5.15, 5.5 + 0.1 * len(curves)) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        axes.annotate(
            "chance", (0.965, 0.935), rotation=45, color=MUTED, fontsize=8, ha="right", va="top",
            rotation_mode="anchor",
        )  # fmt: skip
        draw_bands(axes, curves)
        for curve in curves:
            axes.plot(
                list(curve.x), list(curve.y), color=curve.style.colour, linestyle=curve.style.line,
                linewidth=1.1 if curve.control else 1.9, label=curve.title, solid_joinstyle="round",
            )  # fmt: skip
        reader_points(axes, readers)
        _unit_square(axes, "1 − specificity", "Sensitivity")
        figure.legend(loc="outside lower left", ncols=1, handlelength=3.2, borderaxespad=0.2)
        return to_svg(figure, name=name, alt=alt)


def draw_bands(axes: Axes, curves: Sequence[Curve], *, step: Literal["pre"] | None = None) -> None:
    """Shade the bands of the curves that have one.

    Args:
        axes: Where to.
        curves: The curves.
        step: `pre` for staircases.
    """
    for curve in curves:
        if curve.band is not None:
            x, low, high = (list(values) for values in curve.band)
            axes.fill_between(x, low, high, color=curve.style.colour, alpha=0.14, linewidth=0, step=step)


def reader_points(axes: Axes, readers: Sequence[ReaderPoint]) -> None:
    """Mark the readers: hollow for the first modality, filled for the second, a thin line joining the two."""
    table = pd.DataFrame([vars(point) for point in readers], columns=["reader", "modality", "x", "y"])
    modalities = modality_order(table["modality"].unique().tolist())
    if len(modalities) > 1:
        for _, steps in table.groupby("reader", sort=True):
            path = steps.set_index("modality").reindex(modalities).dropna()
            axes.plot(path["x"], path["y"], color=READER, linewidth=0.7, alpha=0.6, zorder=4)
    faces = (PAPER, READER, "#a9b1b8", "#6e7780")
    for index, modality in enumerate(modalities):
        here = table[table["modality"] == modality]
        axes.scatter(
            here["x"], here["y"], s=34, marker="o" if index % 2 == 0 else "D", color=faces[index % len(faces)],
            edgecolors=READER, linewidths=1.2, zorder=5, label=f"Readers, {modality}",
        )  # fmt: skip


def modality_order(modalities: Sequence[str]) -> list[str]:
    """Unaided first, then the others by name."""
    return sorted(modalities, key=lambda name: (name != "unaided", name))


def _unit_square(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), xlabel=x_label, ylabel=y_label)
    axes.set_aspect("equal")
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
