"""A script of pyradiomics changes one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import samesplit as ss


@pytest.fixture(scope="module")
def ball() -> tuple[np.ndarray, np.ndarray]:
    z, y, x = np.indices((12, 12, 12)) - 5.5
    return 10 * x + y, (z**2 + y**2 + x**2 <= 16).astype(np.uint8)


def test_a_file_and_the_same_words_give_the_same(tmp_path: Path, ball: tuple[np.ndarray, np.ndarray]) -> None:
    path = tmp_path / "Params.yaml"
    path.write_text(
        "setting: {binWidth: 10}\nfeatureClass: {shape: [Volume], firstorder: [Mean, Kurtosis]}\n",
        encoding="utf-8",
    )
    extractor = ss.PyradiomicsExtractor(path)
    found = extractor.execute(*ball, spacing=2.0)
    assert list(found.index) == [
        "original_shape_VoxelVolume",
        "original_firstorder_Kurtosis",
        "original_firstorder_Mean",
    ]
    assert found["original_shape_VoxelVolume"] == 8 * ball[1].sum()
    values = ball[0][ball[1] > 0]
    assert found["original_firstorder_Mean"] == pytest.approx(values.mean())
    assert found["original_firstorder_Kurtosis"] == pytest.approx(
        np.mean(values**4) / np.mean(values**2) ** 2
    )
    assert any("Volume is called VoxelVolume" in note for note in extractor.notes)
    same = ss.PyradiomicsExtractor(
        {
            "setting": {"binWidth": 10},
            "featureClass": {"shape": ["VoxelVolume"], "firstorder": ["Mean", "Kurtosis"]},
        }
    )
    assert same.execute(*ball, spacing=2.0).equals(found)


def test_the_label_of_a_call_wins(ball: tuple[np.ndarray, np.ndarray]) -> None:
    extractor = ss.PyradiomicsExtractor({"setting": {"label": 1}, "featureClass": {"shape": ["VoxelVolume"]}})
    image, mask = ball
    assert extractor.execute(image, 5 * mask, label=5, spacing=1.0).iloc[0] == mask.sum()
    with pytest.raises(ss.SamesplitError, match="1"):
        extractor.execute(image, 5 * mask, spacing=1.0)


def test_its_profile_goes_wherever_a_profile_goes(ball: tuple[np.ndarray, np.ndarray]) -> None:
    extractor = ss.PyradiomicsExtractor({"featureClass": {"firstorder": ["Mean"]}})
    row = ss.extract(*ball, profile=extractor.profile, spacing=1.0)
    assert list(row.index) == ["stat_mean"]


def test_pyradiomics_itself_runs_behind_the_same_line(ball: tuple[np.ndarray, np.ndarray]) -> None:
    pytest.importorskip("radiomics", reason="the extra pyradiomics is not installed")
    params = {"setting": {"binWidth": 10}, "featureClass": {"glcm": ["Contrast"], "shape": ["MeshVolume"]}}
    theirs = ss.PyradiomicsExtractor(params, engine="pyradiomics").execute(*ball, spacing=1.0)
    ours = ss.PyradiomicsExtractor(params).execute(*ball, spacing=1.0)
    assert dict(ours) == pytest.approx(dict(theirs), rel=1e-9)
