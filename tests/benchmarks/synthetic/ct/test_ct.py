"""The CT cohort: three phases of both kidneys, with masses that look as their types are known to look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from scipy import ndimage

from samesplit.benchmarks.synthetic import CtSettings, SyntheticCohort, generate, tables
from samesplit.benchmarks.synthetic.ct.population import CtPatient, Mass, draw_patient
from samesplit.benchmarks.synthetic.ct.settings import CtSite
from samesplit.imaging.case import read_case

SETTINGS = CtSettings(n_patients=6, number_shares=(0, 0.2, 0.2, 0.6))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    return generate(SETTINGS, tmp_path_factory.mktemp("ct"))


@pytest.fixture(scope="module")
def many() -> list[CtPatient]:
    settings = CtSettings(n_patients=500)
    return [draw_patient(settings, index) for index in range(500)]


def voxels(cohort: SyntheticCohort, name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(cohort.directory / name)))


def test_every_file_of_the_tables_exists_and_a_scan_shares_one_grid(cohort):
    for row in cohort.images.drop_duplicates("image").itertuples():
        image, *masks = (
            sitk.ReadImage(str(cohort.directory / name)) for name in (row.image, row.mask, row.organ_mask)
        )
        for mask in masks:
            for place in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
                assert getattr(image, place)() == getattr(mask, place)()


def test_the_masks_tell_the_masses_of_a_patient_apart_and_both_kidneys_hold_theirs(cohort):
    sides = cohort.lesions.set_index("lesion_id")["side"]
    for name, rows in cohort.images.groupby("image"):
        first = rows.iloc[0]
        masses, kidneys = voxels(cohort, first["mask"]), voxels(cohort, first["organ_mask"])
        assert set(np.unique(masses)) == {0, *rows["mask_label"]}, name
        assert set(np.unique(kidneys)) == {0, 1, 2}
        for lesion, label in zip(rows["lesion_id"], rows["mask_label"], strict=True):
            of_kidney = np.unique(kidneys[masses == label])
            assert of_kidney.tolist() == [{"right": 1, "left": 2}[sides[lesion]]]
        x = [ndimage.center_of_mass(kidneys == label)[2] for label in (1, 2)]
        assert x[0] < x[1]  # LPS: x grows towards the left of the patient


def test_one_mass_and_all_masses_can_be_read_as_a_case(cohort):
    row = cohort.images[cohort.images["mask_label"] == 2].iloc[0]
    image, mask = (str(cohort.directory / row[name]) for name in ("image", "mask"))
    one = read_case(image, mask, lesion_id="L2", mask_label=int(row["mask_label"]))
    everything = read_case(image, mask, lesion_id="all", mask_label="any")
    masses = voxels(cohort, row["mask"])
    assert sitk.GetArrayFromImage(one.mask).astype(bool).sum() == (masses == row["mask_label"]).sum()
    assert sitk.GetArrayFromImage(everything.mask).astype(bool).sum() == (masses > 0).sum()


def test_fat_is_dark_a_cyst_does_not_enhance_and_a_solid_mass_does(cohort):
    images = cohort.images.merge(cohort.lesions[["lesion_id", "mass_type", "label"]], on="lesion_id")
    rows = []
    for row in images.itertuples():
        inside = ndimage.binary_erosion(voxels(cohort, row.mask) == row.mask_label)
        if inside.sum() >= 20:
            values = voxels(cohort, row.image)[inside]
            rows.append((row.lesion_id, row.mass_type, row.label, row.sequence, values.mean()))
    found = pd.DataFrame(rows, columns=["lesion_id", "type", "label", "phase", "hu"])
    mean = found.pivot_table(index=["lesion_id", "type", "label"], columns="phase", values="hu").reset_index()
    assert mean.groupby("type")["N"].mean()["AML"] < 0
    cysts = mean[(mean["type"] == "cystic") & (mean["label"] == "benign")]
    assert len(cysts) > 1
    assert (cysts["A"] - cysts["N"]).dropna().abs().max() < 12
    solid = mean[mean["type"] == "solid"]
    assert len(solid) > 1
    assert (solid["A"] - solid["N"]).dropna().min() > 20


def test_phases_lie_on_grids_of_their_own_and_some_are_missing(cohort):
    origins = cohort.images.drop_duplicates("image").assign(
        origin=lambda table: [
            sitk.ReadImage(str(cohort.directory / name)).GetOrigin() for name in table["image"]
        ]
    )
    assert not origins["origin"].duplicated().any()
    everybody = tables(CtSettings())[1].groupby("lesion_id")["sequence"].agg(set)
    assert everybody.map(lambda phases: bool(phases & {"A", "V"})).all()
    assert 0.15 < (everybody.map(len) < 3).mean() < 0.6


def masses_of(patients: list[CtPatient]) -> list[Mass]:
    return [mass for patient in patients for mass in patient.masses]


def test_types_and_rates_are_as_declared(many):
    masses, settings = masses_of(many), CtSettings()
    types = pd.Series([mass.mass_type for mass in masses])
    for name, share in settings.type_shares.items():
        assert (types == name).mean() == pytest.approx(share, abs=0.06)
        labels = [mass.label for mass in masses if mass.mass_type == name]
        rate = settings.malignant_rates[name]
        assert np.mean([label == "malignant" for label in labels]) == pytest.approx(rate, abs=0.1)
    malignant = [mass for mass in masses if mass.label == "malignant"]
    aggressive = [mass.aggressiveness == "aggressive" for mass in malignant]
    assert np.mean(aggressive) == pytest.approx(settings.aggressive_rate, abs=0.1)
    assert all(mass.aggressiveness == "indolent" for mass in masses if mass.label == "benign")


def test_malignant_solid_masses_differ_from_benign_ones_only_by_the_effects(many):
    def margin(patients: list[CtPatient]) -> float:
        solid = [mass for mass in masses_of(patients) if mass.mass_type == "solid"]
        malignant = [np.log(mass.irregularity) for mass in solid if mass.label == "malignant"]
        benign = [np.log(mass.irregularity) for mass in solid if mass.label == "benign"]
        return float((np.mean(malignant) - np.mean(benign)) / 0.45)

    none = CtSettings(n_patients=500, effect=0.0)
    assert margin(many) == pytest.approx(1.0, abs=0.35)
    assert margin([draw_patient(none, index) for index in range(500)]) == pytest.approx(0.0, abs=0.35)


def test_no_two_masses_share_a_pole(many):
    for patient in many:
        places = [(mass.side, mass.pole) for mass in patient.masses]
        assert len(set(places)) == len(places)


def test_same_seed_gives_the_same_images_and_more_patients_change_none(cohort, tmp_path: Path):
    again = generate(SETTINGS.model_copy(update={"n_patients": 1}), tmp_path)
    for name in pd.unique(again.images[["image", "mask", "organ_mask"]].to_numpy().ravel()):
        assert (tmp_path / name).read_bytes() == (cohort.directory / name).read_bytes()


def test_a_field_too_small_for_both_kidneys_is_refused():
    small = CtSite(name="small", vendor="GE", share=1.0, in_plane_mm=2.0, slice_mm=3.0, noise_hu=10.0)
    with pytest.raises(ValidationError, match="too small for both kidneys"):
        CtSettings(sites=(small,))


def test_each_series_of_a_patient_can_be_a_case_of_its_own():
    settings = CtSettings(
        n_patients=40, series={"CMP": "A", "NP": "V"}, missing_rates={"N": 1.0, "A": 0.4, "V": 0.4}
    )
    lesions, images, _ = tables(settings)
    assert set(images["sequence"]) == {"CT"}
    assert len(images) == len(lesions) == lesions["lesion_id"].nunique()
    assert (lesions["lesion_id"] == lesions["mass_id"] + "-" + lesions["series"]).all()
    both = lesions.groupby("patient_id")["series"].nunique() == 2
    assert 0 < both.sum() < len(both)
    twice = lesions[lesions["patient_id"].isin(both.index[both])]
    assert (twice.groupby("mass_id")["series_number"].apply(sorted).map(tuple) == (1, 2)).all()
    phases = images.set_index("lesion_id")["image"].str.extract(r"/(\w)\.nii")[0]
    assert set(zip(lesions["series"], phases.loc[lesions["lesion_id"]], strict=True)) == {
        ("CMP", "A"),
        ("NP", "V"),
    }


def test_the_files_of_a_series_are_those_that_its_case_names(tmp_path):
    made = generate(CtSettings(n_patients=1, series={"NP": "V"}, missing_rates={}), tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("images/*/*.nii.gz")}
    assert written == {*made.images["image"], *made.images["mask"], *made.images["organ_mask"]}


def test_a_site_may_have_other_masses_one_phase_and_its_exact_share_of_the_patients():
    home = {"vendor": "GE", "in_plane_mm": 2.5, "slice_mm": 3.0, "noise_hu": 9.0}
    away = {"type_shares": {"cystic": 1.0}, "number_shares": (0, 0, 0, 1), "one_phase": True}
    sites = [home | {"name": "home", "share": 490}, home | {"name": "away", "share": 81} | away]
    settings = CtSettings.model_validate({"n_patients": 571, "sites": sites, "sites_in_order": True})
    patients = [draw_patient(settings, index) for index in range(571)]
    assert [patient.site.name for patient in patients] == ["home"] * 490 + ["away"] * 81
    for patient in patients[490:]:
        assert [mass.mass_type for mass in patient.masses] == ["cystic"] * 4
        assert len({"A", "V"} & set(patient.phases)) == 1
    assert {len(patient.masses) for patient in patients[:490]} == {1, 2, 3, 4}


def test_sizes_and_what_labels_rest_on_can_be_set():
    medians = {"AML": 8.0, "cystic": 8.0, "solid": 8.0}
    settings = CtSettings(
        n_patients=300, median_mm=medians, smallest_mm=3, size_sd=0.8, effect=0, provenance="imaging"
    )
    lesions = tables(settings)[0]
    # A normal distribution of the logarithm: 28 % are below 5 mm; 4 standard errors.
    assert (lesions["size_mm"] < 5).mean() == pytest.approx(0.28, abs=0.08)
    assert lesions["size_mm"].median() == pytest.approx(8.0, rel=0.15)
    assert set(lesions["label_provenance"]) == {"imaging"}


def test_cohorts_made_before_there_were_series_keep_their_hash():
    assert CtSettings().sha256() == "106e293ffa7b2b07a619186effa99961df91340f4a75a65a411d29a614fca34d"
    assert CtSettings(series={"NP": "V"}).sha256() != CtSettings().sha256()
