"""What `samesplit ibsi` prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from samesplit.features.compliance.check import compare
from samesplit.features.compliance.reference import DATASETS, read_reference
from samesplit.features.compliance.summary import counts_table, misses_table, verdict


def references() -> dict[str, dict[str, float]]:
    table = read_reference()
    return {
        dataset: dict(zip(rows["tag"], rows["reference_value"], strict=True))
        for dataset, rows in table.groupby("dataset")
    }


def shown(part: RenderableType) -> str:
    text = io.StringIO()
    Console(width=80, file=text).print(part)
    return text.getvalue()


@pytest.fixture
def mostly() -> dict[str, dict[str, float]]:
    """All values as they should be, but for one that is off and one dataset that is missing."""
    computed = references()
    computed["config_A"]["stat_mean"] += 100
    del computed["config_E"]
    return computed


def test_full_marks_show_no_misses():
    found = compare(references())
    assert misses_table(found) is None
    assert verdict(found).startswith("1,804 of 1,804 values and 300 of 300 diagnostics match")


def test_every_dataset_has_its_row_and_every_head_is_whole_in_80_columns(mostly):
    text = shown(counts_table(compare(mostly)))
    lines = {
        line.split("  ")[1].strip(): line.split()[-5:] for line in text.splitlines() if "config_" in line
    }
    assert lines["config_A"] == ["346", "345", "1", "0", "5"]
    assert lines["config_A diagnostics"] == ["60", "60", "0", "0", "0"]
    assert lines["config_E"] == ["210", "0", "0", "210", "5"]
    assert all(dataset in text for dataset in DATASETS)
    assert "mismatched" in text
    assert "…" not in text


def test_a_miss_is_shown_beside_its_reference(mostly):
    found = compare(mostly)
    (row,) = found.table[found.table["state"] == "mismatched"].to_dict("records")
    text = shown(misses_table(found))
    assert "stat_mean" in text
    assert f"{row['reference_value']:g}" in text
    assert f"{row['value']:g}" in text


def test_only_the_first_of_many_misses_are_shown():
    found = compare({name: dict.fromkeys(values, -1e9) for name, values in references().items()})
    text = shown(misses_table(found, most=5))
    assert "the first 5 of 2,104" in text
    assert text.count("-1e+09") == 5
