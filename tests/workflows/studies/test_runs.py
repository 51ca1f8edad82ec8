"""What a run of a published study consists of, and how its benchmarks are made ready."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samesplit.errors import DataMissingError, DeclarationError, WorkspaceError
from samesplit.workflows.studies.runs import compose_benchmarks, make_ready, models_among
from toy_study import write_toy_study


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The design of a tiny study in a workspace, and a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SAMESPLIT_DATA", raising=False)
    for noun in ("features", "models"):
        (tmp_path / noun).mkdir()
    return write_toy_study(tmp_path / "benchmarks" / "toy")


def test_a_synthetic_run_is_the_design_and_every_variant_or_those_that_are_named(toy: Path) -> None:
    def names(**asked: object) -> list[str]:
        return [folder.name for folder in compose_benchmarks(toy, synthetic=True, **asked)]  # type: ignore[arg-type]

    assert names() == ["toy-synthetic", "toy-five-fold-synthetic"]
    assert names(variants=["five-fold"], size="full") == ["toy-five-fold-synthetic-full"]
    assert names(variants=["main"]) == ["toy-synthetic"]


def test_a_design_without_patients_names_both_ways_to_get_some(toy: Path) -> None:
    for variants in ((), ("five-fold",)):
        with pytest.raises(WorkspaceError, match="has no patients") as told:
            compose_benchmarks(toy, synthetic=False, variants=variants)
        assert "samesplit init my-study --from toy" in str(told.value)
        assert "samesplit run toy --synthetic" in str(told.value)


def test_a_size_without_synthetic_patients_is_refused(toy: Path) -> None:
    with pytest.raises(DeclarationError, match="--synthetic --size full"):
        compose_benchmarks(toy, synthetic=False, size="full")


def test_a_synthetic_cohort_is_made_and_split_once_and_shared_by_variants(toy: Path) -> None:
    main, folds = compose_benchmarks(toy, synthetic=True)
    told: list[tuple[str, int, int | None]] = []

    make_ready(main, progress=lambda what, done, total: told.append((what, done, total)))
    split = (main / "splits.csv").read_bytes()
    make_ready(main, progress=lambda *_: pytest.fail("made twice"))
    make_ready(folds, progress=lambda *_: pytest.fail("not shared"))

    assert told[-1] == ("synthetic lesions", 30, 30)
    assert (main / "splits.csv").read_bytes() == split
    assert json.loads((folds / "splits.json").read_text())["settings"]["folds"] == 3


def test_a_cohort_that_was_killed_between_images_and_tables_gets_its_tables(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, _ = compose_benchmarks(toy, synthetic=True)
    make_ready(main)
    (cohort,) = (found.parent for found in (tmp_path / "cache").rglob("complete.json"))
    whole = {name: (cohort / name).read_bytes() for name in ("lesions.csv", "images.csv")}
    for name, content in whole.items():
        (cohort / name).unlink()

        make_ready(main, progress=lambda *_: pytest.fail("images made twice"))

        assert (cohort / name).read_bytes() == content

    # Tables of other settings do not pass for those of new ones when these are killed before their own.
    (cohort / "complete.json").write_text("{}")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("samesplit.benchmarks.fetching.generate", killed)
    with pytest.raises(KeyboardInterrupt):
        make_ready(main)

    assert not (cohort / "lesions.csv").exists()


def test_data_of_patients_that_are_not_there_are_not_made_up(toy: Path, tmp_path: Path) -> None:
    for name in ("lesions.csv", "images.csv"):
        (toy / name).write_bytes((toy / "example" / name).read_bytes())
    with (toy / "benchmark.yaml").open("a") as file:
        file.write("data: {folder: not-on-this-machine}\n")
    (folder,) = compose_benchmarks(toy, synthetic=False, variants=["five-fold"])

    with pytest.raises(DataMissingError, match="not on this machine"):
        make_ready(folder)


def test_of_the_models_that_are_asked_a_variant_takes_those_it_has(toy: Path) -> None:
    (folder,) = compose_benchmarks(toy, synthetic=True, variants=["main"])

    assert models_among(folder, ["clinical-logistic", "resnet18-25d"]) == ("clinical-logistic",)
