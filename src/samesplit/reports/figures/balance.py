"""How alike the parts of the split are: standardised mean differences, a row a variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from samesplit.reports.figures.canvas import MUTED, clean, drawing, to_svg
from samesplit.reports.palette import CONTROL_GREY, INK, SUBSETS, TEST_SETS

__all__ = ["draw_balance"]


def draw_balance(
    titles: Sequence[str], differences: Mapping[str, Sequence[Sequence[float]]], *, name: str, alt: str
) -> str:
    """Draw a point a fold: how far validation and test lie from train.

    Args:
        titles: Variables, from top to bottom.
        differences: By subset (`validation`, `test` or named test sets): for each variable the standardised mean
            differences of all folds.
        name: Unique in the report.
        alt: Description.

    Returns:
        The SVG element.
    """
    tested = [subset for subset in differences if subset != "validation"]
    colours = dict(zip(tested, TEST_SETS if len(tested) > 1 else (SUBSETS["test"],), strict=False))
    colours["validation"] = SUBSETS["validation"]
    step = 0.28 if len(differences) <= 2 else 0.7 / len(differences)
    first = -step * (len(differences) - 1) / 2
    with drawing(10.2, 0.95 + 0.25 * len(titles)) as figure:
        axes = clean(figure.subplots(), grid="x")
        for line in (-0.1, 0.1):
            axes.axvline(line, color=CONTROL_GREY, linewidth=0.8, dashes=(2, 2))
        axes.axvline(0, color=INK, linewidth=0.9)
        reach = 0.25
        for place, (subset, values) in enumerate(differences.items()):
            points = [(x, row + first + step * place) for row, found in enumerate(values) for x in found]
            reach = max([reach, *(abs(x) for x, _ in points)])
            axes.scatter(
                [x for x, _ in points], [y for _, y in points], s=20, color=colours[subset], alpha=0.7,
                linewidths=0, marker="D" if subset == "validation" else "o", label=f"{subset} against train",
            )  # fmt: skip
        axes.set_yticks(range(len(titles)), list(titles))
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(titles) - 0.4, -0.6)
        axes.set_xlim(-1.08 * reach, 1.08 * reach)
        axes.set_xlabel("Standardised mean difference (dashed: ±0.1)")
        axes.spines["left"].set_visible(False)
        figure.legend(
            loc="outside upper right", ncols=max(len(differences), 1), labelcolor=MUTED, handletextpad=0.2
        )
        return to_svg(figure, name=name, alt=alt)
