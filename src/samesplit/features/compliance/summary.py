"""How the engine did beside the reference values, in words and columns."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table

from samesplit.features.compliance.check import Compliance

__all__ = ["counts_table", "misses_table", "verdict"]


def counts_table(compliance: Compliance) -> Table:
    """One row for each dataset, and one for its diagnostics: how many values match their reference."""
    title = "IBSI-1 reference values (doi:10.1148/radiol.2020191145)"
    table = Table(title=title, title_style="", box=SIMPLE_HEAD)  # 80 characters are enough for this box
    table.add_column("dataset", no_wrap=True)
    for name in ("values", "matched", "mismatched", "not computed", "no reference"):
        table.add_column(name, justify="right", min_width=max(map(len, name.split())))
    for row in compliance.summary.to_dict("records"):
        name = row["dataset"] if row["kind"] == "features" else f"{row['dataset']} diagnostics"
        numbers = [row[key] for key in ("values", "matched", "mismatched", "not_computed", "no_reference")]
        style = "" if row["matched"] == row["values"] else "red"
        table.add_row(str(name), *(f"{number:,}" for number in numbers), style=style)
    return table


def misses_table(compliance: Compliance, *, most: int = 20) -> Table | None:
    """Return the first values that do not match, beside their references; None where all do."""
    misses = compliance.table[compliance.table["state"] == "mismatched"]
    if misses.empty:
        return None
    shown = f", the first {most} of {len(misses):,}" if len(misses) > most else ""
    table = Table("dataset", "tag", title=f"Values that do not match{shown}", title_style="")
    for name in ("value", "reference", "tolerance"):
        table.add_column(name, justify="right")
    for row in misses.head(most).to_dict("records"):
        numbers = (row["value"], row["reference_value"], row["tolerance"])
        table.add_row(row["dataset"], row["tag"], *(f"{number:g}" for number in numbers))
    return table


def verdict(compliance: Compliance) -> str:
    """One sentence on all datasets.

    Example:
        >>> from samesplit.features.compliance.check import compare
        >>> verdict(compare({"digital_phantom": {"morph_volume": 556.33}}))
        '1 of 1,804 values and 0 of 300 diagnostics match; 30 rows have no reference.'
    """
    counts = compliance.summary.groupby("kind")[["matched", "values"]].sum().to_dict("index")
    parts = [
        f"{counts[kind]['matched']:,} of {counts[kind]['values']:,} {words}"
        for kind, words in (("features", "values"), ("diagnostics", "diagnostics"))
    ]
    without = int((compliance.table["state"] == "no reference").sum())
    return f"{' and '.join(parts)} match; {without} rows have no reference."
