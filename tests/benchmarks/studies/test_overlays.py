"""Overlays merge mappings, replace lists, take keys out, and remember the file of each key."""

from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.benchmarks.studies.overlays import Layer, lay_over, read_layer
from samesplit.errors import DeclarationError


def layer(keys: dict[str, object]) -> Layer:
    return Layer(keys, Path("some.yaml"))


def test_mappings_merge_and_lists_replace() -> None:
    found = lay_over(
        layer({"a": {"b": 1, "c": [1, 2]}, "d": 4}), layer({"a": {"c": [3]}}), layer({"a": {"e": {"f": 5}}})
    )

    assert found.keys == {"a": {"b": 1, "c": [3], "e": {"f": 5}}, "d": 4}


def test_null_takes_a_key_out_once_or_twice_and_is_a_value_where_there_is_no_such_key() -> None:
    below = layer({"readings": "readings.csv", "split": {"test": 0.1}})

    found = lay_over(below, layer({"readings": None, "simple_arm": None}), layer({"readings": None}))

    assert found.keys == {"split": {"test": 0.1}, "simple_arm": None}


def test_what_is_laid_over_is_not_changed_itself() -> None:
    below, above = layer({"a": {"b": 1}}), layer({"a": {"c": {"d": 1}}})

    lay_over(below, above, layer({"a": {"c": {"d": 2}}}))

    assert (below.keys, above.keys) == ({"a": {"b": 1}}, {"a": {"c": {"d": 1}}})


def test_a_list_over_a_mapping_is_told_with_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "over.yaml").write_text("title: x\nsplit:\n  - kfold\n")

    with pytest.raises(DeclarationError) as told:
        lay_over(layer({"split": {"scheme": "kfold"}}), read_layer(tmp_path / "over.yaml"))

    assert str(told.value).startswith(f"{tmp_path / 'over.yaml'}, line 2: 'split' holds keys below")
    with pytest.raises(DeclarationError, match="'title' holds a single value or list below, and keys here"):
        lay_over(layer({"title": "x"}), layer({"title": {"de": "y"}}))


def test_a_file_without_keys_changes_nothing_and_a_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "list.yaml").write_text("- a\n")

    assert lay_over(layer({"a": 1}), read_layer(tmp_path / "empty.yaml")).keys == {"a": 1}
    with pytest.raises(DeclarationError, match="holds no keys"):
        read_layer(tmp_path / "list.yaml")
