"""No lesion is extracted twice, and none takes another down with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk

from samesplit.errors import WorkspaceError
from samesplit.features.extraction import Extraction, extract
from samesplit.features.profiles import Profile, read_profile
from samesplit.tables import FEATURES, LEDGER, check_table

TEXT = """
engine: pyradiomics
description: quick
settings:
  setting:
    binCount: {bins}
  featureClass:
    firstorder:
    shape: [VoxelVolume]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Callable[[int], Profile]:
    def read(bins: int = 8) -> Profile:
        path = tmp_path / "quick.yaml"
        path.write_text(TEXT.format(bins=bins))
        return read_profile(path)

    return read


@pytest.fixture
def run(cohort: pd.DataFrame, profile: Callable[..., Profile], tmp_path: Path) -> Callable[..., Extraction]:
    def call(images: pd.DataFrame = cohort, *, bins: int = 8, **settings: object) -> Extraction:
        given = {"cache": tmp_path / "cache", "jobs": 1} | settings
        return extract(images, profile(bins), **given)  # type: ignore[arg-type]

    return call


def touch_voxel(path: str) -> None:
    image = sitk.ReadImage(path)
    image[0, 0, 0] = image[0, 0, 0] + 1
    sitk.WriteImage(image, path)


def test_every_lesion_gets_every_feature(run: Callable[..., Extraction]) -> None:
    seen: list[tuple[int, int]] = []
    result = run(progress=lambda done, total: seen.append((done, total)))
    check_table(result.features, FEATURES)
    assert result.features.groupby("lesion_id").size().to_dict() == dict.fromkeys(
        ["L0", "L1", "L2", "L3"], 19
    )
    assert set(result.features["profile"]) == {"quick"}
    assert len(result.ledger) == 0
    assert seen == [(n, 4) for n in range(5)]
    assert result.n_cached == 0
    assert result.seconds > 0


def test_the_second_call_extracts_nothing_and_gives_the_same(run: Callable[..., Extraction]) -> None:
    first, seen = run(), []
    second = run(progress=lambda done, total: seen.append((done, total)))
    assert second.n_cached == 4
    assert seen == [(4, 4)]
    pd.testing.assert_frame_equal(first.features, second.features)
    assert second.seconds == first.seconds


def test_order_and_number_of_processes_do_not_matter(
    run: Callable[..., Extraction], cohort: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = cohort.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        run().features, run(shuffled, jobs=2, cache=tmp_path / "other").features, check_exact=True
    )


def test_a_changed_voxel_extracts_one_lesion_again(
    run: Callable[..., Extraction], cohort: pd.DataFrame
) -> None:
    run()
    touch_voxel(cohort.loc[2, "image"])
    assert run().n_cached == 3
    touch_voxel(cohort.loc[1, "mask"])
    assert run().n_cached == 3


def test_a_moved_file_is_the_same_lesion(
    run: Callable[..., Extraction], cohort: pd.DataFrame, tmp_path: Path
) -> None:
    run()
    moved = tmp_path / "elsewhere.nii.gz"
    Path(cohort.loc[0, "image"]).rename(moved)
    assert run(cohort.assign(image=[str(moved), *cohort["image"][1:]])).n_cached == 4


def test_changed_settings_extract_all_lesions_again(run: Callable[..., Extraction]) -> None:
    run()
    assert run(bins=9).n_cached == 0
    assert run(minimum_voxels=9).n_cached == 0
    assert run().n_cached == 4


def test_results_that_were_written_survive_and_damaged_ones_do_not_count(
    run: Callable[..., Extraction], tmp_path: Path
) -> None:
    whole = run()
    files = sorted((tmp_path / "cache").rglob("*.json"))
    assert len(files) == 4
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:40])
    again = run()
    assert again.n_cached == 2
    pd.testing.assert_frame_equal(whole.features, again.features)


def test_a_failed_lesion_costs_one_lesion_and_is_tried_again(
    run: Callable[..., Extraction], cohort: pd.DataFrame
) -> None:
    image, whole = Path(cohort.loc[1, "image"]), Path(cohort.loc[1, "image"]).read_bytes()
    image.write_bytes(whole[:-2000])
    Path(cohort.loc[3, "mask"]).rename(Path(cohort.loc[3, "mask"] + ".away"))
    result = run()
    check_table(result.ledger, LEDGER)
    assert sorted(set(result.features["lesion_id"])) == ["L0", "L2"]
    assert result.ledger["lesion_id"].tolist() == ["L1", "L3"]
    assert set(result.ledger["status"]) == {"failed"}
    assert set(result.ledger["stage"]) == {"features/quick"}
    assert "cut off" in result.ledger["reason"][0]
    assert "does not exist" in result.ledger["reason"][1]
    image.write_bytes(whole)
    assert sorted(set(run().features["lesion_id"])) == ["L0", "L1", "L2"]


def test_a_repair_is_in_the_ledger_also_when_the_values_are_cached(
    run: Callable[..., Extraction], cohort: pd.DataFrame
) -> None:
    mask = sitk.ReadImage(cohort.loc[0, "mask"])
    mask.SetOrigin((0.0, 0.0, 0.0))
    sitk.WriteImage(mask, cohort.loc[0, "mask"])
    for _ in range(2):
        result = run(geometry_repair="copy_header")
        assert result.ledger[["lesion_id", "status"]].to_numpy().tolist() == [["L0", "repaired"]]
        assert "copy_header" in result.ledger["reason"][0]
    assert result.n_cached == 4
    assert run().ledger["status"].tolist() == ["failed"]


def test_values_that_are_not_defined_stay_nan_with_a_note(
    save: Callable[..., str], cohort: pd.DataFrame, tmp_path: Path
) -> None:
    lonely = np.zeros((16, 24, 24), dtype=np.uint8)
    lonely[1::4, 1::4, 1::4] = 1  # no voxel has a neighbour, so there are no pairs of neighbours
    table = cohort.iloc[:2].assign(mask=[save(lonely, "lonely.nii.gz"), cohort["mask"][1]])
    path = tmp_path / "texture.yaml"
    path.write_text(
        TEXT.format(bins=8).replace("firstorder:", "glcm: [Contrast, Id]\n    firstorder: [Mean]")
    )
    for _ in range(2):
        result = extract(table, read_profile(path), cache=tmp_path / "cache", jobs=1)
        values = result.features.set_index(["lesion_id", "feature"])["value"]
        undefined = ["original_glcm_Contrast", "original_glcm_Id"]
        assert [feature for lesion, feature in values.index[values.isna()] if lesion == "L0"] == undefined
        assert values["L1"].notna().all()
        assert len(values) == 8
        assert result.notes["lesion_id"].tolist() == ["L0", "L0"]
        assert result.notes["feature"].tolist() == undefined
        assert set(result.notes["note"]) == {"not defined"}
        assert len(result.ledger) == 0


def test_an_empty_table_gives_an_empty_table(run: Callable[..., Extraction], cohort: pd.DataFrame) -> None:
    result = run(cohort.iloc[:0])
    assert len(result.features) == 0
    check_table(result.features, FEATURES)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_told_at_once(run: Callable[..., Extraction], tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        run(cache=folder / "cache")


def test_a_cache_that_is_a_file_is_told_at_once(run: Callable[..., Extraction], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        run(cache=tmp_path / "file")


def test_arrays_are_extracted_item_by_item(run: Callable[..., Extraction], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    shapes = np.zeros((3, 12, 12, 12), dtype=np.uint8)
    for number in range(3):
        shapes[number, 2 : 5 + number, 3:8, 3:9] = 255
    images = generator.normal(size=shapes.shape).astype(np.float32)

    def table() -> pd.DataFrame:
        np.savez_compressed(tmp_path / "cohort.npz", images=images, masks=shapes)
        names = [
            (f"{tmp_path}/cohort.npz::images[{n}]", f"{tmp_path}/cohort.npz::masks[{n}]") for n in range(3)
        ]
        return pd.DataFrame(names, columns=["image", "mask"]).assign(
            lesion_id=["A", "B", "C"], sequence="CT", rater="R1", mask_label=255, spacing_mm=2.0
        )

    values = run(table()).features.set_index(["feature", "lesion_id"])["value"]
    assert values["original_shape_VoxelVolume"].to_dict() == {"A": 720.0, "B": 960.0, "C": 1200.0}
    images[1, 5, 5, 5] += 1
    assert run(table()).n_cached == 2
