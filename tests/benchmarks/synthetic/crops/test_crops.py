"""The small CT crops: what they hold, and that the stated effects, and nothing else, tell the classes apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
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
