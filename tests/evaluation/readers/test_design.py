from __future__ import annotations

from typing import Any

import pandas as pd

from samesplit.evaluation.readers.arrays import cases_of
from samesplit.evaluation.readers.design import design_table, read_table, sessions_table


def test_a_crossed_design_is_counted(study: Any) -> None:
    found = design_table(study.readings, study.truth)
    assert found["modality"].tolist()[:3] == ["unaided"] * 3
    assert found["crossed"].all()
    assert set(found["n_cases"]) == {40}
    assert set(found["n_positive"]) == {20}
    assert set(found["n_missing"]) == {0}


def test_a_missing_reading_makes_a_design_incomplete(study: Any) -> None:
    readings = study.readings.copy()
    readings.loc[readings.index[0], ["score", "decision"]] = None
    found = design_table(readings, study.truth)
    assert not found["crossed"].any()
    assert found["n_missing"].tolist() == [1, 0, 0, 0, 0, 0]


def test_who_read_what_is_written_down_negative_cases_first(study: Any) -> None:
    readings = study.readings[study.readings["lesion_id"] != "L00"]
    one = study.readings[(study.readings["lesion_id"] == "L00") & (study.readings["reader_id"] == "R1")]
    both = pd.concat([readings, one])
    found = read_table(both, cases_of(both, study.truth))
    assert found["read"].str.len().tolist() == [40] * 6
    assert found.set_index(["modality", "reader_id"])["read"].str[0].to_dict() == {
        ("unaided", "R1"): "1", ("unaided", "R2"): "0", ("unaided", "R3"): "0",
        ("aided", "R1"): "1", ("aided", "R2"): "0", ("aided", "R3"): "0",
    }  # fmt: skip
    assert set(found["n_negative"]) == {20}


def test_washout_comes_from_dates(study: Any) -> None:
    dates = study.readings["modality"].map({"unaided": "2024-01-01", "aided": "2024-02-05"})
    readings = study.readings.assign(date=dates)
    readings.loc[(readings["reader_id"] == "R2") & (readings["modality"] == "aided"), "date"] = "2023-12-01"
    found = sessions_table(readings).set_index("reader_id")
    assert found["washout_days_median"].to_dict() == {"R1": 35, "R2": 31, "R3": 35}
    assert found["n_reference_first"].to_dict() == {"R1": 40, "R2": 0, "R3": 40}
    assert found["n_reference_last"].to_dict() == {"R1": 0, "R2": 40, "R3": 0}
    assert set(found["order"]) == {"date"}


def test_order_alone_tells_what_was_read_first(study: Any) -> None:
    readings = study.readings.assign(order=range(len(study.readings)))
    found = sessions_table(readings)
    assert set(found["order"]) == {"order"}
    assert set(found["n_reference_first"]) == {40}
    assert found["washout_days_median"].isna().all()


def test_what_is_not_recorded_is_not_known(study: Any) -> None:
    found = sessions_table(study.readings)
    assert set(found["order"]) == {""}
    assert found["n_dated"].tolist() == [0, 0, 0]


def test_a_reader_without_a_second_condition_has_no_washout(study: Any) -> None:
    r = study.readings
    readings = r[(r["modality"] == "unaided") | (r["reader_id"] == "R1")]
    assert sessions_table(readings)["reader_id"].tolist() == ["R1"]
    assert sessions_table(r[r["modality"] == "unaided"]).empty
