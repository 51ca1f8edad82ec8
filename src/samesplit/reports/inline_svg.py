"""The small drawings inside tables: the mark of a model beside its name, and an interval on an axis."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from samesplit.reader_names import parse_reader_name
from samesplit.reports.document import Cell, Column
from samesplit.reports.formatting import number
from samesplit.reports.palette import Style

__all__ = ["forest_axis", "forest_mark", "swatch"]

_WIDTH, _HEIGHT, _PAD = 126, 20, 11
_SHAPES = {
    "o": '<circle cx="14" cy="6" r="3.4"/>',
    "s": '<rect x="10.8" y="2.8" width="6.4" height="6.4"/>',
    "^": '<path d="M14 2 L18 9.4 L10 9.4 Z"/>',
    "v": '<path d="M14 10 L18 2.6 L10 2.6 Z"/>',
    "D": '<path d="M14 1.6 L18.4 6 L14 10.4 L9.6 6 Z"/>',
    "P": '<path d="M12.6 2h2.8v2.6h2.6v2.8h-2.6V10h-2.8V7.4H10V4.6h2.6z"/>',
    "X": '<path d="M11 3 L17 9 M17 3 L11 9" stroke-width="2.4"/>',
    "h": '<path d="M14 2 L17.6 4 L17.6 8 L14 10 L10.4 8 L10.4 4 Z"/>',
}


def swatch(key: str | None, styles: Mapping[str, Style]) -> Markup:
    """Return the mark of a model or reader: its line and marker; nothing for others.

    Args:
        key: A model's name, or `reader:...`.
        styles: The style of each model.
    """
    if key is None:
        return Markup("")
    reader = parse_reader_name(key)
    if reader is not None:
        fill = "var(--paper)" if reader.condition == "unaided" else "var(--reader)"
        return Markup(
            '<svg class="swatch" viewBox="0 0 28 12" aria-hidden="true"><circle cx="14" cy="6" r="3.6" fill="{}" '
            'stroke="{}" stroke-width="1.4"/></svg>'
        ).format(fill, "var(--reader)")
    style = styles.get(key)
    if style is None:
        return Markup("")
    dash = " ".join(f"{length * 1.5:g}" for length in style.dash)
    return Markup(
        '<svg class="swatch" viewBox="0 0 28 12" aria-hidden="true" fill="{c}" stroke="{c}"><path d="M0 6H28" '
        'stroke-width="2" stroke-dasharray="{d}"/>{shape}</svg>'
    ).format(c=style.colour, d=dash or "none", shape=Markup(_SHAPES.get(style.marker, _SHAPES["o"])))


def _place(value: float, axis: tuple[float, float]) -> float:
    share = (min(max(value, axis[0]), axis[1]) - axis[0]) / (axis[1] - axis[0])
    return round(_PAD + share * (_WIDTH - 2 * _PAD), 1)


def forest_mark(cell: Cell, column: Column, colour: str = "var(--reader)") -> Markup:
    """Return an interval on the column's axis; empty without an estimate.

    Args:
        cell: The estimate with its interval.
        column: Of the kind `forest`.
        colour: Of the mark.
    """
    if column.axis is None or not isinstance(cell.value, int | float):
        return Markup("")
    middle = _HEIGHT / 2
    parts = [Markup('<path class="axis" d="M{} {}H{}"/>').format(_PAD, middle, _WIDTH - _PAD)]
    if column.mark is not None:
        parts.append(
            Markup('<path class="chance" d="M{} 1V{}"/>').format(
                _place(column.mark, column.axis), _HEIGHT - 1
            )
        )
    if cell.low is not None and cell.high is not None:
        low, high = _place(cell.low, column.axis), _place(cell.high, column.axis)
        parts.append(
            Markup('<path class="bar" stroke="{c}" stroke-width="2.2" d="M{} {m}H{}"/>').format(
                low, high, m=middle, c=colour
            )
        )
    x = _place(float(cell.value), column.axis)
    parts.append(
        Markup('<rect x="{}" y="{}" width="7" height="7" fill="{}"/>').format(
            round(x - 3.5, 1), middle - 3.5, colour
        )
    )
    label = escape(f"{number(cell.value)}, {number(cell.low)} to {number(cell.high)}")
    return Markup(
        '<svg class="forest" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}" '
        'style="--c:{c}">{parts}</svg>'
    ).format(w=_WIDTH, h=_HEIGHT, label=label, c=colour, parts=Markup("").join(parts))


def forest_axis(column: Column) -> Markup:
    """Return the heading of a forest column: its axis with the ends and the line named."""
    if column.axis is None:
        return Markup("")
    low, high = column.axis
    ticks = {low, high}
    if column.mark is not None and min(column.mark - low, high - column.mark) > 0.2 * (high - low):
        ticks.add(column.mark)  # nearer to an end, its label would stand on that of the end
    texts = [
        Markup('<text x="{}" y="11">{}</text>').format(_place(tick, column.axis), number(tick, 1))
        for tick in sorted(ticks)
    ]
    return Markup(
        '<svg class="forest-axis" viewBox="0 0 {w} 14" width="{w}" height="14" aria-hidden="true">{t}</svg>'
    ).format(w=_WIDTH, t=Markup("").join(texts))
