"""Derived features: computed lesion by lesion and rater by rater, and missing with a reason."""

from __future__ import annotations

import pandas as pd
import pytest

from samesplit.features.derived import (
    DerivedFeature,
    derived_features,
    derived_listing,
    with_derived_columns,
)
from samesplit.features.feature_matrix import to_wide
from samesplit.features.formula import Formula
from samesplit.tables import FEATURES, LEDGER, check_table

RATIO = DerivedFeature("CMPr", Formula("(CMP - T1WI) / T1WI"), "roi-mean", "mean")


def table(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    names = ["lesion_id", "rater", "sequence", "value"]
    return pd.DataFrame(rows, columns=names).assign(profile="roi-mean", feature="mean")[
        list(FEATURES.columns)
    ]


def test_each_lesion_and_rater_has_its_own_value_under_the_first_sequence_of_the_formula():
    found, ledger = derived_features(
        table(("L1", "R1", "CMP", 300.0), ("L1", "R1", "T1WI", 100.0), ("L1", "R2", "CMP", 250.0)).pipe(
            lambda t: pd.concat([t, table(("L1", "R2", "T1WI", 100.0))], ignore_index=True)
        ),
        [RATIO],
    )
    assert dict(zip(found["rater"], found["value"], strict=True)) == {"R1": 2.0, "R2": 1.5}
    assert ledger.empty
    check_table(found, FEATURES)
    assert to_wide(found[found["rater"] == "R1"]).columns.tolist() == ["roi-mean/CMP/CMPr"]


def test_what_cannot_be_computed_is_missing_and_the_ledger_says_why():
    found, ledger = derived_features(
        table(("L1", "R1", "CMP", 300.0), ("L2", "R1", "CMP", 300.0), ("L2", "R1", "T1WI", 0.0)), [RATIO]
    )
    assert found["value"].isna().all()
    check_table(ledger, LEDGER)
    assert ledger["reason"].str.split(": ").str[1].tolist() == ["no mean on T1WI", "a divisor is 0"]


def test_nothing_is_derived_from_nothing():
    found, ledger = derived_features(table(), [RATIO])
    assert found.empty
    assert ledger.empty


def test_repeated_measurements_get_the_same_columns():
    wide = pd.DataFrame({"roi-mean/CMP/mean": [300.0], "roi-mean/T1WI/mean": [100.0]})
    assert with_derived_columns(wide, [RATIO])[RATIO.column].tolist() == [pytest.approx(2.0)]
    assert RATIO.column not in with_derived_columns(wide[["roi-mean/CMP/mean"]], [RATIO])


def test_the_listing_has_the_formula():
    assert derived_listing([RATIO])["name"].tolist() == ["CMPr = (CMP - T1WI) / T1WI"]
