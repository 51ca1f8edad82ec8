from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.audit.table import Parts, Table, read_table_file, shuffled_places, stack_sequences

LESIONS = pd.DataFrame(
    {
        "patient_id": ["P1", "P1", "P2", "P3"],
        "site": ["A", None, "B", "B"],
        "age": [50.0, np.nan, 60.0, 70.0],
        "sex": ["F", "M", None, "F"],
    },
    index=pd.Index(["L1", "L2", "L3", "L4"], name="lesion_id"),
)
FEATURES = pd.DataFrame(
    {"p/T1/mean": [1.0, 2.0, np.nan, 4.0], "p/T2/mean": [5.0, 6.0, np.nan, np.nan]}, index=LESIONS.index
)


def test_a_table_holds_the_lesions_of_which_anything_is_known() -> None:
    table = Table.of(FEATURES.iloc[::-1], LESIONS, covariates=["age", "sex"])

    assert len(table) == 3
    assert table.lesions.tolist() == ["L1", "L2", "L4"]
    assert table.patients.tolist() == ["P1", "P1", "P3"]
    assert table.aside["#site"].tolist() == ["A", "", "B"]
    assert table.aside["#sex"].tolist() == ["F", "M", "F"]
    np.testing.assert_array_equal(table.aside["#age"], [50.0, np.nan, 70.0])
    assert table.rows_of(["L4", "L1", "L3"]).tolist() == [0, 2]
    assert table.labels(pd.Series({"L1": 1, "L2": 0, "L3": 1, "L4": 1})).tolist() == [1, 0, 1]


def test_a_table_that_was_kept_is_read_as_it_was(tmp_path: Path) -> None:
    table = Table.of(FEATURES, LESIONS, covariates=["age"])

    path = table.write(tmp_path)
    again = read_table_file(path)

    assert path.stem == table.digest == again.digest
    assert table.write(tmp_path) == path
    np.testing.assert_array_equal(again.X, table.X)


@pytest.mark.parametrize("change", ["value", "column", "patient", "site"])
def test_another_content_has_another_hash(change: str) -> None:
    features, lesions = FEATURES.copy(), LESIONS.copy()
    if change == "value":
        features.iloc[0, 0] = 9.0
    elif change == "column":
        features.columns = ["p/T1/mean", "p/T2/max"]
    else:
        lesions.loc["L1", "patient_id" if change == "patient" else "site"] = "other"

    assert Table.of(features, lesions).digest != Table.of(FEATURES, LESIONS).digest


def test_without_sites_a_table_tells_none() -> None:
    assert Table.of(FEATURES, LESIONS.drop(columns="site")).aside == {}


def test_shuffled_places_keep_groups_together_and_strata_apart() -> None:
    strata = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])

    places = shuffled_places(strata, groups, np.random.default_rng(1))

    assert (strata[places] == strata).all()
    for group in range(4):
        assert len(set(groups[places][groups == group])) == 1
    assert sorted(set(groups[places])) == [0, 1, 2, 3]


def test_parts_have_the_same_sizes_after_every_row_has_moved() -> None:
    parts = Parts(np.array([0, 1, 2]), np.array([3]), np.array([4, 5]))

    moved = parts.moved(np.array([5, 4, 3, 2, 1, 0]))

    assert moved.train.tolist() == [3, 4, 5]
    assert moved.validation.tolist() == [2]
    assert moved.test.tolist() == [0, 1]


def test_sequences_are_stacked_on_the_features_that_they_share() -> None:
    features = pd.DataFrame(
        {
            "p/T1/mean": [1.0, 2],
            "p/T1/max": [3.0, 4],
            "p/T2/mean": [5.0, 6],
            "p/T2/max": [7.0, 8],
            "p/T1/x": 0.0,
        },
        index=["L1", "L2"],
    )

    table = stack_sequences(features, LESIONS, ["T1", "T2"])

    assert table is not None
    assert set(table.columns) == {"p/mean", "p/max"}
    assert table.lesions.tolist() == ["L1", "L1", "L2", "L2"]
    assert table.X[:, table.columns.index("p/mean")].tolist() == [1.0, 5.0, 2.0, 6.0]
    assert stack_sequences(features, LESIONS, ["T1"]) is None
    assert stack_sequences(features.drop(columns="p/T2/max"), LESIONS, ["T1", "T2"]) is None
