"""A forest plot of the AUC in subgroups, a block a column of the cohort, with a few models at each subgroup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.lines import Line2D

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, Style

__all__ = ["Subgroup", "SubgroupEstimate", "SubgroupsOfColumn", "draw_subgroups"]

_LONGEST_TITLE = 34


@dataclass(frozen=True)
class SubgroupEstimate:
    """The estimate of a model in a subgroup: its place among the models, the value and its bounds, if any."""

    model: int
    estimate: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True)
class Subgroup:
    """A subgroup.

    Attributes:
        title: Its value with its counts.
        estimates: One a model; empty where it cannot be judged.
        reason: Why it cannot be judged, written in place of marks.
    """

    title: str
    estimates: Sequence[SubgroupEstimate]
    reason: str = ""


@dataclass(frozen=True)
class SubgroupsOfColumn:
    """A column of the cohort with its subgroups from top to bottom; `text` is said of it at the right."""

    title: str
    subgroups: Sequence[Subgroup]
    text: str = ""


def draw_subgroups(
    columns: Sequence[SubgroupsOfColumn],
    models: Sequence[tuple[str, Style]],
    *,
    axis: str,
    chance: float,
    name: str,
    alt: str,
) -> str:
    """Draw the subgroups of each column below its title.

    Args:
        columns: From top to bottom.
        models: Title and style of each model, in the order in which they stand at a subgroup.
        axis: Label of the horizontal axis.
        chance: Where the dashed line stands.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    step = 0.62
    lines = sum(
        1.3 + sum(0.45 + step * max(1, len(group.estimates)) for group in column.subgroups)
        for column in columns
    )
    with drawing(10.2, 1.15 + 0.25 * lines) as figure:
        axes = clean(figure.subplots(), grid="x")
        axes.axvline(chance, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        left: list[tuple[float, str, bool]] = []
        right: list[tuple[float, str, bool]] = []
        row = 0.0
        for column in columns:
            left.append((row, shorten(column.title, _LONGEST_TITLE), True))
            right.append((row, column.text, True))
            row += 1.05
            for group in column.subgroups:
                height = step * (max(1, len(group.estimates)) - 1)
                left.append((row + height / 2, shorten(group.title, _LONGEST_TITLE), False))
                if not group.estimates:
                    right.append((row, group.reason, False))
                for found in group.estimates:
                    style = models[found.model][1]
                    place = row + step * found.model
                    if found.low is not None and found.high is not None:
                        axes.plot([found.low, found.high], [place, place], color=style.colour, linewidth=1.8)
                    axes.plot(
                        [found.estimate], [place], marker=style.marker, markersize=5.5, color=style.colour
                    )
                    right.append((place, found.text, False))
                row += height + step + 0.45
            row += 0.3
        axes.set_yticks([place for place, *_ in left], [title for _, title, _ in left])
        for label, (*_, strong) in zip(axes.get_yticklabels(), left, strict=True):
            label.set(color=INK if strong else MUTED, fontweight="bold" if strong else "normal", fontsize=8.8)
        axes.set_ylim(row - 0.4, -0.7)
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        second = axes.secondary_yaxis("right")
        second.set_yticks([place for place, *_ in right], [text for _, text, _ in right])
        second.tick_params(length=0, labelcolor=MUTED, labelsize=8.5)
        second.spines["right"].set_visible(False)
        marks = [
            Line2D([], [], color=style.colour, marker=style.marker, linewidth=1.8, label=title)
            for title, style in models
        ]
        figure.legend(handles=marks, loc="outside upper left", ncols=len(marks))
        return to_svg(figure, name=name, alt=alt)
