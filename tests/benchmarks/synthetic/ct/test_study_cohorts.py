"""A CT study of several cohorts: as many patients of each class as were printed, readers, and follow-up."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from samesplit.benchmarks.synthetic import CtOutcomes, CtReaders, CtStudySettings, generate, tables
from samesplit.benchmarks.synthetic.ct.outcomes import draw_follow_up
from samesplit.benchmarks.synthetic.ct.readings import make_study_readings
from samesplit.benchmarks.synthetic.ct.study_cohorts import StudyPatient, draw_cohorts

SMALL = CtStudySettings(scale=0.02, fewest=2)


@pytest.fixture(scope="module")
def lesions() -> pd.DataFrame:
    return tables(CtStudySettings())[0]


@pytest.fixture(scope="module")
def many() -> list[StudyPatient]:
    return draw_cohorts(CtStudySettings(scale=0.5))


def test_at_full_size_every_cohort_has_the_printed_number_of_each_class(lesions: pd.DataFrame) -> None:
    """Xiong 2025, Nat Commun: benign, indolent, aggressive and indeterminate masses of five cohorts."""
    cohort = lesions["test_set"].where(lesions["test_set"] != "", "train")
    classes = lesions["aggressiveness"].mask(lesions["label"] == "benign", "benign")
    found = pd.crosstab(cohort, classes)[["benign", "indolent", "aggressive", "indeterminate"]]
    assert found.loc["train"].tolist() == [403, 1475, 505, 17]
    assert found.loc["internal"].tolist() == [94, 371, 128, 5]
    assert found.loc["external"].tolist() == [89, 343, 111, 18]
    assert found.loc["prospective"].tolist() == [84, 390, 128, 8]
    assert found.loc["tcia"].tolist() == [14, 198, 176, 0]
    assert len(lesions) == lesions["patient_id"].nunique() == 4557


def test_a_smaller_study_keeps_the_proportions_and_every_class(lesions: pd.DataFrame) -> None:
    small = tables(SMALL)[0]
    counts = small["aggressiveness"].value_counts()
    assert (counts >= 2 * 4).all()
    assert len(small) == pytest.approx(0.02 * len(lesions), rel=0.2)


def test_cohorts_come_from_their_hospitals_and_days_and_public_patients_have_no_date(
    lesions: pd.DataFrame,
) -> None:
    for name, sites, first, last in (
        ("internal", 5, "2009-01-01", "2021-06-30"),
        ("external", 1, "2016-01-01", "2021-06-30"),
        ("prospective", 4, "2021-10-01", "2022-06-30"),
    ):
        of = lesions[lesions["test_set"] == name]
        assert of["site"].nunique() == sites
        assert of["date"].between(first, last).all()
    public = lesions[lesions["test_set"] == "tcia"]
    assert public["site"].unique().tolist() == ["public"]
    assert (public["date"] == "").all()


def test_only_public_patients_lack_phases_and_each_has_the_arterial_or_the_venous_one() -> None:
    lesions, images, _ = tables(CtStudySettings(scale=0.3))
    phases = images.groupby("lesion_id")["sequence"].agg(set)
    public = set(lesions.loc[lesions["test_set"] == "tcia", "lesion_id"])
    is_public = phases.index.isin(public)
    assert (phases[~is_public].map(len) == 3).all()
    assert 0.4 < (phases[is_public].map(len) < 3).mean() < 0.9
    assert phases[is_public].map(lambda found: bool(found & {"A", "V"})).all()


def test_grade_and_stage_follow_the_class_and_are_not_known_of_benign_masses(lesions: pd.DataFrame) -> None:
    benign = lesions["label"] == "benign"
    assert lesions.loc[benign, ["tnm_stage", "isup_grade"]].isna().all(axis=None)
    assert lesions.loc[~benign, "tnm_stage"].notna().all()
    high = lesions[lesions["isup_grade"].fillna(0) >= 3]
    assert set(high["aggressiveness"]) == {"aggressive"}
    assert set(lesions.loc[lesions["tnm_stage"].isin(["III", "IV"]), "aggressiveness"]) == {"aggressive"}
    assert lesions.loc[lesions["t_category"] == "T1a", "size_mm"].max() <= 40
    assert lesions.loc[lesions["aggressiveness"] == "indeterminate", "isup_grade"].isna().all()


def test_aggressive_masses_are_larger_and_nephrometry_follows_the_size(lesions: pd.DataFrame) -> None:
    median = lesions.groupby("aggressiveness")["size_mm"].median()
    assert median["aggressive"] > 1.2 * median["indolent"]
    assert ((lesions["renal_r"] == 1) == (lesions["size_mm"] <= 40)).all()
    assert lesions["renal_n"].corr(lesions["size_mm"]) > 0.2


def test_without_effect_the_classes_look_alike() -> None:
    found = draw_cohorts(CtStudySettings(scale=0.3, effect=0.0))
    malignant = [patient.mass.label == "malignant" for patient in found]
    assert roc_auc_score(malignant, [patient.mass.irregularity for patient in found]) == pytest.approx(
        0.5, abs=0.06
    )


def test_readers_call_every_prospective_mass_twice_with_a_washout_between(many: list[StudyPatient]) -> None:
    readers = CtReaders(washout_days=61, missing_rate=0.0)
    read = make_study_readings(CtStudySettings(readers=readers), many)
    prospective = [patient for patient in many if patient.cohort.read]
    assert len(read) == 7 * 2 * len(prospective)
    assert set(read["lesion_id"]) == {patient.mass.lesion_id for patient in prospective}
    days = read.assign(date=pd.to_datetime(read["date"])).groupby(["modality", "reader_id"])["date"]
    gap = days.min()["aided"] - days.max()["unaided"]
    assert len(gap) == 7
    assert (gap >= pd.Timedelta(days=61)).all()
    for _, part in read.groupby(["reader_id", "modality"]):
        assert sorted(part["order"]) == list(range(1, len(prospective) + 1))


def test_aided_readings_are_better_and_nearer_to_what_the_images_show() -> None:
    settings = CtStudySettings(
        readers=CtReaders(auc_unaided=0.75, auc_aided=0.85, criterion_sd=0.0, missing_rate=0.0)
    )
    patients = draw_cohorts(settings)
    truth = {patient.mass.lesion_id: patient.mass.label for patient in patients}
    looks = {patient.mass.lesion_id: patient.looks for patient in patients}
    read = make_study_readings(settings, patients)
    read["truth"], read["looks"] = read["lesion_id"].map(truth), read["lesion_id"].map(looks)
    right = (read["decision"] == read["truth"]).groupby(read["modality"]).mean()
    assert right["aided"] > right["unaided"] + 0.04
    malignant = read[read["truth"] == "malignant"]
    called = (malignant["decision"] == "malignant").astype(float)
    link = {name: called[part.index].corr(part["looks"]) for name, part in malignant.groupby("modality")}
    assert link["aided"] > link["unaided"] + 0.05


def test_only_some_cases_are_timed_and_a_missing_call_has_no_time(many: list[StudyPatient]) -> None:
    readers = CtReaders(timed=(11, 20), missing_rate=0.2)
    read = make_study_readings(CtStudySettings(readers=readers), many)
    assert read.loc[read["seconds"].notna(), "order"].between(11, 20).all()
    assert read.loc[read["decision"] == "", "seconds"].isna().all()
    assert (read["decision"] == "").mean() == pytest.approx(0.2, abs=0.03)
    assert read["score"].isna().all()


def test_the_aided_reading_cannot_follow_the_model_more_than_the_common_part_allows() -> None:
    with pytest.raises(ValidationError, match="'model_weight' may be at most"):
        CtReaders(case_image_correlation=0.9, model_weight=0.7)


def test_a_study_without_readers_has_no_readings(many: list[StudyPatient]) -> None:
    train = [patient for patient in many if patient.cohort.name == "train"]
    assert make_study_readings(CtStudySettings(), train).empty


def test_rates_after_five_years_are_near_those_that_were_printed() -> None:
    """Xiong 2025, internal test set: recurrence-free 0.945 and 0.772, disease-specific 0.979 and 0.86."""
    settings = CtStudySettings()
    patients = [one for one in draw_cohorts(settings) if one.cohort_class in ("indolent", "aggressive")]
    certain = CtOutcomes(end=dt.date(2100, 1, 1), lost_rate=0.0, other_death_per_year=0.0)
    rows = []
    for patient in patients:
        follow_up = draw_follow_up(certain, settings.seed, patient)
        if follow_up is not None:
            rows.append((patient.cohort_class, follow_up.rfs_months > 60, follow_up.dss_months > 60))
    rates = pd.DataFrame(rows, columns=["class", "rfs", "dss"]).groupby("class").mean()
    assert rates.loc["indolent"].tolist() == pytest.approx([0.945, 0.979], abs=0.025)
    assert rates.loc["aggressive"].tolist() == pytest.approx([0.772, 0.86], abs=0.06)


def test_follow_up_is_of_malignant_masses_of_two_hospitals_and_its_times_agree(lesions: pd.DataFrame) -> None:
    followed = lesions[lesions["os_months"].notna()]
    assert set(followed["label"]) == {"malignant"}
    assert set(followed["site"]) == {"hospital-1", "hospital-6"}
    assert followed["date"].max() <= "2019-12-31"
    assert (followed["rfs_months"] <= followed["dss_months"]).all()
    assert (followed["os_months"] == followed["dss_months"]).all()
    assert (followed["os_event"] >= followed["dss_event"]).all()
    assert followed[["rfs_months", "os_months"]].min(axis=None) >= 0.1
    assert 0.02 < followed["rfs_event"].mean() < 0.3


def test_the_field_of_view_lies_round_the_mass_and_the_files_are_those_of_the_tables(tmp_path: Path) -> None:
    tiny = CtStudySettings(scale=0.0005, fewest=1, voxels=(60, 60, 42))
    tiny = tiny.model_copy(update={"cohorts": tiny.cohorts[-1:]})
    cohort = generate(tiny, tmp_path)
    assert len(cohort.lesions) == 3
    for row in cohort.images.itertuples():
        mask = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / row.mask)))
        middle = (np.array(mask.shape) - 1) / 2
        centre = np.mean(np.argwhere(mask == row.mask_label), axis=0)
        assert np.abs(centre - middle).max() < 6
        assert not mask[0].any()
        assert not mask[-1].any()


def test_another_scale_leaves_the_patients_of_a_cohort_with_their_scanners() -> None:
    few, more = draw_cohorts(CtStudySettings(scale=0.01)), draw_cohorts(CtStudySettings(scale=0.02))
    sites = {patient.scanned.patient_id: patient.scanned.site.name for patient in more}
    assert all(sites[patient.scanned.patient_id] == patient.scanned.site.name for patient in few)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"voxels": (40, 40, 40)}, "too small for a mass"),
        (
            {"cohorts": [{"name": "a", "benign": 1, "indolent": 1, "aggressive": 1, "sites": ["x"]}]},
            "site 'x'",
        ),
        (
            {
                "cohorts": [
                    {"name": "a", "benign": 1, "indolent": 1, "aggressive": 1, "sites": ["public"]}
                    | {"first_day": "2020-01-01"}
                ]
            },
            "both first_day and last_day",
        ),
        (
            {
                "cohorts": [
                    {"name": "a", "benign": 1, "indolent": 1, "aggressive": 1, "sites": ["public"]}
                    | {"follow_up": {"public": "2020-01-01"}}
                ]
            },
            "is followed up",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_with_the_reason(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CtStudySettings.model_validate(change)
