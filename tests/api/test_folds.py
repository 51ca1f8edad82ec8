from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest

import samesplit as ss
from samesplit.errors import HiddenLabelsError, PredictionsError
from samesplit.workflows.split import freeze_split


def test_the_parts_of_a_fold_make_up_the_cohort_and_share_no_patient(study: ss.Study) -> None:
    patients = study.lesions["patient_id"]
    for fold in study.folds():
        parts = [fold.train.lesions, fold.validation.lesions, fold.test.lesions]
        assert sorted(itertools.chain(*parts)) == sorted(study.lesions.index)
        sides = [set(patients[part]) for part in parts]
        assert all(not (one & other) for one, other in itertools.combinations(sides, 2))


def test_every_lesion_is_tested_once(study: ss.Study) -> None:
    tested = [lesion for fold in study.folds() for lesion in fold.test.lesions]

    assert sorted(tested) == sorted(study.lesions.index)


def test_labels_are_those_of_the_cohort_in_the_order_of_the_lesions(study: ss.Study) -> None:
    truth = pd.read_csv(study.folder / "lesions.csv").set_index("lesion_id")["label"]
    fold = study.folds()[1]
    for part in (fold.train, fold.validation):
        assert part.labels.index.tolist() == part.lesions
        assert [study.classes[number] for number in part.labels] == truth[part.lesions].tolist()
        assert len(part) == len(part.lesions)
    assert repr(fold) == "<Fold 1 of repeat 0: 24 train, 8 validation, 13 test lesions>"


def test_labels_of_test_lesions_are_not_given_out(study: ss.Study) -> None:
    test = study.folds()[0].test

    assert not hasattr(test, "labels")
    assert not hasattr(test, "times")
    with pytest.raises(HiddenLabelsError, match=r"only the evaluation reads them\n.*study.evaluate"):
        _ = test.labels


def test_a_classification_has_no_times(study: ss.Study) -> None:
    with pytest.raises(AttributeError, match="a binary task has no times"):
        _ = study.folds()[0].train.times


def test_the_list_of_lesions_is_the_users_own(study: ss.Study) -> None:
    fold = study.folds()[0]
    fold.test.lesions.clear()

    assert len(fold.test.lesions) == len(fold.test) > 0


def test_a_training_lesion_among_the_predictions_is_told(study: ss.Study) -> None:
    fold = study.folds()[0]
    given = dict.fromkeys([*fold.test.lesions, fold.train.lesions[0]], 0.5)
    with pytest.raises(PredictionsError, match="stands in the train part of this fold"):
        fold.submit(given, name="My model")
    assert fold.submitted == ()


def test_test_lesions_tell_the_named_set_that_they_are_of(labels_alone: Path) -> None:
    path = labels_alone / "benchmark.yaml"
    named = "seed: 5, test_sets: {external: {histology: [rare]}}}"
    path.write_text(path.read_text().replace("seed: 5}", named))
    lesions = pd.read_csv(labels_alone / "lesions.csv")
    outside = lesions["patient_id"].isin(["P00", "P01", "P04", "P07"])
    lesions["histology"] = lesions["histology"].mask(outside, "rare")
    lesions.to_csv(labels_alone / "lesions.csv", index=False)
    freeze_split(labels_alone, changes={}, overwrite=True)

    for fold in ss.open_benchmark(labels_alone).folds():
        assert fold.test.sets.index.tolist() == fold.test.lesions
        external = fold.test.sets.index[fold.test.sets == "external"]
        assert set(external) == set(lesions.loc[outside, "lesion_id"])
        assert set(fold.test.sets) == {"internal", "external"}


def test_without_named_sets_there_is_no_name(study: ss.Study) -> None:
    assert set(study.folds()[0].test.sets) == {""}
