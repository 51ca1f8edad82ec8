from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from samesplit.evaluation.binary.readers import reader_tables
from samesplit.evaluation.readers.against_model import against_model
from samesplit.evaluation.readers.hypotheses import hypotheses_table
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.readers.studies import study_of
from samesplit.statistics.mrmc import incomplete_standalone, model_against_readers

SETTINGS = ReaderSettings(margin=0.1, hypotheses=("non-inferiority", "superiority"))


def compare(study: Any, readings: pd.DataFrame | None = None, *, folds: bool = False) -> pd.DataFrame:
    tables = reader_tables(study.readings if readings is None else readings, study.truth)
    models = study.in_folds if folds else study.models
    return against_model(tables, models, SETTINGS, reference="good").set_index(
        ["modality", "model", "quantity"]
    )


def test_on_one_test_set_it_is_the_one_treatment_analysis_with_delongs_covariance(study: Any) -> None:
    found = compare(study)
    given = study_of(study.readings, study.truth, "auc", modalities=["unaided"])
    assert given is not None
    scores = study.models["good"].set_index("lesion_id")["score"].loc[list(given.cases)]
    expected = model_against_readers(given, scores, margin=0.1, covariance="delong")
    row = found.loc[("unaided", "good", "auc")]
    assert row["estimate"] == pytest.approx(expected.difference.estimate, rel=1e-12)
    assert row["ci_low"] == pytest.approx(expected.difference.ci_low, rel=1e-9)
    assert row["df"] == pytest.approx(expected.difference.df, rel=1e-9)
    assert row["p_value"] == pytest.approx(expected.difference.p_value, rel=1e-9)
    assert row["p_superiority"] == pytest.approx(expected.superiority_p, rel=1e-9)
    assert row["p_non_inferiority"] == pytest.approx(expected.non_inferiority_p, rel=1e-9)
    assert row["p_constant"] == pytest.approx(expected.naive.p_value, rel=1e-9)
    assert row["method"] == "1T-RRRC, influence values"
    assert row["p_superiority"] + row["p_inferiority"] == pytest.approx(1)


def test_only_the_auc_of_the_reference_against_the_first_modality_is_primary(study: Any) -> None:
    found = compare(study)
    assert found.index[found["primary"]].tolist() == [("unaided", "good", "auc")]
    assert len(found) == 2 * 2 * 4


def test_training_patients_widen_the_interval_of_models_in_folds(study: Any) -> None:
    one, folds = compare(study), compare(study, folds=True)
    row = folds.loc[("unaided", "good", "auc")]
    assert row["method"].endswith("training patients included")
    assert row["standard_error"] > one.loc[("unaided", "good", "auc"), "standard_error"]
    rate = folds.loc[("unaided", "good", "sensitivity")]
    assert rate["estimate"] == pytest.approx(one.loc[("unaided", "good", "sensitivity"), "estimate"])


def test_readers_of_different_cases_are_compared_by_u_statistics(study: Any) -> None:
    readings = study.readings.drop(index=[0, 1, 50])
    row = compare(study, readings).loc[("unaided", "good", "auc")]
    given = study_of(readings, study.truth, "auc", modalities=["unaided"])
    assert given is not None
    scores = study.models["good"].set_index("lesion_id")["score"].loc[list(given.cases)]
    expected = incomplete_standalone(given, scores, margin=0.1)
    assert row["estimate"] == pytest.approx(expected.difference.estimate, rel=1e-9)
    assert row["p_value"] == pytest.approx(expected.difference.p_value, rel=1e-9)
    assert row["n_readers"] == 3
    without = against_model(
        reader_tables(readings, study.truth), study.models, replace(SETTINGS, margin=None), reference=None
    )
    assert without["p_non_inferiority"].isna().all()
    assert not without["primary"].any()


def test_in_folds_readers_of_different_cases_are_noted(study: Any) -> None:
    readings = study.readings.drop(index=[0, 1, 50])
    row = compare(study, readings, folds=True).loc[("unaided", "good", "auc")]
    assert "readers did not all read the same cases" in row["note"]


def test_a_reader_without_calls_is_left_out_and_told(study: Any) -> None:
    readings = study.readings.copy()
    readings.loc[readings["reader_id"] == "R3", "decision"] = None
    found = compare(study, readings)
    row = found.loc[("unaided", "good", "sensitivity")]
    assert row["n_readers"] == 2
    assert row["note"] == "1 readers without this quantity are left out"
    readings = readings.drop(index=[0])
    note = compare(study, readings).loc[("unaided", "good", "specificity"), "note"]
    assert note.startswith("1 readers without this quantity are left out")


def test_one_reader_and_no_calls_give_no_rows(study: Any) -> None:
    one = study.readings[study.readings["reader_id"] == "R1"]
    assert compare(study, one).empty
    of_one_class = study.readings[study.readings["lesion_id"].isin(study.truth.index[::2])]
    found = compare(study, of_one_class)
    assert set(found.index.get_level_values("quantity")) == {"specificity", "accuracy"}


def test_where_u_statistics_cannot_be_computed_influence_values_are(study: Any) -> None:
    r = study.readings[study.readings["modality"] == "unaided"]
    first = r[(r["reader_id"] == "R1") & r["lesion_id"].isin(["L00", "L01"])]
    second = r[(r["reader_id"] == "R2") & r["lesion_id"].isin(["L00", "L03"])]
    row = compare(study, pd.concat([first, second])).loc[("unaided", "good", "auc")]
    assert row["n"] == 3


def test_superiority_is_tested_only_after_non_inferiority() -> None:
    against = pd.DataFrame(
        {
            "primary": [False, True],
            "model": ["poor", "good"],
            "modality": "unaided",
            "quantity": "auc",
            "margin": 0.1,
            "p_non_inferiority": [0.001, 0.04],
            "p_superiority": [0.001, 0.01],
            "p_value": [0.002, 0.02],
        }
    )
    found = hypotheses_table(against, SETTINGS)
    assert found["decision"].tolist() == ["not shown", "not tested"]
    assert found["p_one_sided"].tolist() == [0.04, 0.01]
    assert found["p_two_sided"].tolist() == [0.08, 0.02]
    shown = hypotheses_table(against.assign(p_non_inferiority=0.01, p_superiority=0.024), SETTINGS)
    assert shown["decision"].tolist() == ["shown", "shown"]
    alone = hypotheses_table(against, ReaderSettings(hypotheses=("superiority",)))
    assert alone["decision"].tolist() == ["shown"]
    assert alone["alpha"].tolist() == pytest.approx([0.025])


def test_nothing_declared_or_nothing_primary_tests_nothing(study: Any) -> None:
    found = compare(study).reset_index()
    assert hypotheses_table(found, ReaderSettings()).empty
    assert hypotheses_table(found[~found["primary"]], SETTINGS).empty


def test_a_model_whose_folds_have_one_class_each_has_no_auc(study: Any) -> None:
    table = study.models["good"]
    apart = {"apart": table.assign(fold=table["label"], cell=table["label"])}
    found = against_model(reader_tables(study.readings, study.truth), apart, SETTINGS, reference=None)
    assert set(found["quantity"]) == {"sensitivity", "specificity", "accuracy"}
