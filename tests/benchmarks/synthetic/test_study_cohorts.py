"""The MR cohort as a published study had it; cohorts made before these settings existed stay what they were."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from samesplit.benchmarks.synthetic import SyntheticSettings, generate, tables
from samesplit.benchmarks.synthetic.lesion_shape import LesionShape, volume_ml
from samesplit.benchmarks.synthetic.population import draw_population
from samesplit.benchmarks.synthetic.seeds import stream

SUBTYPES = (
    {"name": "ccRCC", "label": "malignant", "share": 3},
    {"name": "pRCC", "label": "malignant", "share": 1},
    {"name": "AML", "label": "benign", "share": 3, "pathology_rate": 0.2},
    {"name": "oncocytoma", "label": "benign", "share": 1, "pathology_rate": 1.0},
)


def settings(**changes: Any) -> SyntheticSettings:
    return SyntheticSettings(**({"n_patients": 400, "two_lesion_rate": 0.05} | changes))


@pytest.mark.parametrize(
    ("given", "of_settings", "of_tables"),
    [
        ({}, "3e310f5651fb8a02e6b18645302d3b0ab519dde7c8e0c24f9db5f305e6f1885a",
         "e295b918fd41bbc375364a10ff4b7de8233d8b5ca9f1b1c730ae2227ca9bd227"),
        ({"n_patients": 12, "outcomes": {}, "shifts": [{"site": "north", "effect": 0.5}]},
         "f8f60fb70a95ac40a7732af1b38ab1804cc30cc82c8210aa052b85a9723af38b",
         "982bf1c8204493464c21ac451e08f70186c1d175484ef3c121207e4f0fc6be5b"),
    ],
)  # fmt: skip
def test_cohorts_made_before_stay_what_they_were(
    given: dict[str, Any], of_settings: str, of_tables: str
) -> None:
    """Both hashes were taken before settings of study cohorts existed."""
    old = SyntheticSettings.model_validate(given)
    assert old.sha256() == of_settings
    text = "".join(table.to_csv(index=False) for table in tables(old))
    assert hashlib.sha256(text.encode()).hexdigest() == of_tables


@pytest.mark.parametrize(
    "change",
    [
        {"exact": True},
        {"volume": True},
        {"t2_name": "T2WI"},
        {"other_raters_of": "pathology"},
        {"pathology_rates": {"benign": 0.3}},
        {"dates": {"first": "1984-01-01"}},
        {"grades": {"shares": {"1": 1, "2": 1}}},
        {"readers": {"modalities": ["unaided"]}},
        {"readers": {"scores": False}},
        {"readers": {"times": False}},
        {"readers": {"specificity": 0.35}},
        {"subtypes": SUBTYPES},
    ],
)
def test_each_new_setting_counts_in_the_hash(change: dict[str, Any]) -> None:
    assert SyntheticSettings.model_validate(change).sha256() != SyntheticSettings().sha256()


def test_exact_numbers_are_the_shares_and_lesions_of_one_patient_stay_alike() -> None:
    made = settings(exact=True, two_lesion_rate=0.25, malignant_rate=0.6, subtypes=SUBTYPES)
    lesions, _, _ = tables(made)
    assert len(lesions) == 500
    assert lesions["label"].value_counts().to_dict() == {"malignant": 300, "benign": 200}
    assert lesions["subtype"].value_counts().to_dict() == {
        "ccRCC": 225, "pRCC": 75, "AML": 150, "oncocytoma": 50
    }  # fmt: skip
    sites = lesions.drop_duplicates("patient_id")["site"].value_counts()
    assert sites.to_dict() == {"north": 136, "east": 112, "south": 88, "west": 64}
    both = lesions[lesions.duplicated("patient_id", keep=False)].groupby("patient_id")["label"].nunique()
    assert len(both) == 100
    independent = 2 * 0.6 * 0.4
    assert 0.2 < (both == 2).mean() < independent  # correlated, as when each is drawn by itself


def test_subtypes_may_be_proven_otherwise_than_their_class() -> None:
    lesions, _, _ = tables(settings(exact=True, subtypes=SUBTYPES))
    proven = (lesions["label_provenance"] == "pathology").groupby(lesions["subtype"]).mean()
    assert proven["oncocytoma"] == proven["ccRCC"] == proven["pRCC"] == 1
    assert proven["AML"] == pytest.approx(0.2, abs=0.1)
    half, _, _ = tables(settings(pathology_rates={"benign": 1.0, "malignant": 0.5}))
    proven = (half["label_provenance"] == "pathology").groupby(half["label"]).mean()
    assert proven["benign"] == 1
    assert proven["malignant"] == pytest.approx(0.5, abs=0.1)


def test_malignant_lesions_have_grades_by_their_shares_and_some_have_none() -> None:
    made = settings(
        grades={"shares": {"1": 66, "2": 304, "3": 160, "4": 35}, "unknown": 0.14}, n_patients=1500
    )
    lesions, _, _ = tables(made)
    assert lesions.loc[lesions["label"] == "benign", "grade"].isna().all()
    grades = lesions.loc[lesions["label"] == "malignant", "grade"]
    assert grades.isna().mean() == pytest.approx(0.14, abs=0.04)
    shares = grades.dropna().value_counts(normalize=True)
    for grade, count in {"1": 66, "2": 304, "3": 160, "4": 35}.items():
        assert shares[grade] == pytest.approx(count / 565, abs=0.05)


def test_readers_call_once_without_aid_and_near_the_stated_rates() -> None:
    reads = {
        "modalities": ["unaided"], "scores": False, "times": False, "auc_unaided": 0.626, "specificity": 0.352,
        "n_readers": 8, "missing_rate": 0.0,
    }  # fmt: skip
    lesions, _, readings = tables(settings(readers=reads))
    assert set(readings["modality"]) == {"unaided"}
    assert readings[["score", "seconds"]].isna().all(axis=None)
    assert len(readings) == 8 * len(lesions)
    called = readings.merge(lesions[["lesion_id", "label"]], on="lesion_id")
    rate = (called["decision"] == "malignant").groupby(called["label"]).mean()
    assert rate["malignant"] == pytest.approx(0.8, abs=0.06)
    assert 1 - rate["benign"] == pytest.approx(0.352, abs=0.08)


def test_days_lie_in_their_range_and_the_volume_is_that_of_the_lesion(tmp_path: Path) -> None:
    first = settings(dates={"first": "1984-01-01", "last": "2019-12-31"}, volume=True, n_patients=4,
                     t2_name="T2WI", other_raters_of="pathology", missing_t2_rate=0,
                     pathology_rates={"benign": 0.0})  # fmt: skip
    lesions, images, _ = tables(first)
    assert lesions["date"].between("1984-01-01", "2019-12-31").all()
    assert set(images["sequence"]) == {"T1C", "T2WI"}
    raters = images.groupby("lesion_id")["rater"].nunique()
    proven = lesions.set_index("lesion_id")["label_provenance"] == "pathology"
    assert raters[proven].eq(3).all()
    assert raters[~proven].eq(1).all()
    assert 0 < proven.sum() < len(proven)
    made = generate(first, tmp_path)
    assert all((tmp_path / name).is_file() for name in (*made.images["image"], *made.images["mask"]))
    own = images[(images["sequence"] == "T1C") & (images["rater"] == "R1")].set_index("lesion_id")
    for lesion, volume in lesions.set_index("lesion_id")["volume_ml"].items():
        mask = sitk.ReadImage(str(tmp_path / own.loc[lesion, "mask"]))
        drawn = sitk.GetArrayFromImage(mask).sum() * np.prod(mask.GetSpacing()) / 1000
        assert drawn == pytest.approx(volume, rel=0.25)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"grades": {"shares": {"1": 1, "2": 1}}, "outcomes": {}}, "both make the column grade"),
        ({"exact": True, "shifts": [{"site": "north", "malignant_rate": 0.5}]}, "'exact' fixes how many"),
        ({"t2_name": "T1C"}, "'T1C' is the name of the other sequence"),
        ({"dates": {"first": "2020-01-01", "last": "2019-01-01"}}, "'last' lies before 'first'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SyntheticSettings.model_validate(change)


def test_the_volume_is_that_of_the_body_in_the_images() -> None:
    for number, lesion in enumerate(draw_population(settings(n_patients=8))):
        body = LesionShape(stream(1, number), lesion)
        ball = 4 / 3 * np.pi * body.mean_radius_mm**3 / 1000
        assert volume_ml(stream(1, number), lesion) == pytest.approx(ball, rel=0.04)
