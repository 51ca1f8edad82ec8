"""A study's variants and synthetic sizes become benchmarks like any other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.studies import compose, read_study, write_composed
from samesplit.errors import DeclarationError
from samesplit.workspace import Workspace
from toy_study import write_toy_study


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy_study(tmp_path / "benchmarks" / "toy")


def test_a_study_is_read_with_its_variants_and_sizes(toy: Path) -> None:
    study = read_study(toy)

    assert (study.name, study.variants, study.sizes) == ("toy", ("five-fold",), ("reduced", "full"))
    assert not study.has_patients
    assert study.description.versions[0].printed == "100"
    assert study.description.source == "https://doi.org/10.1000/toy"


def test_a_variant_replaces_keys_and_takes_some_out(toy: Path) -> None:
    keys = compose(toy, variant="five-fold")

    assert keys["split"] == {"scheme": "kfold", "seed": 1, "folds": 5}
    assert keys["title"] == "Toy masses, five folds"
    assert "synthetic" not in keys


def test_a_size_is_laid_over_the_variant_and_the_variants_own_changes_over_the_size(toy: Path) -> None:
    keys = compose(toy, variant="five-fold", size="reduced")

    assert keys["split"]["folds"] == 3
    assert keys["models"] == ["zero-rule", "clinical-logistic"]
    assert "profiles" not in keys
    assert compose(toy, variant="five-fold", size="full")["split"]["folds"] == 5


def test_a_composed_benchmark_reads_and_says_where_it_is_from(toy: Path, tmp_path: Path) -> None:
    folder = write_composed(toy, Workspace(tmp_path), variant="five-fold", size="reduced")

    assert folder == tmp_path / "benchmarks" / "toy-five-fold-synthetic"
    assert read_benchmark(folder).split.folds == 3
    assert (
        (folder / "benchmark.yaml")
        .read_text()
        .startswith(
            "# Composed from benchmarks/toy/benchmark.yaml <- variants/five-fold.yaml <- synthetic.yaml (reduced) "
            "by: "
            "samesplit run toy --variant five-fold --synthetic --size reduced\n"
        )
    )
    assert (folder / "published.csv").read_bytes() == (toy / "published.csv").read_bytes()
    assert not (folder / "lesions.csv").exists()


def test_the_second_time_nothing_is_written_and_a_split_stays(toy: Path, tmp_path: Path) -> None:
    folder = write_composed(toy, Workspace(tmp_path), size="reduced")
    (folder / "splits.csv").write_text("frozen")
    before = (folder / "benchmark.yaml").stat().st_mtime_ns

    write_composed(toy, Workspace(tmp_path), size="reduced")

    assert (folder / "benchmark.yaml").stat().st_mtime_ns == before
    assert (folder / "splits.csv").read_text() == "frozen"


def test_a_variant_on_ones_own_patients_has_their_tables_and_images(toy: Path, tmp_path: Path) -> None:
    for name in ("lesions.csv", "images.csv", "readings.csv"):
        (toy / name).write_bytes((toy / "example" / name).read_bytes())
    (toy / "images.csv").write_text(
        "lesion_id,sequence,rater,image,mask,mask_label\nL1,CT,R1,all.npz::t1c[0],/data/masks.npz::m[0],1\n"
        "L2,CT,R1,L2/ct::T2 axial,L2/rt.dcm::GTV-1,\n"
    )

    folder = write_composed(toy, Workspace(tmp_path), variant="five-fold")

    images = pd.read_csv(folder / "images.csv")
    assert images["image"].tolist() == [
        f"{toy.resolve()}/all.npz::t1c[0]",
        f"{toy.resolve()}/L2/ct::T2 axial",
    ]
    assert images["mask"].tolist() == ["/data/masks.npz::m[0]", f"{toy.resolve()}/L2/rt.dcm::GTV-1"]
    assert (folder / "lesions.csv").read_bytes() == (toy / "lesions.csv").read_bytes()
    assert (folder / "readings.csv").is_file()


def test_with_neither_variant_nor_size_the_study_is_the_benchmark(toy: Path, tmp_path: Path) -> None:
    assert write_composed(toy, Workspace(tmp_path)) == toy
    assert [path.name for path in toy.parent.iterdir()] == ["toy"]


def test_a_misspelt_variant_or_size_is_answered_with_the_nearest(toy: Path) -> None:
    with pytest.raises(DeclarationError, match="there is no variant 'five-folds'") as told:
        compose(toy, variant="five-folds")
    assert "did you mean 'five-fold'?" in str(told.value)
    with pytest.raises(DeclarationError, match="there is no size of synthetic cohort 'small'"):
        compose(toy, size="small")


def test_a_benchmark_that_is_no_design_is_told_that_it_has_no_synthetic_cohort(toy: Path) -> None:
    (toy / "synthetic.yaml").unlink()

    with pytest.raises(DeclarationError, match=r"there is no synthetic\.yaml, and so no size .* 'reduced'"):
        compose(toy, size="reduced")


def test_a_folder_that_no_benchmark_can_be_called_is_told_as_such(toy: Path) -> None:
    spaced = toy.rename(toy.parent / "toy 2020")

    with pytest.raises(DeclarationError, match="'toy 2020' is the benchmark's, and cannot be one"):
        compose(spaced, size="reduced")


def test_a_wrong_key_is_told_with_the_file_that_says_it(toy: Path) -> None:
    (toy / "variants" / "wrong.yaml").write_text("title: x\nsplit:\n  scheme: kfold\n  fold: 5\n")

    with pytest.raises(DeclarationError, match=r"unknown key 'split\.fold'") as told:
        compose(toy, variant="wrong")

    assert told.value.where == f"{toy / 'variants' / 'wrong.yaml'}, line 4"


def test_a_section_that_is_no_mapping_is_told(toy: Path) -> None:
    (toy / "synthetic.yaml").write_text("reduced: small\n")

    with pytest.raises(DeclarationError, match="'reduced' holds no keys") as told:
        compose(toy, size="reduced")
    assert told.value.where == f"{toy / 'synthetic.yaml'}, line 1"
