"""Who read which case: readers and modalities as rows, cases as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.colors import BoundaryNorm, ListedColormap

from samesplit.reports.figures.canvas import MUTED, clean, drawing, shorten, to_svg
from samesplit.reports.palette import INK, NEGATIVE, PAPER, POSITIVE

__all__ = ["draw_design_matrix"]

_MOST_LABELS = 40
_NOT_READ = "#f1f3f5"


def draw_design_matrix(
    read: npt.NDArray[np.bool_],
    positive: npt.NDArray[np.bool_],
    *,
    rows: Sequence[str],
    modalities: Sequence[str],
    classes: tuple[str, str],
    name: str,
    alt: str,
) -> str:
    """Draw one panel a modality.

    Args:
        read: Shape (n modalities, n readers, n cases): whether a reader read a case.
        positive: Shape (n cases,): the class of each case; cases stand in the order given.
        rows: Names of the readers.
        modalities: Names of the panels.
        classes: Names of the negative and the positive class.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    n_readers, n_cases = read.shape[1:]
    labelled = n_readers <= _MOST_LABELS
    height = max(0.16 * n_readers if labelled else 6.0, 0.55)
    with drawing(10.2, 0.9 + len(modalities) * (min(height, 6.0) + 0.45)) as figure:
        panels = np.atleast_1d(np.asarray(figure.subplots(len(modalities), 1, sharex=True)))
        colours = ListedColormap([_NOT_READ, NEGATIVE, POSITIVE])
        norm = BoundaryNorm([-0.5, 0.5, 1.5, 2.5], 3)
        for axes, modality, shown in zip(panels, modalities, read, strict=True):
            clean(axes)
            codes = np.where(shown, 1 + positive.astype(int), 0)
            axes.imshow(
                codes, aspect="auto", interpolation="nearest", cmap=colours, norm=norm,
                extent=(0, n_cases, n_readers, 0),
            )  # fmt: skip
            axes.set_title(shorten(modality, 60))
            axes.set_yticks(
                np.arange(n_readers) + 0.5 if labelled else [],
                [shorten(r, 24) for r in rows] if labelled else [],
            )
            axes.tick_params(axis="y", labelcolor=INK, labelsize=8.5)
            axes.hlines(np.arange(1, n_readers), 0, n_cases, color=PAPER, linewidth=0.8 if labelled else 0.1)
            if not labelled:
                axes.set_ylabel(f"{n_readers} readers")
        panels[-1].set_xlabel(f"{n_cases} cases: {classes[0]} first, then {classes[1]}")
        handles = [
            panels[0].plot([], [], "s", color=colour, markeredgecolor=MUTED, markeredgewidth=0.4, label=label)[0]
            for colour, label in (
                (NEGATIVE, f"read, {classes[0]}"),
                (POSITIVE, f"read, {classes[1]}"),
                (_NOT_READ, "not read"),
            )
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside upper right", ncols=3)
        return to_svg(figure, name=name, alt=alt)
