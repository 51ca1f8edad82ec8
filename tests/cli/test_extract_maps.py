"""`samesplit extract --maps`, as it is typed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from typer.testing import CliRunner

from conftest import write_ball
from samesplit.cli import app
from samesplit.errors import CohortError, DeclarationError, WorkspaceError

PROFILE = """
engine: ibsi
description: A few features, for quick tests.
settings:
  undefined: []
  discretisation: {method: FBN, bins: 8}
  features: {morphology: all, statistics: [stat_mean, stat_max], ngtdm: all}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace, with two balls and a profile; the command is typed in it."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        image, mask = Path(f"ball{number}.nii.gz"), Path(f"mask{number}.nii.gz")
        write_ball(image, mask, brightness=60, radius=4, seed=number)
    Path("quick.yaml").write_text(PROFILE)
    Path("images.csv").write_text(
        "lesion_id,image,mask\nL/0,ball0.nii.gz,mask0.nii.gz\nL_0,ball1.nii.gz,mask1.nii.gz\n"
    )
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["extract", *words, "-p", "quick.yaml", "--jobs", "1"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_the_maps_of_an_image_are_files_with_a_table(folder: Path) -> None:
    code, output = run("ball0.nii.gz", "mask0.nii.gz", "--maps", "maps")

    assert code == 0
    assert "Wrote 7 maps of 1 image (boxes 3 voxels wide): maps, listed in maps.csv" in output
    table = pd.read_csv(folder / "maps" / "maps.csv")
    assert table["feature"].tolist()[:3] == ["stat_mean", "stat_max", "ngt_coarseness_3D"]
    assert {file.name for file in (folder / "maps").iterdir()} == {*table["file"], "maps.csv", "maps.json"}
    image = sitk.ReadImage(str(folder / "maps" / "stat_max.nii.gz"))
    values = sitk.GetArrayFromImage(image)
    assert image.GetPixelID() == sitk.sitkFloat32
    row = table.set_index("feature").loc["stat_max"]
    assert np.count_nonzero(values) == row["voxels"]  # ITK reads the NaN of a NIfTI file as 0
    kept = np.frombuffer(gzip.decompress((folder / "maps" / "stat_max.nii.gz").read_bytes())[352:], "<f4")
    assert np.isnan(kept).sum() == values.size - row["voxels"]
    assert np.nanmax(kept) == pytest.approx(row["maximum"])
    assert json.loads((folder / "maps" / "maps.json").read_text())["radius_voxels"] == 1


def test_features_radius_format_and_grid_can_be_named(folder: Path) -> None:
    code, _ = run(
        "ball0.nii.gz", "mask0.nii.gz", "--maps", "maps", "--maps-features", "stat_mean, ACUI",
        "--neighbourhood", "2", "--maps-format", "nrrd", "--maps-whole",
    )  # fmt: skip

    assert code == 0
    files = sorted((folder / "maps").glob("*.nrrd"))
    assert [file.name for file in files] == ["cm_contrast_3D_comb.nrrd", "stat_mean.nrrd"]
    given, written = sitk.ReadImage("ball0.nii.gz"), sitk.ReadImage(str(files[0]))
    assert written.GetSize() == given.GetSize()
    assert written.GetOrigin() == pytest.approx(given.GetOrigin())


def test_a_parameter_file_of_pyradiomics_says_how_far_neighbourhoods_reach(folder: Path) -> None:
    file = folder / "Params.yaml"
    said = "featureClass: {firstorder: [Mean, Kurtosis]}\nvoxelSetting: {kernelRadius: 2, initValue: nan"
    words = ("extract", "ball0.nii.gz", "mask0.nii.gz", "--params", "Params.yaml", "--jobs", "1", "--maps")
    file.write_text(said + "}\n")

    done = CliRunner().invoke(app, [*words, "maps"])

    assert done.exit_code == 0
    assert "Wrote 1 map of 1 image (boxes 5 voxels wide)" in done.output
    assert "no maps of firstorder Kurtosis: maps follow the definitions of the IBSI." in done.output
    assert "boxes 3 voxels wide" in CliRunner().invoke(app, [*words, "small", "--neighbourhood", "1"]).output
    file.write_text(said + ", maskedKernel: false}\n")
    refused = CliRunner().invoke(app, [*words, "other"]).exception
    assert isinstance(refused, DeclarationError)
    assert refused.problem == "maskedKernel is false: neighbourhoods would reach beyond the lesion"
    assert not (folder / "other").exists()


def test_each_image_of_a_table_has_a_folder_and_is_done_once(folder: Path) -> None:
    words = ("images.csv", "--maps", "maps", "--maps-features", "stat_mean")
    code, output = run(*words)

    assert code == 0
    assert "Wrote 2 maps of 2 images" in output
    table = pd.read_csv(folder / "maps" / "maps.csv")
    assert dict(zip(table["lesion_id"], table["file"], strict=True)) == {
        "L/0": "L_0/stat_mean.nii.gz",
        "L_0": "L_0_2/stat_mean.nii.gz",
    }
    assert "2 images had been done before" in run(*words)[1]
    (folder / "maps" / "L_0" / "stat_mean.nii.gz").unlink()
    assert "1 image had been done before" in run(*words)[1]
    assert (folder / "maps" / "L_0" / "stat_mean.nii.gz").exists()


def test_a_broken_image_costs_itself(folder: Path) -> None:
    (folder / "mask1.nii.gz").unlink()

    code, output = run("images.csv", "--maps", "maps", "--maps-features", "stat_mean")

    assert code == 1
    assert "1 image failed; nothing else is affected." in output
    ledger = pd.read_csv(folder / "maps" / "maps.ledger.csv")
    assert ledger["lesion_id"].tolist() == ["L_0"]
    assert len(pd.read_csv(folder / "maps" / "maps.csv")) == 1


def test_what_cannot_be_meant_is_refused_before_anything_runs(folder: Path) -> None:
    one = ("ball0.nii.gz", "mask0.nii.gz")
    with pytest.raises(DeclarationError, match="'morph_volume' has no map"):
        run(*one, "--maps", "maps", "--maps-features", "morph_volume")
    with pytest.raises(DeclarationError, match="no feature is named"):
        run(*one, "--maps", "maps", "--maps-features", " ")
    with pytest.raises(DeclarationError, match="name 'cm_contrast'"):
        run(*one, "--maps", "maps", "--maps-features", "original_glcm_Contrast")
    with pytest.raises(CohortError, match="maps and a table are asked for at once"):
        run(*one, "--maps", "maps", "-o", "one.csv")
    for option in (("--maps-features", "stat_mean"), ("--neighbourhood", "2")):
        with pytest.raises(CohortError, match="maps are asked for, and no folder is named"):
            run(*one, *option)
    with pytest.raises(CohortError, match=r"maps are not written as '\.png'"):
        run(*one, "--maps", "maps", "--maps-format", "png")
    with pytest.raises(CohortError, match="is a file"):
        run(*one, "--maps", "quick.yaml")
    assert not (folder / "maps").exists()


def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "maps").mkdir()
    (folder / "maps" / "stat_mean.nii.gz").mkdir()  # in the file's place
    with pytest.raises(WorkspaceError, match="a map cannot be written"):
        run("ball0.nii.gz", "mask0.nii.gz", "--maps", "maps", "--maps-features", "stat_mean")
