from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.benchmarks.synthetic.population import draw_population
from samesplit.benchmarks.synthetic.readings import draw_effects, make_readings
from samesplit.benchmarks.synthetic.settings import ReaderSettings, SyntheticSettings


def auc(table: pd.DataFrame, modality: str) -> float:
    part = table[(table["modality"] == modality) & table["score"].notna()]
    values = []
    for _, reader in part.groupby("reader_id"):
        malignant = reader.loc[reader["label"] == "malignant", "score"]
        benign = reader.loc[reader["label"] == "benign", "score"]
        values.append(stats.mannwhitneyu(malignant, benign).statistic / len(malignant) / len(benign))
    return float(np.mean(values))


def study(n_patients: int = 400, **options: object) -> pd.DataFrame:
    settings = SyntheticSettings(n_patients=n_patients, **options)
    lesions = draw_population(settings)
    labels = pd.DataFrame(
        [(x.lesion_id, x.label, x.conspicuity) for x in lesions],
        columns=["lesion_id", "label", "conspicuity"],
    )
    return make_readings(settings, lesions).merge(labels, on="lesion_id")


@pytest.fixture(scope="module")
def usual() -> pd.DataFrame:
    return study()


def test_readers_reach_about_the_stated_auc_and_aid_helps(usual):
    assert auc(usual, "unaided") == pytest.approx(0.77, abs=0.06)
    assert auc(usual, "aided") == pytest.approx(0.84, abs=0.06)
    assert auc(usual, "aided") > auc(usual, "unaided")


def test_readers_are_at_chance_when_there_is_no_effect():
    table = study(effect=0.0, readers=ReaderSettings(var_reader=0.0, var_modality_reader=0.0))
    assert auc(table, "unaided") == pytest.approx(0.5, abs=0.06)
    assert auc(table, "aided") == pytest.approx(0.5, abs=0.06)


def test_a_decision_is_a_cut_of_the_readers_own_score(usual):
    called = usual[usual["decision"] != ""]
    for _, part in called.groupby(["reader_id", "modality"]):
        scores = part.groupby("decision")["score"]
        assert scores.max()["benign"] <= scores.min()["malignant"] + 1


def test_scores_are_percent_and_times_are_positive(usual):
    called = usual[usual["decision"] != ""]
    assert called["score"].between(0, 100).all()
    assert (called["seconds"] > 0).all()
    medians = called.groupby("modality")["seconds"].median()
    assert medians["aided"] < medians["unaided"]


def test_a_missing_call_is_empty_in_decision_score_and_time(usual):
    missing = usual[usual["decision"] == ""]
    assert 1 <= len(missing) < 0.02 * len(usual)
    assert missing[["score", "seconds"]].isna().all(axis=None)


def test_missing_calls_can_be_switched_off():
    table = study(60, readers=ReaderSettings(missing_rate=0.0))
    assert (table["decision"] != "").all()


@pytest.mark.parametrize(("rho", "low", "high"), [(0.6, 0.25, 0.6), (0.0, -0.1, 0.1)])
def test_readers_err_on_lesions_whose_looks_mislead(rho, low, high):
    table = study(500, readers=ReaderSettings(case_image_correlation=rho))
    part = table[(table["modality"] == "unaided") & (table["label"] == "benign")]
    mean = part.groupby("lesion_id")[["score", "conspicuity"]].mean()
    assert low < mean.corr().iloc[0, 1] < high


def test_case_effects_stay_standard_normal_whatever_the_correlation():
    settings = SyntheticSettings(n_patients=2000)
    case = draw_effects(settings, draw_population(settings)).case
    assert case.std() == pytest.approx(1.0, abs=0.05)


def test_readings_of_a_lesion_do_not_depend_on_the_other_lesions():
    few, many = study(3), study(30)
    shared = many[many["lesion_id"].isin(few["lesion_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, shared)
