from __future__ import annotations

import math

import pandas as pd

from samesplit.features.changes import relative_changes


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    ids = {"rater": "R1", "profile": "roi-mean", "feature": "stat_mean"}
    return pd.DataFrame([{"lesion_id": lesion, "sequence": s, "value": v, **ids} for lesion, s, v in rows])


def test_each_other_sequence_is_set_against_the_baseline_of_its_own_lesion():
    found = relative_changes(
        table(("L1", "T1", 1000.0), ("L1", "T1e", 400.0), ("L2", "T1", 500.0), ("L2", "T1e", 600.0)), "T1"
    )
    assert found.set_index("lesion_id")["value"].to_dict() == {"L1": -0.6, "L2": 0.2}
    assert set(found["feature"]) == {"stat_mean_change_from_T1"}
    assert set(found["sequence"]) == {"T1e"}


def test_a_lesion_without_the_baseline_has_no_change():
    found = relative_changes(table(("L1", "T1e", 400.0), ("L2", "T1", 500.0), ("L2", "T1e", 600.0)), "T1")
    assert found["lesion_id"].tolist() == ["L2"]


def test_a_baseline_of_zero_or_not_defined_gives_nan_and_no_warning():
    found = relative_changes(
        table(("L1", "T1", 0.0), ("L1", "T1e", 400.0), ("L2", "T1", math.nan), ("L2", "T1e", 6.0)), "T1"
    )
    assert found["value"].isna().all()
    assert len(found) == 2
