"""The features on real cohorts and against the IBSI reference values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.features.engines import get_engine
from samesplit.features.engines.pyradiomics_settings import PyradiomicsSettings
from samesplit.features.extraction import extract
from samesplit.features.profiles import Profile, read_profile
from samesplit.imaging.case import read_case, roi_values
from samesplit.workspace import builtin_folder

pytestmark = pytest.mark.data

PROFILES = {"CT": "ct-default", "MR_T1": "mr-default", "PET": "pet-default"}


@pytest.fixture(scope="module")
def sts(shared_data: Path) -> Path:
    folder = shared_data / "sts"
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"{folder} holds no sarcoma cohort: this check on real data was not made")
    return folder


def built_in(name: str) -> Profile:
    return read_profile(builtin_folder() / "features" / f"{name}.yaml")


def test_suv_max_and_volume_tell_lung_metastases_as_published(sts: Path) -> None:
    manifest = pd.read_csv(sts / "manifest.csv")
    pet = manifest[manifest["modality"] == "PET"].set_index("patient_id")
    suv_max, volume_ml = {}, {}
    for patient, row in pet.iterrows():
        case = read_case(str(sts / row["image"]), str(sts / row["mask"]), lesion_id=str(patient))
        values = roi_values(case)
        assert len(values) == row["mask_voxels"]
        assert values.max() == pytest.approx(row["roi_max"], rel=1e-6)
        suv_max[patient] = values.max()
        volume_ml[patient] = len(values) * np.prod(case.image.GetSpacing()) / 1000
        assert volume_ml[patient] == pytest.approx(row["mask_mL"], rel=1e-6)
    labels = pd.read_csv(sts / "clinical.csv").set_index("patient_id")["lung_metastasis"].loc[pet.index]
    assert len(labels) == 51
    assert roc_auc_score(labels, pd.Series(suv_max).loc[pet.index]) == pytest.approx(0.811, abs=5e-4)
    assert roc_auc_score(labels, pd.Series(volume_ml).loc[pet.index]) == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize("modality", PROFILES)
def test_the_default_profiles_are_complete_on_a_real_case(sts: Path, tmp_path: Path, modality: str) -> None:
    names = [str(sts / f"STS_008/{modality}_{kind}.nii.gz") for kind in ("image", "mask")]
    row = {"lesion_id": "STS_008", "sequence": modality, "rater": "R1", "image": names[0], "mask": names[1]}
    images = pd.DataFrame([row | {"mask_label": 1, "spacing_mm": np.nan}])
    profile = built_in(PROFILES[modality])
    result = extract(images, profile, cache=tmp_path, jobs=1)
    infos = get_engine("ibsi").catalogue(profile.settings)
    assert len(result.ledger) == 0
    assert set(result.features["feature"]) == {info.feature for info in infos}
    assert result.features["value"].notna().all()
    if modality == "PET":
        highest = roi_values(read_case(*names, lesion_id="STS_008")).max()
        values = result.features.set_index("feature")["value"]
        assert values["native_stat_max"] == highest


def test_adrenal_shapes_are_read_from_arrays(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "adrenalmnist3d" / "adrenalmnist3d.npz"
    names = [f"{path}::test_images[{number}]" for number in (0, 1, 297)]
    images = pd.DataFrame({"lesion_id": ["A", "B", "C"], "image": names, "mask": names}).assign(
        sequence="CT", rater="R1", mask_label=255, spacing_mm=64 / 28
    )
    result = extract(images, built_in("shape"), cache=tmp_path, jobs=1)
    values = result.features.pivot_table(index="lesion_id", columns="feature", values="value")
    with np.load(path) as archive:
        voxels = (archive["test_images"][[0, 1, 297]] == 255).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(values["morph_vol_approx"], voxels * (64 / 28) ** 3, rtol=1e-6)
    assert values.shape == (3, 25)


def test_the_ibsi_codes_are_right_on_the_digital_phantom(shared_data: Path) -> None:
    folder = shared_data / "ibsi1"
    reference = pd.read_csv(folder / "reference.csv")
    reference = reference[reference["dataset"] == "digital_phantom"].fillna({"aggregation": ""})
    case = read_case(
        str(folder / "digital_phantom/nifti/image/phantom.nii.gz"),
        str(folder / "digital_phantom/nifti/mask/mask.nii.gz"),
        lesion_id="phantom",
    )
    classes = dict.fromkeys(("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"))
    settings = PyradiomicsSettings.model_validate({"setting": {"binWidth": 1}, "featureClass": classes})
    engine = get_engine("pyradiomics")
    values = engine.extract(case, Profile("phantom", "pyradiomics", "", "any", settings))
    matched, known = 0, set()
    for info in engine.catalogue(settings):
        if info.ibsi_code is None:
            continue
        rows = reference[
            (reference["ibsi_code"] == info.ibsi_code) & (reference["aggregation"] == info.aggregation)
        ]
        expected, tolerance = rows["reference_value"].item(), rows["tolerance"].item()
        rounded = float(f"{values[info.feature]:.3g}")
        if abs(rounded - expected) <= tolerance * (1 + 1e-9) + 1e-12 * abs(expected):
            matched += 1
        else:
            assert info.note, f"{info.feature} ({info.ibsi_code}): {rounded} is not {expected}"
            known.add(info.feature.split("_")[-1])
    assert known == {"Kurtosis", "MinorAxisLength", "LeastAxisLength"}
    assert matched == 99
