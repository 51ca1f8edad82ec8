from __future__ import annotations

import re

import pytest

from samesplit.reports.document import Cell, Column
from samesplit.reports.inline_svg import forest_axis, forest_mark, swatch
from samesplit.reports.palette import styles_for

AXIS = Column(key="auc", title="AUC", kind="forest", axis=(0.4, 1.0), mark=0.5)


def place(svg: str, kind: str) -> float:
    found = re.search({"mark": r'<rect x="([\d.]+)"', "chance": r'class="chance" d="M([\d.]+) '}[kind], svg)
    assert found is not None
    return float(found[1])


def test_a_mark_lies_on_the_axis_where_its_value_says() -> None:
    low, high = (forest_mark(Cell(text="x", value=v, low=v, high=v), AXIS) for v in (0.4, 1.0))
    middle = forest_mark(Cell(text="0.7", value=0.7, low=0.6, high=0.8), AXIS)

    assert place(middle, "mark") == pytest.approx((place(low, "mark") + place(high, "mark")) / 2, abs=0.1)
    assert place(low, "mark") < place(middle, "chance") < place(middle, "mark")
    assert 'aria-label="0.700, 0.600 to 0.800"' in middle


def test_what_lies_outside_the_axis_stands_at_its_end() -> None:
    outside = forest_mark(Cell(text="0.1", value=0.1, low=0.0, high=0.2), AXIS)
    at_end = forest_mark(Cell(text="0.4", value=0.4, low=0.4, high=0.4), AXIS)

    assert place(outside, "mark") == place(at_end, "mark")


def test_without_an_estimate_nothing_is_drawn() -> None:
    assert forest_mark(Cell(text="–"), AXIS) == ""
    assert forest_mark(Cell(text="0.7", value=0.7), Column(key="auc", title="AUC")) == ""
    assert forest_axis(Column(key="auc", title="AUC")) == ""


def test_a_label_of_the_axis_that_would_stand_on_another_is_left_out() -> None:
    assert re.findall(r">([\d.]+)</text>", forest_axis(AXIS)) == ["0.4", "1.0"]
    wide = Column(key="auc", title="AUC", kind="forest", axis=(0.0, 1.0), mark=0.5)
    assert re.findall(r">([\d.]+)</text>", forest_axis(wide)) == ["0.0", "0.5", "1.0"]


def test_models_and_readers_have_a_swatch_and_others_none() -> None:
    styles = styles_for(["grid", "zero"], ["zero"])

    assert styles["grid"].colour in swatch("grid", styles)
    assert "var(--reader)" in swatch("reader:A/aided", styles)
    assert swatch("nobody", styles) == swatch(None, styles) == ""


def test_no_two_of_many_models_look_alike() -> None:
    styles = styles_for([f"m{number}" for number in range(30)])

    assert len({(style.colour, style.dash, style.marker) for style in styles.values()}) == 30
    assert len({styles[f"m{number}"].colour for number in range(8)}) == 8
