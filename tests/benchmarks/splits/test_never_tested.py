"""Patients whose labels are not good enough to judge by: they learn in every fold and are tested in none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.lesion_classes import LesionClasses
from samesplit.benchmarks.splits import Split, make_split, read_split, write_split
from samesplit.benchmarks.splits.checks import check_never_tested
from samesplit.benchmarks.splits.drawing import draw
from samesplit.benchmarks.splits.patients import Patient
from samesplit.errors import SplitError
from samesplit.tables import IMAGES, LEDGER, empty_table
from samesplit.tasks import DEFAULT_TASK

RULE = {"label_provenance": ["imaging"]}


@pytest.fixture(scope="module")
def cohort(make_cohort: Any) -> Cohort:
    """120 patients with 240 lesions, 52 malignant; of each third benign patient one is proven by imaging."""
    lesions, labels = make_cohort(120, 52, lesions_each=2)
    benign = sorted(set(lesions.loc[lesions["label"] == "benign", "patient_id"]))
    by_imaging = lesions["patient_id"].isin(benign[::3]) & lesions["lesion_id"].str.endswith("L1")
    lesions["label_provenance"] = np.where(by_imaging, "imaging", "pathology")
    outcomes = {DEFAULT_TASK: labels.to_frame("label")}
    return Cohort(lesions, empty_table(IMAGES), outcomes, empty_table(LEDGER), "")


def split_of(cohort: Cohort, **options: Any) -> Split:
    settings = SplitSettings(**({"scheme": "holdout", "never_tested": RULE} | options))
    return make_split(cohort.lesions, cohort.labels, settings, folder=Path())


def by_imaging(cohort: Cohort) -> set[str]:
    return set(cohort.lesions.loc[cohort.lesions["label_provenance"] == "imaging", "patient_id"])


def in_test(split: Split) -> pd.Series[str]:
    return split.table.loc[split.table["subset"] == "test", "patient_id"]


class TestHoldout:
    def test_nobody_with_such_a_lesion_is_tested_and_the_share_and_its_classes_stay(
        self, cohort: Cohort
    ) -> None:
        split = split_of(cohort, test=0.25, repeats=8, seed=3)
        never = by_imaging(cohort)
        assert len(never) == 23
        malignant = set(cohort.lesions.loc[cohort.lesions["label"] == "malignant", "patient_id"])
        for repeat in range(8):
            test = set(split.patient_ids(repeat, 0, "test"))
            assert not test & never
            assert (len(test), len(test & malignant)) == (30, 13)  # 25 % of 120 and of 52
            assert never <= {
                *split.patient_ids(repeat, 0, "train"),
                *split.patient_ids(repeat, 0, "validation"),
            }
        assert split.facts["patients_never_tested"] == 23

    def test_whoever_may_be_tested_has_the_same_chance(self) -> None:
        everyone = [Patient(0, "", f"n{number:02d}", frozenset({0})) for number in range(10)]
        everyone += [Patient(2, "", f"p{number:02d}", frozenset({1})) for number in range(10)]
        never, times = {"n00", "n01", "n02", "n03"}, dict.fromkeys((p.patient_id for p in everyone), 0)
        for number in range(600):
            for patient in draw(everyone, 0.3, (0, number), never=never):
                times[patient] += 1
        share = pd.Series(times) / 600
        assert (share[sorted(never)] == 0).all()
        others = share.drop(sorted(never))
        # Three of six benign, three of ten malignant patients; five standard errors.
        assert np.abs(others[others.index.str.startswith("n")] - 0.5).max() < 5 * np.sqrt(0.25 / 600)
        assert np.abs(others[others.index.str.startswith("p")] - 0.3).max() < 5 * np.sqrt(0.21 / 600)

    def test_a_class_with_too_few_to_test_is_drawn_to_its_last_and_not_replaced(self) -> None:
        everyone = [Patient(0, "", f"n{number:02d}", frozenset({0})) for number in range(20)]
        everyone += [Patient(2, "", f"p{number:02d}", frozenset({1})) for number in range(20)]
        never = {f"n{number:02d}" for number in range(17)}
        drawn = draw(everyone, 0.3, (0, "x"), never=never)
        assert drawn >= {"n17", "n18", "n19"}
        assert sum(patient.startswith("p") for patient in drawn) == 6

    def test_several_tasks_keep_the_rule_too(self, cohort: Cohort) -> None:
        known = pd.Series(cohort.labels.to_numpy(), index=cohort.labels.index)
        other = pd.Series(np.arange(len(known)) % 3, index=known.index)
        classes = (
            LesionClasses("malignant", ("benign", "malignant"), known),
            LesionClasses("type", ("a", "b", "c"), other),
        )
        settings = SplitSettings(scheme="holdout", test=0.25, never_tested=RULE)
        split = make_split(cohort.lesions, classes, settings, folder=Path())
        assert not set(in_test(split)) & by_imaging(cohort)
        assert len(in_test(split)) == 30

    def test_a_test_part_larger_than_there_are_patients_for_it_is_refused(self, cohort: Cohort) -> None:
        lesions = cohort.lesions.assign(label_provenance="imaging")
        lesions.loc[lesions["patient_id"] < "P020", "label_provenance"] = "pathology"
        settings = SplitSettings(scheme="holdout", test=0.25, never_tested=RULE)
        with pytest.raises(
            SplitError, match=r"only 20 of 120 patients may be tested, .* of 0\.25 asks for 30"
        ):
            make_split(lesions, cohort.labels, settings, folder=Path())


def test_folds_test_each_of_the_others_once_and_train_on_the_rest_in_all_of_them(cohort: Cohort) -> None:
    split = split_of(cohort, scheme="kfold", folds=4)
    never = by_imaging(cohort)
    assert sorted(in_test(split)) == sorted(set(cohort.lesions["patient_id"]) - never)
    learnt = split.table[split.table["patient_id"].isin(never)]
    assert set(learnt["subset"]) == {"train", "validation"}
    assert len(learnt) == 4 * len(never)


def test_too_few_patients_of_a_class_for_the_folds_are_counted_without_them(cohort: Cohort) -> None:
    benign = sorted(set(cohort.lesions.loc[cohort.lesions["label"] == "benign", "patient_id"]))
    proven = np.where(cohort.lesions["patient_id"].isin(benign[3:]), "imaging", "pathology")
    lesions = cohort.lesions.assign(label_provenance=proven)
    settings = SplitSettings(scheme="kfold", folds=5, never_tested=RULE)
    with pytest.raises(SplitError, match="only 3 patients have a negative lesion, too few for 5 folds"):
        make_split(lesions, cohort.labels, settings, folder=Path())


@pytest.mark.parametrize("scheme", ["leave-one-site-out", "temporal"])
def test_schemes_that_say_themselves_who_is_tested_refuse_the_rule(scheme: Any) -> None:
    with pytest.raises(ValidationError, match=f"'never_tested' does nothing in the scheme '{scheme}'"):
        SplitSettings(scheme=scheme, never_tested=RULE)


def test_a_named_test_set_with_such_a_patient_is_refused(cohort: Cohort) -> None:
    with pytest.raises(SplitError, match=r"patients must not be tested and belong to .* to 'external'"):
        split_of(cohort, test_sets={"external": {"site": ["S3"]}})


def test_an_unknown_column_and_an_unknown_value_are_refused_and_a_proof_that_is_absent_is_not(
    cohort: Cohort,
) -> None:
    with pytest.raises(SplitError, match=r"split\.never_tested: lesions.csv has no column 'label_prov'"):
        split_of(cohort, never_tested={"label_prov": ["imaging"]})
    with pytest.raises(SplitError, match=r"no lesion has 'image' in the column 'label_provenance'"):
        split_of(cohort, never_tested={"label_provenance": ["image"]})
    lesions = cohort.lesions.assign(label_provenance="pathology")
    settings = SplitSettings(scheme="holdout", never_tested=RULE)
    plain = SplitSettings(scheme="holdout")
    with_rule = make_split(lesions, cohort.labels, settings, folder=Path())
    assert with_rule.sha256 == make_split(lesions, cohort.labels, plain, folder=Path()).sha256
    assert with_rule.facts == {"patients_never_tested": 0}


def test_a_frozen_split_keeps_the_rule_and_splits_without_one_say_nothing_of_it(
    cohort: Cohort, tmp_path: Path
) -> None:
    settings = SplitSettings(scheme="holdout", never_tested=RULE)
    split = split_of(cohort)
    write_split(split, tmp_path)
    record = json.loads((tmp_path / "splits.json").read_text())
    assert record["settings"]["never_tested"] == RULE
    assert record["facts"] == {"patients_never_tested": 23}
    assert read_split(tmp_path, cohort, settings=settings).sha256 == split.sha256
    with pytest.raises(SplitError, match=r"split says never_tested: \{\}, but .* never_tested: \{label_prov"):
        read_split(tmp_path, cohort, settings=SplitSettings(scheme="holdout"))
    turned = cohort.lesions.assign(label_provenance="pathology")
    with pytest.raises(SplitError, match="made for another cohort"):
        read_split(tmp_path, Cohort(turned, cohort.images, cohort.outcomes, cohort.ledger, ""))
    plain = split_of(cohort, never_tested=yaml.safe_load("{label_provenance: [imaging]}"))
    assert plain.sha256 == split.sha256
    without = make_split(cohort.lesions, cohort.labels, SplitSettings(scheme="holdout"), folder=Path())
    assert "never_tested" not in without.settings
    assert without.facts == {}


def test_a_table_that_tests_such_a_patient_is_refused(cohort: Cohort) -> None:
    split = split_of(cohort)
    with pytest.raises(SplitError, match=r"is tested in repeat 0, fold 0, against the rule 'never_tested'"):
        check_never_tested(split.table, {in_test(split).iloc[0]}, where="splits.csv")
