"""How the intraclass correlation of the features spreads within each family, under each perturbation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, styles_for

__all__ = ["draw_robustness"]

_LEAST = -0.05


def draw_robustness(table: pd.DataFrame, *, name: str, alt: str, minimum: float = 0.75) -> str:
    """Draw one panel a perturbation: a box per family over its features, and how many reach the minimum.

    Args:
        table: Columns family, perturbation and icc, one row a feature (of any sequence) and perturbation; an icc
            below 0 is drawn at 0, and rows without one are left out.
        name: Unique on the page.
        alt: What the figure shows.
        minimum: The line at and above which a feature is called stable.

    Returns:
        The SVG element.
    """
    known = table.dropna(subset=["icc"])
    families = list(dict.fromkeys(known["family"]))
    kinds = list(dict.fromkeys(known["perturbation"]))
    colours = styles_for(kinds)
    with drawing(1.3 + 2.2 * max(1, len(kinds)), 0.95 + 0.26 * max(1, len(families))) as figure:
        panels = np.atleast_1d(figure.subplots(1, max(1, len(kinds)), sharey=True, squeeze=True))
        for axes, kind in zip(panels, kinds, strict=False):
            clean(axes, grid="x")
            axes.axvline(minimum, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
            here = known[known["perturbation"] == kind]
            for row, family in enumerate(families):
                values = here.loc[here["family"] == family, "icc"].clip(lower=0).to_numpy(dtype=np.float64)
                if not len(values):
                    continue
                axes.boxplot(
                    values, positions=[row], orientation="horizontal", widths=0.62, whis=(5, 95),
                    showfliers=False, patch_artist=True, manage_ticks=False,
                    boxprops={"facecolor": colours[kind].colour, "alpha": 0.35, "linewidth": 0},
                    medianprops={"color": INK, "linewidth": 1.6},
                    whiskerprops={"color": colours[kind].colour, "linewidth": 1.2},
                    capprops={"color": colours[kind].colour, "linewidth": 1.2},
                )  # fmt: skip
                share = f"{np.mean(values >= minimum):.0%}"
                axes.text(1.06, row, share, va="center", ha="left", fontsize=8, color=MUTED)
            axes.set_xlim(_LEAST, 1.32)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
            axes.set_ylim(len(families) - 0.4, -0.6)
            axes.set_title(shorten(kind, 24))
            axes.spines["left"].set_visible(False)
        figure.supxlabel(
            f"Intraclass correlation (box: quartiles, whiskers: 5 to 95 %); right: share from {minimum:g} on",
            fontsize=9, color=INK,
        )  # fmt: skip
        panels[0].set_yticks(range(len(families)), [shorten(str(family), 30) for family in families])
        panels[0].tick_params(axis="y", labelcolor=INK, labelsize=9)
        return to_svg(figure, name=name, alt=alt)
