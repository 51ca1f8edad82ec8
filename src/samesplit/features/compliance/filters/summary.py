"""How the filters did beside the reference, in words and columns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from samesplit.features.compliance.filters.check import FilterCompliance

__all__ = ["maps_table", "misses_table", "values_table", "verdict"]

_SOURCE = "IBSI-2 (doi:10.1148/radiol.231319)"
_COUNTS = ("matched", "mismatched", "not computed", "no reference")


def maps_table(compliance: FilterCompliance) -> Table:
    """One row for each kind of filter: how many response maps match, and the largest difference of a voxel."""
    table = _table(f"Reference response maps of {_SOURCE}", "filter", "maps")
    table.show_edge = False
    table.add_column("largest diff., %", justify="right", min_width=len("largest"))
    largest = compliance.response_maps.groupby("filter_kind")["difference"].max()
    for row in compliance.counts(compliance.response_maps, "filter_kind").to_dict("records"):
        name = str(row["filter_kind"])
        difference = largest[name]
        told = "" if difference != difference else f"{100 * difference:.3f}"
        table.add_row(name, *_numbers(row), told, style=_style(row))
    return table


def values_table(compliance: FilterCompliance) -> Table:
    """One row for each configuration: how many values match."""
    table = _table(f"Reference values of {_SOURCE}", "configuration", "values")
    for row in compliance.counts(compliance.feature_values, "configuration").to_dict("records"):
        table.add_row(str(row["configuration"]), *_numbers(row), style=_style(row))
    return table


def misses_table(compliance: FilterCompliance, *, most: int = 20) -> Table | None:
    """Return the first maps and values that do not match, beside their references; None where all do."""
    misses = compliance.table[compliance.table["state"] == "mismatched"]
    if misses.empty:
        return None
    shown = f", the first {most} of {len(misses):,}" if len(misses) > most else ""
    table = Table("test", "what", title=f"What does not match{shown}", title_style="", box=SIMPLE_HEAD)
    for name in ("value", "reference", "tolerance"):
        table.add_column(name, justify="right")
    for row in misses.head(most).to_dict("records"):
        numbers = (row["value"], row["reference_value"], row["tolerance"])
        is_map = row["kind"] == "response map"
        what = "largest difference / range" if is_map else row["tag"]
        table.add_row(row["test"], what, *(f"{number:g}" for number in numbers))
    return table


def verdict(compliance: FilterCompliance) -> str:
    """One sentence on everything.

    Example:
        >>> from samesplit.features.compliance.filters.check import compare_maps, compare_values
        >>> verdict(FilterCompliance(compare_maps({"2.a": 0.001}), compare_values({})))
        '1 of 33 response maps and 0 of 323 values match; 3 maps and 1 value have no reference.'
    """
    parts, without = [], []
    for rows, word in ((compliance.response_maps, "map"), (compliance.feature_values, "value")):
        none = int((rows["state"] == "no reference").sum())
        matched = int((rows["state"] == "matched").sum())
        parts.append(f"{matched} of {len(rows) - none} {'response ' if word == 'map' else ''}{word}s")
        without.append(f"{none} {word}{'' if none == 1 else 's'}")
    return f"{' and '.join(parts)} match; {' and '.join(without)} have no reference."


def _table(title: str, first: str, second: str) -> Table:
    # 80 characters are enough for this box.
    table = Table(title=title, title_style="", box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in (second, *_COUNTS):
        table.add_column(name, justify="right", min_width=max(map(len, name.split())))
    return table


def _numbers(row: Mapping[Hashable, Any]) -> list[str]:
    return [str(row[key]) for key in ("references", *(name.replace(" ", "_") for name in _COUNTS))]


def _style(row: Mapping[Hashable, Any]) -> str:
    return "" if row["matched"] == row["references"] else "red"
