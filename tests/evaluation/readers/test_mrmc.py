from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samesplit.evaluation.readers.mrmc import mrmc_tables
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.readers.studies import study_of
from samesplit.statistics.mrmc import AUC, obuchowski_rockette, on_logit_scale, u_statistic_analysis

SETTINGS = ReaderSettings()


def test_a_crossed_design_is_analysed_by_obuchowski_and_rockette(study: Any) -> None:
    notes: list[str] = []
    estimates, tests = mrmc_tables(study.readings, study.truth, SETTINGS, notes)
    given = study_of(study.readings, study.truth, "auc")
    assert given is not None
    expected = obuchowski_rockette(given, AUC)
    change = estimates[(estimates["quantity"] == "auc") & (estimates["reference"] != "")].iloc[0]
    unaided_first = expected.differences["unaided", "aided"]
    assert (change["modality"], change["reference"]) == ("aided", "unaided")
    assert change["estimate"] == pytest.approx(-unaided_first.estimate, rel=1e-12)
    assert change["ci_low"] == pytest.approx(-unaided_first.ci_high, rel=1e-12)
    assert change["ci_high"] == pytest.approx(-unaided_first.ci_low, rel=1e-12)
    assert change["p_value"] == unaided_first.p_value
    assert tests["crossed"].all()
    alone = estimates[(estimates["quantity"] == "auc") & (estimates["modality"] == "unaided")].iloc[0]
    curved = on_logit_scale(expected.modalities["unaided"])
    assert (alone["ci_low"], alone["ci_high"]) == (curved.ci_low, curved.ci_high)
    assert alone["method"].endswith("logit")
    row = tests.iloc[0]
    assert row["test"] == "F"
    assert row["p_value"] == pytest.approx(change["p_value"], rel=1e-9)
    assert row["cov2"] == expected.components.cov2
    assert notes == []


def test_an_incomplete_design_is_analysed_by_u_statistics(study: Any) -> None:
    readings = study.readings.drop(index=[0, 50])
    estimates, tests = mrmc_tables(readings, study.truth, SETTINGS, [])
    given = study_of(readings, study.truth, "auc")
    assert given is not None
    expected = u_statistic_analysis(given)
    change = estimates[(estimates["quantity"] == "auc") & (estimates["reference"] != "")].iloc[0]
    assert change["estimate"] == pytest.approx(-expected.differences["unaided", "aided"].estimate, rel=1e-12)
    variance = expected.difference_variances["unaided", "aided"]
    assert change["standard_error"] == pytest.approx(np.sqrt(variance.value), rel=1e-12)
    assert change["method"].startswith("U-statistics")
    assert not tests["crossed"].any()
    assert tests["statistic"].isna().all()


def test_one_modality_has_no_test(study: Any) -> None:
    unaided = study.readings[study.readings["modality"] == "unaided"]
    estimates, tests = mrmc_tables(unaided, study.truth, SETTINGS, [])
    assert set(estimates["reference"]) == {""}
    assert set(tests["test"]) == {""}
    assert tests["p_value"].isna().all()


def test_one_reader_says_nothing_of_others(study: Any) -> None:
    notes: list[str] = []
    one = study.readings[study.readings["reader_id"] == "R1"]
    estimates, _ = mrmc_tables(one, study.truth, SETTINGS, notes)
    assert estimates.empty
    assert notes[0] == "MRMC, auc: one reader, so nothing can be said of other readers"
    assert len(notes) == 4


def test_subgroups_are_analysed_by_themselves(study: Any) -> None:
    notes: list[str] = []
    estimates, _ = mrmc_tables(study.readings, study.truth, SETTINGS, notes, groups=["site"])
    sizes = estimates[estimates["quantity"] == "auc"].groupby("group")["n"].first()
    assert sizes.to_dict() == {"all": 40, "site=a": 20, "site=b": 20}
    one_reader = study.readings[
        (study.readings["reader_id"] == "R1") | study.readings["lesion_id"].isin(study.truth.index[:20])
    ]
    mrmc_tables(one_reader, study.truth, SETTINGS, notes, groups=["site"])
    assert "MRMC, auc, site=b: one reader, so nothing can be said of other readers" in notes


def test_scores_alone_have_an_auc_and_no_rates(study: Any) -> None:
    scores = study.readings.assign(decision=None)
    estimates, _ = mrmc_tables(scores, study.truth, SETTINGS, [])
    assert set(estimates["quantity"]) == {"auc"}


def test_readers_without_a_case_in_common_are_noted(study: Any) -> None:
    keep = {"R1": ["L00", "L01"], "R2": ["L00", "L01"]}
    rows = [
        study.readings[(study.readings["reader_id"] == reader) & study.readings["lesion_id"].isin(lesions)]
        for reader, lesions in keep.items()
    ]
    readings = rows[0][rows[0]["modality"] == "unaided"]
    other = rows[1][(rows[1]["modality"] == "aided")]
    notes: list[str] = []
    import pandas as pd

    mrmc_tables(pd.concat([readings, other]), study.truth, SETTINGS, notes)
    assert any("readers cannot be taken as random" in note for note in notes)
