"""A profile may want another sequence beside each image, and every step is written beside the values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from phantoms import noisy_case
from samesplit.features.extraction import Extraction, extract
from samesplit.features.profiles import read_profile

MATCHED = """
engine: ibsi
description: T2 matched to T1C
settings:
  processing:
    unit: arbitrary
    histogram_matching: {reference: T1C, threshold_at_mean: false}
    spacing_mm: 2
  undefined: []
  features:
    statistics: [stat_mean, stat_max]
"""


@pytest.fixture
def images(save: Callable[..., str]) -> pd.DataFrame:
    """Two lesions; the second has no T1C."""
    rows = []
    for index, (lesion, sequence) in enumerate([("L1", "T1C"), ("L1", "T2"), ("L2", "T2")]):
        image, mask = noisy_case(index)
        scale = 10 if sequence == "T1C" else 1
        name = f"{lesion}_{sequence}"
        rows.append(
            {
                "lesion_id": lesion,
                "sequence": sequence,
                "rater": "R1",
                "image": save(image * scale, f"{name}.nii.gz"),
                "mask": save(mask, f"{name}_mask.nii.gz"),
                "mask_label": 1,
                "spacing_mm": np.nan,
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture
def run(tmp_path: Path) -> Callable[[pd.DataFrame, pd.DataFrame | None], Extraction]:
    path = tmp_path / "matched.yaml"
    path.write_text(MATCHED)

    def call(images: pd.DataFrame, matching_references: pd.DataFrame | None = None) -> Extraction:
        return extract(
            images,
            read_profile(path),
            cache=tmp_path / "cache",
            jobs=1,
            matching_references=matching_references,
        )

    return call


def test_the_histogram_is_matched_to_the_same_lesions_other_sequence(images, run):
    t2 = images[(images["sequence"] == "T2") & (images["lesion_id"] == "L1")]
    mean = run(t2, images).features.set_index("feature")["value"]["stat_mean"]
    assert 800 < mean < 1200  # T2 alone has means near 100


def test_the_sequence_that_is_matched_to_stays_as_it_is(images, run):
    found = run(images).features.set_index(["lesion_id", "sequence", "feature"])["value"]
    image = sitk.GetArrayFromImage(sitk.ReadImage(images["image"][0]))
    mask = sitk.GetArrayFromImage(sitk.ReadImage(images["mask"][0])) > 0
    assert found["L1", "T1C", "stat_mean"] == pytest.approx(image[mask].mean(), rel=0.02)


def test_a_lesion_without_that_sequence_fails_alone_with_the_reason(images, run):
    result = run(images)
    assert set(result.features["lesion_id"]) == {"L1"}
    assert result.ledger[["lesion_id", "sequence", "status"]].to_numpy().tolist() == [["L2", "T2", "failed"]]
    assert "lacks the sequence" in result.ledger["reason"].item()


def test_a_changed_companion_is_a_changed_case(images, run):
    t2 = images[(images["sequence"] == "T2") & (images["lesion_id"] == "L1")]
    first = run(t2, images)
    assert run(t2, images).n_cached == 1
    path = images["image"][0]
    sitk.WriteImage(sitk.ReadImage(path) * 2, path)
    again = run(t2, images)
    assert again.n_cached == 0
    assert again.features["value"].mean() == pytest.approx(2 * first.features["value"].mean(), rel=1e-4)


def test_every_step_is_written_beside_the_values(images, run):
    steps = run(images[images["lesion_id"] == "L1"]).steps
    t2 = steps[steps["sequence"] == "T2"]
    assert t2["step"].tolist() == ["histogram matching", "interpolation", "mask"]
    assert t2["done"].iloc[0].startswith("to T1C, 128 bins, 7 quantiles")
    assert set(steps["profile"]) == {"matched"}
