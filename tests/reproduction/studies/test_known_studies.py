from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.reproduction.numbers import read_printed
from samesplit.reproduction.reproduce import reproduce_table
from samesplit.reproduction.studies import known_studies, rows_as_written_for, rules_of

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FOLDERS = (
    "xi2020-renal-mri", "xiong2025-renal-ct", "zhong2025-t1-mapping", "cui2025-srm-segmentation", "pku-renal-ct",
    "renal-ct-six-classes",
)  # fmt: skip


def test_a_study_is_known_by_the_name_in_its_column() -> None:
    assert "Xi 2020" in known_studies()
    assert rules_of("a study of one's own").rules == ()


@pytest.mark.parametrize("name", FOLDERS)
def test_the_findings_of_each_study_were_written_for_the_rows_that_come_with_it(name: str) -> None:
    """Where this fails, read the paragraphs of the study again before its digest is renewed."""
    published = read_printed(BENCHMARKS / name)

    assert rows_as_written_for(published) == []
    assert rows_as_written_for(published.iloc[::-1].assign(note="")) == []


def test_rows_that_were_changed_are_told_before_the_findings() -> None:
    published = read_printed(BENCHMARKS / "cui2025-srm-segmentation")
    published.loc[published["metric"] == "DSC_median, lowest of 5 sequences", "value"] = "0.7"

    first = reproduce_table(published).findings[0]

    assert first.title == "Not the rows that the paragraphs were written for"
    assert "Cui 2025" in first.text
