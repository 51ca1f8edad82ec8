"""Named test sets, from the rules of benchmark.yaml to the frozen file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from samesplit.benchmarks.cohort import Cohort
from samesplit.benchmarks.definition import SplitSettings
from samesplit.benchmarks.splits import Split, balance, make_split, read_split, write_split
from samesplit.benchmarks.splits.test_sets import patients_of_test_sets
from samesplit.errors import SplitError
from samesplit.tables import IMAGES, LEDGER, empty_table
from samesplit.tasks import DEFAULT_TASK

RULES = {"external": {"site": ["S3"]}, "prospective": {"from": "2017-01-01"}}


@pytest.fixture(scope="module")
def cohort(make_cohort: Any) -> Cohort:
    lesions, labels = make_cohort(90, 40)
    outcomes = {DEFAULT_TASK: labels.to_frame("label")}
    return Cohort(lesions, empty_table(IMAGES), outcomes, empty_table(LEDGER), "")


def split_of(cohort: Cohort, folder: Path = Path(), **options: Any) -> Split:
    settings = SplitSettings(**({"scheme": "holdout", "test_sets": RULES} | options))
    return make_split(cohort.lesions, cohort.labels, settings, folder=folder)


class TestRules:
    def test_a_rule_takes_single_values_lists_and_days_as_yaml_writes_them(self) -> None:
        text = "{external: {site: south}, late: {from: 2017-01-01, until: '2018-06-30', sex: [male, female]}}"
        settings = SplitSettings(scheme="holdout", test_sets=yaml.safe_load(text))
        assert settings.test_sets == {
            "external": {"site": ("south",)},
            "late": {"from": ("2017-01-01",), "until": ("2018-06-30",), "sex": ("male", "female")},
        }
        assert settings.rule_columns() == ("date", "sex", "site")

    @pytest.mark.parametrize(
        ("rule", "problem"),
        [
            ({}, "write conditions such as"),
            ("south", "write conditions such as"),
            ({"from": "soon"}, "must be a day of the calendar"),
            ({"from": ["2017-01-01", "2018-01-01"]}, "'from' takes one day"),
            ({"site": []}, "'site' lists no value"),
        ],
    )
    def test_a_rule_that_says_nothing_is_refused(self, rule: Any, problem: str) -> None:
        with pytest.raises(ValidationError, match=problem):
            SplitSettings(scheme="holdout", test_sets={"external": rule})

    @pytest.mark.parametrize(("scheme", "name"), [("kfold", "internal"), ("temporal", "prospective")])
    def test_the_name_of_those_whom_no_rule_names_is_taken(self, scheme: Any, name: str) -> None:
        with pytest.raises(ValidationError, match=f"'{name}' is the set of those whom no rule names"):
            SplitSettings(scheme=scheme, test_sets={name: {"site": ["A"]}})

    def test_a_fixed_split_names_its_sets_in_the_file(self) -> None:
        with pytest.raises(ValidationError, match="'test_sets' does nothing in the scheme 'fixed'"):
            SplitSettings(scheme="fixed", file="x.csv", test_sets=RULES)

    def test_all_conditions_of_a_rule_hold_for_one_lesion_and_the_first_rule_wins(self) -> None:
        lesions = pd.DataFrame(
            {
                "lesion_id": ["a", "b", "c", "d", "e"],
                "patient_id": ["p", "p", "q", "r", "s"],
                "site": ["A", "A", "A", "B", "B"],
                "date": ["2016-01-01", "2019-01-01", "2018-01-01", "2019-01-01", "2016-01-01"],
            }
        )
        rules = {
            "late in A": {"site": ["A"], "from": "2018-06-01"},
            "late": {"from": "2018-01-01", "until": "2019-01-01"},
        }
        settings = SplitSettings.model_construct(
            scheme="holdout",
            test_sets=SplitSettings(scheme="holdout", test_sets={"x": rules["late"]}).test_sets,
        )
        assert patients_of_test_sets(lesions, settings) == {"p": "x", "q": "x", "r": "x"}
        settings = SplitSettings(
            scheme="holdout", test_sets={"first": rules["late in A"], "second": rules["late"]}
        )
        assert patients_of_test_sets(lesions, settings) == {"p": "first", "q": "second", "r": "second"}

    @pytest.mark.parametrize(
        ("rule", "problem", "remedy"),
        [
            (
                {"sitte": ["S3"]},
                "split.test_sets.x: lesions.csv has no column 'sitte'",
                "did you mean 'site'",
            ),
            ({"§": ["S3"]}, "lesions.csv has no column '§'", "Columns: lesion_id, patient_id"),
            (
                {"site": ["S33"]},
                "no lesion has 'S33' in the column 'site'",
                "did you mean 'S3'? Values: 'S0'",
            ),
            ({"site": ["north"]}, "no lesion has 'north'", "Remedy: Values: 'S0', 'S1'"),
            ({"from": "2040-01-01"}, "no patient belongs to the test set\n", "correct the rule"),
        ],
    )
    def test_a_rule_that_fits_nobody_is_refused(
        self, cohort: Cohort, rule: Any, problem: str, remedy: str
    ) -> None:
        with pytest.raises(SplitError) as caught:
            split_of(cohort, test_sets={"x": rule})
        assert problem in str(caught.value)
        assert remedy in str(caught.value)

    def test_a_rule_whose_patients_all_belong_to_one_before_it_is_refused(self, cohort: Cohort) -> None:
        with pytest.raises(SplitError, match=r"test_sets\.again: no patient .* all belong to one before it"):
            split_of(cohort, test_sets={"external": {"site": ["S3"]}, "again": {"site": ["S3"]}})

    @pytest.mark.parametrize("scheme", ["holdout", "kfold", "leave-one-site-out", "temporal"])
    def test_sets_that_leave_nobody_to_train_on_are_refused(self, cohort: Cohort, scheme: Any) -> None:
        with pytest.raises(SplitError, match=r"test_sets: all \d+ patients belong to the named test sets"):
            split_of(cohort, scheme=scheme, test_sets={"everybody": {"from": "1900-01-01"}})

    def test_an_empty_cell_of_a_patient_whom_an_earlier_rule_takes_does_no_harm(self) -> None:
        lesions = pd.DataFrame(
            {
                "lesion_id": ["a", "b", "c"],
                "patient_id": ["p", "q", "r"],
                "site": ["public", "home", "home"],
                "date": [None, "2021-12-01", "2015-01-01"],
            }
        )
        rules = {"public": {"site": ["public"]}, "prospective": {"from": "2021-10-01"}}
        settings = SplitSettings(scheme="holdout", test_sets=rules)
        assert patients_of_test_sets(lesions, settings) == {"p": "public", "q": "prospective"}
        turned = SplitSettings(scheme="holdout", test_sets=dict(reversed(rules.items())))
        with pytest.raises(SplitError, match="column 'date' is empty for 1 lesions, the first 'a'"):
            patients_of_test_sets(lesions, turned)

    def test_an_empty_cell_cannot_say_who_belongs_to_a_set(self, cohort: Cohort) -> None:
        home = cohort.lesions.index[cohort.lesions["site"] != "S3"][0]
        lesion = cohort.lesions.loc[home, "lesion_id"]
        lesions = cohort.lesions.assign(date=cohort.lesions["date"].where(cohort.lesions.index != home))
        with pytest.raises(SplitError, match=f"column 'date' is empty for 1 lesions, the first '{lesion}'"):
            make_split(
                lesions, cohort.labels, SplitSettings(scheme="holdout", test_sets=RULES), folder=Path()
            )


def members(cohort: Cohort) -> tuple[set[str], set[str]]:
    by_id = cohort.lesions.set_index("patient_id")
    external = set(by_id.index[by_id["site"] == "S3"])
    return external, set(by_id.index[by_id["date"] >= "2017-01-01"]) - external


class TestSchemes:
    @pytest.mark.parametrize("options", [{"repeats": 2}, {"scheme": "kfold", "folds": 3}])
    def test_declared_sets_are_tested_in_every_fold_beside_those_who_are_drawn(
        self, cohort: Cohort, options: dict[str, Any]
    ) -> None:
        split = split_of(cohort, **options)
        external, prospective = members(cohort)
        assert split.test_sets() == ("internal", "external", "prospective")
        sets = split.test_set_of()
        assert set(sets.index[sets == "external"]) == external
        assert set(sets.index[sets == "prospective"]) == prospective
        for pair in split.pairs():
            tested = set(split.patient_ids(*pair, "test"))
            assert external | prospective < tested
            drawn = tested - external - prospective
            assert set(sets[sorted(drawn)]) == {"internal"}
            n = cohort.lesions["patient_id"].nunique() - len(external | prospective)
            assert len(drawn) == pytest.approx(n / (3 if options.get("folds") else 5), abs=2.5)
        assert split.facts["patients_of_test_sets"] == {
            "internal": int((sets == "internal").sum()),
            "external": len(external),
            "prospective": len(prospective),
        }

    def test_without_named_sets_the_table_is_what_it_was(self, cohort: Cohort) -> None:
        split = split_of(cohort, test_sets={})
        assert list(split.table) == ["patient_id", "repeat", "fold", "subset"]
        assert "test_sets" not in split.settings
        assert (split.test_sets(), len(split.test_set_of()), split.facts) == ((), 0, {})

    def test_sites_left_out_are_test_sets_of_their_names(self, cohort: Cohort) -> None:
        split = split_of(cohort, scheme="leave-one-site-out", test_sets={"prospective": RULES["prospective"]})
        assert split.test_sets() == ("S0", "S1", "S2", "S3", "prospective")
        late = {p for p, name in split.test_set_of().items() if name == "prospective"}
        site = cohort.lesions.set_index("patient_id")["site"]
        for fold, name in enumerate(split.facts["site_of_fold"]):
            tested = set(split.patient_ids(0, fold, "test"))
            assert late < tested
            assert tested - late == set(site.index[site == name]) - late

    def test_a_site_whose_patients_are_all_in_a_set_is_no_fold(self, cohort: Cohort) -> None:
        split = split_of(cohort, scheme="leave-one-site-out", test_sets={"external": RULES["external"]})
        assert split.facts["site_of_fold"] == ["S0", "S1", "S2"]

    def test_dates_make_a_prospective_set_beside_the_external_one(self, cohort: Cohort) -> None:
        split = split_of(
            cohort, scheme="temporal", cutoff="2017-01-01", test_sets={"external": RULES["external"]}
        )
        external, prospective = members(cohort)
        assert split.test_sets() == ("prospective", "external")
        assert set(split.patient_ids(0, 0, "test")) == external | prospective

    def test_too_few_patients_are_counted_without_the_sets(self, cohort: Cohort) -> None:
        everybody_else = {"external": {"site": ["S0", "S1", "S2"], "from": "2010-02-01"}}
        with pytest.raises(SplitError, match=r"only \d+ patients have a \w+ lesion, too few for 10 folds"):
            split_of(cohort, scheme="kfold", folds=10, test_sets=everybody_else)

    def test_a_set_of_one_class_is_noted(self, cohort: Cohort) -> None:
        labels = cohort.labels.where(cohort.lesions["site"].to_numpy() != "S3", 0)
        split = make_split(
            cohort.lesions, labels, SplitSettings(scheme="holdout", test_sets=RULES), folder=Path()
        )
        assert split.notes == ("the test set 'external' is without a lesion of class 'positive'",)


class TestFrozen:
    @pytest.fixture
    def folder(self, cohort: Cohort, tmp_path: Path) -> Path:
        write_split(split_of(cohort, scheme="kfold", folds=2), tmp_path)
        return tmp_path

    def test_names_survive_the_file(self, cohort: Cohort, folder: Path) -> None:
        split = split_of(cohort, scheme="kfold", folds=2)
        back = read_split(folder, cohort)
        pd.testing.assert_frame_equal(back.table, split.table)
        assert back.test_sets() == ("internal", "external", "prospective")
        assert (folder / "splits.csv").read_text().startswith("patient_id,repeat,fold,subset,test_set\n")
        assert ",train,\n" in (folder / "splits.csv").read_text()
        counts = json.loads((folder / "splits.json").read_text())["counts"]
        n = len(members(cohort)[0])
        assert f", test set external {n} patients (" in counts["repeat 0 fold 1"]

    def test_rules_edited_since_are_refused_with_both(self, cohort: Cohort, folder: Path) -> None:
        edited = SplitSettings(scheme="kfold", folds=2, test_sets={"external": {"site": ["S2"]}})
        with pytest.raises(
            SplitError, match=r"says test_sets: \{external: \{site: \[S2\]\}\}, but .* \[S3\]"
        ):
            read_split(folder, cohort, settings=edited)

    def test_rules_added_to_a_split_without_sets_are_refused(self, cohort: Cohort, tmp_path: Path) -> None:
        write_split(split_of(cohort, test_sets={}), tmp_path)
        assert read_split(tmp_path, cohort, settings=SplitSettings(scheme="holdout")).test_sets() == ()
        with pytest.raises(SplitError, match=r"put back test_sets: \{\}; or"):
            read_split(tmp_path, cohort, settings=SplitSettings(scheme="holdout", test_sets=RULES))

    def test_a_column_that_a_rule_looks_at_belongs_to_the_cohort(self, cohort: Cohort, folder: Path) -> None:
        moved = Cohort(
            cohort.lesions.assign(date="2011-01-01"), cohort.images, cohort.outcomes, cohort.ledger, ""
        )
        with pytest.raises(SplitError, match="with other lesion ids, labels or strata"):
            read_split(folder, moved)

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            (
                ",test,external\n",
                ",train,\n",
                r"patient 'P\d+' of the test set 'external' stands in train in",
            ),
            (",test,external\n", ",test,\n", "is tested, but belongs to no test set in repeat 0, fold 0"),
            (",train,\n", ",train,internal\n", "belongs to a test set, but is not tested in repeat 0"),
            (",test,external\n", ",test,prospective\n", "belongs to the test sets external and prospective"),
        ],
    )
    def test_a_forged_file_is_refused(
        self, cohort: Cohort, folder: Path, old: str, new: str, problem: str
    ) -> None:
        text = (folder / "splits.csv").read_text().replace(old, new, 1)
        (folder / "splits.csv").write_text(text)
        record = json.loads((folder / "splits.json").read_text())
        from hashlib import sha256

        record["sha256"] = sha256(text.encode()).hexdigest()
        (folder / "splits.json").write_text(json.dumps(record))
        with pytest.raises(SplitError, match=problem):
            read_split(folder, cohort)


class TestAFileOfOthers:
    def write(self, cohort: Cohort, folder: Path, **changes: str) -> SplitSettings:
        order = cohort.lesions.assign(label=cohort.labels.to_numpy()).sort_values(["label", "patient_id"])
        sides = ["test" if place % 3 == 0 else "train" for place in range(len(order))]
        names = [
            ("far" if place % 2 else "near") if side == "test" else "" for place, side in enumerate(sides)
        ]
        table = pd.DataFrame(
            {"patient_id": order["patient_id"].to_numpy(), "subset": sides, "test_set": names}
        )
        for patient, name in changes.items():
            table.loc[table["patient_id"] == patient, "test_set"] = name
        table.to_csv(folder / "fixed.csv", index=False)
        return SplitSettings(scheme="fixed", file="fixed.csv")

    def test_its_column_names_the_sets(self, cohort: Cohort, tmp_path: Path) -> None:
        settings = self.write(cohort, tmp_path)
        split = make_split(cohort.lesions, cohort.labels, settings, folder=tmp_path)
        assert split.test_sets() == ("far", "near")
        assert split.facts["patients_of_test_sets"] == {"far": 15, "near": 15}
        write_split(split, tmp_path)
        assert read_split(tmp_path, cohort, settings=settings).test_sets() == ("far", "near")

    def test_another_name_in_it_is_another_split(self, cohort: Cohort, tmp_path: Path) -> None:
        settings = self.write(cohort, tmp_path)
        split = make_split(cohort.lesions, cohort.labels, settings, folder=tmp_path)
        write_split(split, tmp_path)
        patient = str(split.test_set_of().index[0])
        self.write(cohort, tmp_path, **{patient: "elsewhere"})
        with pytest.raises(
            SplitError, match=f"puts patient '{patient}' into the test set elsewhere; the froz"
        ):
            read_split(tmp_path, cohort, settings=settings)

    def test_a_name_for_somebody_who_trains_is_refused(self, cohort: Cohort, tmp_path: Path) -> None:
        trained = str(cohort.lesions["patient_id"][cohort.labels.to_numpy() == 0].iloc[1])
        settings = self.write(cohort, tmp_path, **{trained: "far"})
        with pytest.raises(
            SplitError, match=r"fixed\.csv: patient .* belongs to a test set, but is not tested"
        ):
            make_split(cohort.lesions, cohort.labels, settings, folder=tmp_path)


def test_the_balance_describes_every_set_against_train(cohort: Cohort) -> None:
    split = split_of(cohort)
    table = balance(split, cohort.lesions, cohort.labels, ["size_mm"])
    assert list(table["subset"].unique()) == [
        "train",
        "validation",
        "test",
        "test_set=internal",
        "test_set=external",
        "test_set=prospective",
    ]
    external = cohort.lesions["site"].to_numpy() == "S3"
    rows = table[table["subset"] == "test_set=external"].set_index(["variable", "level"])
    assert rows.loc[("lesions", ""), "n"] == external.sum()
    assert rows.loc[("label", "positive"), "value"] == pytest.approx(cohort.labels[external].mean())
    assert rows.loc[("size_mm", "mean"), "value"] == pytest.approx(cohort.lesions["size_mm"][external].mean())
    assert rows["smd"].notna().any()


def test_the_balance_of_sites_that_are_left_out_stands_in_their_folds_only(cohort: Cohort) -> None:
    split = split_of(cohort, scheme="leave-one-site-out", test_sets={})
    table = balance(split, cohort.lesions, cohort.labels)
    found = table.loc[table["subset"].str.startswith("test_set="), ["fold", "subset"]].drop_duplicates()
    assert list(found["subset"]) == [f"test_set={site}" for site in split.facts["site_of_fold"]]
    assert list(found["fold"]) == [0, 1, 2, 3]


def test_several_sets_are_named_beside_the_lesions_and_one_or_too_many_are_not(cohort: Cohort) -> None:
    own = cohort.lesions.assign(test_set="a column of one's own")
    table = split_of(cohort).with_test_sets(own)
    assert set(table["test_set"].dropna()) == {"internal", "external", "prospective"}
    assert table["test_set"].isna().sum() == len(split_of(cohort).table.query("subset != 'test'"))
    assert "test_set" not in split_of(cohort, test_sets={}).with_test_sets(own)
    assert "test_set" not in split_of(cohort, scheme="temporal", test_sets={}).with_test_sets(own)
    many = cohort.lesions.assign(site=[f"S{i // 4:02d}" for i in range(len(cohort.lesions))])
    labels = pd.Series([0, 1] * (len(many) // 2), index=cohort.labels.index)
    settings = SplitSettings(scheme="leave-one-site-out")
    assert "test_set" not in make_split(many, labels, settings, folder=Path()).with_test_sets(own)
