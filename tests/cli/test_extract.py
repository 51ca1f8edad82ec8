from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from conftest import SMALL_PROFILE, write_ball
from samesplit.cli import app, main
from samesplit.errors import CohortError, DeclarationError, SamesplitError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace, with two balls and a profile; the command is typed in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    for number in range(2):
        write_ball(
            Path(f"ball{number}.nii.gz"), Path(f"mask{number}.nii.gz"), brightness=60, radius=5, seed=number
        )
    Path("quick.yaml").write_text(SMALL_PROFILE)
    Path("images.csv").write_text(
        "lesion_id,image,mask\nL0,ball0.nii.gz,mask0.nii.gz\nL1,ball1.nii.gz,mask1.nii.gz\n"
    )
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["extract", *words, "--jobs", "1"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_one_image_and_mask_are_shown_in_the_terminal(folder: Path) -> None:
    code, output = run("ball0.nii.gz", "mask0.nii.gz", "-p", "quick.yaml")

    assert code == 0
    assert "original_firstorder_Mean" in output
    assert not (folder / "reports").exists()


def test_one_image_and_mask_are_one_row(folder: Path) -> None:
    code, output = run("ball0.nii.gz", "mask0.nii.gz", "-p", "quick.yaml", "-o", "one.csv")

    assert code == 0
    assert "Wrote one.csv: 1 row," in output
    row = pd.read_csv(folder / "one.csv")
    assert row["lesion_id"].tolist() == ["ball0"]
    assert row["original_firstorder_Mean"].between(140, 180).all()


def test_a_table_with_a_failure_ends_with_exit_code_1_and_a_ledger(folder: Path) -> None:
    (folder / "mask1.nii.gz").unlink()

    code, output = run("images.csv", "-p", "quick.yaml", "-o", "many.parquet")

    assert code == 1
    assert "1 image failed" in output
    assert "many.ledger.csv" in output
    assert pd.read_parquet(folder / "many.parquet")["lesion_id"].tolist() == ["L0"]
    assert "does not exist" in pd.read_csv(folder / "many.ledger.csv")["reason"][0]


FOLDER = (".", "--image-pattern", "ball{case}.nii.gz", "--mask-pattern", "mask{case}.nii.gz")


def test_a_folder_is_extracted_by_the_names_of_its_files(folder: Path) -> None:
    (folder / "mask1.nii.gz").unlink()

    code, output = run(*FOLDER, "-p", "quick.yaml", "--out", "many.csv", "--format", "long")

    assert code == 1
    assert "1 image failed" in output
    assert "1 image:" not in output
    assert "1: failed: there is no mask: no file fits 'mask1.nii.gz'" in output
    table = pd.read_csv(folder / "many.csv", dtype={"lesion_id": str})
    assert set(table["lesion_id"]) == {"0"}
    assert "original_firstorder_Mean" in set(table["feature"])


def test_a_dry_run_says_which_mask_belongs_to_which_image(folder: Path) -> None:
    (folder / "ball1.nii.gz").unlink()

    code, output = run(*FOLDER, "--dry-run")

    assert code == 0
    assert "0 image R1: ball0.nii.gz with mask0.nii.gz" in output
    assert "1: there is no image: no file fits 'ball1.nii.gz'; the mask is mask1.nii.gz" in output
    assert "1 image with a mask, 1 in trouble; nothing was extracted." in output
    assert not (folder / "user").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("ball0.nii.gz", "-p", "quick.yaml"), "ball0.nii.gz: has no mask"),
        ((".", "-p", "quick.yaml", "-o", "x.csv"), "is a folder, and no pattern says"),
        (("ball0.nii.gz", "mask0.nii.gz", "--image-pattern", "{case}"), "and patterns too"),
        (("images.csv", "-p", "quick.yaml", "-o", "x.csv", "--format", "tall"), "there is no format 'tall'"),
        (("images.csv", "-o", "x.csv"), "no profile is named"),
        (("images.csv", "-p", "quick.yaml"), "no output is named"),
        (("images.csv", "-p", "quick.yaml", "-o", "images.csv"), "is the table of images itself"),
        (("images.csv", "-p", "quick.yaml", "-o", "x.txt"), "ends in '.txt'"),
        (
            ("images.csv", "-p", "quick.yaml", "-o", "x.csv", "--repair", "magic"),
            "there is no repair 'magic'",
        ),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_before_anything_runs(
    folder: Path, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        run(*words)
    assert not (folder / "user").exists()


def test_all_that_is_wrong_with_a_table_is_told_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "images.csv").write_text("image,mask\nball0.nii.gz,\n,mask1.nii.gz\n")
    monkeypatch.setattr("sys.argv", ["samesplit", "extract", "images.csv", "-p", "quick.yaml", "-o", "x.csv"])

    with pytest.raises(SystemExit) as stopped:
        main()

    told = capsys.readouterr().err
    assert stopped.value.code == 1
    assert "images.csv, line 3: the column 'image' is empty" in told
    assert "images.csv, line 2: the column 'mask' is empty" in told
    assert "validate" not in told  # it knows benchmarks only


PARAMS = """\
inputImage:
  Original: {}
featureClass:
  shape: [Volume]
  firstorder: [Mean, Kurtosis]
setting:
  binWidth: 25
  padDistance: 10
"""


def test_a_parameter_file_of_pyradiomics_stands_for_a_profile(folder: Path) -> None:
    Path("Params.yaml").write_text(PARAMS)

    code, output = run("images.csv", "--params", "Params.yaml", "-o", "many.csv")

    assert code == 0
    assert "Params.yaml: inputImage is taken for imageType" in output
    assert "Params.yaml: padDistance: no effect on values" in output
    table = pd.read_csv(folder / "many.csv")
    names = ["original_shape_VoxelVolume", "original_firstorder_Kurtosis", "original_firstorder_Mean"]
    assert list(table)[-3:] == names
    assert json.loads((folder / "many.json").read_text())["names"] == "pyradiomics"

    run("images.csv", "--params", "Params.yaml", "--names", "ibsi", "-o", "ibsi.csv")
    same = pd.read_csv(folder / "ibsi.csv")
    assert (same["stat_mean"] == table["original_firstorder_Mean"]).all()


def test_a_filter_in_it_is_an_error_that_names_pyradiomics_itself(folder: Path) -> None:
    Path("Params.yaml").write_text(PARAMS.replace("  Original: {}", "  Original: {}\n  Square: {}"))
    with pytest.raises(DeclarationError, match=r"Params\.yaml, line 3: .*'Square'.*\n.*--engine pyradiomics"):
        run("images.csv", "--params", "Params.yaml", "-o", "many.csv")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--params", "Params.yaml", "-p", "quick.yaml"], "both given"),
        (["-p", "quick.yaml", "--engine", "pyradiomics"], "without --params"),
        (["-p", "quick.yaml", "--names", "mine"], "there are no names 'mine'"),
        (["--params", "none.yaml"], "does not exist"),
        ([], "--params with a parameter file"),
    ],
)
def test_options_of_parameter_files_that_contradict_each_other(
    folder: Path, words: list[str], problem: str
) -> None:
    Path("Params.yaml").write_text(PARAMS)
    with pytest.raises(SamesplitError, match=problem):
        run("images.csv", *words, "-o", "many.csv")
