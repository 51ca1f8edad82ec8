"""The T1 mapping cohort: printed counts, printed differences between the classes, and what the images hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from samesplit.benchmarks.synthetic import T1MappingSettings, generate, parse_settings, tables
from samesplit.benchmarks.synthetic.t1_mapping.imaging import OBSERVERS, SEQUENCES, render
from samesplit.benchmarks.synthetic.t1_mapping.population import T1Lesion, draw_lesions
from samesplit.benchmarks.synthetic.t1_mapping.settings import Finding, Subtype
from samesplit.benchmarks.synthetic.t1_mapping.signal import fit_t1, spoiled_echo

FEW = (Subtype(name="ccRCC", label="malignant", count=2), Subtype(name="fp-AML", label="benign", count=1))
SETTINGS = T1MappingSettings(subtypes=FEW)


@pytest.fixture(scope="module")
def many() -> list[T1Lesion]:
    subtypes = tuple(one.model_copy(update={"count": 40 * one.count}) for one in T1MappingSettings().subtypes)
    return draw_lesions(T1MappingSettings(subtypes=subtypes))


def test_the_cohort_has_the_printed_counts():
    lesions, images, readings = tables(T1MappingSettings())
    assert lesions["subtype"].value_counts().to_dict() == {
        "ccRCC": 48,
        "pRCC": 16,
        "chRCC": 14,
        "fp-AML": 18,
        "oncocytoma": 7,
    }
    necrosis = pd.crosstab(lesions["label"], lesions["necrosis"])
    assert necrosis.loc["malignant"].tolist() == [46, 32]
    assert necrosis.loc["benign"].tolist() == [24, 1]
    assert lesions["size_mm"].max() <= 40
    assert lesions["date"].between("2014-09-01", "2021-09-30").all()
    assert len(images) == 103 * len(SEQUENCES) * len(OBSERVERS)
    assert readings.empty


@pytest.mark.parametrize("name", ["t1_ms", "t1e_ms", "np_percent", "age"])
def test_the_classes_have_the_printed_means(many, name):
    measure = getattr(T1MappingSettings().measures, name)
    for label in ("malignant", "benign"):
        values = np.array([getattr(one, name) for one in many if one.label == label], dtype=float)
        mean, spread = measure.of(label, effect=1.0, share_malignant=0.757)
        assert values.mean() == pytest.approx(mean, abs=0.1 * spread)
        assert values.std() == pytest.approx(spread, rel=0.15)


def test_without_an_effect_the_classes_are_the_same_in_findings_and_measures():
    finding = Finding(name="necrosis", levels=("yes", "no"), malignant=(3, 1), benign=(1, 3))
    assert finding.shares("malignant", effect=0.0) == finding.shares("benign", effect=0.0) == (0.5, 0.5)
    measure = T1MappingSettings().measures.t1_ms
    same = [measure.of(label, effect=0.0, share_malignant=0.5) for label in ("malignant", "benign")]
    assert same[0] == same[1]


def test_a_finding_needs_a_count_for_each_level():
    with pytest.raises(ValidationError, match="one count for each of 2 levels"):
        Finding(name="adc", levels=("low", "not low"), malignant=(1, 2, 3), benign=(1, 1))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"subtypes": FEW[:1]}, "both classes need a subtype"),
        ({"subtypes": (*FEW, FEW[0])}, "same name"),
        ({"findings": ()}, "'necrosis' is needed"),
    ],
)
def test_settings_that_cannot_be_are_refused(changed, told):
    with pytest.raises(ValidationError, match=told):
        T1MappingSettings(**changed)


def test_the_files_share_a_grid_and_both_observers_draw_small_regions_inside_the_mass(tmp_path: Path):
    cohort = generate(SETTINGS, tmp_path)
    assert len(cohort.images) == 3 * 5 * 2
    for _, rows in cohort.images.groupby("lesion_id"):
        images = [sitk.ReadImage(str(tmp_path / name)) for name in {*rows["image"], *rows["mask"]}]
        assert len({(image.GetSize(), image.GetOrigin(), image.GetSpacing()) for image in images}) == 1
    for lesion in draw_lesions(SETTINGS):
        made = render(SETTINGS, lesion)
        for region in made.regions.values():
            area = region.sum() * 1.39**2
            assert 40 < area < 165
            assert (region.sum(axis=(1, 2)) > 0).sum() == 1
    assert generate(SETTINGS, tmp_path).lesions.equals(cohort.lesions)


def test_the_maps_hold_t1_before_and_after_contrast_within_texture_and_noise():
    plain = SETTINGS.model_copy(update={"texture": 0.0, "perfusion": 0.0, "noise": 0.001})
    for drawn in draw_lesions(plain):
        lesion = replace(drawn, diameter_mm=32.0, necrosis=0.0)
        made = render(plain, lesion)
        region = made.regions["R1"] > 0
        assert made.images["T1map"][region].mean() == pytest.approx(lesion.t1_ms, rel=0.05)
        assert made.images["T1emap"][region].mean() == pytest.approx(lesion.t1e_ms, rel=0.05)
        before, after = (made.images[name][region].mean() for name in ("T1WI", "CMP"))
        assert 100 * (after - before) / before == pytest.approx(lesion.cmp_percent, rel=0.05, abs=5)


def test_the_fit_gives_t1_back_and_stays_within_its_limits():
    times = np.array([150.0, 600.0, 2000.0, 4000.0])
    pair = [spoiled_echo(times, flip_deg=angle, repetition_ms=4.38) for angle in (2.0, 12.0)]
    found = fit_t1(pair[0], pair[1], flip_deg=(2.0, 12.0), repetition_ms=4.38)
    np.testing.assert_allclose(found, times, rtol=2e-3)
    flat = np.ones(3, dtype=np.float32)
    limited = fit_t1(flat, 9 * flat, flip_deg=(2.0, 12.0), repetition_ms=4.38)
    assert ((limited >= 0) & (limited <= 6000)).all()


def test_the_kind_is_known_by_its_name():
    assert parse_settings({"kind": "renal-t1-mapping", "seed": 3}) == T1MappingSettings(seed=3)
