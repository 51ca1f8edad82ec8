"""Kaplan-Meier curves of groups of predicted risk, one panel a model, with the numbers at risk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import BLUE, INK, ORANGE, VERMILION

__all__ = ["RiskGroup", "SurvivalPanel", "draw_kaplan_meier"]

_LOOKS: tuple[tuple[str, tuple[float, ...]], ...] = ((BLUE, (1.2, 1.4)), (ORANGE, (5, 1.6)), (VERMILION, ()))
"""Colour and dashes from the lowest to the highest risk."""


@dataclass(frozen=True)
class RiskGroup:
    """The survival of the lesions of one group of predicted risk.

    Attributes:
        title: Such as `low`.
        times: At which the curve falls, rising; begins at 0.
        survival: The share without an event from each time on; begins at 1.
        low: Lower bounds; may hold NaN.
        high: Upper bounds; may hold NaN.
        at_risk: By time on the axis: lesions without event that are still followed up.
    """

    title: str
    times: Sequence[float]
    survival: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    at_risk: Mapping[float, int]


@dataclass(frozen=True)
class SurvivalPanel:
    """A model with its groups, from the lowest to the highest risk, and what is written beside the curves."""

    title: str
    groups: Sequence[RiskGroup]
    note: str = ""


def draw_kaplan_meier(panels: Sequence[SurvivalPanel], *, unit: str, name: str, alt: str) -> str:
    """Draw the curves with their bands, and the numbers at risk below each panel.

    Args:
        panels: A model each, two in a row.
        unit: Of the time.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = 2 if len(panels) > 1 else 1
    rows = math.ceil(len(panels) / columns)
    groups = max(len(panel.groups) for panel in panels)
    end = max(max(group.times, default=1.0) for panel in panels for group in panel.groups)
    with drawing(10.2 if columns == 2 else 5.6, (3.2 + 0.22 * groups) * rows) as figure:
        ratios = [x for _ in range(rows) for x in (2.5, 0.22 * groups)]
        grid = figure.subplots(2 * rows, columns, squeeze=False, gridspec_kw={"height_ratios": ratios})
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            upper, lower = grid[2 * row, column], grid[2 * row + 1, column]
            if index >= len(panels):
                upper.set_visible(False)
                lower.set_visible(False)
                continue
            _curves(upper, panels[index], unit, end)
            _at_risk(lower, panels[index], end)
        return to_svg(figure, name=name, alt=alt)


def _curves(axes: Axes, panel: SurvivalPanel, unit: str, end: float) -> None:
    looks = _LOOKS if len(panel.groups) > 2 else (_LOOKS[0], _LOOKS[2])
    for group, (colour, dash) in zip(panel.groups, looks, strict=False):
        line = (0, dash) if dash else "-"
        times, survival = np.asarray(group.times, float), np.asarray(group.survival, float)
        axes.step(times, survival, where="post", color=colour, linestyle=line, label=f"{group.title} risk")
        low, high = np.asarray(group.low, float), np.asarray(group.high, float)
        if np.isfinite(low).any():
            axes.fill_between(times, low, high, step="post", color=colour, alpha=0.12, linewidth=0)
    axes.set(xlim=(0, end), ylim=(0, 1.02), title=shorten(panel.title, 46), ylabel="Share without event")
    axes.set_xlabel(f"Time, {unit}")
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_xticks(_times(panel), [f"{time:g}" for time in _times(panel)])
    axes.legend(loc="lower left", handlelength=2.8, borderaxespad=0.3)
    if panel.note:
        axes.text(
            0.99, 1.0, panel.note, transform=axes.transAxes, ha="right", va="top", fontsize=8.5, color=INK
        )


def _times(panel: SurvivalPanel) -> list[float]:
    return sorted({time for group in panel.groups for time in group.at_risk})


def _at_risk(axes: Axes, panel: SurvivalPanel, end: float) -> None:
    """Write a line of numbers a group, below the times that the axis above names."""
    for row, group in enumerate(panel.groups):
        for time, count in group.at_risk.items():
            axes.text(time, row, f"{count}", ha="center", va="center", fontsize=8, color=INK)
    axes.set(xlim=(0, end), ylim=(len(panel.groups), -0.5))
    axes.set_title("Lesions at risk", fontsize=8, fontweight="normal", color=MUTED, pad=2)
    clean(axes)
    axes.set_xticks([])
    axes.set_yticks(range(len(panel.groups)), [group.title for group in panel.groups])
    axes.tick_params(axis="y", labelsize=8, labelcolor=INK, pad=12)
    for spine in axes.spines.values():
        spine.set_visible(False)
