"""Profiles that want a sequence are checked against those that the benchmark has."""

from __future__ import annotations

import pytest

from conftest import SmallStudy
from samesplit.errors import DeclarationError
from samesplit.run import RunOptions, load_plan

CHANGE = """
engine: ibsi
description: Means and their change.
relative_change_to: {baseline}
settings: {{processing: {{unit: quantitative}}, features: {{statistics: [stat_mean]}}}}
"""
MATCHED = """
engine: ibsi
description: Matched.
settings:
  processing: {histogram_matching: {reference: PET}}
  features: {statistics: [stat_mean]}
  undefined: []
"""


def profile_of(study: SmallStudy, text: str) -> None:
    (study.root / "features" / "first-order.yaml").write_text(text)


@pytest.mark.parametrize("baseline", ["first", "T2"])
def test_a_baseline_among_the_sequences_is_fine(small_study: SmallStudy, baseline: str) -> None:
    profile_of(small_study, CHANGE.format(baseline=baseline))
    plan = load_plan(small_study.folder, RunOptions(jobs=1))
    assert plan.profiles["first-order"].relative_change_to == baseline


def test_a_baseline_that_the_profile_is_not_for_is_told(small_study: SmallStudy) -> None:
    profile_of(small_study, CHANGE.format(baseline="T1"))
    with pytest.raises(DeclarationError, match=r"'T1'.*none of the sequences[\s\S]*T1C, T2"):
        load_plan(small_study.folder, RunOptions(jobs=1))


def test_a_sequence_to_match_to_that_the_benchmark_lacks_is_told(small_study: SmallStudy) -> None:
    profile_of(small_study, MATCHED)
    with pytest.raises(DeclarationError, match=r"'PET'[\s\S]*T1C, T2"):
        load_plan(small_study.folder, RunOptions(jobs=1))
