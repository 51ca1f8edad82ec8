"""What is not exported, and what the user is told to do about it; nothing is left half-written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.errors import DeclarationError, SamesplitError, WorkspaceError
from samesplit.workflows.export import ExportOptions, export_benchmark
from samesplit.workflows.export.benchmark_files import submitted
from samesplit.workflows.export.package import Package
from samesplit.workflows.export.traces import check_traces
from samesplit.workflows.run import run_benchmark
from samesplit.workspace import Workspace, builtin_folder

WHO: dict[str, Any] = {"creators": ("Ada Lovelace",), "licence": "CC0-1.0"}


def refused(
    study: SmallStudy, output: Path, kind: type[SamesplitError] = WorkspaceError, **options: Any
) -> str:
    with pytest.raises(kind) as caught:
        export_benchmark(study.folder, ExportOptions(output=output, **(WHO | options)))
    assert not output.exists()
    assert [path.name for path in output.parent.glob(f".{output.name}*")] == []
    return str(caught.value)


def test_a_table_or_file_that_was_changed_since_the_run(own_run: SmallStudy, tmp_path: Path) -> None:
    out = tmp_path / "p"
    for name, change in (
        ("lesions.csv", lambda table: table.assign(age=70)),
        ("readings.csv", lambda table: table.assign(score="50")),
    ):
        before = (own_run.folder / name).read_bytes()
        own_run.edit(name, change)
        told = refused(own_run, out)
        assert f"{name} is another one than the run " in told
        assert "samesplit run balls" in told
        (own_run.folder / name).write_bytes(before)
    forest = own_run.root / "models" / "forest.yaml"
    forest.write_text(forest.read_text().replace("20", "30"))
    assert "models/forest.yaml is another one" in refused(own_run, out)
    forest.write_text(forest.read_text().replace("30", "20"))
    profile = own_run.root / "features" / "first-order.yaml"
    profile.write_text(profile.read_text().replace("16", "32"))
    assert "features/first-order.yaml is another one" in refused(own_run, out)
    profile.write_text(profile.read_text().replace("32", "16"))
    split = own_run.folder / "splits.csv"
    split.write_text(split.read_text() + "\n")
    assert "splits.csv is another one" in refused(own_run, out)


def test_without_creators_and_licence_one_message_asks_for_both(own_run: SmallStudy, tmp_path: Path) -> None:
    told = refused(own_run, tmp_path / "p", DeclarationError, creators=(), licence=None)
    assert told.startswith("balls: a package needs creators and licence")
    assert "--creator 'Given Family; ORCID; affiliation'" in told
    assert "publication: {creators:" in told


def test_they_may_stand_in_benchmark_yaml_and_change_no_run(own_run: SmallStudy, tmp_path: Path) -> None:
    with (own_run.folder / "benchmark.yaml").open("a") as file:
        file.write("publication: {creators: ['Hopper, Grace'], licence: CC BY 4.0, doi: 10.5281/zenodo.1}\n")
    written = export_benchmark(own_run.folder, ExportOptions(output=tmp_path / "p"))
    assert "Cite as: Hopper, Grace (" in (written.path / "README.md").read_text()
    assert "https://doi.org/10.5281/zenodo.1" in (written.path / "croissant.json").read_text()


def test_a_column_that_looks_like_personal_data_is_dropped_or_kept_by_name(
    own_run: SmallStudy, tmp_path: Path
) -> None:
    own_run.edit("lesions.csv", lambda table: table.assign(birth_date="1950-01-02", seen="2020-05-06"))
    from samesplit.run import RunOptions, load_plan

    run_benchmark(load_plan(own_run.folder, RunOptions(jobs=1)))
    told = refused(own_run, tmp_path / "p")
    assert "lesions.csv, column 'birth_date': its name is that of a name, a birthday" in told
    assert "--drop-column birth_date" in told

    options = ExportOptions(output=tmp_path / "p", drop=("birth_date",), **WHO)
    written = export_benchmark(own_run.folder, options)
    assert list(pd.read_csv(written.path / "benchmarks/balls/lesions.csv"))[-1] == "seen"
    (warning,) = written.warnings
    assert "column 'seen': holds dates of the calendar" in warning


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("age", "benchmark.yaml names it"),
        ("label", "every such table has it"),
        ("no_such", "no table has a column 'no_such'"),
    ],
)
def test_a_column_that_is_needed_or_absent_is_not_dropped(
    own_run: SmallStudy, tmp_path: Path, column: str, why: str
) -> None:
    assert why in refused(own_run, tmp_path / "p", drop=(column,))


def test_an_absolute_path_in_images_csv_becomes_relative_or_is_refused(
    own_run: SmallStudy, tmp_path: Path
) -> None:
    import os

    data = Path(os.environ["SAMESPLIT_DATA"]) / "balls"
    own_run.edit(
        "images.csv", lambda table: table.assign(image=[f"{data}/{name}" for name in table["image"]])
    )
    written = export_benchmark(own_run.folder, ExportOptions(output=tmp_path / "p", **WHO))
    images = pd.read_csv(written.path / "benchmarks/balls/images.csv")
    assert images["image"][0] == "images/L00a_T1C.nii.gz"

    own_run.edit("images.csv", lambda table: table.assign(image="/srv/ward 3/scan.nii.gz"))
    told = refused(own_run, tmp_path / "q")
    assert "the path '/srv/ward 3/scan.nii.gz' is absolute and leads out of the data folder" in told


def test_a_path_of_this_machine_in_a_file_of_the_benchmark_is_refused(
    own_run: SmallStudy, tmp_path: Path
) -> None:
    path = own_run.folder / "benchmark.yaml"
    path.write_text(path.read_text() + "# see /home/ada/notes/balls.txt\n")
    told = refused(own_run, tmp_path / "p")
    assert "benchmarks/balls/benchmark.yaml, line " in told
    assert "would hold an absolute path" in told


def test_a_place_that_is_taken_is_left_alone(own_run: SmallStudy, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    for replace, why in ((False, "is there already"), (True, "is a folder of something else than a package")):
        with pytest.raises(WorkspaceError, match=why):
            export_benchmark(own_run.folder, ExportOptions(output=taken, replace=replace, **WHO))
    assert (taken / "thesis.txt").read_text() == "years of work"


def test_a_run_that_is_not_there_or_was_of_shuffled_labels(own_run: SmallStudy, tmp_path: Path) -> None:
    assert "there is no run 'zzz'" in refused(own_run, tmp_path / "p", run="zzz")
    edit_record(own_run, lambda record: record["options"].update(shuffle_labels=True))
    assert "is a run of shuffled labels" in refused(own_run, tmp_path / "p")


def edit_record(study: SmallStudy, change: Callable[[dict[str, Any]], object]) -> None:
    """Change run.json of the latest run."""
    path = study.root / "reports" / "balls" / "latest" / "run.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def test_a_record_of_an_older_version_is_told_as_such(own_run: SmallStudy, tmp_path: Path) -> None:
    edit_record(own_run, lambda record: record["versions"].update(samesplit="0.0.1"))
    edit_record(own_run, lambda record: record["statistics"].pop("multiplicity"))
    told = refused(own_run, tmp_path / "p")
    assert "benchmark.yaml is another one than the run " in told
    assert "was made with (by samesplit 0.0.1)" in told

    edit_record(own_run, lambda record: record.pop("tasks"))
    told = refused(own_run, tmp_path / "p")
    assert "it is damaged, or an older version of samesplit wrote it" in told
    assert "samesplit run balls" in told


def test_a_file_outside_of_the_folder_of_the_benchmark_has_no_place_in_a_package(tmp_path: Path) -> None:
    package = Package(tmp_path / "package")
    package.root.mkdir()
    for path in ("benchmarks/balls/../../../split.csv", "benchmarks/balls//srv/split.csv"):
        with pytest.raises(WorkspaceError, match="lies outside of the benchmark's folder"):
            package.write(path, "a", "A split.", "data")
    assert [one.name for one in tmp_path.rglob("*")] == ["package"]


def test_a_path_of_this_machine_is_found_in_packed_tables_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESPLIT_DATA", "/mnt/ward3")
    (tmp_path / "package").mkdir()
    table = pd.DataFrame(
        {"source": ["/a", "/mnt/ward3/L1.nii.gz", "/z"] * 50}
    )  # parquet tells the ends as they are
    table.to_parquet(tmp_path / "t.parquet", compression="gzip")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(table.to_csv().encode()))
    for name in ("t.parquet", "t.csv.gz"):
        assert b"/mnt/ward3" not in (tmp_path / name).read_bytes()
        package = Package(tmp_path / "package")
        package.copy(f"results/{name}", tmp_path / name, "A table.", "results")
        with pytest.raises(WorkspaceError, match="would hold the path of the data folder"):
            check_traces(package, tmp_path / "workspace")


def test_predictions_of_others_are_left_out_with_all_others_and_their_licence_is_asked_about(
    own_run: SmallStudy, tmp_path: Path
) -> None:
    submissions = own_run.folder / "submissions"
    submissions.mkdir()
    (submissions / "theirs.csv").write_text("lesion_id,probability\nL00a,0.5\n")

    written = export_benchmark(own_run.folder, ExportOptions(output=tmp_path / "p", **WHO))
    assert (written.path / "benchmarks/balls/submissions/theirs.csv").is_file()
    assert any("submissions/ has 1 of others" in warning for warning in written.warnings)

    options = ExportOptions(output=tmp_path / "q", predictions=False, models=True, **WHO)
    without = export_benchmark(own_run.folder, options)
    assert not (without.path / "benchmarks/balls/submissions").exists()
    (warning,) = without.warnings
    assert warning.startswith("fitted models may hold the patients that they learned from")


def test_a_package_that_is_there_gives_way_only_to_a_whole_one(
    own_run: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ExportOptions(output=tmp_path / "p.zip", replace=True, **WHO)
    first = export_benchmark(own_run.folder, options).path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("samesplit.workflows.export.writing.shutil.copyfileobj", full)
        with pytest.raises(OSError, match="No space left"):
            export_benchmark(own_run.folder, options)
    assert (tmp_path / "p.zip").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".p")] == []


def test_submissions_to_a_benchmark_that_comes_built_in_are_found_in_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "benchmarks" / "demo-renal-mass" / "submissions"
    folder.mkdir(parents=True)
    (folder / "theirs.CSV").write_text("lesion_id,probability\n")
    source: Any = SimpleNamespace(
        workspace=Workspace(tmp_path / "workspace"),
        folder=builtin_folder() / "benchmarks" / "demo-renal-mass",
        name="demo-renal-mass",
    )
    assert submitted(source) == [folder / "theirs.CSV"]
