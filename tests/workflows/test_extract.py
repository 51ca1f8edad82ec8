from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samesplit as ss
from conftest import SMALL_PROFILE, write_ball
from samesplit.errors import CohortError
from samesplit.workflows.extraction_output import ledger_path


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "first-order.yaml"
    path.write_text(SMALL_PROFILE)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A CSV of four balls in a folder beside it; no workspace is around."""
    rows = []
    for number in range(4):
        paths = [tmp_path / "data" / f"ball{number}{end}.nii.gz" for end in ("", "_mask")]
        write_ball(*paths, brightness=50 + 10 * number, radius=4 + number, seed=number)
        rows.append(
            (f"L{number}", *(str(path.relative_to(tmp_path)) for path in paths), f"site {number % 2}")
        )
    path = tmp_path / "images.csv"
    pd.DataFrame(rows, columns=["lesion_id", "image", "mask", "site"]).to_csv(path, index=False)
    return path


def test_each_image_of_a_table_is_one_row_of_features(table: Path, profile: Path, tmp_path: Path) -> None:
    found = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")

    given = pd.read_csv(table)
    assert found.failed == 0
    assert found.features.columns[:4].tolist() == ["lesion_id", "image", "mask", "site"]
    pd.testing.assert_frame_equal(found.features[given.columns], given, check_dtype=False)
    alone = ss.extract(tmp_path / "data/ball2.nii.gz", tmp_path / "data/ball2_mask.nii.gz", profile=profile)
    assert found.features.loc[2, alone.index].astype(float).to_dict() == alone.to_dict()
    assert found.features.columns[4:].tolist() == alone.index.tolist()


def test_what_was_done_once_is_not_done_again_and_one_failure_costs_one_row(
    table: Path, profile: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    (tmp_path / "data/ball1.nii.gz").write_bytes(b"cut off")
    first = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")
    first.write(output)

    assert first.failed == 1
    assert pd.read_csv(output)["lesion_id"].tolist() == ["L0", "L2", "L3"]
    ledger = pd.read_csv(ledger_path(output))
    assert ledger[["lesion_id", "status"]].to_numpy().tolist() == [["L1", "failed"]]
    assert "ball1.nii.gz" in ledger["reason"][0]
    record = json.loads(output.with_suffix(".json").read_text())
    assert record["profile"] == "first-order"
    assert record["failed"] == 1
    assert len(record["profile_sha256"]) == 64

    write_ball(
        tmp_path / "data/ball1.nii.gz", tmp_path / "data/ball1_mask.nii.gz", brightness=60, radius=5, seed=1
    )
    again = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")
    again.write(output)

    assert (again.failed, again.n_cached) == (0, 3)
    assert not ledger_path(output).exists()
    pd.testing.assert_frame_equal(
        again.features.drop(index=1).reset_index(drop=True), first.features, check_exact=True
    )


def test_parquet_keeps_the_numbers_exactly(table: Path, profile: Path, tmp_path: Path) -> None:
    found = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")

    found.write(tmp_path / "out.parquet")

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), found.features, check_exact=True)
    assert json.loads((tmp_path / "out.json").read_text())["rows"] == 4


def test_rows_without_ids_are_called_by_their_number(table: Path, profile: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(table)[["image", "mask"]].map(lambda path: str(tmp_path / path))

    found = ss.extract_table(rows, profile=profile, jobs=1, cache=tmp_path / "cache")

    assert found.features["lesion_id"].tolist() == ["row-1", "row-2", "row-3", "row-4"]


def test_a_folder_is_a_table_whose_lonely_cases_are_in_the_ledger(
    table: Path, profile: Path, tmp_path: Path
) -> None:
    (tmp_path / "data/ball3_mask.nii.gz").unlink()
    patterns = {"image_pattern": "ball{case}.nii.gz", "mask_pattern": "ball{case}_mask.nii.gz"}

    found = ss.extract_table(tmp_path / "data", profile=profile, jobs=1, cache=tmp_path / "cache", **patterns)

    rows = pd.read_csv(table).iloc[:3].assign(image=lambda rows: [str(tmp_path / x) for x in rows["image"]])
    rows["mask"] = [str(tmp_path / path) for path in rows["mask"]]
    listed = ss.extract_table(rows, profile=profile, jobs=1, cache=tmp_path / "cache")
    assert found.failed == 1
    assert found.features["lesion_id"].tolist() == ["0", "1", "2"]
    assert found.ledger[["lesion_id", "stage", "status"]].to_numpy().tolist() == [["3", "images", "failed"]]
    assert listed.n_cached == 3
    names = list(found.feature_names)
    pd.testing.assert_frame_equal(found.features[names], listed.features[names], check_exact=True)


def test_a_long_table_has_one_row_a_value_and_says_why_one_is_missing(table: Path, tmp_path: Path) -> None:
    profile = tmp_path / "quick.yaml"
    profile.write_text(
        "engine: ibsi\ndescription: For quick tests.\n"
        "settings: {undefined: [], features: {statistics: [stat_mean, stat_cov]}}\n"
    )
    found = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")
    undefined = found.features.assign(stat_mean=float("nan"))
    notes = pd.DataFrame(
        [["L1", "image", "R1", "quick", "stat_mean", "not defined: for a test"]], columns=found.notes.columns
    )

    long = replace(found, features=undefined, notes=notes).long()
    found.write(tmp_path / "long.csv", shape="long")

    assert long.columns.tolist() == ["lesion_id", "site", "feature", "value", "note"]
    assert long["lesion_id"].tolist() == [name for name in ("L0", "L1", "L2", "L3") for _ in range(2)]
    assert long["feature"].tolist() == ["stat_mean", "stat_cov"] * 4
    assert long["value"][1::2].tolist() == found.features["stat_cov"].tolist()
    assert long["note"].dropna().to_dict() == {2: "not defined: for a test"}
    written = pd.read_csv(tmp_path / "long.csv")
    assert written["value"].to_numpy() == pytest.approx(
        found.features[["stat_mean", "stat_cov"]].to_numpy().ravel()
    )
    assert json.loads((tmp_path / "long.json").read_text())["format"] == "long"
    with pytest.raises(CohortError, match="there is no format 'tall'"):
        found.write(tmp_path / "tall.csv", shape="tall")  # type: ignore[arg-type]


def test_one_voxel_size_holds_for_all_arrays_of_a_folder(tmp_path: Path) -> None:
    profile = tmp_path / "volume.yaml"
    profile.write_text(
        "engine: ibsi\ndescription: For quick tests.\n"
        "settings: {undefined: [], features: {morphology: [morph_vol_approx]}}\n"
    )
    for name in "ab":
        volume = np.random.default_rng(0).normal(size=(5, 6, 7))
        np.savez(tmp_path / f"{name}.npz", image=volume, mask=volume > 0)
        wanted = 8 * int((volume > 0).sum())

    found = ss.extract_table(
        tmp_path,
        profile=profile,
        image_pattern="{case}.npz::image",
        mask_pattern="{case}.npz::mask",
        spacing_mm=2.0,
        jobs=1,
        cache=tmp_path / "cache",
    )

    assert found.features["morph_vol_approx"].tolist() == pytest.approx([wanted, wanted])


@pytest.mark.parametrize(
    ("images", "patterns", "message"),
    [
        ("data", {}, "is a folder, and no pattern says"),
        ("data", {"image_pattern": "{case}.nii.gz"}, "only one pattern says"),
        ("images.csv", {"image_pattern": "{case}.nii.gz"}, "is no folder, and the pattern"),
        (
            "data",
            {"image_pattern": "ball{case}.nii.gz", "mask_pattern": "{case}_mask.nii.gz"},
            "no image has a mask; the first: 0: there is no mask: no file fits '0_mask.nii.gz'",
        ),
    ],
)
def test_folders_and_patterns_come_together(
    table: Path, profile: Path, tmp_path: Path, images: str, patterns: dict[str, str], message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        ss.extract_table(tmp_path / images, profile=profile, cache=tmp_path / "cache", **patterns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="mask"), "has no column 'mask'"),
        (lambda rows: rows.iloc[:0], "names no images"),
        (lambda rows: rows.assign(image=[None, *rows["image"][1:]]), "line 2: the column 'image' is empty"),
        (lambda rows: rows.assign(spacing_mm="one"), "line 2: the column 'spacing_mm' must hold a number"),
        (
            lambda rows: rows.assign(lesion_id=["A", "B", "A", "C"]),
            "lines 2, 4: the lesion 'A' stands there 2 times",
        ),
        (lambda rows: rows.rename(columns={"site": "original_firstorder_Mean"}), "has the name of a feature"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    table: Path, profile: Path, tmp_path: Path, change: object, message: str
) -> None:
    change(pd.read_csv(table)).to_csv(table, index=False)  # type: ignore[operator]
    with pytest.raises(CohortError, match=message):
        ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")


def test_an_output_of_an_unknown_kind_is_refused(table: Path, profile: Path, tmp_path: Path) -> None:
    found = ss.extract_table(table, profile=profile, jobs=1, cache=tmp_path / "cache")
    with pytest.raises(CohortError, match=r"ends in '.xlsx'"):
        found.write(tmp_path / "out.xlsx")
    with pytest.raises(CohortError, match="the folder does not exist"):
        found.write(tmp_path / "nowhere" / "out.csv")
