"""One colour, line style and marker per model, the same in every figure and table.

Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which stay apart for colour-blind
readers; the line style and the marker tell models apart where colour does not, as in print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "CLASSES",
    "CONTROL_GREY",
    "EVENTS",
    "INK",
    "NEGATIVE",
    "ON_DARK",
    "ON_LIGHT",
    "PAPER",
    "POSITIVE",
    "READER",
    "SUBSETS",
    "TEST_SETS",
    "Style",
    "relative_luminance",
    "styles_for",
]

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"

PAPER = "#ffffff"
"""What everything stands on: the page, the inside of hollow marks, the gaps between cells."""
INK = "#1d252c"
"""Text and axes."""
ON_LIGHT, ON_DARK = "#1d252d", "#fefefe"
"""Text on cells of a colour of their own, which stay as they are where the page is dark."""
CONTROL_GREY = "#7f8790"
"""Controls, and lines that mark chance."""
READER = "#3b4248"
"""Readers."""
POSITIVE, NEGATIVE = "#8f3b6f", "#e3cbd9"
"""The two classes."""
EVENTS = ("#cfdfe3", "#2f6673")
"""Lesions that were followed up without an event, and lesions with one."""
CLASSES = (
    "#332288", "#88ccee", "#44aa99", "#999933", "#ddcc77", "#cc6677", "#882255", "#117733", "#aa4499", "#bbbbbb",
)  # fmt: skip
"""Up to ten classes (Paul Tol's muted scheme, https://sronpersonalpages.nl/~pault/)."""
TEST_SETS = (BLUE, SKY, "#00395a", "#7a9cc6", "#2a9d8f", "#5e4fa2")
"""The named test sets, the internal one first."""
SUBSETS = {"train": "#c9d3dc", "validation": ORANGE, "test": BLUE}
"""The parts of a split."""

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "#8c6d00", "#7a3b69")
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.6), (1.2, 1.4), (6, 1.6, 1.2, 1.6), (3, 1.2), (8, 2))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")


@dataclass(frozen=True)
class Style:
    """How a model is drawn.

    Attributes:
        colour: Hex colour.
        dash: On and off lengths of its line in points; empty for a solid line.
        marker: A matplotlib marker.
    """

    colour: str
    dash: tuple[float, ...]
    marker: str

    @property
    def line(self) -> tuple[float, tuple[float, ...]] | str:
        """The line style as matplotlib takes it."""
        return (0, self.dash) if self.dash else "-"


def styles_for(models: Sequence[str], controls: Sequence[str] = ()) -> dict[str, Style]:
    """Give every model its style; controls are grey.

    Args:
        models: Names in the order of the run, controls included.
        controls: Those of them that are controls.

    Returns:
        A style for each model; no two of up to eight models share a colour, and of more none shares colour,
        line and marker.

    Example:
        >>> styles_for(["grid", "zero"], ["zero"])["grid"].colour
        '#0072B2'
    """
    styles: dict[str, Style] = {}
    plain = [name for name in models if name not in controls]
    for index, name in enumerate(plain):
        turn = index // len(_COLOURS)
        styles[name] = Style(
            _COLOURS[index % len(_COLOURS)],
            _DASHES[(index + turn) % len(_DASHES)],
            _MARKERS[(index + turn) % len(_MARKERS)],
        )
    for index, name in enumerate(name for name in models if name in controls):
        styles[name] = Style(CONTROL_GREY, _DASHES[(index + 2) % len(_DASHES)], _MARKERS[-1 - index % 3])
    return styles


def relative_luminance(rgb: Sequence[float]) -> float:
    """Compute the luminance of a colour for contrast (WCAG 2.2); black and white stand out alike at 0.179.

    Args:
        rgb: Red, green and blue in [0, 1].

    Example:
        >>> round(relative_luminance((1.0, 1.0, 1.0)), 6)
        1.0
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in map(float, rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
