from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.fingerprint import cohort_hash
from samesplit.benchmarks.splits import Split, make_split
from samesplit.benchmarks.splits.split import split_bytes
from samesplit.errors import SplitError

HERE = Path()
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def split_of(lesions: pd.DataFrame, labels: pd.Series[int], **options: Any) -> Split:
    return make_split(lesions, labels, SplitSettings(**options), folder=HERE)


def positives(split: Split, labels: pd.Series[int], lesions: pd.DataFrame, pair: Any, subset: str) -> int:
    return int(labels[split.lesions(lesions, *pair, subset)].sum())


@st.composite
def cohorts(draw: Any) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Patients with one to three lesions of any class, and a column of strata."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=12, max_size=40))
    rows = [
        (
            f"P{patient}-{lesion}",
            f"P{patient}",
            draw(st.integers(0, 1)),
            draw(st.sampled_from(["a", "b", None])),
        )
        for patient, size in enumerate(sizes)
        for lesion in range(size)
    ]
    lesions = pd.DataFrame(rows, columns=["lesion_id", "patient_id", "y", "group"])
    labels = pd.Series(lesions["y"].to_numpy(), index=lesions["lesion_id"], name="label")
    return lesions, labels


def classes_per_patient(lesions: pd.DataFrame, labels: pd.Series[int]) -> pd.Series[Any]:
    return labels.groupby(lesions["patient_id"].to_numpy()).agg(set)


class TestKfold:
    @QUICK
    @given(cohorts(), st.integers(2, 4), st.integers(1, 3), st.integers(0, 2**40))
    def test_every_patient_is_tested_exactly_once_a_repeat_and_never_on_two_sides(
        self, cohort: Any, folds: int, repeats: int, seed: int
    ) -> None:
        lesions, labels = cohort
        classes = classes_per_patient(lesions, labels)
        assume(all(sum(label in found for found in classes) >= folds + 2 for label in (0, 1)))
        split = split_of(
            lesions, labels, scheme="kfold", folds=folds, repeats=repeats, seed=seed, strata=["group"]
        )
        assert split.pairs() == [(r, f) for r in range(repeats) for f in range(folds)]
        tested = split.table[split.table["subset"] == "test"]
        times = tested.groupby(["repeat", "patient_id"]).size()
        assert (times == 1).all()
        assert len(times) == repeats * len(classes)
        assert not split.table.duplicated(["patient_id", "repeat", "fold"]).any()
        assert len(split.table) == len(classes) * folds * repeats
        for pair in split.pairs():
            for subset in ("train", "validation", "test"):
                assert set(labels[split.lesions(lesions, *pair, subset)]) == {0, 1}

    @QUICK
    @given(cohorts(), st.integers(2, 4), st.integers(0, 100))
    def test_fold_sizes_and_classes_differ_by_one_patient_at_most(
        self, cohort: Any, folds: int, seed: int
    ) -> None:
        lesions, labels = cohort
        classes = classes_per_patient(lesions, labels)
        assume(all(sum(label in found for found in classes) >= folds + 2 for label in (0, 1)))
        split = split_of(lesions, labels, scheme="kfold", folds=folds, seed=seed)
        parts = [split.patient_ids(*pair, "test") for pair in split.pairs()]
        for counted in (
            [len(part) for part in parts],
            [sum(0 in classes[p] for p in part) for part in parts],
            [sum(1 in classes[p] for p in part) for part in parts],
            [sum(classes[p] == {0, 1} for p in part) for part in parts],
        ):
            assert max(counted) - min(counted) <= 1

    def test_fifty_one_patients_with_nineteen_positive_in_ten_times_five_folds(
        self, make_cohort: Any
    ) -> None:
        lesions, labels = make_cohort(51, 19)
        split = split_of(lesions, labels, scheme="kfold", folds=5, repeats=10)
        assert len(split.pairs()) == 50
        for pair in split.pairs():
            assert positives(split, labels, lesions, pair, "test") in (3, 4)
            assert len(split.patient_ids(*pair, "test")) in (10, 11)
            assert positives(split, labels, lesions, pair, "validation") == 3
            assert len(split.patient_ids(*pair, "validation")) == 8

    def test_repeats_and_seeds_give_different_folds(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        split = split_of(lesions, labels, scheme="kfold", repeats=3)
        tests = {tuple(split.patient_ids(repeat, fold, "test")) for repeat, fold in split.pairs()}
        assert len(tests) == 15
        assert split.sha256 != split_of(lesions, labels, scheme="kfold", repeats=3, seed=1).sha256

    def test_strata_are_spread_over_the_folds(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(100, 40)
        split = split_of(lesions, labels, scheme="kfold", folds=5, strata=["sex"])
        sex = lesions.set_index("patient_id")["sex"]
        for label in (0, 1):
            of_class = set(lesions.loc[lesions["lesion_id"].map(labels) == label, "patient_id"])
            for value in ("female", "male"):
                counts = [
                    sum(p in of_class and sex[p] == value for p in split.patient_ids(0, fold, "test"))
                    for fold in range(5)
                ]
                assert max(counts) - min(counts) <= 1

    def test_too_few_patients_of_a_class_are_refused_with_the_number_that_would_do(
        self, make_cohort: Any
    ) -> None:
        lesions, labels = make_cohort(20, 4)
        with pytest.raises(SplitError) as caught:
            split_of(lesions, labels, scheme="kfold", folds=5)
        assert str(caught.value) == (
            "scheme kfold: only 4 patients have a positive lesion, too few for 5 folds with both classes\n"
            "Remedy: ask for at most 4 folds"
        )

    def test_a_single_patient_of_a_class_cannot_be_split_at_all(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(20, 1)
        with pytest.raises(SplitError, match="Remedy: add patients of that class"):
            split_of(lesions, labels, scheme="kfold", folds=2)

    def test_a_class_missing_from_training_or_validation_is_named(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(20, 2)
        with pytest.raises(SplitError) as caught:
            split_of(lesions, labels, scheme="kfold", folds=2)
        assert "the validation part of repeat 0, fold 0" in str(caught.value) or "the train part" in str(
            caught.value
        )
        assert "is without a positive lesion\nRemedy: use fewer folds" in str(caught.value)


class TestSameBytes:
    @QUICK
    @given(cohorts(), st.randoms(use_true_random=False), st.sampled_from(["holdout", "kfold"]))
    def test_shuffled_rows_give_the_same_split(self, cohort: Any, random: Any, scheme: str) -> None:
        lesions, labels = cohort
        classes = classes_per_patient(lesions, labels)
        assume(all(sum(label in found for found in classes) >= 6 for label in (0, 1)))
        options: dict[str, Any] = {"scheme": scheme, "strata": ["group"], "seed": 3}
        first = split_of(lesions, labels, **options)
        order = list(range(len(lesions)))
        random.shuffle(order)
        second = split_of(lesions.iloc[order], labels.iloc[order[::-1]], **options)
        assert split_bytes(first.table) == split_bytes(second.table)
        assert (first.sha256, first.cohort_sha256) == (second.sha256, second.cohort_sha256)
        assert first.patients == second.patients

    def test_a_split_is_the_same_on_every_machine(self, make_cohort: Any) -> None:
        """Bytes computed once and kept: a change here breaks the promise to every split made before."""
        ids = [f"P{number:02d}" for number in range(12)]
        lesions = pd.DataFrame({"lesion_id": ids, "patient_id": ids})
        labels = pd.Series([0, 1] * 6, index=ids)
        split = split_of(lesions, labels, scheme="kfold", folds=2, repeats=2, seed=7)
        assert split.sha256 == EXPECTED_KFOLD
        assert split_of(lesions, labels, scheme="holdout", seed=7).sha256 == EXPECTED_HOLDOUT

    def test_columns_that_the_split_does_not_use_do_not_matter(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        split = split_of(lesions, labels, scheme="kfold")
        other = split_of(lesions.assign(size_mm=1.0, site="X"), labels, scheme="kfold")
        assert (split.sha256, split.cohort_sha256) == (other.sha256, other.cohort_sha256)
        assert split.cohort_sha256 == cohort_hash(lesions, labels)

    def test_other_labels_or_strata_give_another_cohort_hash(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        flipped = labels.copy()
        flipped.iloc[0] = 1 - flipped.iloc[0]
        assert cohort_hash(lesions, labels) != cohort_hash(lesions, flipped)
        assert cohort_hash(lesions, labels, ["sex"]) != cohort_hash(lesions, labels)
        assert cohort_hash(lesions, labels, ["sex"]) != cohort_hash(lesions.assign(sex="x"), labels, ["sex"])


EXPECTED_KFOLD = "afd03ce5db6fd369f451f73e54a2caa04e2a12993983465531acf6e615157399"
EXPECTED_HOLDOUT = "707609a35c3b89e16053377049b75a0992391e86925b149e06a71131c5078f2f"


class TestHoldout:
    @QUICK
    @given(cohorts(), st.floats(0.1, 0.6), st.floats(0.1, 0.6), st.integers(0, 50))
    def test_the_parts_have_their_shares_and_both_classes(
        self, cohort: Any, test: float, validation: float, seed: int
    ) -> None:
        lesions, labels = cohort
        classes = classes_per_patient(lesions, labels)
        assume(all(sum(label in found for found in classes) >= 4 for label in (0, 1)))
        split = split_of(lesions, labels, scheme="holdout", test=test, validation=validation, seed=seed)
        n, tested = len(classes), len(split.patient_ids(0, 0, "test"))
        assert abs(tested - test * n) <= 2.5
        assert abs(len(split.patient_ids(0, 0, "validation")) - validation * (n - tested)) <= 2.5
        for subset in ("train", "validation", "test"):
            assert set(labels[split.lesions(lesions, 0, 0, subset)]) == {0, 1}

    def test_repeats_draw_again(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        split = split_of(lesions, labels, scheme="holdout", repeats=3)
        assert split.pairs() == [(0, 0), (1, 0), (2, 0)]
        assert len({tuple(split.patient_ids(*pair, "test")) for pair in split.pairs()}) == 3

    def test_numbers_are_balanced_by_their_terciles_and_missing_values_apart(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(90, 30)
        lesions.loc[::10, "size_mm"] = np.nan
        split = split_of(lesions, labels, scheme="holdout", test=0.5, strata=["size_mm"])
        size = lesions.set_index("patient_id")["size_mm"]
        test, rest = split.patient_ids(0, 0, "test"), split.patient_ids(0, 0, "train")
        rest += split.patient_ids(0, 0, "validation")
        assert abs(size[test].isna().sum() - size[rest].isna().sum()) <= 3
        third = size.quantile(1 / 3)
        assert abs((size[test] < third).sum() - (size[rest] < third).sum()) <= 3

    def test_numbers_of_few_values_are_levels_of_their_own(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(60, 20)
        lesions["grade"] = np.arange(60) % 3 + 1.0
        split = split_of(lesions, labels, scheme="kfold", strata=["grade"])
        grade = lesions.set_index("patient_id")["grade"]
        counts = [(grade[split.patient_ids(0, fold, "test")] == 2).sum() for fold in range(5)]
        assert max(counts) - min(counts) <= 2  # one of each class

    def test_an_unknown_stratum_names_the_nearest_column(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError) as caught:
            split_of(lesions, labels, scheme="holdout", strata=["sx"])
        assert "there is no column 'sx' to stratify by\nRemedy: did you mean 'sex'?" in str(caught.value)

    def test_a_stratum_that_is_like_nothing_lists_the_columns(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match="Remedy: Columns: lesion_id, patient_id"):
            split_of(lesions, labels, scheme="holdout", strata=["§§"])

    def test_one_class_only_is_refused(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(10, 0)
        with pytest.raises(SplitError, match="the cohort has lesions of one class only"):
            split_of(lesions, labels, scheme="holdout")

    def test_two_patients_leave_nobody_for_training_of_both_classes(self) -> None:
        lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["a", "b"]})
        with pytest.raises(SplitError, match="is without a"):
            split_of(lesions, pd.Series([0, 1], index=["a", "b"]), scheme="holdout")

    def test_one_patient_cannot_be_split(self) -> None:
        lesions = pd.DataFrame({"lesion_id": ["a", "b"], "patient_id": ["p", "p"]})
        with pytest.raises(SplitError, match="the training part of repeat 0, fold 0 is empty"):
            split_of(lesions, pd.Series([0, 1], index=["a", "b"]), scheme="holdout")


class TestLeaveOneSiteOut:
    def test_every_site_is_tested_once_in_the_order_of_names(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(80, 30)
        split = split_of(lesions, labels, scheme="leave-one-site-out")
        assert split.facts["site_of_fold"] == ["S0", "S1", "S2", "S3"]
        for fold, site in enumerate(split.facts["site_of_fold"]):
            own = sorted(lesions.loc[lesions["site"] == site, "patient_id"])
            assert split.patient_ids(0, fold, "test") == own

    def test_a_site_with_one_class_trains_but_is_never_tested(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(80, 30)
        lesions.loc[lesions["site"].eq("S1") & lesions["label"].eq("malignant"), "site"] = "S2"
        split = split_of(lesions, labels, scheme="leave-one-site-out")
        assert split.facts == {
            "site_of_fold": ["S0", "S2", "S3"],
            "sites_with_one_class_never_tested": ["S1"],
            "patients_of_test_sets": {"S0": 17, "S2": 23, "S3": 26},
        }
        own = set(lesions.loc[lesions["site"] == "S1", "patient_id"])
        assert set(split.table.loc[split.table["patient_id"].isin(own), "subset"]) == {"train", "validation"}

    def test_one_site_only_is_refused(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match=r"all patients are of one site, 'A'\nRemedy: use the scheme"):
            split_of(lesions.assign(site="A"), labels, scheme="leave-one-site-out")

    def test_no_site_with_both_classes_is_refused(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match=r"no site has lesions of both classes \(sites: benign, malig"):
            split_of(lesions.assign(site=lesions["label"]), labels, scheme="leave-one-site-out")

    def test_a_missing_site_column_is_refused(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match=r"lesions.csv has no column 'site'\nRemedy: add it"):
            split_of(lesions.drop(columns="site"), labels, scheme="leave-one-site-out")

    def test_an_empty_site_is_refused_by_lesion(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        lesions.loc[4, "site"] = None
        with pytest.raises(SplitError, match="column 'site' is empty for 1 lesions, the first 'P004-L0'"):
            split_of(lesions, labels, scheme="leave-one-site-out")

    def test_a_site_that_holds_all_of_a_class_is_refused_when_tested(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        site = lesions["label"].where(lesions["label"] == "malignant", ["malignant", "other", "third"] * 17)
        with pytest.raises(SplitError, match=r"the train part of repeat 0, fold 0 .* without a positive"):
            split_of(lesions.assign(site=site), labels, scheme="leave-one-site-out")


class TestTemporal:
    def test_the_cutoff_parts_the_patients(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort(80, 30)
        split = split_of(lesions, labels, scheme="temporal", cutoff="2016-01-01")
        latest = lesions.groupby("patient_id")["date"].max()
        assert split.patient_ids(0, 0, "test") == sorted(latest.index[latest >= "2016-01-01"])
        assert split.facts == {"cutoff": "2016-01-01", "patients_of_test_sets": {"prospective": 36}}

    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
    def test_without_a_cutoff_the_latest_share_is_tested_and_days_stay_together(
        self, make_cohort: Any, share: float
    ) -> None:
        lesions, labels = make_cohort(80, 30, lesions_each=2)
        lesions["date"] = lesions["date"].str[:8] + "01"
        split = split_of(lesions, labels, scheme="temporal", test=share)
        latest = lesions.groupby("patient_id")["date"].max()
        test = set(split.patient_ids(0, 0, "test"))
        assert latest[[p for p in latest.index if p not in test]].max() < latest[sorted(test)].min()
        best = min(abs((latest >= day).mean() - share) for day in set(latest))
        assert abs(len(test) / len(latest) - share) == pytest.approx(best)

    def test_all_patients_of_one_day_cannot_be_parted(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match=r"the training part .* is empty\nRemedy: ask for a smaller"):
            split_of(lesions.assign(date="2020-01-01"), labels, scheme="temporal")

    def test_a_cutoff_after_everybody_leaves_the_test_part_empty(self, make_cohort: Any) -> None:
        lesions, labels = make_cohort()
        with pytest.raises(SplitError, match="the test part of repeat 0, fold 0 is empty"):
            split_of(lesions, labels, scheme="temporal", cutoff="2030-01-01")
