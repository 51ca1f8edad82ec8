from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.lesion_classes import classes_of_tasks
from samesplit.benchmarks.splits import make_split
from samesplit.errors import SplitError
from samesplit.run.shuffling import shuffle_outcomes
from samesplit.tables import IMAGES, LEDGER, empty_table
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask, SurvivalTask, Task

BINARY = BinaryTask(question="?", positive="p", negative="n")
TASKS: dict[str, Task] = {
    "malignant": BINARY,
    "subtype": MulticlassTask(question="?", classes=("a", "b", "c")),
    "survival": SurvivalTask(question="?", time="months", event="died"),
    "where": SegmentationTask(question="?"),
}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    """Forty patients with one or two lesions; every fifth lesion has no subtype, and is malignant."""
    rows = [(f"P{p:02d}-{side}", f"P{p:02d}") for p in range(40) for side in ("ab" if p % 4 == 0 else "a")]
    lesions = pd.DataFrame(rows, columns=["lesion_id", "patient_id"])
    index = pd.Index(lesions["lesion_id"], name="lesion_id")
    number = np.arange(len(index))
    subtype = pd.DataFrame({"label": number % 3}, index=index)[number % 5 > 0]
    outcomes = {
        "malignant": pd.DataFrame({"label": (number % 5 == 0).astype("int64")}, index=index),
        "subtype": subtype,
        "survival": pd.DataFrame({"label": number % 2, "time": 1.0 + number}, index=index),
        "where": pd.DataFrame(index=index[:5]),
    }
    return Cohort(lesions, empty_table(IMAGES), outcomes, empty_table(LEDGER), "")


@pytest.fixture(scope="module")
def split(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = SplitSettings(scheme="kfold", folds=2, validation=0.2)
    folder = tmp_path_factory.mktemp("split")
    return make_split(cohort.lesions, classes_of_tasks(TASKS, cohort.outcomes), settings, folder=folder)


def test_the_outcomes_of_all_tasks_move_together(cohort: Cohort, split: Any) -> None:
    shuffled = shuffle_outcomes(cohort, TASKS, split, 1)
    malignant, subtype = shuffled["malignant"]["label"], shuffled["subtype"]["label"]
    assert not malignant.equals(cohort.outcomes["malignant"]["label"])
    assert sorted(malignant.index) == sorted(cohort.lesions["lesion_id"])
    # A malignant lesion had no subtype before, and has none now.
    assert set(malignant.index) - set(subtype.index) == set(malignant.index[malignant == 1])
    # An event keeps its time.
    assert (shuffled["survival"]["time"] % 2 == 1 - shuffled["survival"]["label"]).all()


def test_masks_are_not_shuffled(cohort: Cohort, split: Any) -> None:
    assert shuffle_outcomes(cohort, TASKS, split, 1)["where"].equals(cohort.outcomes["where"])


def test_a_seed_gives_the_same_outcomes_and_another_gives_others(cohort: Cohort, split: Any) -> None:
    one, again, other = (shuffle_outcomes(cohort, TASKS, split, seed)["survival"] for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_every_training_part_keeps_every_class(cohort: Cohort, split: Any) -> None:
    for seed in range(5):
        shuffled = shuffle_outcomes(cohort, TASKS, split, seed)
        for repeat, fold in split.pairs():
            train = split.lesions(cohort.lesions, repeat, fold, "train")
            assert set(shuffled["subtype"]["label"].reindex(train).dropna()) == {0, 1, 2}


def test_a_class_of_one_patient_cannot_be_in_every_training_part(cohort: Cohort, split: Any) -> None:
    labels = (cohort.outcomes["malignant"].index == "P01-a").astype("int64")
    lonely = Cohort(
        cohort.lesions,
        cohort.images,
        {"malignant": pd.DataFrame({"label": labels}, index=cohort.outcomes["malignant"].index)},
        cohort.ledger,
        "",
    )
    with pytest.raises(SplitError, match="no shuffling of the labels leaves both classes"):
        shuffle_outcomes(lonely, {"malignant": BINARY}, split, 0)
