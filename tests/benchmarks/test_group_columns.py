from __future__ import annotations

from typing import Any

import pytest

from samesplit.benchmarks.cohort import load_cohort
from samesplit.errors import CohortError, SamesplitError

SIZES = """\
lesion_id,patient_id,label,stage,diameter
L1,P1,malignant,I,12
L2,P2,benign,II,25.5
L3,P3,malignant,I,
L4,P4,benign,II,60
"""
PLAIN = {"cohort": {"sequences": ["T1C", "T2"]}, "lesions": SIZES}


def test_columns_that_are_named_and_hold_numbers_pass(benchmark_folder: Any) -> None:
    statistics = {"groups": ["stage"], "group_cuts": {"diameter": [20, 40]}}
    cohort = load_cohort(*benchmark_folder(**PLAIN, statistics=statistics))
    assert cohort.lesions["diameter"].dropna().tolist() == ["12", "25.5", "60"]


@pytest.mark.parametrize(
    ("statistics", "message"),
    [
        ({"groups": ["stages"]}, "no column 'stages', which statistics.groups in benchmark.yaml asks for"),
        (
            {"group_cuts": {"diametre": [20]}},
            "no column 'diametre', which statistics.group_cuts in",
        ),
        (
            {"mask_regression": {"columns": ["diameter_mm", "vendor"]}},
            "no column 'vendor', which statistics.mask_regression.columns in",
        ),
        (
            {"group_cuts": {"stage": [1]}},
            "cuts the column 'stage', but lesion 'L1' holds 'I', which is no number",
        ),
    ],
)
def test_other_columns_are_refused_before_anything_is_fitted(
    benchmark_folder: Any, statistics: dict[str, Any], message: str
) -> None:
    with pytest.raises(SamesplitError) as caught:
        load_cohort(*benchmark_folder(**PLAIN, statistics=statistics))
    assert message in str(caught.value)


def test_all_that_is_wrong_is_told_together(benchmark_folder: Any) -> None:
    statistics = {"groups": ["a", "b"], "group_cuts": {"stage": [1]}}
    with pytest.raises(CohortError) as caught:
        load_cohort(*benchmark_folder(**PLAIN, statistics=statistics))
    assert len(caught.value.more) == 2
