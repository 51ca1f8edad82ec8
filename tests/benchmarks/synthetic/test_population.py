from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from samesplit.benchmarks.synthetic.population import (
    IMAGING_PROPERTIES,
    draw_lesion,
    draw_patient,
    draw_population,
)
from samesplit.benchmarks.synthetic.settings import EffectSizes, SyntheticSettings

LATENT = ("diameter_mm", "irregularity", "uptake_mm", "necrosis", "texture_mm", "t2_scale", "conspicuity")


def population(**options: object) -> pd.DataFrame:
    lesions = draw_population(SyntheticSettings(n_patients=2500, **options))
    rows = [
        {**asdict(lesion), **asdict(lesion.patient), "site": lesion.patient.site.name} for lesion in lesions
    ]
    return pd.DataFrame(rows).drop(columns=["patient", "labels"])


@pytest.fixture(scope="module")
def usual() -> pd.DataFrame:
    return population()


def by_class(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    malignant = table["label"] == "malignant"
    return table.loc[malignant, column].to_numpy(), table.loc[~malignant, column].to_numpy()


def test_effect_0_makes_the_classes_alike_in_every_property():
    table = population(effect=0.0)
    table["male"] = (table["sex"] == "M").astype(float)
    for column in (*LATENT, "size_mm", "age", "male", "symptoms"):
        malignant, benign = by_class(table, column)
        assert stats.ks_2samp(malignant, benign).pvalue > 0.001, column


def test_effect_sizes_are_the_stated_ones(usual):
    effects = EffectSizes()
    scales = {"t2_scale": (np.log, 0.2, effects.t2), "uptake_mm": (np.log, 0.4, effects.enhancement)}
    for column, (transform, spread, wanted) in scales.items():
        malignant, benign = (transform(values) / spread for values in by_class(usual, column))
        assert malignant.mean() - benign.mean() == pytest.approx(wanted, abs=0.12), column


def test_doubling_the_effect_doubles_the_difference(usual):
    double = population(effect=2.0)
    gaps = []
    for table in (usual, double):
        malignant, benign = by_class(table, "uptake_mm")
        gaps.append(np.log(malignant).mean() - np.log(benign).mean())
    assert gaps[1] / gaps[0] == pytest.approx(2.0, abs=0.2)


def test_one_property_alone_can_carry_the_difference():
    none = dict.fromkeys(EffectSizes.model_fields, 0.0)
    table = population(effects=EffectSizes(**{**none, "irregularity": 1.0}))
    malignant, benign = by_class(table, "irregularity")
    assert stats.ks_2samp(malignant, benign).pvalue < 1e-20
    malignant, benign = by_class(table, "diameter_mm")
    assert stats.ks_2samp(malignant, benign).pvalue > 0.001


def test_conspicuity_is_standard_normal_within_each_class(usual):
    for values in by_class(usual, "conspicuity"):
        assert values.mean() == pytest.approx(0, abs=0.1)
        assert values.std() == pytest.approx(1, abs=0.06)


def test_conspicuity_survives_when_no_property_has_an_effect():
    none = EffectSizes(**dict.fromkeys(IMAGING_PROPERTIES, 0.0))
    assert population(effects=none)["conspicuity"].std() == pytest.approx(1, abs=0.06)


def test_rates_are_the_stated_ones(usual):
    assert (usual["label"] == "malignant").mean() == pytest.approx(0.55, abs=0.03)
    assert (~usual["has_t2"]).mean() == pytest.approx(0.04, abs=0.015)
    assert (usual["number"] == 1).sum() / 2500 == pytest.approx(0.2, abs=0.03)
    sites = usual["site"].value_counts(normalize=True)
    assert sites["north"] == pytest.approx(0.34, abs=0.04)


def test_some_patients_have_lesions_of_both_classes(usual):
    both = usual.groupby("patient_id")["label"].nunique()
    assert 0.2 < (both == 2).sum() / (usual["number"] == 1).sum() < 0.6


def test_malignant_labels_come_from_pathology_and_some_benign_ones_from_imaging(usual):
    provenance = usual.groupby("label")["label_provenance"].unique()
    assert set(provenance["malignant"]) == {"pathology"}
    assert set(provenance["benign"]) == {"pathology", "imaging"}


def test_subtypes_belong_to_their_class_and_differ_modestly(usual):
    assert set(usual.loc[usual["label"] == "malignant", "subtype"]) == {"ccRCC", "pRCC", "chRCC"}
    assert set(usual.loc[usual["label"] == "benign", "subtype"]) == {"AML", "oncocytoma"}
    means = usual.groupby("subtype")["uptake_mm"].mean()
    assert means["ccRCC"] > means["pRCC"]
    assert means["oncocytoma"] > means["AML"]


def test_a_lesion_is_the_same_in_any_order_and_number_of_patients():
    few = SyntheticSettings(n_patients=3)
    many = SyntheticSettings(n_patients=50)
    backwards = [draw_lesion(many, draw_patient(many, index), 0) for index in (2, 1, 0)]
    first = [lesion for lesion in draw_population(few) if lesion.number == 0]
    assert backwards[::-1] == first
    assert draw_population(many)[: len(draw_population(few))] == draw_population(few)


def test_another_seed_gives_other_lesions():
    one, two = (draw_population(SyntheticSettings(n_patients=3, seed=seed)) for seed in (1, 2))
    assert one[0].diameter_mm != two[0].diameter_mm


def test_second_lesion_is_on_the_other_side(usual):
    sides = usual.groupby("patient_id")["side"].agg(["nunique", "size"])
    assert (sides["nunique"] == sides["size"]).all()
