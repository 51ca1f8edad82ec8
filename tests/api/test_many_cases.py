from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import SimpleITK as sitk

import samesplit as ss
from samesplit.errors import DeclarationError, LesionError

Pair = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]
QUICK = """
engine: ibsi
description: Volume and statistics, for quick tests.
settings:
  undefined: []
  features: {morphology: [morph_vol_approx], statistics: [stat_mean, stat_range]}
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept cases lie in a folder of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))


def ball(radius: float) -> Pair:
    grid = np.indices((14, 15, 16)) - np.array([6.5, 7.0, 7.5])[:, None, None, None]
    inside = (grid**2).sum(axis=0) <= radius**2
    return np.random.default_rng(int(radius)).normal(100, 10, inside.shape), inside


def as_images(pair: Pair, spacing: tuple[float, float, float]) -> tuple[sitk.Image, sitk.Image]:
    image, mask = sitk.GetImageFromArray(pair[0]), sitk.GetImageFromArray(pair[1].astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing(spacing[::-1])
    return image, mask


def test_each_case_has_the_row_that_it_has_alone_wherever_it_is(profile: Path, tmp_path: Path) -> None:
    spacing = (3.0, 1.0, 0.5)
    image, mask = as_images(ball(4), spacing)
    paths = (tmp_path / "image.nrrd", tmp_path / "mask.nrrd")
    for one, path in zip((image, mask), paths, strict=True):
        sitk.WriteImage(one, str(path))
    cases: dict[str, ss.CaseInput] = {
        "arrays": (*ball(4), spacing),
        "images": (image, mask),
        "files": paths,
        "mixed": (str(paths[0]), ball(4)[1]),
        "other": (*ball(5), 2.0),
    }

    table = ss.extract_cases(cases, profile=profile, jobs=1)

    alone = ss.extract(*paths, profile=profile)
    assert table.index.tolist() == list(cases)
    assert table.columns.tolist() == alone.index.tolist()
    for name in ("arrays", "images", "files", "mixed"):
        pd.testing.assert_series_equal(table.loc[name], alone, check_names=False, check_exact=True)
    pd.testing.assert_series_equal(
        table.loc["other"],
        ss.extract(*ball(5), profile=profile, spacing=2.0),
        check_names=False,
        check_exact=True,
    )
    assert table.attrs["failed"] == {}


def test_a_case_that_fails_is_a_row_of_nan_and_a_warning(profile: Path) -> None:
    image, inside = ball(4)
    empty = (image, np.zeros_like(inside), 1.0)

    with pytest.warns(ss.FailedCasesWarning, match=r"2 cases have no features \(NaN\): 1: .*; 2: ") as told:
        table = ss.extract_cases([(image, inside, 1.0), empty, (image, "none.mha")], profile=profile, jobs=1)

    assert table.notna().all(axis="columns").tolist() == [True, False, False]
    assert table.index.tolist() == [0, 1, 2]
    assert list(table.attrs["failed"]) == ["1", "2"]
    assert "does not exist" in table.attrs["failed"]["2"]
    assert isinstance(told[0].message, ss.FailedCasesWarning)
    assert told[0].message.reasons == table.attrs["failed"]
    assert told[0].filename == __file__


def test_what_was_done_once_is_kept_under_its_voxels_and_how_they_are_read(
    profile: Path, tmp_path: Path
) -> None:
    def kept() -> int:
        return len(list((tmp_path / "cache").rglob("*.json")))

    image, inside = ball(4)
    again = {"profile": profile, "jobs": 1, "cache": tmp_path / "cache"}
    first = ss.extract_cases([(image, inside, 1.0)], **again)
    assert kept() == 1
    pd.testing.assert_frame_equal(ss.extract_cases([(image.copy(), inside, (1, 1, 1))], **again), first)
    assert kept() == 1
    image[inside] += 1
    assert ss.extract_cases([(image, inside, 1.0)], **again)["stat_mean"][0] > first["stat_mean"][0]
    assert kept() == 2
    assert ss.extract_cases([(image, inside, 2.0)], **again)["morph_vol_approx"][0] == pytest.approx(
        8 * first["morph_vol_approx"][0]
    )
    assert kept() == 3


def test_no_case_at_all_is_a_table_without_rows(profile: Path) -> None:
    with warnings.catch_warnings(action="error"):
        table = ss.extract_cases([], profile=profile)

    assert table.shape == (0, 3)


@pytest.mark.parametrize("given", ["image.nii.gz", (1,), 7])
def test_what_is_no_pair_is_refused(profile: Path, given: object) -> None:
    with pytest.raises(LesionError, match=r"case P1: .* is no pair of an image and a mask"):
        ss.extract_cases({"P1": given}, profile=profile)  # type: ignore[dict-item]


def test_a_profile_that_needs_a_second_image_is_refused(profile: Path) -> None:
    matching = "settings:\n  processing: {histogram_matching: {reference: T1C}}\n"
    profile.write_text(QUICK.replace("settings:\n", matching))

    with pytest.raises(DeclarationError, match=r"each case has one image(.|\n)*extract_table"):
        ss.extract_cases([ball(4)], profile=profile)
