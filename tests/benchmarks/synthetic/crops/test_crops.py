"""The small CT crops: what they hold, and that the stated effects, and nothing else, tell the classes apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score

from samesplit.benchmarks.synthetic import CropSettings, generate, tables
from samesplit.benchmarks.synthetic.crops.cohort import render
from samesplit.benchmarks.synthetic.crops.population import CropLesion, draw_lesion
from samesplit.benchmarks.synthetic.crops.settings import CROP_PROPERTIES

SETTINGS = CropSettings(n_lesions=3)


@pytest.fixture(scope="module")
def many() -> list[CropLesion]:
    settings = CropSettings(n_lesions=2000)
    return [draw_lesion(settings, index) for index in range(settings.n_lesions)]


def latent(lesions: list[CropLesion]) -> np.ndarray:
    return np.array(
        [
            [
                np.log(one.diameter_mm),
                np.log(one.irregularity),
                one.enhancement_hu,
                np.log(one.texture_mm),
                one.rim_hu,
            ]
            for one in lesions
        ]
    )


def test_the_classes_differ_in_each_property_by_the_stated_effect(many):
    malignant = np.array([one.label == "malignant" for one in many])
    values = latent(many)
    spread = np.sqrt((values[malignant].var(axis=0) + values[~malignant].var(axis=0)) / 2)
    found = (values[malignant].mean(axis=0) - values[~malignant].mean(axis=0)) / spread
    told = [getattr(SETTINGS.effects, name) for name in CROP_PROPERTIES]
    assert found == pytest.approx(told, abs=0.18)  # 4 standard errors of 2,000 lesions


def test_the_best_auc_is_what_the_best_score_of_the_properties_reaches(many):
    values = latent(many)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    weights = [getattr(SETTINGS.effects, name) for name in CROP_PROPERTIES]
    reached = roc_auc_score([one.label == "malignant" for one in many], values @ weights)
    assert reached == pytest.approx(SETTINGS.best_auc, abs=0.025)


def test_without_an_effect_nothing_tells_the_classes_apart():
    settings = CropSettings(n_lesions=2000, effect=0.0)
    lesions = [draw_lesion(settings, index) for index in range(2000)]
    labels = [one.label == "malignant" for one in lesions]
    for column in latent(lesions).T:
        assert roc_auc_score(labels, column) == pytest.approx(0.5, abs=0.04)


def test_every_crop_holds_its_whole_mass_with_a_margin(tmp_path: Path):
    cohort = generate(SETTINGS, tmp_path)
    for row in cohort.images.itertuples():
        image = sitk.ReadImage(str(tmp_path / row.image))
        mask = sitk.ReadImage(str(tmp_path / row.mask))
        assert image.GetSpacing() == mask.GetSpacing() == (1.5, 1.5, 1.5)
        assert image.GetOrigin() == mask.GetOrigin()
        inside = sitk.GetArrayFromImage(mask)
        assert inside.sum() > 300
        assert not inside[[0, -1]].any()
        assert not inside[:, [0, -1]].any()
        assert not inside[:, :, [0, -1]].any()


def test_the_tables_need_no_image_and_more_lesions_change_none():
    lesions, images, readings = tables(SETTINGS)
    more = tables(SETTINGS.model_copy(update={"n_lesions": 5}))[0]
    assert more.head(3).equals(lesions)
    assert images["image"].tolist()[0] == "images/P0001/CT.nii.gz"
    assert lesions["patient_id"].is_unique
    assert readings.empty


def test_the_image_shows_the_stated_enhancement_rim_and_texture():
    settings = CropSettings(texture_hu=0.0)
    quiet = replace(
        draw_lesion(settings, 0), diameter_mm=36.0, enhancement_hu=80.0, rim_hu=40.0, irregularity=0.02
    )
    image, mask, _ = render(settings, quiet)
    assert image[mask > 0].mean() == pytest.approx(80.0, abs=12.0)  # partial volume with fat and kidney
    z, y, x = np.nonzero(mask)
    centre = np.array([z.mean(), y.mean(), x.mean()])
    away = np.linalg.norm(np.stack([z, y, x], axis=1) - centre, axis=1)
    values = image[mask > 0]
    rim = values[(away > 0.6 * away.max()) & (away < 0.75 * away.max())].mean()
    assert rim - values[away < 0.3 * away.max()].mean() == pytest.approx(40 * (0.68**2 - 0.15**2), abs=8.0)

    rough = render(CropSettings(texture_hu=60.0), replace(quiet, rim_hu=0.0))[0]
    plain = render(settings, replace(quiet, rim_hu=0.0))[0]
    inner = np.zeros_like(mask, dtype=bool)
    inner[mask > 0] = away < 0.5 * away.max()
    assert rough[inner].std() > 3 * plain[inner].std()


SUBTYPES = (
    {"name": "ccRCC", "label": "malignant", "share": 0.5, "shifts": {"enhancement": 1.5}},
    {"name": "cyst", "label": "benign", "share": 0.45, "shifts": {"enhancement": -3.0}, "texture_hu": 4.0},
    {"name": "oncocytoma", "label": "benign", "share": 0.05},
)


def of_subtypes(**further: object) -> CropSettings:
    return CropSettings.model_validate({"n_lesions": 1000, "subtypes": SUBTYPES} | further)


def test_subtypes_have_their_shares_and_differ_by_their_stated_shifts():
    settings = of_subtypes()
    table = tables(settings)[0]
    lesions = [draw_lesion(settings, index) for index in range(settings.n_lesions)]
    shares = table["subtype"].value_counts(normalize=True)
    assert shares["cyst"] == pytest.approx(0.45, abs=0.05)
    assert shares["oncocytoma"] == pytest.approx(0.05, abs=0.025)
    assert set(table.loc[table["label"] == "malignant", "subtype"]) == {"ccRCC"}
    mean = {
        name: np.mean([one.enhancement_hu for one in lesions if one.subtype == name]) for name in shares.index
    }
    # 20 HU a standard deviation; 4 standard errors of the rarest subtype are 11 HU.
    assert mean["ccRCC"] - mean["cyst"] == pytest.approx(4.5 * 20, abs=6)
    assert mean["ccRCC"] - mean["oncocytoma"] == pytest.approx(1.5 * 20, abs=12)


def test_a_cyst_without_texture_is_smoother_than_a_solid_mass():
    settings = of_subtypes(n_lesions=12)
    spread: dict[str, list[float]] = {"ccRCC": [], "cyst": []}
    for index in range(settings.n_lesions):
        lesion = draw_lesion(settings, index)
        if lesion.subtype in spread:
            image, mask, _ = render(settings, replace(lesion, rim_hu=0.0))
            spread[lesion.subtype].append(float(image[mask > 0].std()))
    assert np.mean(spread["cyst"]) < 0.8 * np.mean(spread["ccRCC"])


def test_a_site_may_lack_a_subtype_and_sites_may_follow_each_other():
    sites = [
        {"name": "home", "vendor": "GE", "share": 90, "noise_hu": 8},
        {
            "name": "away",
            "vendor": "GE",
            "share": 10,
            "noise_hu": 8,
            "subtype_shares": {"ccRCC": 1, "cyst": 1},
        },
    ]
    table = tables(of_subtypes(n_lesions=100, sites=sites, sites_in_order=True))[0]
    assert table["site"].tolist() == ["home"] * 90 + ["away"] * 10
    assert set(table.loc[table["site"] == "away", "subtype"]) == {"ccRCC", "cyst"}


def test_a_share_of_an_unknown_subtype_and_a_name_given_twice_are_refused():
    site = {"name": "away", "vendor": "GE", "share": 1, "noise_hu": 8, "subtype_shares": {"AML": 1}}
    with pytest.raises(ValidationError, match="'away' has a share of 'AML', which is no subtype of: ccRCC"):
        of_subtypes(sites=[site])
    with pytest.raises(ValidationError, match="two subtypes have the same name"):
        of_subtypes(subtypes=[SUBTYPES[0], SUBTYPES[0]])


def test_cohorts_made_before_there_were_subtypes_keep_their_hash():
    assert CropSettings().sha256() == "66ee49c608d673c7d871d5597b916e76f41ab3c414cd972e1931c2a1aefed7c6"
    assert of_subtypes().sha256() != CropSettings(n_lesions=1000).sha256()
