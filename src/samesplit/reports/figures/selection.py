"""How often each feature was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import INK, Style

__all__ = ["draw_selection"]


def draw_selection(
    features: Sequence[str], counts: Sequence[int], *, of: int, style: Style, name: str, alt: str
) -> str:
    """Draw a bar a feature.

    Args:
        features: Names, the most often selected first.
        counts: In how many fitted models each was selected.
        of: How many models were fitted.
        style: The model's style.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 0.6 + 0.24 * len(features)) as figure:
        axes = clean(figure.subplots(), grid="x")
        rows = list(range(len(features)))
        axes.barh(rows, [100 * count / of for count in counts], height=0.62, color=style.colour, alpha=0.85)
        for row, count in zip(rows, counts, strict=True):
            axes.annotate(
                f"{count} of {of}", (100 * count / of, row), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=8, color=MUTED,
            )  # fmt: skip
        axes.set_yticks(rows, list(features))
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, 112)
        axes.set_xticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xlabel("Selected in this share of the fitted models")
        axes.spines["left"].set_visible(False)
        return to_svg(figure, name=name, alt=alt)
