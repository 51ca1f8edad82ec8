"""The lesions on the plane on which a network arranges them, by class, by site and by error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from samesplit.reports.figures.canvas import clean, drawing, shorten, to_svg
from samesplit.reports.palette import INK, PAPER

__all__ = ["Panel", "draw_learnt_space"]

_MOST_NAMED = 8


@dataclass(frozen=True)
class Panel:
    """One way to colour the lesions.

    Attributes:
        title: What the colour means.
        groups: Of each lesion, in the order of the table.
        colours: By group, in the order of the legend; lesions of other groups are grey.
    """

    title: str
    groups: Sequence[str]
    colours: dict[str, str]


def draw_learnt_space(plane: pd.DataFrame, panels: Sequence[Panel], *, name: str, alt: str) -> str:
    """Draw the plane once a panel; test lesions are filled and ringed, training lesions are small and pale.

    Args:
        plane: One row a lesion: `subset`, `x`, `y`.
        panels: From left to right.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    rows = max(min(len(panel.colours), _MOST_NAMED) for panel in panels)
    with drawing(3.5 * len(panels), 3.4 + 0.2 * rows) as figure:
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            clean(axes)
            for test in (False, True):
                here = (plane["subset"] == "test").to_numpy() == test
                colours = [panel.colours.get(value, "#c4cad0") for value in panel.groups]
                axes.scatter(
                    plane.loc[here, "x"], plane.loc[here, "y"], s=34 if test else 14,
                    c=[colour for colour, shown in zip(colours, here, strict=True) if shown],
                    alpha=0.95 if test else 0.45, edgecolors=INK if test else "none", linewidths=0.6,
                )  # fmt: skip
            for value, colour in list(panel.colours.items())[:_MOST_NAMED]:
                axes.scatter([], [], s=30, c=colour, edgecolors=PAPER, label=shorten(value, 28))
            axes.set_title(panel.title)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.02), borderaxespad=0, handletextpad=0.3)
        return to_svg(figure, name=name, alt=alt)
