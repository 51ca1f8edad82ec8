from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.errors import ReadingsError
from samesplit.evaluation.readers.agreement import agreement_table, similarity_table
from samesplit.evaluation.readers.aid import advice_table, seconds_table
from samesplit.evaluation.readers.arrays import Cases, cases_of, reader_array
from samesplit.evaluation.readers.evaluate import evaluate_readers
from samesplit.evaluation.readers.judging import judge_readers
from samesplit.evaluation.readers.limits import limits_table
from samesplit.evaluation.readers.matched import matched_table
from samesplit.evaluation.readers.missed_cases import missed_cases_table
from samesplit.evaluation.readers.models import one_row_a_lesion
from samesplit.evaluation.readers.panel import panel_table
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.evaluation.readers.studies import study_of
from samesplit.statistics.aided_reading import advice_followed
from samesplit.statistics.matched_operating_point import model_at_reader_point

SETTINGS = ReaderSettings(n_bootstrap=50)


def test_all_tables_of_a_study_are_there(study: Any) -> None:
    found = evaluate_readers(
        study.readings, study.truth, models=study.models, reference="good", settings=SETTINGS
    )
    assert sorted(name.removeprefix("readers/") for name in found.tables) == [
        "advice", "against_model", "agreement", "cases", "design", "limits", "matched", "mrmc", "mrmc_tests",
        "panel", "read", "seconds", "sessions", "similarity",
    ]  # fmt: skip
    assert found.notes == ()


def test_without_models_there_are_readers_alone(study: Any) -> None:
    found = evaluate_readers(study.readings.drop(columns="seconds"), study.truth)
    assert "readers/against_model" not in found.tables
    assert "readers/seconds" not in found.tables
    assert "readers/mrmc" in found.tables


def test_scores_of_folds_are_ranked_within_their_fold(study: Any) -> None:
    table = study.in_folds["good"]
    found = one_row_a_lesion(table)
    fold = table[table["fold"] == 2].sort_values("score")
    assert found.loc[fold["lesion_id"], "score"].tolist() == pytest.approx((np.arange(10) + 0.5) / 10)
    alone = one_row_a_lesion(study.models["good"])
    assert alone["score"].tolist() == study.models["good"]["score"].tolist()


def test_a_call_of_repeats_is_that_of_most_and_positive_when_split(study: Any) -> None:
    table = study.models["good"].head(2)
    repeats = pd.concat(
        [table.assign(cell=0, decision=[1.0, np.nan]), table.assign(cell=1, decision=[0.0, np.nan])]
    )
    found = one_row_a_lesion(repeats)["decision"]
    assert found.iloc[0] == 1
    assert np.isnan(found.iloc[1])


def test_advice_is_counted_as_in_the_statistics(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = advice_table(study.readings, {"good": study.models["good"]}, cases, SETTINGS)
    readers = ["R1", "R2", "R3"]
    before, after = (
        reader_array(study.readings[study.readings["modality"] == name], cases, readers, "decision")
        for name in ("unaided", "aided")
    )
    expected = advice_followed(cases.labels, study.models["good"]["decision"], before, after, readers=readers)
    rows = found.set_index(["reader_id", "quantity"])
    assert rows.loc[("", "misled"), "estimate"] == expected.overall.misled.estimate
    assert rows.loc[("R2", "corrected"), "estimate"] == expected.by_reader["R2"].corrected.estimate
    for quantity in ("followed_when_right", "followed_when_wrong", "corrected", "misled", "changed"):
        row = rows.loc[("", quantity)]
        assert row["count"] / row["n"] == pytest.approx(row["estimate"])
    none = study.models["good"].assign(decision=np.nan)
    assert advice_table(study.readings, {"good": none}, cases, SETTINGS).empty


def test_times_are_compared_on_the_same_cases(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    readings = study.readings.copy()
    readings.loc[(readings["reader_id"] == "R3") & (readings["modality"] == "aided"), "seconds"] = np.nan
    readings.loc[readings.index[0], "seconds"] = 0.0  # no time: left out
    found = seconds_table(readings, cases, SETTINGS).set_index(["reader_id", "quantity"])
    assert found.loc[("", "ratio"), "n"] == 79
    assert ("R3", "ratio") not in found.index
    assert found.loc[("R2", "ratio"), "n"] == 40
    assert seconds_table(readings.assign(seconds=np.nan), cases, SETTINGS).empty
    apart = readings[(readings["reader_id"] == "R1") | (readings["modality"] == "unaided")]
    other = apart[(apart["reader_id"] != "R1") | (apart["modality"] == "aided")]
    assert seconds_table(other, cases, SETTINGS).empty  # no reader under both conditions


def test_the_model_stands_at_each_readers_point(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = matched_table(study.readings, study.models, cases, SETTINGS)
    row = found.set_index(["modality", "model", "reader_id", "matched"]).loc[
        ("aided", "good", "R1", "specificity")
    ]
    aided = study.readings[study.readings["modality"] == "aided"]
    calls = reader_array(aided, cases, ["R1"], "decision")[0]
    expected = model_at_reader_point(cases.labels, study.models["good"]["score"], calls)
    assert row["estimate"] == expected.rematched.estimate
    assert row["p_value"] == expected.rematched.p_value
    assert row["mcnemar_p"] == expected.difference.p_value
    assert row["compared"] == "sensitivity"
    assert (found["reader_id"] == "").sum() == 8
    folds = matched_table(study.readings, {"good": study.in_folds["good"]}, cases, SETTINGS)
    assert folds["note"].str.contains("rank within the fold").all()
    assert matched_table(study.readings.assign(decision=pd.NA), study.models, cases, SETTINGS).empty
    one = study.readings[study.readings["reader_id"] == "R1"]
    assert "" not in set(matched_table(one, study.models, cases, SETTINGS)["reader_id"])


def test_several_lesions_of_a_patient_are_one_patient(study: Any) -> None:
    truth = study.truth.assign(patient_id=[f"P{place // 4}" for place in range(40)])
    cases = cases_of(study.readings, truth)
    assert cases.owners is not None
    found = matched_table(study.readings, {"good": study.models["good"]}, cases, SETTINGS)
    assert found["method"].str.endswith("Obuchowski 1998").any()


def test_a_panel_is_one_opinion(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = panel_table(study.readings, study.truth, study.models, cases, SETTINGS)
    rows = found.set_index(["modality", "panel", "model", "quantity"])
    row = rows.loc[("unaided", "mean", "good", "auc")]
    given = study_of(study.readings, study.truth, "auc", modalities=["unaided"])
    assert given is not None
    assert row["estimate"] == pytest.approx(row["model_value"] - row["panel_value"])
    vote = rows.loc[("unaided", "majority", "good", "accuracy")]
    assert vote["estimate"] == pytest.approx(vote["model_value"] - vote["panel_value"])
    assert vote["n"] == 40
    no_calls = {"good": study.models["good"].assign(decision=np.nan)}
    assert set(panel_table(study.readings, study.truth, no_calls, cases, SETTINGS)["quantity"]) == {"auc"}
    one = study.readings[study.readings["reader_id"] == "R1"]
    assert panel_table(one, study.truth, study.models, cases, SETTINGS).empty


def test_cases_in_which_all_readers_and_the_model_part(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    readings = study.readings.assign(
        decision=study.truth["label"].loc[study.readings["lesion_id"]].to_numpy()
    )
    wrong = study.models["good"].assign(decision=1 - study.models["good"]["label"])
    found = missed_cases_table(readings, {"wrong": wrong}, cases)
    assert set(found["kind"]) == {"all readers right, model wrong"}
    assert len(found) == 80
    assert (found["n_right"] == 3).all()
    turned = missed_cases_table(readings.assign(decision=1 - readings["decision"]), {"wrong": wrong}, cases)
    assert set(turned["kind"]) == {"all readers and the model wrong"}
    silent = {"none": study.models["good"].assign(decision=np.nan)}
    assert missed_cases_table(readings, silent, cases).empty


def test_agreement_of_calls_and_scores(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = agreement_table(study.readings, cases, SETTINGS)
    unaided = found[(found["modality"] == "unaided") & (found["reference"] == "")]
    assert unaided["statistic"].tolist() == [
        "percent_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "krippendorff_alpha", "icc",
    ]  # fmt: skip
    own = found[found["reader_id"] != ""]
    assert own["statistic"].unique().tolist() == ["cohen_kappa"]
    assert own["reader_id"].tolist() == ["R1", "R2", "R3"]
    coarse = study.readings.assign(score=(study.readings["score"] // 20).clip(0, 4), decision=pd.NA)
    few = agreement_table(coarse, cases, SETTINGS)
    alpha = few[few["statistic"] == "krippendorff_alpha"]
    assert alpha["ci_low"].notna().all()
    assert set(few["of"]) == {"scores"}


def test_agreement_needs_readers_who_share_cases(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    r = study.readings
    shares_none = pd.concat(
        [r[(r["reader_id"] == f"R{k + 1}") & r["lesion_id"].isin(study.truth.index[k::3])] for k in range(3)]
    )
    found = agreement_table(shares_none, cases, SETTINGS)
    assert set(found["statistic"]) == {"cohen_kappa"}
    few = r[(r["modality"] == "unaided") | ((r["reader_id"] == "R1") & (r["lesion_id"] == "L00"))]
    assert "cohen_kappa" not in set(agreement_table(few, cases, SETTINGS)["statistic"])
    split = r[~((r["reader_id"] == "R1") & r["lesion_id"].isin(study.truth.index[:20]))]
    split = split[~((split["reader_id"] == "R2") & split["lesion_id"].isin(study.truth.index[20:]))]
    names = set(agreement_table(split, cases, SETTINGS)["statistic"])
    assert "fleiss_kappa" not in names
    assert "icc" not in names


def test_readers_and_models_are_ordered_by_likeness(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = similarity_table(study.readings, study.models, cases)
    names = {"R1", "R2", "R3", "model:good", "model:poor"}
    assert set(found["first"]) == names
    assert set(found["place_first"]) == set(range(5))
    same = found[found["first"] == found["second"]]
    assert (same["similarity"] == 1).all()
    scores = similarity_table(study.readings.assign(decision=pd.NA), study.models, cases)
    assert set(scores["measure"]) == {"Spearman's correlation"}
    one = study.readings[study.readings["reader_id"] == "R1"]
    assert similarity_table(one, {}, cases).empty


def test_limits_of_agreement_of_scores(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    found = limits_table(study.readings, cases, SETTINGS)
    assert found["kind"].tolist() == ["BRWM", "BRWM", "WRBM", "BRBM"]
    assert (found["limit_low"] < found["limit_high"]).all()
    assert limits_table(study.readings[study.readings["reader_id"] == "R1"], cases, SETTINGS).empty


def test_readers_are_judged_with_and_without_models(study: Any) -> None:
    alone = judge_readers(study.readings, study.truth, settings=SETTINGS)
    assert {row["model"] for row in alone.rows} >= {"reader:R1/unaided", "readers:mean/aided"}
    assert all(not str(row["reference"]).startswith("good") for row in alone.rows)
    some = {name: table[table["lesion_id"] != "L00"] for name, table in study.models.items()}
    beside = judge_readers(study.readings, study.truth, settings=SETTINGS, models=some, reference="good")
    assert beside.notes == ["6 readings are of lesions outside the test lesions; left out"]
    assert any(row["reference"] == "good" for row in beside.rows)
    assert len(beside.counts) == 6


def test_missing_calls_are_told_unless_nobody_made_any(study: Any) -> None:
    readings = study.readings.copy()
    readings.loc[readings.index[0], "decision"] = pd.NA
    found = judge_readers(readings, study.truth, settings=SETTINGS)
    assert "reader:R1/unaided: 1 of 40 calls are missing" in found.notes
    scores = judge_readers(study.readings.assign(decision=pd.NA), study.truth, settings=SETTINGS)
    assert not any("missing" in note for note in scores.notes)


def test_unknown_lesions_are_refused(study: Any) -> None:
    with pytest.raises(ReadingsError, match="lesions without truth"):
        judge_readers(study.readings.replace("L00", "X"), study.truth, settings=SETTINGS)


def test_cases_know_whether_patients_have_several(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    assert isinstance(cases, Cases)
    assert cases.owners is None


def test_one_case_has_no_limits_of_agreement(study: Any) -> None:
    one = study.readings[study.readings["lesion_id"] == "L00"]
    assert limits_table(one, cases_of(one, study.truth), SETTINGS).empty


def test_of_very_many_scores_the_intraclass_correlation_alone_is_computed(study: Any) -> None:
    cases = cases_of(study.readings, study.truth)
    continuous = pd.concat(
        [study.readings.assign(lesion_id=study.readings["lesion_id"] + f"-{k}") for k in range(5)]
    )
    truth = pd.concat([study.truth.set_axis(study.truth.index + f"-{k}") for k in range(5)])
    continuous["score"] = np.random.default_rng(0).normal(size=len(continuous))
    found = agreement_table(continuous, cases_of(continuous, truth), SETTINGS)
    assert set(found.loc[found["of"] == "scores", "statistic"]) == {"icc"}
    whole = agreement_table(study.readings, cases, SETTINGS)
    ordinal = whole[(whole["of"] == "scores") & (whole["statistic"] == "krippendorff_alpha")]
    assert set(ordinal["note"]) == {"no interval: more than 20 different scores"}
