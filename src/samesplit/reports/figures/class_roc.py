"""ROC curves of each class against the rest, one small panel a class with all models in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from samesplit.reports.figures.canvas import MUTED, drawing, shorten, to_svg
from samesplit.reports.figures.roc import Curve
from samesplit.reports.palette import CONTROL_GREY

__all__ = ["draw_class_roc"]

_MOST_COLUMNS = 4


def draw_class_roc(classes: Mapping[str, Sequence[Curve]], *, name: str, alt: str) -> str:
    """Draw the one-versus-rest ROC curves.

    Args:
        classes: By the name of the class: the curve of each model, 1 - specificity against sensitivity. A model
            has the same title in every panel, and stands in the key once.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    columns = min(_MOST_COLUMNS if len(classes) != 3 else 3, max(len(classes), 2))
    if len(classes) in (5, 6, 9):
        columns = 3
    rows = math.ceil(len(classes) / columns)
    titles = list(dict.fromkeys(curve.title for curves in classes.values() for curve in curves))
    key_columns = 2 if len(titles) > 3 else 1
    key_in = 0.2 * math.ceil(len(titles) / key_columns) + 0.15
    with drawing(10.2, (10.2 / columns + 0.25) * rows + key_in) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for index, axes in enumerate(grid.ravel()):
            if index >= len(classes):
                axes.set_visible(False)
                continue
            title = list(classes)[index]
            last = index + columns >= len(classes)
            _panel(axes, title, classes[title], left=index % columns == 0, bottom=last)
        handles: dict[str, object] = {}
        for axes in grid.ravel():
            for line in axes.get_lines():
                if not str(line.get_label()).startswith("_"):
                    handles.setdefault(str(line.get_label()), line)
        figure.legend(
            handles=list(handles.values()), loc="outside lower left", ncols=key_columns, handlelength=3.2,
            borderaxespad=0.2,
        )  # fmt: skip
        return to_svg(figure, name=name, alt=alt)


def _panel(axes: Axes, title: str, curves: Sequence[Curve], *, left: bool, bottom: bool) -> None:
    axes.plot([0, 1], [0, 1], color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
    for curve in curves:
        axes.plot(
            list(curve.x), list(curve.y), color=curve.style.colour, linestyle=curve.style.line,
            linewidth=1.0 if curve.control else 1.6, label=curve.title, solid_joinstyle="round",
        )  # fmt: skip
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title=f"{shorten(title, 26)} against the rest")
    axes.set_aspect("equal")
    axes.set_xticks([0, 0.5, 1.0])
    axes.set_yticks([0, 0.5, 1.0])
    axes.tick_params(labelcolor=MUTED)
    if left:
        axes.set_ylabel("Sensitivity")
    if bottom:
        axes.set_xlabel("1 − specificity")
