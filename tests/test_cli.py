from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner, Result

from conftest import SmallStudy
from samesplit import cli
from samesplit.errors import SamesplitError
from samesplit.run import Plan
from toy_study import write_toy_study


def call(*words: str | Path, into: Path) -> Result:
    """Run a command in a folder; errors on purpose come out as they would for `main`."""
    before = Path.cwd()
    os.chdir(into)
    try:
        return CliRunner().invoke(cli.app, [str(word) for word in words])
    finally:
        os.chdir(before)


def failing(*words: str | Path, into: Path) -> str:
    """The message of a command that must fail."""
    result = call(*words, into=into)
    assert result.exit_code != 0
    assert isinstance(result.exception, SamesplitError), result.output
    return str(result.exception)


def test_help_lists_the_verbs_in_the_order_of_the_way_from_cohort_to_report(tmp_path: Path) -> None:
    listed = call("--help", into=tmp_path).output.partition("Commands:\n")[2].partition("\n\n")[0]

    verbs = [line.split()[0] for line in listed.splitlines() if line.strip()]
    cohort = ["init", "fetch", "validate", "split", "show"]
    groups = ["plan", "features", "engines", "models", "import", "nnunet"]
    runs = ["run", "compare", "forget", "report", "push", "board", "submit", "export", "ui", "clean"]
    assert verbs == [
        *cohort,
        *runs,
        "audit",
        "reproduce",
        "learning-curve",
        "readers",
        "studies",
        "extract",
        "perturb",
        "ibsi",
        *groups,
    ]


def test_starting_loads_no_library_that_computes() -> None:
    heavy = "{'numpy', 'pandas', 'scipy', 'sklearn', 'torch', 'SimpleITK', 'matplotlib', 'mlflow', 'numba'}"
    code = f"import sys, samesplit.cli; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_long_path_with_brackets_is_told_as_it_stands_on_one_line(tmp_path: Path) -> None:
    name = f"list[b]{'-of-features' * 9}.csv"

    result = call("features", "list", "--family", "glcm", "--csv", name, into=tmp_path)

    assert f"Wrote {name} (" in result.output


def test_an_error_is_one_clear_message_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["samesplit", "run", "no-such-study"])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    text = capsys.readouterr().err
    assert "there is no benchmark 'no-such-study'" in text
    assert "Traceback" not in text


def test_a_disk_error_from_any_library_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: Path, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere/file[1]")

    monkeypatch.setattr("samesplit.workspace.init_workspace", full)
    monkeypatch.setattr("sys.argv", ["samesplit", "init", str(tmp_path / "x")])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    text = capsys.readouterr().err
    assert text.startswith("Error: /somewhere/file[1]: No space left on device\nRemedy: free some disk space")


def test_a_study_of_ones_own_from_init_to_run(small_study: SmallStudy, tmp_path: Path) -> None:
    assert "samesplit validate" in call("init", "my-study", into=tmp_path).output
    mine = tmp_path / "my-study" / "benchmarks" / "my-study"
    for name in ("lesions.csv", "images.csv", "readings.csv", "benchmark.yaml"):
        shutil.copy(small_study.folder / name, mine / name)
    shutil.copytree(small_study.folder / "images", mine / "images")
    for noun, name in (("features", "first-order"), ("models", "forest")):
        shutil.copy(small_study.root / noun / f"{name}.yaml", tmp_path / "my-study" / noun)

    validated = call("validate", "my-study", "--jobs", "1", into=tmp_path)
    assert validated.exit_code == 0, validated.output
    assert "Next: samesplit split" in validated.output
    split = call("split", "my-study", "--scheme", "kfold", "--folds", "2", "--seed", "5", into=tmp_path)
    assert "sha256" in split.output
    run = call("run", "my-study", "--jobs", "1", "--no-track", into=tmp_path)

    assert run.exit_code == 0, run.output
    assert "Random forest" in run.output
    report = tmp_path / "my-study" / "reports" / "my-study" / "latest" / "report.html"
    assert report.exists()
    assert "Nothing changed" in call("run", "my-study", "--jobs", "1", "--no-track", into=tmp_path).output


def test_a_study_begins_from_a_design_and_validate_explains_its_columns(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    (tmp_path / "models").mkdir()
    write_toy_study(tmp_path / "benchmarks" / "toy")

    assert (
        "columns.csv says what each column means"
        in call("init", "mine", "--from", "toy", into=tmp_path).output
    )
    lesions = tmp_path / "benchmarks" / "mine" / "lesions.csv"
    assert "holds no lesions" in call("validate", "mine", into=tmp_path).output
    lesions.write_text("lesion_id,patient_id,label,size_mm,sex\nL1,P1,benign,20,F\nL2,P2,malignant,30,M\n")
    told = call("validate", "mine", into=tmp_path).output
    assert "there is no column 'age': Age at imaging (years)" in told
    assert told.count("there is no column") == 1
    text = failing("init", "other", "--from", "toys", into=tmp_path)
    assert "there is no published study 'toys'" in text


def test_a_synthetic_run_makes_each_variant_ready_runs_it_and_names_every_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, tuple[str, ...]]] = []

    def no_run(plan: Plan, *, track: bool) -> None:
        ran.append((plan.folder.name, plan.options.only))
        raise typer.Exit(1)

    monkeypatch.setattr("samesplit.cli.runs.carry_out", no_run)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for noun in ("features", "models"):
        (tmp_path / noun).mkdir()
    write_toy_study(tmp_path / "benchmarks" / "toy")

    done = call("run", "toy", "--synthetic", "-j", "1", "-m", "zero-rule", into=tmp_path)

    assert done.exit_code == 1  # since one of them failed, after both were run
    assert ran == [("toy-synthetic", ("zero-rule",)), ("toy-five-fold-synthetic", ("zero-rule",))]
    assert "Reports of this study:\n  reports/toy-synthetic/" in done.output
    left_out = call("run", "toy", "--synthetic", "-m", "tpot", into=tmp_path)
    assert left_out.output.count("Left out") == 2


def test_validate_names_the_lesion_and_fails(small_study: SmallStudy) -> None:
    small_study.mask("L05a").write_bytes(small_study.mask("L05a").read_bytes()[:60])

    result = call("validate", small_study.folder, "--jobs", "1", into=small_study.root)

    assert result.exit_code == 1
    assert "L05a" in result.output


def test_validate_finds_one_image_under_two_patients(small_study: SmallStudy) -> None:
    shutil.copy(small_study.image("L01a"), small_study.image("L03a"))

    result = call("validate", small_study.folder, "--jobs", "1", into=small_study.root)

    assert result.exit_code == 1
    assert "the same image stands under several patients" in result.output


def test_a_split_is_not_made_twice(small_study: SmallStudy) -> None:
    assert "overwrite" in failing("split", small_study.folder, into=small_study.root)

    again = call("split", small_study.folder, "--seed", "9", "--overwrite", into=small_study.root)
    assert again.exit_code == 0, again.output


def test_a_split_goes_out_to_nnunet_and_comes_back(small_study: SmallStudy, tmp_path: Path) -> None:
    exported = tmp_path / "splits_final.json"
    assert (
        call("split", small_study.folder, "--export-nnunet", exported, into=small_study.root).exit_code == 0
    )
    before = pd.read_csv(small_study.folder / "splits.csv")

    words = ["--scheme", "fixed", "--file", exported, "--overwrite"]
    result = call("split", small_study.folder, *words, into=small_study.root)

    assert result.exit_code == 0, result.output
    after = pd.read_csv(small_study.folder / "splits.csv")
    tested = [table[table["subset"] == "test"].drop(columns="subset") for table in (before, after)]
    keys = ["repeat", "fold", "patient_id"]
    pd.testing.assert_frame_equal(*(t.sort_values(keys, ignore_index=True) for t in tested))


def test_show_prints_defaults_that_the_files_leave_out(small_study: SmallStudy) -> None:
    text = call("show", small_study.folder, into=small_study.root).output

    assert "minimum_voxels: 8" in text
    assert "binCount: 16" in text
    assert "target: sklearn.ensemble.RandomForestClassifier" in text


def test_a_misspelt_key_is_answered_with_the_nearest_and_the_line(small_study: SmallStudy) -> None:
    path = small_study.folder / "benchmark.yaml"
    path.write_text(path.read_text().replace("  sequences:", "  sequence:"))

    text = failing("show", small_study.folder, into=small_study.root)

    assert "unknown key 'cohort.sequence'" in text
    assert "did you mean 'sequences'" in text
    assert "line 5" in text


def test_compare_adds_a_model_and_forget_takes_it_out(small_study: SmallStudy, tmp_path: Path) -> None:
    lesions = pd.read_csv(small_study.folder / "lesions.csv")
    csv = tmp_path / "mine.csv"
    lesions.assign(probability=0.5)[["lesion_id", "probability"]].to_csv(csv, index=False)

    words = ["compare", small_study.folder, csv, "--name", "Mine", "--threshold", "0.4", "--jobs", "1"]
    result = call(*words, "--no-track", into=small_study.root)

    assert result.exit_code == 0, result.output
    assert "Mine" in result.output
    latest = small_study.root / "reports" / "balls" / "latest"
    results = pd.read_parquet(latest / "results.parquet")
    mine = results[(results["model"] == "mine") & (results["quantity"] == "sensitivity")]
    assert (mine["estimate"] == 1.0).all()
    assert len(mine)
    forget = ["forget", small_study.folder, "--name", "Mine", "--jobs", "1", "--no-track"]
    forgotten = call(*forget, into=small_study.root)
    assert forgotten.exit_code == 0, forgotten.output
    assert "Report: " in forgotten.output  # written again, without it
    assert "Mine" not in (latest / "report.html").read_text(encoding="utf-8")
    assert "mine" not in set(pd.read_parquet(latest / "results.parquet")["model"])
    (small_study.root / "reports" / ".cache" / "features" / "zz").mkdir()
    (small_study.root / "reports" / ".cache" / "features" / "zz" / "zz.json").write_text("{}")
    for words, done in ((["--dry-run"], "would be"), ([], "were")):
        cleaned = call("clean", *words, into=small_study.root)
        assert cleaned.exit_code == 0, cleaned.output
        assert f"{done} removed." in cleaned.output
    assert not (small_study.root / "reports" / ".cache" / "features" / "zz").exists()
    assert "no predictions are kept" in failing(
        "forget", small_study.folder, "--name", "Mine", into=small_study.root
    )


def test_engines_compare_says_how_many_cases_failed(small_study: SmallStudy, tmp_path: Path) -> None:
    mask = small_study.mask("L00a")
    sitk.WriteImage(sitk.ReadImage(str(mask)) * 0, str(mask))
    words = ["--engines", "ibsi,pyradiomics", "--sequence", "T1C", "--spacing", "0", "--lesions", "3"]
    display_path = call(
        "engines", "compare", small_study.folder, *words, "--jobs", "1", "--output", tmp_path / "out",
        into=small_study.root,
    )  # fmt: skip
    assert display_path.exit_code == 0, display_path.output
    assert "1 case could not be used by an engine; ledger.csv says which and why" in display_path.output
    assert (tmp_path / "out" / "ledger.csv").is_file()


def test_compare_refuses_the_name_of_a_model_of_the_benchmark(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    csv = tmp_path / "mine.csv"
    csv.write_text("lesion_id,probability\nL01a,0.5\n")

    text = failing("compare", small_study.folder, csv, "--name", "Forest", into=small_study.root)

    assert "choose another --name" in text


def test_another_table_under_a_name_that_is_taken_asks_for_replace(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    lesions = pd.read_csv(small_study.folder / "lesions.csv")
    csv = tmp_path / "mine.csv"
    words = [
        "compare",
        small_study.folder,
        csv,
        "--name",
        "Mine",
        "--threshold",
        "0.4",
        "--jobs",
        "1",
        "--no-track",
    ]
    lesions.assign(probability=0.5)[["lesion_id", "probability"]].to_csv(csv, index=False)
    assert call(*words, into=small_study.root).exit_code == 0
    again = call(*words, into=small_study.root)
    assert again.exit_code == 0, again.output  # the very same: a command that was stopped is typed again
    assert "Nothing changed" in again.output

    lesions.assign(probability=0.6)[["lesion_id", "probability"]].to_csv(csv, index=False)
    text = failing(*words, into=small_study.root)
    assert "other predictions are kept under the name 'Mine' (from mine.csv)" in text
    assert "Remedy: add --replace" in text
    kept = small_study.root / "reports" / "balls" / "external" / "mine.parquet"
    assert set(pd.read_parquet(kept)["probability"]) == {0.5}
    for changed in (["--name", "MINE"], ["--threshold", "0.7"]):  # the same file name, or another threshold
        assert "--replace" in failing(*words, *changed, into=small_study.root)

    assert call(*words, "--replace", into=small_study.root).exit_code == 0
    assert set(pd.read_parquet(kept)["probability"]) == {0.6}


def test_running_only_an_unknown_model_is_an_error(small_study: SmallStudy) -> None:
    text = failing("run", small_study.folder, "--model", "florist", into=small_study.root)

    assert "its models are: zero-rule, clinical-logistic, forest" in text
    assert f"{small_study.folder / 'benchmark.yaml'}: 'models' lists no model florist" in text


def test_a_model_that_has_a_file_but_is_not_listed_is_to_be_added_to_benchmark_yaml(
    small_study: SmallStudy,
) -> None:
    text = failing("run", small_study.folder, "--model", "radiomics-small", into=small_study.root)

    assert f"{small_study.folder / 'benchmark.yaml'}: 'models' lists no model radiomics-small" in text
    assert "Remedy: add '- radiomics-small' under 'models:' there" in text
    assert "did you mean 'forest'" in failing(
        "run", small_study.folder, "-m", "forrest", into=small_study.root
    )


def test_the_ui_says_when_there_is_no_store(tmp_path: Path) -> None:
    assert "run a benchmark first" in failing("ui", into=tmp_path)


def test_ctrl_c_says_that_what_was_finished_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("samesplit.workspace.init_workspace", stopped)
    monkeypatch.setattr("sys.argv", ["samesplit", "init", str(tmp_path / "x")])

    with pytest.raises(SystemExit) as end:
        cli.main()

    assert end.value.code == 130
    assert capsys.readouterr().err == (
        "Stopped. What was finished is kept; the same command goes on from there.\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        "init x",
        "run x",
        "show x",
        "report x",
        "features list --csv a.csv",
        "ui",
        "ibsi --data x",
    ],
)
def test_a_working_folder_that_was_deleted_is_one_clear_message(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr("sys.argv", ["samesplit", *words.split()])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    text = capsys.readouterr().err
    assert text.endswith(
        "the folder that this command was typed in has been deleted\n"
        "Remedy: go to a folder that is there (cd), and type the command again\n"
    )
    assert "Traceback" not in text


def test_push_says_when_nothing_listens_at_the_address_of_a_server(finished_small_study: SmallStudy) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        told = failing("push", finished_small_study.folder, "--to", address, into=finished_small_study.root)
    assert "no tracking server answers there" in told
    assert "mlflow server" in told


def test_push_says_when_there_is_no_run(small_study: SmallStudy) -> None:
    assert "has not been run" in failing("push", small_study.folder, into=small_study.root)


def test_features_are_listed_with_codes_and_units(tmp_path: Path) -> None:
    result = call("features", "list", into=tmp_path)

    assert result.exit_code == 0, result.output
    assert "morph_volume" in result.output
    assert "RNU0" in result.output


def test_the_features_of_a_profile_come_as_csv_with_aggregation_and_unit(tmp_path: Path) -> None:
    words = ["features", "list", "--profile", "pet-default", "--csv", "pet.csv"]
    result = call(*words, into=tmp_path)

    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "pet.csv", keep_default_na=False)
    assert len(table) == 181
    contrast = table[table["feature"] == "cm_contrast_3D_comb"].iloc[0]
    assert contrast[["family", "ibsi_code", "aggregation"]].tolist() == ["glcm", "ACUI", "3D, merged"]
    assert "native_stat_max" in set(table["feature"])


def test_a_profile_of_ones_own_is_listed_from_its_workspace(small_study: SmallStudy) -> None:
    result = call("features", "list", "-p", "first-order", "-f", "firstorder", into=small_study.root)

    assert result.exit_code == 0, result.output
    assert "18 features an image, by the engine pyradiomics" in result.output


def test_a_misspelt_profile_is_answered_with_those_there_are(tmp_path: Path) -> None:
    text = failing("features", "list", "--profile", "mr-defualt", into=tmp_path)

    assert "did you mean 'mr-default'" in text
    assert "xi2020-mr" in text


def test_the_page_on_features_is_written_as_it_stands_in_docs(tmp_path: Path) -> None:
    assert call("features", "list", "--markdown", "features.md", into=tmp_path).exit_code == 0

    page = Path(__file__).parents[1] / "docs" / "features.md"
    assert (tmp_path / "features.md").read_bytes() == page.read_bytes()


def test_without_the_ct_phantom_ibsi_checks_the_digital_one_and_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path))  # a folder, but nothing in it

    result = call("ibsi", "--output", "values.csv", into=tmp_path)

    assert result.exit_code == 1
    assert "without the CT phantom, configurations A to E were not computed" in result.output
    assert "482 of 1,804 values and 0 of 300 diagnostics match" in result.output
    table = pd.read_csv(tmp_path / "values.csv")
    phantom = table[table["dataset"] == "digital_phantom"]
    assert (phantom["state"] == "matched").sum() == 482
    assert (table["state"] == "not computed").sum() == 1804 + 300 - 482


def test_a_folder_named_without_the_ct_phantom_is_an_error(tmp_path: Path) -> None:
    assert "the IBSI-1 CT phantom is not here" in failing("ibsi", "--data", tmp_path, into=tmp_path)


@pytest.mark.data
def test_ibsi_has_full_marks_on_all_six_datasets(shared_data: Path, tmp_path: Path) -> None:
    result = call("ibsi", "--data", shared_data, into=tmp_path)

    assert result.exit_code == 0, result.output
    assert "1,804 of 1,804 values and 300 of 300 diagnostics match" in result.output
    assert "Values that do not match" not in result.output


@pytest.mark.data
def test_ibsi_has_full_marks_on_all_response_maps_and_values_of_filters(
    shared_data: Path, tmp_path: Path
) -> None:
    words = ["ibsi", "--standard", 2, "--data", shared_data, "--output", "values.csv"]
    result = call(*words, into=tmp_path)

    assert result.exit_code == 0, result.output
    assert "33 of 33 response maps and 323 of 323 values match" in result.output
    assert "does not match" not in result.output
    assert (pd.read_csv(tmp_path / "values.csv")["state"] == "matched").sum() == 33 + 323


def test_without_data_no_filter_is_checked_and_nothing_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", str(tmp_path))  # a folder, but nothing in it

    result = call("ibsi", "--standard", 2, into=tmp_path)

    assert result.exit_code == 1
    assert "0 of 33 response maps and 0 of 323 values match" in result.output
    assert "--data FOLDER" in result.output
    message = failing("ibsi", "--standard", 2, "--data", tmp_path, into=tmp_path)
    assert "the data of IBSI-2 are not here" in message


def test_a_workspace_with_spaces_and_umlauts_gets_a_benchmark_that_commands_take(tmp_path: Path) -> None:
    display_path = call("init", "Meine Studie (Übung)", into=tmp_path).output

    assert "samesplit validate 'Meine Studie (Übung)'" in display_path
    assert (
        tmp_path / "Meine Studie (Übung)" / "benchmarks" / "Meine-Studie-Ubung" / "benchmark.yaml"
    ).is_file()
    assert call("show", "Meine Studie (Übung)", into=tmp_path).exit_code == 0


def test_a_benchmark_in_a_folder_that_cannot_be_its_name_says_to_rename_it(small_study: SmallStudy) -> None:
    odd = small_study.folder.rename(small_study.folder.with_name("my balls"))

    text = failing("show", odd, into=small_study.root)

    assert (
        "the folder's name 'my balls' is the benchmark's, and cannot be one\nRemedy: rename the folder"
        in text
    )


@pytest.mark.parametrize(
    "words",
    ["run x --shuffle-labels -1", "split x --seed -1", "split x --folds 1", "run x --jobs 0", "ui --port 0"],
)
def test_a_number_that_cannot_be_is_refused_before_anything_is_read(words: str, tmp_path: Path) -> None:
    result = call(*words.split(), into=tmp_path)

    assert result.exit_code == 2
    assert "Invalid value for" in result.output


def test_a_path_that_cannot_be_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["samesplit", "run", 300 * "x"])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    text = capsys.readouterr().err
    assert text.startswith("Error: ")
    assert "File name too long\nRemedy: check the name of the file or folder" in text
