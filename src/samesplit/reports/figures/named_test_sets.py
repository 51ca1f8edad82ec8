"""A quantity in each named test set and over all of them, with intervals: a forest plot, a block a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, PAPER, Style

__all__ = ["SetEstimate", "SetsOfModel", "draw_test_sets"]


@dataclass(frozen=True)
class SetEstimate:
    """An estimate in one test set.

    Attributes:
        title: The test set, or what all of them together are called.
        estimate: The value.
        low: Lower bound, or None.
        high: Upper bound, or None.
        text: The numbers as they stand at the right.
        together: Whether it is that of all test sets, drawn hollow.
        lowest: Whether it is the lowest of the model's test sets, written in bold.
    """

    title: str
    estimate: float
    low: float | None
    high: float | None
    text: str
    together: bool = False
    lowest: bool = False


@dataclass(frozen=True)
class SetsOfModel:
    """A model with its estimates, from top to bottom."""

    title: str
    style: Style
    estimates: Sequence[SetEstimate]


def draw_test_sets(
    models: Sequence[SetsOfModel], *, axis: str, chance: float | None, name: str, alt: str
) -> str:
    """Draw the estimates of each model below its title.

    Args:
        models: From top to bottom.
        axis: Label of the horizontal axis.
        chance: Where the dashed line stands; None for none.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    lines = sum(1.25 + len(model.estimates) for model in models)
    with drawing(10.2, 0.75 + 0.24 * lines) as figure:
        axes = clean(figure.subplots(), grid="x")
        if chance is not None:
            axes.axvline(chance, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        row = 0.0
        places: list[tuple[float, str, str, bool]] = []
        for model in models:
            places.append((row, model.title, "", True))
            for found in model.estimates:
                row += 1
                _mark(axes, row, found, model.style)
                places.append((row, found.title, found.text, False))
            row += 1.25
        axes.set_yticks([place for place, *_ in places], [title for _, title, *_ in places])
        for label, (*_, strong) in zip(axes.get_yticklabels(), places, strict=True):
            label.set(color=INK if strong else MUTED, fontweight="bold" if strong else "normal", fontsize=8.8)
        axes.set_ylim(row - 0.6, -0.7)
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        right = axes.secondary_yaxis("right")
        right.set_yticks([place for place, *_ in places], [text for *_, text, _ in places])
        right.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
        right.spines["right"].set_visible(False)
        lowest = {place for place, (_, _, _, strong) in enumerate(places) if not strong}
        marked = [found.lowest for model in models for found in model.estimates]
        for place, bold in zip(sorted(lowest), marked, strict=True):
            if bold:
                right.get_yticklabels()[place].set(fontweight="bold", color=INK)
        return to_svg(figure, name=name, alt=alt)


def _mark(axes: object, row: float, found: SetEstimate, style: Style) -> None:
    colour = style.colour
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [row, row], color=colour, linewidth=1.8)  # type: ignore[attr-defined]
    axes.plot(  # type: ignore[attr-defined]
        [found.estimate], [row], marker="D" if found.together else "s", markersize=6, color=colour,
        markerfacecolor=PAPER if found.together else colour, markeredgewidth=1.4,
    )  # fmt: skip
