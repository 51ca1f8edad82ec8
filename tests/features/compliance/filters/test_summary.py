"""What `samesplit ibsi --standard 2` prints."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType

from samesplit.features.compliance.filters.check import FilterCompliance, compare_maps, compare_values
from samesplit.features.compliance.filters.reference import read_reference
from samesplit.features.compliance.filters.response_maps import TESTS
from samesplit.features.compliance.filters.summary import maps_table, misses_table, values_table, verdict


def found(difference: float = 0.0, shift: float = 0.0) -> FilterCompliance:
    """All as it should be, but for one map and one value."""
    differences = dict.fromkeys((test.name for test in TESTS if test.has_reference), 0.00123)
    table = read_reference()
    values = dict(zip(table["test"] + " " + table["tag"], table["reference_value"], strict=True))
    values["2.B stat_max"] += shift
    return FilterCompliance(compare_maps(differences | {"9.a": difference}), compare_values(values))


def shown(part: RenderableType) -> str:
    text = io.StringIO()
    Console(width=80, file=text).print(part)
    return text.getvalue()


def cells(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.strip().startswith(name))
    return line.strip().removeprefix(name).split()


def test_full_marks_show_no_misses() -> None:
    assert misses_table(found()) is None
    assert verdict(found()).startswith("33 of 33 response maps and 323 of 323 values match")


def test_every_kind_of_filter_has_its_row_and_every_head_is_whole_in_80_columns() -> None:
    text = shown(maps_table(found(difference=0.5)))
    assert cells(text, "mean") == ["5", "5", "0", "0", "0", "0.123"]
    assert cells(text, "Riesz, LoG") == ["2", "1", "1", "0", "1", "50.000"]
    assert cells(text, "Riesz, Simoncelli") == ["1", "1", "0", "0", "2", "0.123"]
    assert "mismatched" in text
    assert "…" not in text


def test_every_configuration_has_its_row() -> None:
    text = shown(values_table(found(shift=1e6)))
    assert cells(text, "A") == ["162", "162", "0", "0", "0"]
    assert cells(text, "B") == ["161", "160", "1", "0", "1"]


def test_misses_are_shown_beside_their_references() -> None:
    table = misses_table(found(difference=0.5, shift=1e6))
    assert table is not None
    text = shown(table)
    assert cells(text, "9.a")[-3:] == ["0.5", "0", "0.01"]
    assert "stat_max" in text


def test_what_was_not_computed_shows_no_difference() -> None:
    text = shown(maps_table(FilterCompliance(compare_maps({}), compare_values({}))))
    assert cells(text, "Gabor") == ["4", "0", "0", "4", "0"]
