from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from samesplit.benchmarks.synthetic import (
    SiteSettings,
    SyntheticCohort,
    SyntheticSettings,
    generate,
    mr_cohort,
    tables,
)
from samesplit.errors import WorkspaceError
from samesplit.tables import IMAGES, LESIONS, check_table

SMALL = SyntheticSettings(n_patients=3)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.nii.gz"))
    }


def times(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.nii.gz")}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SyntheticCohort:
    return generate(SMALL, tmp_path_factory.mktemp("small"))


def test_tables_are_those_of_the_generated_cohort(small):
    for made, told in zip((small.lesions, small.images, small.readings), tables(SMALL), strict=True):
        pd.testing.assert_frame_equal(made, told)


def test_default_cohort_has_the_promised_shape():
    lesions, images, readings = tables(SyntheticSettings())
    assert lesions["patient_id"].nunique() == 100
    assert 110 <= len(lesions) <= 130
    assert 0.5 <= (lesions["label"] == "malignant").mean() <= 0.6
    assert lesions["site"].nunique() == 4
    assert 3 <= len(lesions) - images.loc[images["sequence"] == "T2", "lesion_id"].nunique() <= 8
    assert images.loc[images["sequence"] == "T1C", "lesion_id"].nunique() == len(lesions)
    assert len(readings) == len(lesions) * 4 * 2
    assert 1 <= (readings["decision"] == "").sum() <= 12
    by_patient = lesions.groupby("patient_id")["label"].nunique()
    assert (by_patient == 2).any()
    assert lesions["date"].str[:4].nunique() >= 8


def test_tables_satisfy_the_schemas():
    lesions, images, _ = tables(SyntheticSettings())
    check_table(lesions, LESIONS)
    check_table(images.assign(spacing_mm=float("nan")), IMAGES)


def test_every_listed_file_exists_and_mask_and_image_share_geometry(small):
    for row in small.images.itertuples():
        image = sitk.ReadImage(str(small.directory / row.image))
        mask = sitk.ReadImage(str(small.directory / row.mask))
        for name in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
            assert getattr(image, name)() == getattr(mask, name)()
        assert (sitk.GetArrayFromImage(mask) == row.mask_label).any()
    listed = set(small.images["image"]) | set(small.images["mask"])
    assert set(hashes(small.directory)) == listed


def test_sequences_lie_on_their_own_grids(small):
    spacing = {
        row.sequence: sitk.ReadImage(str(small.directory / row.image)).GetSpacing()
        for row in small.images[small.images["lesion_id"] == "P001-L1"].itertuples()
    }
    assert spacing["T1C"] != spacing["T2"]


def test_same_seed_gives_the_same_bytes_and_more_patients_change_nothing(small, tmp_path):
    calls: list[tuple[int, int]] = []
    more = SMALL.model_copy(update={"n_patients": 4})
    generate(more, tmp_path, progress=lambda done, total: calls.append((done, total)))
    first, second = hashes(small.directory), hashes(tmp_path)
    assert first.items() <= second.items()
    assert calls == [(k + 1, len(calls)) for k in range(len(calls))]


def test_several_processes_give_the_same_bytes(small, tmp_path):
    calls: list[int] = []
    generate(SMALL, tmp_path, n_jobs=2, progress=lambda done, _: calls.append(done))
    assert hashes(tmp_path) == hashes(small.directory)
    assert calls == sorted(calls)


def test_another_seed_gives_other_images(small, tmp_path):
    other = generate(SyntheticSettings(n_patients=1, seed=5), tmp_path)
    name = other.images.loc[0, "image"]
    assert hashes(tmp_path)[name] != hashes(small.directory)[name]


def test_a_lesion_without_t2_has_no_t2_rows_and_no_t2_files(tmp_path):
    cohort = generate(SyntheticSettings(n_patients=1, missing_t2_rate=1.0), tmp_path)
    assert set(cohort.images["sequence"]) == {"T1C"}
    assert not list(tmp_path.rglob("T2*"))


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    settings = SyntheticSettings(n_patients=2)
    real, written = mr_cohort.write_volume, []

    def dies_at_the_fourth(path: Path, *args: object) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(path)
        real(path, *args)

    monkeypatch.setattr(mr_cohort, "write_volume", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        generate(settings, tmp_path)
    monkeypatch.undo()
    assert not (tmp_path / "complete.json").exists()
    before = times(tmp_path)
    assert len(before) == 3
    half = tmp_path / "images" / "P001-L1" / ".0123.nii.gz"
    half.write_bytes(b"half of a file")
    resumed = generate(settings, tmp_path)
    assert not half.exists()
    assert before.items() <= times(tmp_path).items()
    fresh = generate(settings, tmp_path / "fresh")
    assert hashes(resumed.directory / "images") == hashes(fresh.directory / "images")


def test_a_complete_cohort_is_left_alone_and_a_lost_file_comes_back(small):
    before, content = times(small.directory), hashes(small.directory)
    generate(SMALL, small.directory)
    assert times(small.directory) == before
    lost = small.images.loc[0, "mask"]
    (small.directory / lost).unlink()
    generate(SMALL, small.directory)
    assert hashes(small.directory) == content
    assert {name for name, time in times(small.directory).items() if before[name] != time} == {lost}


def test_other_settings_replace_what_is_there(tmp_path):
    first = generate(SyntheticSettings(n_patients=2, missing_t2_rate=1.0), tmp_path)
    before = hashes(tmp_path)
    generate(SyntheticSettings(n_patients=1, missing_t2_rate=1.0, seed=9), tmp_path)
    after = hashes(tmp_path)
    assert before.keys() != after.keys()
    assert not any("P002" in name for name in after)
    assert before[first.images.loc[0, "image"]] != after[first.images.loc[0, "image"]]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="Remedy"):
        generate(SMALL, tmp_path / "file")


def test_a_volume_that_cannot_be_written_leaves_no_rest(tmp_path):
    settings = SyntheticSettings(n_patients=1)
    (tmp_path / "images").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        generate(settings, tmp_path)
    assert not (tmp_path / "complete.json").exists()


def test_a_folder_blocked_halfway_is_an_error_with_a_remedy(tmp_path):
    settings = SyntheticSettings(n_patients=1, missing_t2_rate=1.0)
    generate(settings, tmp_path)
    shutil.rmtree(tmp_path / "images" / "P001-L1")
    (tmp_path / "images" / "P001-L1").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        generate(settings, tmp_path)


def test_an_unknown_field_strength_is_refused():
    site = SyntheticSettings().sites[0]
    with pytest.raises(ValidationError, match="not at 7 T"):
        SiteSettings(**{**site.model_dump(), "field_strength_t": 7.0})


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValidationError, match="n_patient"):
        SyntheticSettings(n_patient=3)


def test_two_sites_of_one_name_are_refused():
    site = SyntheticSettings().sites[0]
    with pytest.raises(ValidationError, match="same name"):
        SyntheticSettings(sites=(site, site))


def test_the_hash_follows_every_setting():
    one = SyntheticSettings()
    two = one.model_copy(update={"effect": 0.99})
    assert one.sha256() == SyntheticSettings().sha256() != two.sha256()
