"""The split as a strip: a row a fold, a column a patient, sorted by site and class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.palette import INK, PAPER, SUBSETS, TEST_SETS

__all__ = ["ClassRow", "draw_split_strip"]


@dataclass(frozen=True)
class ClassRow:
    """The classes of the patients in one task.

    Attributes:
        title: Of the row.
        numbers: The number of each patient's class; -1 without one.
        classes: The names of the classes by number.
        colours: Of the classes.
    """

    title: str
    numbers: Sequence[int]
    classes: Sequence[str]
    colours: Sequence[str]


def draw_split_strip(
    sides: npt.NDArray[np.int64],
    folds: Sequence[str],
    sites: Sequence[str],
    classes: Sequence[ClassRow],
    *,
    test_sets: Sequence[str] = (),
    name: str,
    alt: str,
) -> str:
    """Draw the subset of each patient in each fold.

    Args:
        sides: Shape (n folds, n patients): 0 train, 1 validation, 2 test, -1 absent; with named test sets 2 and up
            in their order.
        folds: Their names, from top to bottom.
        sites: The site of each patient; patients of a site stand together. Empty texts: no sites.
        classes: A row a task above the folds; may be empty.
        test_sets: Their names; empty for one unnamed test part.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    row_in = 0.24 if len(folds) <= 12 else 0.16
    top = max(len(classes), 1)
    parts = _parts(test_sets)
    keys = _keys(parts, classes)
    ratios = [0.16 * top, row_in * max(len(folds), 1), *([0.2] * len(keys))]
    with drawing(10.2, 0.65 + 0.22 * top + row_in * len(folds) + 0.28 * len(keys)) as figure:
        strip, body, *below = figure.subplots(2 + len(keys), 1, gridspec_kw={"height_ratios": ratios})
        strip.sharex(body)
        _classes(strip, classes)
        _image(body, sides + 1, [PAPER, *parts.values()])
        body.set_yticks(range(len(folds)), list(folds))
        for edge in np.arange(0.5, len(folds) - 1):
            body.axhline(edge, color=PAPER, linewidth=1.5)
        _sites(strip, body, sites)
        for axes in (strip, body):
            axes.grid(False)
            axes.tick_params(length=0, labelcolor=INK)
            for spine in axes.spines.values():
                spine.set_visible(False)
        strip.tick_params(labelbottom=False)
        body.set_xticks([])
        order = "by site and class" if any(sites) else "by class"
        body.set_xlabel(f"{sides.shape[1]} patients, {order}")
        for axes, handles in zip(below, keys, strict=True):
            axes.set_axis_off()
            axes.legend(
                handles=handles, loc="center left", ncols=len(handles), handlelength=1, handleheight=1,
                columnspacing=1.4, labelcolor=MUTED, borderaxespad=0, borderpad=0,
            )  # fmt: skip
        return to_svg(figure, name=name, alt=alt)


def _keys(parts: dict[str, str], classes: Sequence[ClassRow]) -> list[list[Patch]]:
    """Return the lines of the key: the subsets, and the classes of each task; of a single task in one line."""
    subsets = _patches(list(parts.values()), list(parts))
    if len(classes) == 1 and len(subsets) + len(classes[0].classes) <= 8:
        (row,) = classes
        return [[*subsets, *_patches(row.colours[::-1], [shorten(n, 18) for n in row.classes[::-1]])]]
    rows = []
    for row in classes:
        names = [shorten(n, 14) for n in row.classes]
        names[0] = f"{shorten(row.title, 22)}: {names[0]}" if len(classes) > 1 else names[0]
        rows.append(_patches(row.colours, names))
    return [subsets, *rows]


def _parts(test_sets: Sequence[str]) -> dict[str, str]:
    """Return the colour of each part of the split."""
    if not test_sets:
        return dict(SUBSETS)
    colours = {f"test: {n}": TEST_SETS[i % len(TEST_SETS)] for i, n in enumerate(test_sets)}
    return {side: colour for side, colour in SUBSETS.items() if side != "test"} | colours


def _patches(colours: Sequence[str], labels: Sequence[str]) -> list[Patch]:
    return [Patch(color=colour, label=label) for colour, label in zip(colours, labels, strict=True)]


def _classes(strip: Axes, classes: Sequence[ClassRow]) -> None:
    """Draw a row a task; each has colours of its own, so all are numbered through."""
    colours, rows = [PAPER], []
    for row in classes:
        numbers = np.asarray(row.numbers, dtype=np.int64)
        rows.append(np.where(numbers < 0, 0, numbers + len(colours)))
        colours += list(row.colours)
    if not rows:
        strip.set_visible(False)
        return
    _image(strip, np.vstack(rows), colours)
    strip.set_yticks(range(len(classes)), [shorten(row.title, 22) for row in classes])
    for edge in np.arange(0.5, len(classes) - 1):
        strip.axhline(edge, color=PAPER, linewidth=1.5)


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
    height = strip.get_ylim()[0] + 0.5
    for start, end in zip(starts, [*starts[1:], len(sites)], strict=True):
        share = (end - start) / len(sites)
        name = sites[start] or "site unknown"
        shown = name if len(name) <= max(3, int(share * 120)) else name[: max(2, int(share * 120))] + "…"
        strip.annotate(
            shown, ((start + end - 1) / 2, 1 + 0.25 / height), xycoords=("data", "axes fraction"), ha="center",
            fontsize=8.5, color=INK,
        )  # fmt: skip
        if start:
            for axes in (strip, body):
                axes.axvline(start - 0.5, color=PAPER, linewidth=3)
