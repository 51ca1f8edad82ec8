from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.evaluation.binary.estimates import make_draws
from samesplit.evaluation.binary.judging import tables_by_model
from samesplit.evaluation.binary.operating_point import apply_thresholds, choose_thresholds
from samesplit.evaluation.binary.reader_comparisons import compare_modalities, compare_with
from samesplit.evaluation.binary.readers import mean_rows, reader_rows, reader_tables, second_rows
from samesplit.evaluation.validation import check_readings, check_truth
from samesplit.statistics.auc import auc_test, empirical_auc
from samesplit.statistics.paired_proportions import paired_proportions
from samesplit.statistics.proportions import confusion

Make = Callable[..., Any]
Tables = dict[str, dict[str, pd.DataFrame]]


def _of(study: Any, **change: Any) -> tuple[Tables, pd.DataFrame]:
    truth = check_truth(study.truth)
    readings = check_readings(study.readings, truth)
    for column, (rows, value) in change.items():
        readings.loc[rows(readings), column] = value
    test = study.predictions.query("subset == 'test'")
    thresholds = choose_thresholds(study.predictions, truth, "youden")
    return reader_tables(readings, truth), tables_by_model(apply_thresholds(test, thresholds), truth)["cnn"]


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows).set_index(["model", "quantity"]).sort_index()


def _by(reader: str, modality: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda t: (t["reader_id"] == reader) & (t["modality"] == modality)


def test_each_reader_has_rates_from_calls_and_an_auc_from_scores(make_study: Make) -> None:
    study = make_study()
    tables, model = _of(study)
    rows = _frame(reader_rows(tables, make_draws(model, n_bootstrap=100, seed=0)))
    assert set(rows.index.get_level_values("model")) == {
        f"reader:{reader}/{modality}" for reader in ("anna", "ben") for modality in ("unaided", "aided")
    }
    mine = study.readings.query("reader_id == 'anna' and modality == 'aided'")
    labels = study.truth["label"].loc[mine["lesion_id"]]
    auc = rows.loc[[("reader:anna/aided", "auc")]].iloc[0]
    assert auc["estimate"] == pytest.approx(empirical_auc(labels, mine["score"]))
    counts = confusion(labels, mine["decision"]).counts("sensitivity")
    sensitivity = rows.loc[[("reader:anna/aided", "sensitivity")]]
    assert sensitivity["estimate"].tolist() == pytest.approx([np.divide(*counts)] * 2)
    assert set(sensitivity["method"]) == {"Agresti-Coull", "Clopper-Pearson"}


def test_readers_mean_is_the_mean_and_needs_two_readers(make_study: Make) -> None:
    tables, model = _of(make_study())
    draws = make_draws(model, n_bootstrap=200, seed=0)
    single = _frame(reader_rows(tables, draws))
    means = _frame(mean_rows(tables, draws))
    for quantity in ("auc", "sensitivity", "specificity", "accuracy"):
        each = [single.loc[[(f"reader:{r}/aided", quantity)], "estimate"].iloc[0] for r in ("anna", "ben")]
        row = means.loc[[("readers:mean/aided", quantity)]].iloc[0]
        assert row["estimate"] == pytest.approx(np.mean(each))
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert row["method"].startswith("mean of fixed readers")
    only_one = {"aided": {"anna": tables["aided"]["anna"]}}
    assert mean_rows(only_one, draws) == []


def test_missing_calls_are_left_out_of_the_reader_and_of_the_pair(make_study: Make) -> None:
    study = make_study()
    rows_of = _by("anna", "aided")
    tables, model = _of(study, decision=(lambda t: rows_of(t) & (t["lesion_id"] < "L005"), pd.NA))
    rows = _frame(reader_rows(tables, make_draws(model, n_bootstrap=50, seed=0)))
    row = rows.loc[[("reader:anna/aided", "accuracy")]].iloc[0]
    assert row["n"] == 55
    assert row["note"] == "5 of 60 without a call, left out"
    assert rows.loc[[("reader:anna/aided", "auc")], "n"].iloc[0] == 60
    differences = _frame(compare_with(tables, model, reference_name="cnn"))
    assert differences.loc[[("reader:anna/aided", "accuracy_difference")], "n"].iloc[0] == 55
    mine = tables["aided"]["anna"].set_index("lesion_id").iloc[5:]
    theirs = model.set_index("lesion_id").loc[mine.index]
    expected = paired_proportions(mine["decision"] == mine["label"], theirs["decision"] == theirs["label"])
    found = differences.loc[[("reader:anna/aided", "accuracy_difference")]].iloc[0]
    assert found["estimate"] == pytest.approx(expected.estimate)
    assert found["p_value"] == pytest.approx(expected.p_value)
    assert found["ci_low"] == pytest.approx(expected.ci_low)


def test_difference_of_aucs_is_paired_on_common_lesions(make_study: Make) -> None:
    tables, model = _of(make_study())
    model = model[model["lesion_id"] >= "L010"]
    rows = _frame(compare_with(tables, model, reference_name="cnn"))
    mine = tables["unaided"]["ben"].set_index("lesion_id").loc["L010":]
    theirs = model.set_index("lesion_id").loc[mine.index]
    expected = auc_test(mine["label"], mine["score"], theirs["score"])
    found = rows.loc[[("reader:ben/unaided", "auc_difference")]].iloc[0]
    assert (found["estimate"], found["p_value"]) == pytest.approx((expected.estimate, expected.p_value))
    assert found["reference"] == "cnn"
    assert found["n"] == 50


def test_mean_difference_is_the_mean_of_the_differences(make_study: Make) -> None:
    tables, model = _of(make_study(n_folds=3, n_repeats=2))
    rows = _frame(compare_with(tables, model, reference_name="cnn"))
    for quantity in ("auc", "sensitivity", "specificity", "accuracy"):
        each = [rows.loc[[(f"reader:{r}/aided", f"{quantity}_difference")]].iloc[0] for r in ("anna", "ben")]
        mean = rows.loc[[("readers:mean/aided", f"{quantity}_difference")]].iloc[0]
        assert mean["estimate"] == pytest.approx(np.mean([row["estimate"] for row in each]))
        assert 0 <= mean["p_value"] <= 1
    assert (
        rows.loc[[("reader:anna/aided", "sensitivity_difference")], "method"]
        .iloc[0]
        .startswith("clustered Wald")
    )


def test_a_reader_without_scores_has_no_auc_and_is_left_out_of_the_mean(make_study: Make) -> None:
    tables, model = _of(make_study(), score=(_by("anna", "aided"), np.nan))
    draws = make_draws(model, n_bootstrap=50, seed=0)
    rows = _frame(reader_rows(tables, draws))
    assert ("reader:anna/aided", "auc") not in rows.index
    means = _frame(mean_rows(tables, draws))
    assert ("readers:mean/aided", "auc") not in means.index
    assert ("readers:mean/aided", "accuracy") in means.index
    differences = _frame(compare_with(tables, model, reference_name="cnn"))
    assert ("reader:anna/aided", "auc_difference") not in differences.index
    assert ("readers:mean/aided", "auc_difference") not in differences.index


def test_readers_left_out_of_a_mean_are_counted(make_study: Make) -> None:
    tables, model = _of(make_study())
    third = tables["aided"]["anna"].assign(score=np.nan)
    three = {"aided": {**tables["aided"], "carl": third}}
    row = _frame(mean_rows(three, make_draws(model, n_bootstrap=50, seed=0)))
    assert row.loc[[("readers:mean/aided", "auc")], "note"].iloc[0].startswith("1 readers without")
    differences = _frame(compare_with(three, model, reference_name="cnn"))
    note = differences.loc[[("readers:mean/aided", "auc_difference")], "note"].iloc[0]
    assert note.startswith("1 readers without")


def test_a_reader_without_any_call_has_empty_rates(make_study: Make) -> None:
    tables, model = _of(make_study(), decision=(_by("ben", "unaided"), pd.NA))
    rows = _frame(reader_rows(tables, make_draws(model, n_bootstrap=50, seed=0)))
    row = rows.loc[[("reader:ben/unaided", "specificity")]].iloc[0]
    assert math.isnan(row["estimate"])
    assert row["n"] == 0


def test_a_reader_is_compared_with_himself_on_the_lesions_read_both_ways(make_study: Make) -> None:
    rows_of = _by("anna", "aided")
    tables, _ = _of(make_study(), score=(lambda t: rows_of(t) & (t["lesion_id"] < "L005"), np.nan))
    rows = _frame(compare_modalities(tables))
    assert set(rows["reference"]) == {"reader:anna/unaided", "reader:ben/unaided", "readers:mean/unaided"}
    found = rows.loc[[("reader:anna/aided", "auc_difference")]].iloc[0]
    after, before = (tables[m]["anna"].set_index("lesion_id").loc["L005":] for m in ("aided", "unaided"))
    expected = auc_test(after["label"], after["score"], before["score"])
    assert found["n"] == 55
    assert (found["estimate"], found["p_value"]) == pytest.approx((expected.estimate, expected.p_value))
    for quantity in ("auc", "sensitivity", "specificity", "accuracy"):
        each = [rows.loc[[(f"reader:{r}/aided", f"{quantity}_difference")]].iloc[0] for r in ("anna", "ben")]
        mean = rows.loc[[("readers:mean/aided", f"{quantity}_difference")]].iloc[0]
        assert mean["estimate"] == pytest.approx(np.mean([row["estimate"] for row in each]))


def test_without_an_unaided_reading_the_first_modality_by_name_is_the_baseline(make_study: Make) -> None:
    tables, _ = _of(make_study())
    renamed = {"mri": tables["aided"], "ct": tables["unaided"]}
    rows = _frame(compare_modalities(renamed))
    assert set(rows["reference"].str.partition("/")[2]) == {"ct"}
    assert compare_modalities({"ct": tables["unaided"]}) == []


def test_a_reader_of_one_modality_alone_is_not_compared(make_study: Make) -> None:
    tables, _ = _of(make_study())
    rows = _frame(
        compare_modalities({"aided": tables["aided"], "unaided": {"anna": tables["unaided"]["anna"]}})
    )
    assert set(rows.index.get_level_values("model")) == {"reader:anna/aided"}


def test_the_median_reading_time_stands_in_the_results(make_study: Make) -> None:
    study = make_study()
    readings = study.readings.assign(seconds=[10.0, 20.0, 60.0] * 80)
    rows = _frame(second_rows(readings, check_truth(study.truth)))
    assert set(rows.index.get_level_values("quantity")) == {"reading_seconds"}
    assert rows["estimate"].tolist() == [20.0] * 4
    assert second_rows(readings.drop(columns="seconds"), study.truth) == []


def test_perfect_readers_have_intervals_alone_in_the_mean_and_in_their_differences(make_study: Make) -> None:
    study = make_study(n_patients=40)
    label = study.truth["label"].loc[study.readings["lesion_id"]].to_numpy()
    perfect = dataclasses.replace(
        study, readings=study.readings.assign(score=label.astype(float), decision=label)
    )
    tables, model = _of(perfect)
    draws = make_draws(model, n_bootstrap=50, seed=0)
    rows = [*reader_rows(tables, draws), *mean_rows(tables, draws), *compare_modalities(tables)]
    for row in rows:
        assert row["ci_low"] <= row["estimate"] <= row["ci_high"], row  # none is missing
        assert row["ci_low"] < row["ci_high"], row
    means = _frame(mean_rows(tables, draws))
    assert set(means["method"]) == {
        "Newcombe method 5", "mean of fixed readers, Clopper-Pearson, patients counted once",
    }  # fmt: skip
