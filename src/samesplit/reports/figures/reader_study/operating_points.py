"""Readers at their decisions in ROC space, and how aid moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samesplit.reports.figures.canvas import MUTED, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, PAPER, READER, Style

__all__ = ["ModelLine", "Move", "draw_operating_points"]


@dataclass(frozen=True)
class Move:
    """A reader, or the mean of the readers, before and after.

    Attributes:
        title: The reader.
        before: 1 - specificity and sensitivity under the first modality; None where there is none.
        after: The same under the other.
        mean: Whether it is the mean over readers, drawn larger.
    """

    title: str
    before: tuple[float, float] | None
    after: tuple[float, float] | None
    mean: bool = False


@dataclass(frozen=True)
class ModelLine:
    """The ROC curve of a model.

    Attributes:
        title: As in the key.
        style: The model's style.
        x: 1 - specificity, rising.
        y: Sensitivity.
    """

    title: str
    style: Style
    x: Sequence[float]
    y: Sequence[float]


def draw_operating_points(
    moves: Sequence[Move], models: Sequence[ModelLine], modalities: Sequence[str], *, name: str, alt: str
) -> str:
    """Draw the readers as points, hollow before and filled after, with an arrow from one to the other.

    Args:
        moves: The readers.
        models: Curves to draw behind.
        modalities: One or two names: before, after.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    with drawing(5.15, 5.6 + 0.14 * len(models)) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        axes.annotate(
            "chance", (0.965, 0.935), rotation=45, color=MUTED, fontsize=8, ha="right", va="top",
            rotation_mode="anchor",
        )  # fmt: skip
        for line in models:
            axes.plot(
                list(line.x), list(line.y), color=line.style.colour, linestyle=line.style.line, linewidth=1.6,
                label=line.title,
            )  # fmt: skip
        for move in moves:
            width = 1.6 if move.mean else 0.8
            if move.before is not None and move.after is not None and move.before != move.after:
                axes.annotate(
                    "", move.after, move.before,
                    arrowprops={
                        "arrowstyle": "-|>", "color": READER, "linewidth": width, "shrinkA": 3.5, "shrinkB": 3.5,
                        "mutation_scale": 12 if move.mean else 9,
                    },
                )  # fmt: skip
            for place, point in enumerate((move.before, move.after)):
                if point is None:
                    continue
                axes.scatter(
                    [point[0]], [point[1]], s=110 if move.mean else 34, marker="o" if place == 0 else "D",
                    color=PAPER if place == 0 else READER, edgecolors=READER, linewidths=width + 0.4, zorder=5,
                )  # fmt: skip
        for place, modality in enumerate(modalities):
            axes.scatter(
                [], [], s=34, marker="o" if place == 0 else "D", color=PAPER if place == 0 else READER,
                edgecolors=READER, linewidths=1.2, label=f"Readers, {modality}",
            )  # fmt: skip
        if any(move.mean for move in moves):
            axes.scatter(
                [], [], s=110, color=PAPER, edgecolors=READER, linewidths=2, label="Mean of the readers"
            )
        axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015), xlabel="1 − specificity", ylabel="Sensitivity")
        axes.set_aspect("equal")
        ticks = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        figure.legend(loc="outside lower left", ncols=1, handlelength=3.2, borderaxespad=0.2)
        return to_svg(figure, name=name, alt=alt)
