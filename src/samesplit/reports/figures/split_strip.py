"""The split as a strip: a row a fold, a column a patient, sorted by site and class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from samesplit.reports.figures.canvas import MUTED, drawing, to_svg
from samesplit.reports.palette import INK, NEGATIVE, PAPER, POSITIVE, SUBSETS

__all__ = ["draw_split_strip"]


def draw_split_strip(
    sides: npt.NDArray[np.int64],
    folds: Sequence[str],
    sites: Sequence[str],
    positive: Sequence[bool],
    *,
    classes: tuple[str, str],
    name: str,
    alt: str,
) -> str:
    """Draw who stands on which side of each fold.

    Args:
        sides: Shape (n folds, n patients): 0 train, 1 validation, 2 test, -1 absent.
        folds: Their names, from top to bottom.
        sites: The site of each patient; patients of a site stand together. Empty texts: no sites.
        positive: Whether a patient has a positive lesion.
        classes: Names of the positive and the negative class.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    row_in = 0.24 if len(folds) <= 12 else 0.16
    with drawing(10.2, 1.25 + row_in * len(folds)) as figure:
        strip, body = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [0.16, row_in * max(len(folds), 1)]}
        )
        classes_row = np.asarray(positive, dtype=int)[None, :]
        _image(strip, classes_row, [NEGATIVE, POSITIVE])
        strip.set_yticks([0], ["class"])
        _image(body, sides + 1, [PAPER, *SUBSETS.values()])
        body.set_yticks(range(len(folds)), list(folds))
        for edge in np.arange(0.5, len(folds) - 1):
            body.axhline(edge, color=PAPER, linewidth=1.5)
        _sites(strip, body, sites)
        for axes in (strip, body):
            axes.grid(False)
            axes.tick_params(length=0, labelcolor=INK)
            for spine in axes.spines.values():
                spine.set_visible(False)
        body.set_xticks([])
        body.set_xlabel(
            f"{sides.shape[1]} patients, by site and class"
            if any(sites)
            else f"{sides.shape[1]} patients, by class"
        )
        keys = [Patch(color=colour, label=side) for side, colour in SUBSETS.items()]
        keys += [Patch(color=c, label=label) for c, label in zip((POSITIVE, NEGATIVE), classes, strict=True)]
        figure.legend(
            handles=keys, loc="outside lower left", ncols=len(keys), handlelength=1, handleheight=1,
            columnspacing=1.4, labelcolor=MUTED,
        )  # fmt: skip
        return to_svg(figure, name=name, alt=alt)


def _image(axes: Axes, values: npt.NDArray[np.int64], colours: list[str]) -> None:
    axes.imshow(
        values,
        cmap=ListedColormap(colours),
        vmin=0,
        vmax=len(colours) - 1,
        aspect="auto",
        interpolation="none",
    )


def _sites(strip: Axes, body: Axes, sites: Sequence[str]) -> None:
    if not any(sites):
        return
    starts = [i for i, site in enumerate(sites) if i == 0 or site != sites[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(sites)], strict=True):
        share = (end - start) / len(sites)
        name = sites[start] or "site unknown"
        shown = name if len(name) <= max(3, int(share * 120)) else name[: max(2, int(share * 120))] + "…"
        strip.annotate(
            shown, ((start + end - 1) / 2, 1.25), xycoords=("data", "axes fraction"), ha="center", fontsize=8.5,
            color=INK,
        )  # fmt: skip
        if start:
            for axes in (strip, body):
                axes.axvline(start - 0.5, color=PAPER, linewidth=3)
