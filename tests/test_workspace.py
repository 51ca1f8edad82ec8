from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import WorkspaceError
from samesplit.workspace import (
    COMPOSED,
    Workspace,
    builtin_folder,
    designs,
    find_benchmark,
    find_workspace,
    init_workspace,
    is_design,
)
from toy_study import write_toy_study


def test_init_makes_a_workspace_with_one_benchmark_that_reads(tmp_path: Path) -> None:
    written = init_workspace(tmp_path / "my-study")

    folder = tmp_path / "my-study" / "benchmarks" / "my-study"
    assert folder / "lesions.csv" in written
    assert read_benchmark(folder).name == "my-study"
    assert (tmp_path / "my-study" / "models" / "zero-rule.yaml").exists()
    assert (tmp_path / "my-study" / ".gitignore").read_text().startswith("reports/*")


def test_init_inside_a_workspace_adds_a_benchmark_only(tmp_path: Path) -> None:
    init_workspace(tmp_path / "first")

    init_workspace(tmp_path / "first" / "second")

    assert (tmp_path / "first" / "benchmarks" / "second" / "benchmark.yaml").exists()
    assert not (tmp_path / "first" / "second").exists()


def test_init_leaves_what_is_there_alone(tmp_path: Path) -> None:
    init_workspace(tmp_path / "study")
    lesions = tmp_path / "study" / "benchmarks" / "study" / "lesions.csv"
    lesions.write_text("mine")

    assert init_workspace(tmp_path / "study") == []
    assert lesions.read_text() == "mine"


def test_init_says_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(WorkspaceError, match="cannot be made"):
        init_workspace(tmp_path / "file" / "study")


def test_a_benchmark_is_found_by_folder_by_workspace_and_by_name(tmp_path: Path) -> None:
    init_workspace(tmp_path / "study")
    folder = tmp_path / "study" / "benchmarks" / "study"

    for given, start in (
        (folder, tmp_path),
        ("study", tmp_path),  # the workspace that holds one benchmark
        ("study", tmp_path / "study"),  # the name, from inside
        ("benchmarks/study", tmp_path / "study"),
    ):
        workspace, found = find_benchmark(given, start=start)
        assert found == folder.resolve()
        assert workspace.root == (tmp_path / "study").resolve()


def test_a_built_in_benchmark_is_found_from_anywhere_and_runs_here(tmp_path: Path) -> None:
    workspace, folder = find_benchmark("adrenalmnist3d", start=tmp_path)

    assert folder == builtin_folder() / "benchmarks" / "adrenalmnist3d"
    assert workspace.root == tmp_path.resolve()


def test_a_misspelt_benchmark_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="did you mean 'adrenalmnist3d'"):
        find_benchmark("adrenalmist3d", start=tmp_path)


def test_a_workspace_with_two_benchmarks_asks_which(tmp_path: Path) -> None:
    init_workspace(tmp_path / "study")
    init_workspace(tmp_path / "study" / "other")

    with pytest.raises(WorkspaceError, match="name one of them: other, study"):
        find_benchmark("study", start=tmp_path)


def test_declarations_of_the_workspace_win_over_the_built_in(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert workspace.find_yaml("models", "zero-rule") == builtin_folder() / "models" / "zero-rule.yaml"

    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "zero-rule.yaml").write_text("kind: zero-rule")
    assert workspace.find_yaml("models", "zero-rule") == tmp_path / "models" / "zero-rule.yaml"


def test_a_misspelt_model_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="did you mean 'zero-rule'"):
        Workspace(tmp_path).find_yaml("models", "zero-rul")


def test_the_workspace_around_a_folder_is_the_nearest_above(tmp_path: Path) -> None:
    init_workspace(tmp_path / "study")

    assert find_workspace(tmp_path / "study" / "benchmarks" / "study").root == tmp_path / "study"
    assert find_workspace(tmp_path).root == tmp_path


def test_a_study_begins_from_a_design_with_tables_of_a_header_line(tmp_path: Path) -> None:
    toy = write_toy_study(tmp_path / "toy")

    written = init_workspace(tmp_path / "my-study", design=toy)

    folder = tmp_path / "my-study" / "benchmarks" / "my-study"
    lesions = "lesion_id,patient_id,label,age,size_mm,sex,site\n"
    assert (folder / "lesions.csv").read_text() == lesions
    assert {path.relative_to(folder).as_posix() for path in written if path.is_relative_to(folder)} == {
        "benchmark.yaml", "columns.csv", "published.csv", "study.yaml", "synthetic.yaml",
        "variants/five-fold.yaml", "example/images.csv", "example/lesions.csv", "example/readings.csv",
        "lesions.csv", "images.csv", "readings.csv",
    }  # fmt: skip
    assert (folder / "benchmark.yaml").read_text().startswith("# Begun from the published study toy")
    assert read_benchmark(folder).name == "my-study"
    assert not is_design(folder)


def test_a_design_is_found_where_one_will_do_and_else_told_to_have_no_patients(tmp_path: Path) -> None:
    write_toy_study(tmp_path / "benchmarks" / "toy")

    assert find_benchmark("toy", start=tmp_path, design=True)[1].name == "toy"
    with pytest.raises(WorkspaceError, match="has no patients"):
        find_benchmark("toy", start=tmp_path)


def test_a_study_whose_tables_lie_with_the_data_is_no_design(tmp_path: Path) -> None:
    toy = write_toy_study(tmp_path / "benchmarks" / "toy")
    with (toy / "benchmark.yaml").open("a") as file:
        file.write("data: {folder: mine}\n")

    assert not is_design(toy)
    (toy / "benchmark.yaml").write_bytes(b"\xff")  # told where it is read
    assert not is_design(toy)


def test_what_was_composed_from_a_study_does_not_make_its_workspace_ambiguous(tmp_path: Path) -> None:
    init_workspace(tmp_path / "study")
    composed = tmp_path / "study" / "benchmarks" / "study-five-fold"
    composed.mkdir()
    (composed / "benchmark.yaml").write_text(f"{COMPOSED}benchmarks/study/benchmark.yaml\ntitle: x\n")

    assert find_benchmark("study", start=tmp_path)[1].name == "study"


def test_the_designs_are_those_that_ship_without_patients() -> None:
    folders = [builtin_folder() / "benchmarks" / name for name in designs()]

    assert all(
        (folder / "study.yaml").is_file() and not (folder / "lesions.csv").exists() for folder in folders
    )
