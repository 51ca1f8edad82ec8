"""Where lesions are lost between image and diagnosis: a bar a classifier, a part a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import clean, drawing, to_svg
from samesplit.reports.palette import (
    BLUE,
    CONTROL_GREY,
    INK,
    ON_DARK,
    ON_LIGHT,
    ORANGE,
    PAPER,
    SKY,
    VERMILION,
)

__all__ = ["PARTS", "StageBar", "draw_stages"]

PARTS: tuple[tuple[str, str, str], ...] = (
    ("right", BLUE, ON_DARK),
    ("classification", CONTROL_GREY, ON_LIGHT),
    ("segmentation", SKY, ON_LIGHT),
    ("not classified", ORANGE, ON_LIGHT),
    ("localisation", VERMILION, ON_LIGHT),
)
"""What may become of a lesion, with its colour and that of the text on it."""


@dataclass(frozen=True)
class StageBar:
    """One bar.

    Attributes:
        title: Classifier and masks.
        shares: By part, the share of lesions; they sum to 1.
    """

    title: str
    shares: dict[str, float]


def draw_stages(bars: Sequence[StageBar], *, name: str, alt: str) -> str:
    """Draw bars of 100 %, cut into what became of the lesions.

    Args:
        bars: From top to bottom.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(10.2, 1.2 + 0.42 * len(bars)) as figure:
        axes = clean(figure.subplots())
        for line, bar in enumerate(bars):
            left = 0.0
            for part, colour, text in PARTS:
                share = 100 * bar.shares.get(part, 0.0)
                axes.barh(line, share, left=left, height=0.7, color=colour, edgecolor=PAPER, linewidth=1.0)
                if share >= 4:
                    axes.text(
                        left + share / 2,
                        line,
                        f"{share:.1f}".removesuffix(".0"),
                        ha="center",
                        va="center",
                        color=text,
                        fontsize=8.5,
                    )
                left += share
        for part, colour, _ in PARTS:
            axes.barh([0], [0], color=colour, label=_LEGEND[part])
        axes.set_yticks(range(len(bars)), [bar.title for bar in bars])
        axes.tick_params(axis="y", labelcolor=INK, labelsize=9)
        axes.set_ylim(len(bars) - 0.45, -0.55)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of all test lesions")
        axes.spines["left"].set_visible(False)
        figure.legend(loc="outside upper left", ncols=3)
        return to_svg(figure, name=name, alt=alt)


_LEGEND = {
    "right": "right",
    "classification": "wrong with the manual mask too",
    "segmentation": "wrong on the predicted mask only",
    "not classified": "found, not classified",
    "localisation": "not found, right with the manual mask",
}
