"""docs/reproduce.md says what the command finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samesplit.reproduction.reproduce import reproduce

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reproduce.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"\| \[[^\]]+\]\(\.\./benchmarks/([\w-]+)/published\.csv\) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|"
)


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: row[0])
def test_the_totals_of_every_study_are_those_of_the_page(row: tuple[str, ...]) -> None:
    found = reproduce(ROOT / "benchmarks" / row[0])

    assert (*map(str, found.totals.values()), str(len(found.findings))) == row[1:]


def test_the_page_has_six_studies() -> None:
    assert len(ROW.findall(PAGE)) == 6


def test_the_example_of_the_page_is_found_as_it_says(tmp_path: Path) -> None:
    example = re.search(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    (tmp_path / "published.csv").write_text(example[1], encoding="utf-8")

    found = reproduce(tmp_path)

    assert "19 come out as printed, 2 do not. 3 cannot be checked." in PAGE
    assert tuple(found.totals.values()) == (19, 2, 3)
