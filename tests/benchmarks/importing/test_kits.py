"""KiTS folders become benchmarks: what kits.json says, each release's files, several tumours, faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from public_cohorts import frozen_split, voxels_of
from samesplit.benchmarks.cohort import load_cohort
from samesplit.benchmarks.definition import read_benchmark
from samesplit.benchmarks.importing import import_kits
from samesplit.benchmarks.importing.kits_outcomes import outcomes_of
from samesplit.errors import CohortError
from samesplit.imaging.case import read_case
from samesplit.run import RunOptions, load_plan
from samesplit.workflows.validate import validate


class TestOutcomes:
    def test_sizes_are_in_mm_and_survival_in_months(self) -> None:
        told = outcomes_of(
            {"radiographic_size": 2.4, "vital_status": "censored", "vital_days_after_surgery": 1958}
        )

        assert (told["size_mm"], told["os_months"], told["death"]) == (24.0, 64.3, 0)

    @pytest.mark.parametrize("grade", [3, "3", 3.0])
    def test_grades_are_read_as_any_release_writes_them(self, grade: object) -> None:
        told = outcomes_of({"tumor_isup_grade": grade})

        assert (told["isup_grade"], told["grade"]) == (3, "high")

    @pytest.mark.parametrize("grade", [None, "na", "", "5"])
    def test_a_grade_that_is_not_told_is_no_class(self, grade: object) -> None:
        told = outcomes_of({"tumor_isup_grade": grade, "malignant": True})

        assert told["isup_grade"] is None
        assert told["grade"] is None

    def test_a_diagnosis_that_is_not_told_is_not_benign(self) -> None:
        told = outcomes_of({"malignant": None})

        assert told["label"] is None
        assert told["aggressiveness"] is None

    @pytest.mark.parametrize(
        ("record", "expected"),
        [
            ({"malignant": False, "tumor_histologic_subtype": "oncocytoma"}, "indolent"),
            ({"tumor_histologic_subtype": "clear_cell_rcc", "tumor_isup_grade": "4"}, "aggressive"),
            ({"tumor_histologic_subtype": "clear_cell_rcc", "tumor_necrosis": True}, "aggressive"),
            (
                {"tumor_histologic_subtype": "papillary_rcc", "tumor_necrosis": True, "tumor_isup_grade": 2},
                "indolent",
            ),
            ({"tumor_histologic_subtype": "papillary", "pathology_t_stage": "3a"}, "aggressive"),
            ({"tumor_histologic_subtype": "chromophobe"}, "indolent"),
            ({"tumor_histologic_subtype": "chromophobe_rcc", "sarcomatoid_features": True}, "aggressive"),
            ({"tumor_histologic_subtype": "rcc_unclassified"}, "aggressive"),
            (
                {"tumor_histologic_subtype": "clear_cell_rcc", "tumor_isup_grade": 2, "tumor_necrosis": None},
                None,
            ),
            ({"tumor_histologic_subtype": "urothelial"}, None),
        ],
    )
    def test_aggressiveness_follows_the_rule_of_xiong_2025(
        self, record: dict[str, object], expected: str
    ) -> None:
        defaults = {"malignant": True, "pathology_t_stage": "1a", "tumor_necrosis": False}

        assert outcomes_of(defaults | record)["aggressiveness"] == expected

    def test_an_age_that_is_hidden_is_the_bound(self) -> None:
        assert outcomes_of({"age_at_nephrectomy": ">=90"})["age"] == 90

    def test_nobody_is_followed_without_a_status(self) -> None:
        told = outcomes_of({"vital_days_after_surgery": 100, "vital_status": None})

        assert told["os_months"] is None
        assert told["death"] is None


@pytest.mark.parametrize("release", ["kits19", "kits21", "kits23"])
def test_each_release_becomes_a_benchmark_whose_split_can_be_made(
    kits_folder: Callable[..., Path], tmp_path: Path, release: str
) -> None:
    imported = import_kits(kits_folder(36, release=release), tmp_path / "study")

    definition = read_benchmark(imported.folder)
    cohort = load_cohort(imported.folder, definition)
    assert (imported.n_patients, imported.n_lesions, imported.n_images) == (36, 36, 36)
    assert list(definition.tasks) == ["high-grade", "aggressive", "subtype"]
    assert cohort.lesions["size_mm"].eq(24.0).all()
    split = frozen_split(imported.folder)
    assert split["fold"].nunique() == 5
    row = cohort.images.iloc[0]
    case = read_case(row["image"], row["mask"], lesion_id="case_00000", mask_label=row["mask_label"])
    assert voxels_of(case) == 6**3


def test_validate_finds_no_fault_in_what_was_imported(
    kits_folder: Callable[..., Path], tmp_path: Path
) -> None:
    imported = import_kits(kits_folder(36), tmp_path / "study")

    assert validate(imported.folder, jobs=1).fine


def test_the_arms_of_xiong_2025_can_be_run_on_it(kits_folder: Callable[..., Path], tmp_path: Path) -> None:
    imported = import_kits(kits_folder(36), tmp_path / "study")
    frozen_split(imported.folder)

    plan = load_plan(imported.folder, RunOptions(jobs=1))

    assert {"lasso-random-forest", "resnet18-xiong2025", "resnet18-narrow"} <= {
        one.name for one in plan.models
    }
    uses = {use.name: use.use for use in plan.definition.model_uses()}
    assert uses["resnet18-xiong2025"] == "resnet18-multiphase-xiong2025"


def test_each_tumour_is_a_lesion_where_that_is_asked(
    kits_folder: Callable[..., Path], tmp_path: Path
) -> None:
    imported = import_kits(kits_folder(2, release="kits19", tumours=2), tmp_path / "study", lesions="tumour")

    images = pd.read_csv(imported.folder / "images.csv")
    lesions = pd.read_csv(imported.folder / "lesions.csv")
    assert lesions["lesion_id"].tolist()[:2] == ["case_00000-tumour-1", "case_00000-tumour-2"]
    assert lesions["n_tumours"].eq(2).all()
    assert lesions["size_mm"].isna().all()
    voxels = [
        voxels_of(read_case(row["image"], row["mask"], lesion_id="x", mask_label=str(row["mask_label"])))
        for row in images.head(2).to_dict("records")
    ]
    assert voxels == [6**3, 4**3]
    assert any("several tumours" in note for note in imported.notes)


@pytest.mark.parametrize("release", ["kits21", "kits23"])
def test_annotators_of_single_tumours_are_raters_and_cysts_can_be_lesions(
    kits_folder: Callable[..., Path], tmp_path: Path, release: str
) -> None:
    source = kits_folder(2, release=release, instances=True)

    imported = import_kits(source, tmp_path / "study", lesions="tumour", cysts=True)

    lesions = pd.read_csv(imported.folder / "lesions.csv", index_col="lesion_id")
    images = pd.read_csv(imported.folder / "images.csv")
    assert set(images["rater"]) == {"R1", "R2", "R3"}
    assert imported.n_lesions == 4
    cyst = lesions.loc["case_00001-cyst-1"]
    assert (cyst["label"], cyst["label_provenance"], cyst["subtype"]) == ("benign", "imaging", "cyst")
    assert pd.isna(cyst["grade"])
    assert pd.isna(cyst["death"])


def test_cases_whose_images_are_not_downloaded_are_told_and_kept(
    kits_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = kits_folder(3)
    (source / "case_00001" / "imaging.nii.gz").unlink()

    imported = import_kits(source, tmp_path / "study")

    assert (imported.n_lesions, imported.n_images) == (3, 2)
    assert "1 case without imaging.nii.gz (case_00001)" in imported.notes[0]


class TestFaults:
    def test_a_folder_without_cases_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CohortError, match="no folders case_00000"):
            import_kits(tmp_path, tmp_path / "study")
        assert not (tmp_path / "study").exists()

    def test_kits_json_without_clinical_data_is_refused(
        self, kits_folder: Callable[..., Path], tmp_path: Path
    ) -> None:
        source = kits_folder(2)
        told = [{"case_id": "case_00000", "captured_pixel_width": 0.9}]
        (source / "kits23.json").write_text(json.dumps(told))

        with pytest.raises(CohortError, match="no clinical data"):
            import_kits(source, tmp_path / "study")

    def test_a_benchmark_that_is_there_is_not_written_over(
        self, kits_folder: Callable[..., Path], tmp_path: Path
    ) -> None:
        source = kits_folder(2)
        before = (import_kits(source, tmp_path / "study").folder / "lesions.csv").read_bytes()

        with pytest.raises(CohortError, match="already"):
            import_kits(source, tmp_path / "study", lesions="tumour")
        assert (tmp_path / "study/benchmarks/study/lesions.csv").read_bytes() == before

    def test_cysts_need_single_tumours(self, kits_folder: Callable[..., Path], tmp_path: Path) -> None:
        with pytest.raises(CohortError, match="only where tumours are"):
            import_kits(kits_folder(2), tmp_path / "study", cysts=True)
