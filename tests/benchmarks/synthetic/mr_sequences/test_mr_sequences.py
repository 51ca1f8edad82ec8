"""The five-sequence MR cohort: one small renal mass a patient, exact numbers by centre and vendor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from scipy import ndimage

from samesplit.benchmarks.synthetic import (
    MrSequencesSettings,
    SyntheticCohort,
    generate,
    parse_settings,
    tables,
)
from samesplit.benchmarks.synthetic.mr_sequences.imaging import KidneyScene
from samesplit.benchmarks.synthetic.mr_sequences.population import draw_patients_of
from samesplit.benchmarks.synthetic.mr_sequences.settings import MR_SEQUENCES, ScannerSettings
from samesplit.benchmarks.synthetic.mr_sequences.signals import mass_signal, signals_of_tissues

COARSE: dict[str, Any] = {"in_plane_mm": 3.0, "slice_mm": 3.0}
GE = ScannerSettings(site="a", vendor="GE", patients=2)
SETTINGS = MrSequencesSettings(**COARSE, scanners=(GE,), missing_rates={"DWI": 0.5})


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    return generate(SETTINGS, tmp_path_factory.mktemp("srm"))


def voxels(cohort: SyntheticCohort, name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(cohort.directory / name)))


def test_the_default_has_the_numbers_of_the_study_by_centre_and_vendor() -> None:
    lesions, images, readings = tables(MrSequencesSettings())
    assert len(lesions) == lesions["patient_id"].nunique() == 988
    ge = lesions["scanner_vendor"] == "GE"
    first = lesions["site"] == "centre-1"
    assert (int((ge & first).sum()), int((ge & ~first).sum()), int((~ge).sum())) == (733 + 99, 81, 75)
    assert not (~ge & first).any()
    assert lesions["size_mm"].max() <= 40
    assert set(lesions["label_provenance"]) == {"pathology"}
    assert len(images) == 988 * 5
    assert readings.empty


def test_a_sequence_shares_one_grid_with_its_masks_and_the_kidney_holds_the_mass(
    cohort: SyntheticCohort,
) -> None:
    for row in cohort.images.itertuples():
        image, mass, kidney = (
            sitk.ReadImage(str(cohort.directory / name)) for name in (row.image, row.mask, row.organ_mask)
        )
        assert image.GetOrigin() == mass.GetOrigin() == kidney.GetOrigin()
        assert image.GetSize() == mass.GetSize() == kidney.GetSize() == (40, 40, 52)
        inside, organ = (sitk.GetArrayFromImage(one) > 0 for one in (mass, kidney))
        assert inside.any()
        assert (organ & ~inside).sum() > inside.sum()
        assert (organ | ~inside).all()


def test_no_mass_leaves_the_field() -> None:
    large = SETTINGS.model_copy(update={"median_mm": 39.0, "smallest_mm": 38.0})
    for patient in draw_patients_of(large):
        mass = KidneyScene(large, patient).scan("NP").mass
        assert mass.sum() == mass[1:-1, 1:-1, 1:-1].sum()


def test_sequences_lie_on_grids_of_their_own_and_the_sequence_with_a_rate_is_missing_at_times(
    cohort: SyntheticCohort,
) -> None:
    of_first = cohort.images[cohort.images["lesion_id"] == cohort.lesions["lesion_id"][0]]
    origins = {sitk.ReadImage(str(cohort.directory / name)).GetOrigin() for name in of_first["image"]}
    assert len(origins) == len(of_first)
    many = MrSequencesSettings(missing_rates={"DWI": 0.3, "T1WI": 0.0})
    there = tables(many)[1]["sequence"].value_counts()
    assert there["T1WI"] == 988
    assert there["DWI"] == pytest.approx(0.7 * 988, abs=50)


def test_a_patient_who_would_have_no_sequence_keeps_the_one_that_is_missing_least() -> None:
    rare = dict.fromkeys(MR_SEQUENCES, 0.999) | {"NP": 0.99}
    settings = MrSequencesSettings(scanners=(GE,), missing_rates=rare)
    assert [patient.sequences for patient in draw_patients_of(settings)] == [("NP",)] * 2


def test_other_scanners_lower_the_contrast_of_the_mass_and_leave_the_patient_alone() -> None:
    """Without noise and bias the contrast between mass and cortex is the stated share of that on GE."""
    found, masks = [], []
    for contrast in (1.0, 0.6):
        scanner = GE.model_copy(update={"noise": 0.0, "bias": 0.0, "contrast": contrast, "patients": 1})
        settings = MrSequencesSettings(**COARSE, scanners=(scanner,))
        scanned = KidneyScene(settings, draw_patients_of(settings)[0]).scan("NP")
        kidney = ndimage.binary_erosion(scanned.kidney & ~scanned.mass)
        mass = ndimage.binary_erosion(scanned.mass)
        found.append(1 - np.median(scanned.image[mass]) / np.median(scanned.image[kidney]))
        masks.append(scanned.mass)
    assert (masks[0] == masks[1]).all()
    assert found[1] == pytest.approx(0.6 * found[0], rel=0.1)


def test_the_phases_and_the_diffusion_look_as_they_are_known_to_look() -> None:
    none = np.zeros(1, dtype=np.float32)
    clear, papillary = (
        next(one for one in SETTINGS.subtypes if one.name == name) for name in ("ccRCC", "pRCC")
    )
    early, late = (signals_of_tissues(name, 3.0) for name in ("CMP", "NP"))
    assert early["cortex"] > 1.5 * early["medulla"]
    assert late["cortex"] == pytest.approx(late["medulla"], rel=0.15)
    assert mass_signal(clear, none, "CMP", 3.0) > 1.3 * mass_signal(papillary, none, "CMP", 3.0)
    assert mass_signal(clear, none, "NP", 3.0) < late["cortex"]
    assert mass_signal(clear, none, "T2WI", 3.0) > 1.5 * mass_signal(papillary, none, "T2WI", 3.0)
    dwi = signals_of_tissues("DWI", 3.0)
    assert dwi["fat"] < 0.5 * dwi["cortex"]
    assert mass_signal(clear, none, "DWI", 3.0) > dwi["cortex"]
    for tesla in (1.5, 3.0):
        plain = signals_of_tissues("T1WI", tesla)
        assert plain["fat"] < mass_signal(clear, none, "T1WI", tesla) < 0.85 * plain["medulla"]
        assert signals_of_tissues("T2WI", tesla)["fat"] < 0.5 * signals_of_tissues("T2WI", tesla)["cortex"]


def test_more_patients_of_one_scanner_leave_the_images_of_the_first_alone() -> None:
    more = SETTINGS.model_copy(update={"scanners": (GE.model_copy(update={"patients": 5}),)})
    first = [KidneyScene(one, draw_patients_of(one)[0]).scan("T2WI").image for one in (SETTINGS, more)]
    assert (first[0] == first[1]).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scanners": [GE.model_dump(), GE.model_dump()]}, "names GE in a twice"),
        ({"scanners": [GE.model_dump() | {"patients": 0}]}, "no scanner has patients"),
        ({"median_mm": 30, "smallest_mm": 30}, "must rise in this order"),
        ({"field_mm": [90, 120, 156]}, "too small for a kidney and its mass"),
        ({"missing_rates": dict.fromkeys(MR_SEQUENCES, 1.0)}, "takes every sequence from every patient"),
        ({"n_patients": 5}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_make_no_cohort_are_refused_with_what_to_do(wrong: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse_settings({"kind": "renal-mr-sequences", **wrong})
