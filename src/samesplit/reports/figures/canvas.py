"""The paper that all figures are drawn on: one style, no global state, the same bytes each time.

Figures are `matplotlib.figure.Figure` objects, so no window system and no pyplot state is involved. Text stays
text: it is laid out with the metrics of DejaVu Sans, which ships with matplotlib and is wider than the fonts
of the page, and takes the page's font in the browser, so nothing overlaps anywhere.
"""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from samesplit.reports.palette import INK, PAPER, READER

__all__ = ["GRID", "MUTED", "clean", "drawing", "in_lines", "shorten", "to_svg"]

MUTED = "#5b6570"
"""Secondary text and tick labels."""
GRID = "#e3e7eb"
"""Grid lines."""
EDGE = "#9aa3ab"
"""Axes."""

_SMALLEST_TEXT_PX = 10.0
_PAGE_COLOURS = {INK: "ink", MUTED: "muted", GRID: "grid", EDGE: "edge", PAPER: "paper", READER: "reader"}
"""What is drawn in one of these takes the page's colour of that name."""

_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": EDGE,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": EDGE,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 8.5,
    "xtick.major.width": 0.7,
    "ytick.color": EDGE,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 8.5,
    "ytick.major.width": 0.7,
}


class _Sheet(Figure):
    """A figure that is laid out before it is drawn, and not also drawn once to no purpose.

    matplotlib draws a figure with a layout twice: the first time only so that the layout is done.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Lay the figure out while its layout is due, and draw it once that is done."""
        layout = self.get_layout_engine()
        if isinstance(layout, ConstrainedLayoutEngine):
            if self.axes:
                layout.execute(self)
        else:  # matplotlib puts an empty layout in its place for the second time
            super().draw(renderer)


@contextmanager
def drawing(width_in: float, height_in: float) -> Iterator[Figure]:
    """Give an empty figure in the report's style; the style ends with the block.

    Args:
        width_in: Width in inches; the page shows 96 px an inch.
        height_in: Height in inches.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield _Sheet(figsize=(width_in, height_in), layout="constrained")


def clean(axes: Axes, *, grid: str | None = None) -> Axes:
    """Leave of an axes only the grid along one direction (`x`, `y`, `both`) or none."""
    axes.grid(False)
    if grid in ("x", "y", "both"):
        axes.grid(True, axis=grid)  # type: ignore[arg-type]
    axes.tick_params(length=0)
    return axes


def shorten(text: str, most: int) -> str:
    """Cut a text that would not fit.

    Example:
        >>> shorten("a very long title", 8)
        'a very …'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def to_svg(figure: Figure, *, name: str, alt: str) -> str:
    """Write a figure as an SVG element to stand inside a page. Call it inside `drawing`.

    Args:
        figure: The drawn figure.
        name: Unique in the report; it keeps the ids of several drawings apart.
        alt: What the figure shows, for those who do not see it.

    Returns:
        `<svg ...>...</svg>`: scaled to its box, without prolog, dates or ids that nothing refers to.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}), warnings.catch_warnings():
        # The browser draws the text; it is no matter when the measuring font lacks a letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = _keep_ids_apart(text, name)
    text = re.sub(r"(?<=: )#[0-9a-f]{6}(?=[;\"])", _page_colour, text)
    text = re.sub(r"font(-family)?: ?([^;\"]*?)'DejaVu Sans'[^;\"]*", _page_font, text)
    head = re.match(r"<svg[^>]*>", text)
    view = re.search(r'viewBox="([^"]*)"', head[0] if head else "")
    width = float(view[1].split()[2]) if view else 0.0
    least = _readable_width(text, width)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'viewBox="{view[1] if view else ""}" style="max-width:{width * 4 / 3:.0f}px;min-width:{least:.0f}px" '
        f'aria-label="{escape(alt)}">'
    )
    body = text[head.end() if head else 0 :]
    return opening + re.sub(r"\n\s*", "\n", body).strip()


def _page_colour(match: re.Match[str]) -> str:
    """Turn a colour of the page into the page's own, another in the dark; colours of data stay as they are."""
    name = _PAGE_COLOURS.get(match[0])
    return f"var(--{name}, {match[0]})" if name else match[0]


def _readable_width(text: str, width: float) -> float:
    """Return the width in px below which a figure scrolls, since its smallest text would be hard to read."""
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
    return min(width * 4 / 3, width * _SMALLEST_TEXT_PX / min(sizes)) if sizes else 0.0


def _page_font(match: re.Match[str]) -> str:
    if match[1]:
        return "font-family: inherit"
    size = re.search(r"[\d.]+px", match[2])
    weight = "font-weight: bold; " if re.search(r"\b(bold|700)\b", match[2]) else ""
    slant = "font-style: italic; " if "italic" in match[2] else ""
    return f"{weight}{slant}font-size: {size[0] if size else '9px'}"


def _keep_ids_apart(text: str, name: str) -> str:
    """Prefix the ids that are referred to and drop the others."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    text = re.sub(
        r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text
    )
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", text)


def in_lines(titles: Sequence[str], *, longest: int = 60) -> tuple[list[str], float]:
    r"""Break long titles of the rows of a forest plot, so that the plot keeps its room.

    Args:
        titles: Of the rows.
        longest: Characters of a line; a title has two at most.

    Returns:
        The titles, and the height of a row in inches.

    Example:
        >>> in_lines(["a - b"]), in_lines(["one two"], longest=4)
        ((['a - b'], 0.27), (['one\ntwo'], 0.4))
    """
    broken = [
        textwrap.fill(title, longest, max_lines=2, placeholder=" \u2026") if len(title) > longest else title
        for title in titles
    ]
    return broken, 0.4 if any("\n" in title for title in broken) else 0.27
