"""FROC curves of readers: lesions found against false marks a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import drawing, to_svg
from samesplit.reports.palette import BLUE, ORANGE, READER

__all__ = ["FrocCurve", "draw_froc"]

_COLOURS = (READER, BLUE, ORANGE, "#8c6d00")
_DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.6, 1.2, 1.6)))


@dataclass(frozen=True)
class FrocCurve:
    """The curve of one reader under one modality.

    Attributes:
        modality: The modality, which has its colour and line.
        x: False marks a case, rising.
        y: Share of lesions found.
    """

    modality: str
    x: Sequence[float]
    y: Sequence[float]


def draw_froc(curves: Sequence[FrocCurve], *, name: str, alt: str) -> str:
    """Draw the curves, those of a modality alike.

    Args:
        curves: One a reader and modality.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    modalities = list(dict.fromkeys(curve.modality for curve in curves))
    with drawing(6.4, 4.4) as figure:
        axes = figure.subplots()
        for curve in curves:
            place = modalities.index(curve.modality) % len(_COLOURS)
            axes.plot(
                list(curve.x), list(curve.y), color=_COLOURS[place], linestyle=_DASHES[place], linewidth=1.4,
                drawstyle="steps-post", alpha=0.85,
            )  # fmt: skip
        for place, modality in enumerate(modalities):
            place %= len(_COLOURS)
            axes.plot([], [], color=_COLOURS[place], linestyle=_DASHES[place], label=modality)
        axes.set(ylim=(-0.015, 1.015), xlabel="False marks a case", ylabel="Lesions found")
        axes.set_xlim(left=0)
        figure.legend(loc="outside lower left", ncols=3, handlelength=3.2)
        return to_svg(figure, name=name, alt=alt)
