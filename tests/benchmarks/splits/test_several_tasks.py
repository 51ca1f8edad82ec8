"""Splits of a cohort with several tasks, more than two classes, events, and lesions without an outcome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.lesion_classes import LesionClasses
from samesplit.benchmarks.splits import Split, balance, make_split, read_split, write_split
from samesplit.errors import SplitError
from samesplit.tables import IMAGES, LEDGER, empty_table

QUICK = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def cohort_of(n: int, *, seed: int = 0) -> tuple[pd.DataFrame, list[LesionClasses]]:
    """Patients with one or two lesions: malignant or not (some unknown), three subtypes, events (some unasked)."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"P{patient:03d}-{lesion}", f"P{patient:03d}", rng.choice(["A", "B"]))
        for patient in range(n)
        for lesion in range(1 + (rng.random() < 0.2))
    ]
    lesions = pd.DataFrame(rows, columns=["lesion_id", "patient_id", "site"])
    ids = lesions["lesion_id"].to_numpy()
    malignant = pd.Series(rng.integers(0, 2, len(ids)), index=ids)
    subtype = pd.Series(rng.choice(3, size=len(ids), p=[0.5, 0.3, 0.2]), index=ids)
    event = pd.Series(rng.integers(0, 2, len(ids)), index=ids)
    return lesions, [
        LesionClasses("malignant", ("no", "yes"), malignant[rng.random(len(ids)) < 0.8], (0, 1), PARTS[:2]),
        LesionClasses("subtype", ("AML", "cyst", "solid"), subtype, (0, 1, 2), PARTS[:1], "multiclass"),
        LesionClasses("death", ("no event", "event"), event[malignant == 1], (1,), PARTS[:1], "survival"),
    ]


PARTS = ("train", "validation", "test")


def split_of(lesions: pd.DataFrame, classes: Sequence[LesionClasses], **options: Any) -> Split:
    declared = SplitSettings(**({"scheme": "kfold"} | options))
    return make_split(lesions, classes, declared, folder=Path())


def carriers(task: LesionClasses, lesions: pd.DataFrame, patients: list[str], number: int) -> int:
    found = task.by_patient(lesions)
    return sum(number in found[patient] for patient in patients)


@QUICK
@given(st.integers(50, 80), st.integers(0, 1000), st.integers(2, 5))
def test_every_part_gets_its_share_of_the_classes_of_all_tasks(n: int, seed: int, folds: int) -> None:
    lesions, classes = cohort_of(n, seed=seed)
    split = split_of(lesions, classes, folds=folds, seed=seed, strata=["site"])
    assert not split.table.duplicated(["patient_id", "repeat", "fold"]).any()
    assert (split.table[split.table["subset"] == "test"].groupby("patient_id").size() == 1).all()
    for task in classes:
        for number in range(len(task.classes)):
            everyone = carriers(task, lesions, sorted(set(lesions["patient_id"])), number)
            for pair in split.pairs():
                tested = carriers(task, lesions, split.patient_ids(*pair, "test"), number)
                assert abs(tested - everyone / folds) <= 3
                assert carriers(task, lesions, split.patient_ids(*pair, "train"), number)


def test_the_parts_are_as_large_as_they_were_asked_for() -> None:
    lesions, classes = cohort_of(100, seed=5)
    split = split_of(lesions, classes, scheme="holdout", test=0.3, validation=0.2)
    sizes = {part: len(split.patient_ids(0, 0, part)) for part in PARTS}
    assert sizes["test"] == pytest.approx(30, abs=4)
    assert sizes["validation"] == pytest.approx(14, abs=4)


def test_one_binary_task_by_name_is_split_like_the_only_task() -> None:
    lesions, classes = cohort_of(60)
    numbers = pd.Series(np.arange(len(lesions)) % 2, index=lesions["lesion_id"])
    named = LesionClasses("malignant", ("no", "yes"), numbers, (0, 1), PARTS[:2])
    plain, by_name = split_of(lesions, numbers), split_of(lesions, [named])  # type: ignore[arg-type]
    assert plain.sha256 == by_name.sha256
    assert plain.cohort_sha256 != by_name.cohort_sha256
    assert split_of(lesions, [named, classes[1]]).sha256 != plain.sha256


def test_the_order_of_the_rows_does_not_count() -> None:
    lesions, classes = cohort_of(60, seed=3)
    turned = [LesionClasses(t.task, t.classes, t.numbers[::-1], t.needed, t.parts, t.kind) for t in classes]
    first, second = split_of(lesions, classes), split_of(lesions[::-1], turned)
    assert (first.sha256, first.cohort_sha256) == (second.sha256, second.cohort_sha256)
    assert first.patients == second.patients


class TestWhatAFoldMustHold:
    def of(self, *numbers: int, kind: Any = "multiclass") -> tuple[pd.DataFrame, list[LesionClasses]]:
        ids = [f"P{i:02d}" for i in range(len(numbers))]
        lesions = pd.DataFrame({"lesion_id": ids, "patient_id": ids})
        labels = pd.Series(numbers, index=ids)
        if kind == "multiclass":
            return lesions, [
                LesionClasses("type", ("AML", "cyst", "solid"), labels, (0, 1, 2), ("train",), kind)
            ]
        if kind == "survival":
            return lesions, [LesionClasses("death", ("no event", "event"), labels, (1,), ("train",), kind)]
        return lesions, [LesionClasses("grade", ("low", "high"), labels, (0, 1), PARTS[:2], kind)]

    def test_a_training_part_without_a_class_is_refused_by_task_and_class(self) -> None:
        lesions, classes = self.of(*[0, 1] * 10, 2)
        with pytest.raises(SplitError) as caught:
            split_of(lesions, classes, folds=3)
        assert "the train part of repeat 0, fold " in str(caught.value)
        assert "is without a lesion of class 'solid' (task type)" in str(caught.value)

    def test_a_class_that_no_fold_tests_is_refused(self) -> None:
        lesions, classes = self.of(*[0, 1] * 10, 2)
        lesions = lesions.assign(site=["A"] * 10 + ["B"] * 10 + ["C"])
        with pytest.raises(SplitError, match=r"no test part holds a lesion of class 'solid' \(task type\)"):
            split_of(lesions, classes, scheme="leave-one-site-out")

    def test_folds_that_do_not_test_a_class_are_noted(self) -> None:
        lesions, classes = self.of(*[0, 1] * 10, 2, 2, 2)
        split = split_of(lesions, classes, folds=5)
        assert split.notes == ("task type: 2 of 5 test parts are without a lesion of class 'solid'",)

    def test_an_event_is_needed_to_learn_from_and_a_lesion_without_one_is_not(self) -> None:
        lesions, classes = self.of(*[1] * 12, 0, 0, kind="survival")
        assert split_of(lesions, classes, folds=3).notes == ()
        lesions, classes = self.of(*[0] * 12, 1, 0, kind="survival")
        with pytest.raises(SplitError, match=r"is without an event \(task death\)"):
            split_of(lesions, classes, folds=3)

    def test_the_validation_part_of_a_binary_task_holds_both_classes(self) -> None:
        lesions, classes = self.of(*[0] * 12, 1, 1, kind="binary")
        with pytest.raises(SplitError, match=r"the validation part .* is without .* 'high' \(task grade\)"):
            split_of(lesions, classes, folds=2)

    def test_one_class_in_every_task_is_refused(self) -> None:
        lesions, classes = self.of(*[1] * 12)
        with pytest.raises(SplitError, match="the cohort has lesions of one class only"):
            split_of(lesions, classes)

    def test_a_site_is_tested_where_any_task_can_be_judged(self) -> None:
        lesions, classes = self.of(*[0, 1, 2] * 6, 0, 0)
        lesions = lesions.assign(site=["A"] * 9 + ["B"] * 9 + ["C"] * 2)
        split = split_of(lesions, classes, scheme="leave-one-site-out")
        assert split.facts["site_of_fold"] == ["A", "B"]
        assert split.facts["sites_with_one_class_never_tested"] == ["C"]


def test_a_frozen_split_of_several_tasks_is_read_back_and_refuses_another_class(tmp_path: Path) -> None:
    lesions, classes = cohort_of(60)
    cohort = Cohort(lesions, empty_table(IMAGES), {}, empty_table(LEDGER), "")
    split = split_of(lesions, classes)
    write_split(split, tmp_path)
    back = read_split(tmp_path, cohort, classes=classes)
    assert (back.sha256, back.cohort_sha256, back.notes) == (split.sha256, split.cohort_sha256, split.notes)
    counts = json.loads((tmp_path / "splits.json").read_text())["counts"]["repeat 0 fold 0"]
    trained = split.patient_ids(0, 0, "train")
    events = carriers(classes[2], lesions, trained, 1)
    assert counts.startswith(f"train {len(trained)} patients (death event {events}, ")
    changed = classes[1].numbers.copy()
    changed.iloc[0] = (changed.iloc[0] + 1) % 3
    other = [classes[0], LesionClasses("subtype", classes[1].classes, changed, (0, 1, 2)), classes[2]]
    with pytest.raises(SplitError, match="1 patients with another label"):
        read_split(tmp_path, cohort, classes=other)


def test_the_balance_shows_the_classes_of_every_task() -> None:
    lesions, classes = cohort_of(60)
    split = split_of(lesions, classes)
    table = balance(split, lesions, classes).set_index(["repeat", "fold", "subset", "variable", "level"])
    tested = split.lesions(lesions, 0, 1, "test")
    for task in classes:
        known = task.numbers.reindex(tested).dropna()
        number = len(task.classes) - 1
        row = table.loc[(0, 1, "test", task.task, task.classes[number])]
        assert row["n"] == (known == number).sum()
        assert row["value"] == pytest.approx((known == number).mean())
    shown = table.index.get_level_values("level")
    assert {"AML", "cyst", "solid", "yes", "event"} <= set(shown)
    assert not {"no", "no event"} & set(shown)  # the other of two classes says the same


def test_survival_in_which_everybody_had_the_event_and_masks_alone_can_be_split() -> None:
    lesions, _ = cohort_of(12)
    everybody = pd.Series(1, index=lesions["lesion_id"])
    death = LesionClasses("death", ("no event", "event"), everybody, (1,), PARTS[:1], "survival")
    for classes in ([death], []):
        split = split_of(lesions, classes, folds=3)
        assert set(split.table["subset"]) == set(PARTS)
        by_site = split_of(lesions, classes, scheme="leave-one-site-out")
        assert by_site.test_sets() == ("A", "B")
    with pytest.raises(SplitError, match="the cohort has lesions of one class only"):
        split_of(lesions, [LesionClasses("death", death.classes, everybody * 0, (1,), PARTS[:1], "survival")])


def test_a_split_of_a_cohort_of_masks_alone_is_read_back(tmp_path: Path) -> None:
    lesions, _ = cohort_of(12)
    split = split_of(lesions, [], folds=3)
    write_split(split, tmp_path)
    cohort = Cohort(lesions, empty_table(IMAGES), {}, empty_table(LEDGER), "")
    assert read_split(tmp_path, cohort).sha256 == split.sha256
    counts = json.loads((tmp_path / "splits.json").read_text())["counts"]["repeat 0 fold 0"]
    assert counts.endswith("test 4 patients (no classes)")
