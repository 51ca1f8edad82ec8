from __future__ import annotations

from pathlib import Path

from samesplit.reproduction.reproduce import reproduce

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def test_the_patients_of_cui_2025_add_up() -> None:
    found = reproduce(BENCHMARKS / "cui2025-srm-segmentation")
    counts = found.table[found.table["cohort_split"] == "all"].set_index("printed")

    assert counts.loc["988", "verdict"] == "reproduced"
    assert counts.loc["988", "formula"] == "sum over cohort: 733 + 99 + 81 + 75"
    assert found.totals["inconsistent"] == 0


def test_an_abstract_of_six_classes_allows_no_interval() -> None:
    found = reproduce(BENCHMARKS / "renal-ct-six-classes")

    assert set(found.table["verdict"]) == {"not derivable"}
    assert [finding.title for finding in found.findings] == ["No interval can be computed"]
