"""How well predicted masks overlap with those of the rater: a point a lesion, a row a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import INK, Style

__all__ = ["Overlap", "draw_overlap"]

_BINS = 60
_SPREAD = 0.36


@dataclass(frozen=True)
class Overlap:
    """The Dice coefficients of a model.

    Attributes:
        title: The model's title.
        style: Its style.
        values: One a lesion and sequence.
        mean: Their mean.
    """

    title: str
    style: Style
    values: Sequence[float]
    mean: float


def draw_overlap(models: Sequence[Overlap], *, name: str, alt: str) -> str:
    """Draw the points; those of nearly the same value stand above each other.

    Args:
        models: From top to bottom.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 0.75 + 0.62 * len(models)) as figure:
        axes = clean(figure.subplots(), grid="x")
        for row, model in enumerate(models):
            values = np.sort(np.asarray(model.values, float))
            axes.scatter(
                values, row + _offsets(values), s=15, color=model.style.colour, alpha=0.55, linewidths=0,
                marker=model.style.marker,
            )  # fmt: skip
            axes.plot([model.mean] * 2, [row - 0.4, row + 0.4], color=INK, linewidth=1.8)
        axes.set_yticks(range(len(models)), [model.title for model in models])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(len(models) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("Dice coefficient of a lesion (bar: mean)")
        axes.spines["left"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)


def _offsets(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Say how far from its row each of some rising values is drawn: those of one bin spread to both sides.

    Example:
        >>> _offsets(np.array([0.1, 0.5, 0.5])).round(2).tolist()
        [0.0, 0.0, 0.12]
    """
    offsets = np.zeros(len(values))
    bins = np.floor(np.clip(values, 0, 1) * _BINS).astype(int)
    counts = np.bincount(bins, minlength=_BINS + 1)
    step = min(0.12, 2 * _SPREAD / max(counts.max(initial=1), 1))
    for place in np.unique(bins):
        (inside,) = np.nonzero(bins == place)
        turns = np.arange(len(inside))
        offsets[inside] = step * np.where(turns % 2 == 1, (turns + 1) // 2, -(turns // 2))
    return offsets
