"""docs/feature-maps.md tells the largest radius, and times as the benchmark measured them."""

from __future__ import annotations

import re
from pathlib import Path

from samesplit.features.maps.neighbourhood import LARGEST_RADIUS

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "feature-maps.md").read_text(encoding="utf-8")


def test_the_page_says_the_largest_radius() -> None:
    assert f"(1 to {LARGEST_RADIUS})" in PAGE


def test_the_times_of_the_page_are_those_of_the_benchmark() -> None:
    """Ratios and seconds are told as docs/performance-maps.md has them."""
    measured = (DOCS / "performance-maps.md").read_text(encoding="utf-8")
    told = PAGE.split("## How fast")[1]
    for ratio in re.findall(r"(\d+) times", told):
        assert f"| {ratio} x |" in measured
    for seconds in re.findall(r"(\d+\.\d+) s\b", told):
        assert f"| {seconds} |" in measured
    assert re.findall(r"(\d+) times", told)
