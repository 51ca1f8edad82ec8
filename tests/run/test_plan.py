from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import SmallStudy
from samesplit.errors import PredictionsError
from samesplit.run import RunOptions, load_plan
from samesplit.run.provenance import ContentHashes
from samesplit.workflows.compare import compare


def run_id(study: SmallStudy) -> str:
    return load_plan(study.folder, RunOptions(jobs=1)).run_id


def test_the_same_inputs_have_the_same_run_wherever_they_lie(small_study: SmallStudy, tmp_path: Path) -> None:
    before = run_id(small_study)
    moved = SmallStudy(tmp_path / "moved", tmp_path / "moved" / "benchmarks" / "balls")
    shutil.copytree(small_study.root, moved.root)

    assert run_id(moved) == before


def test_two_lesions_that_swap_their_images_are_another_run(small_study: SmallStudy) -> None:
    before = run_id(small_study)
    one, two = small_study.image("L01a"), small_study.image("L03a")
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)

    assert run_id(small_study) != before


def test_published_results_are_part_of_the_run(small_study: SmallStudy) -> None:
    before = run_id(small_study)
    published = small_study.folder / "published.csv"
    published.write_text("study,model_or_reader,metric,value\nA 2020,theirs,AUC,0.8\n")
    first = run_id(small_study)
    published.write_text("study,model_or_reader,metric,value\nA 2020,theirs,AUC,0.9\n")

    assert len({before, first, run_id(small_study)}) == 3


def test_the_content_of_npy_items_and_detached_voxels_counts(tmp_path: Path) -> None:
    array = tmp_path / "cases.npy"
    header, voxels = tmp_path / "a.mhd", tmp_path / "a.raw"
    header.write_text("ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementDataFile = a.raw\n")

    def hashes() -> tuple[str, str, str]:
        known = ContentHashes()
        return known.of(f"{array}[0]"), known.of(f"{array}[1]"), known.of(str(header))

    assert all(value.startswith("missing") for value in hashes())
    np.save(array, np.zeros((2, 2, 2, 2)))
    voxels.write_bytes(b"01234567")
    before = hashes()
    assert len(set(before)) == 3
    assert not any(value.startswith("missing") for value in before)
    np.save(array, np.ones((2, 2, 2, 2)))
    voxels.write_bytes(b"76543210")
    assert not set(before) & set(hashes())


def write_predictions(study: SmallStudy, path: Path, *, rater: str) -> Path:
    ids = [line.split(",")[0] for line in (study.folder / "lesions.csv").read_text().splitlines()[1:]]
    path.write_text("lesion_id,probability,rater\n" + "".join(f"{i},0.5,{rater}\n" for i in ids))
    return path


def test_predictions_under_an_unknown_raters_masks_are_refused(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    csv = write_predictions(small_study, tmp_path / "mine.csv", rater="R9")

    with pytest.raises(PredictionsError, match="no rater 'R9'\nRemedy: raters are: R1"):
        compare(small_study.folder, csv, title="Mine", jobs=1)

    assert not list(small_study.root.glob("reports/balls/external/*"))


def test_predictions_kept_by_half_are_told_and_can_be_forgotten(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    from samesplit.run.external_predictions import remove_external

    csv = write_predictions(small_study, tmp_path / "mine.csv", rater="R1")
    plan = compare(small_study.folder, csv, title="Mine", jobs=1)
    (small_study.root / "reports" / "balls" / "external" / "mine.json").unlink()

    with pytest.raises(PredictionsError, match="samesplit forget balls --name mine"):
        load_plan(small_study.folder, RunOptions(jobs=1))

    remove_external(plan.workspace, "balls", title="mine", tasks=plan.tasks)
    assert load_plan(small_study.folder, RunOptions(jobs=1)).externals == ()
