"""Inner against outer AUC of the chosen grid cell, fold by fold."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import INK, PAPER, Style

__all__ = ["draw_winners_curse"]


def draw_winners_curse(
    labels: Sequence[str],
    inner: Sequence[float],
    outer: Sequence[float],
    *,
    style: Style,
    name: str,
    alt: str,
    chooser: str = "inner",
) -> str:
    """Draw a line from the inner AUC (hollow) to the test AUC (filled) of each fold.

    Args:
        labels: A fold each, from top to bottom.
        inner: AUC of the chosen cell in inner cross-validation.
        outer: AUC of the refitted cell in the test part.
        style: The model's style.
        name: Unique in the report.
        alt: Description.
        chooser: What the first AUC is called: `inner` or `validation`.

    Returns:
        The SVG element.
    """
    with drawing(5.0, 0.95 + 0.24 * len(labels)) as figure:
        axes = clean(figure.subplots(), grid="x")
        rows = list(range(len(labels)))
        for row, start, end in zip(rows, inner, outer, strict=True):
            axes.plot([start, end], [row, row], color=style.colour, linewidth=1.2, alpha=0.6)
        axes.scatter(
            list(inner), rows, s=30, facecolors=PAPER, edgecolors=style.colour, linewidths=1.4, zorder=3,
            label=f"{chooser}, selected candidate",
        )  # fmt: skip
        axes.scatter(list(outer), rows, s=32, color=style.colour, zorder=4, label="test part")
        axes.set_yticks(rows, list(labels))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel("AUC")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.spines["left"].set_visible(False)
        figure.legend(loc="outside upper left", ncols=2, labelcolor=MUTED, handletextpad=0.3)
        return to_svg(figure, name=name, alt=alt)
