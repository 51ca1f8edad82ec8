from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
import SimpleITK as sitk

import samesplit as ss
from conftest import SmallStudy
from samesplit.errors import (
    CohortError,
    DataMissingError,
    LesionError,
    MissingExtraError,
    PredictionsError,
)
from samesplit.workflows.split import freeze_split


@pytest.fixture
def study(small_study: SmallStudy) -> ss.Study:
    return ss.open_benchmark(small_study.folder)


def test_a_case_is_an_image_and_a_mask_on_one_grid(study: ss.Study) -> None:
    case = study.case("L01a", "T1C")

    assert case.image.shape == case.mask.shape == (20, 20, 20)
    assert case.spacing == (2.0, 1.0, 1.0)
    assert case.sitk.image.GetSpacing() == (1.0, 1.0, 2.0)
    assert set(np.unique(case.mask)) == {0, 1}
    assert case.image[case.mask == 1].mean() > case.image[case.mask == 0].mean()
    assert repr(case) == ("<LesionCase L01a T1C: 20 x 20 x 20 voxels of 2 x 1 x 1 mm (z, y, x), mask of R1>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("L01a",), "has several sequences: T1C, T2"),
        (("L01", "T1C"), "there is no lesion 'L01'"),
        (("L01a", "T1"), "has no sequence 'T1'(.|\n)*did you mean 'T1C'"),
        (("L01a", "T1C", "R2"), "has no rater 'R2'"),
    ],
)
def test_a_case_that_is_not_there_is_said(study: ss.Study, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CohortError, match=message):
        study.case(*arguments[:2], **({"rater": arguments[2]} if arguments[2:] else {}))


def test_an_image_that_a_lesion_lacks_is_said(small_study: SmallStudy) -> None:
    small_study.edit("images.csv", lambda rows: rows[rows["image"] != "images/L01a_T2.nii.gz"])
    study = ss.open_benchmark(small_study.folder)

    with pytest.raises(DataMissingError, match="the lesion 'L01a' has no image T2 with a mask of R1"):
        study.case("L01a", "T2")
    with pytest.warns(UserWarning, match="left out are the lesions that lack an image of T1C, T2: L01a"):
        items = [
            item
            for fold in study.folds()[:1]
            for part in (fold.train, fold.validation, fold.test)
            for item in part.as_dicts()
        ]
    assert len(items) == len(study.lesions) - 1


def test_dictionaries_hold_the_paths_that_monai_reads(study: ss.Study, small_study: SmallStudy) -> None:
    fold = study.folds()[0]

    one = fold.train.as_dicts(["T1C"])
    both = fold.test.as_dicts()

    assert [item["lesion_id"] for item in one] == fold.train.lesions
    assert [item["label"] for item in one] == fold.train.labels.tolist()
    first = fold.train.lesions[0]
    assert one[0]["image"] == str(small_study.image(first))
    assert one[0]["mask"] == str(small_study.mask(first))
    assert one[0]["mask_label"] == 1
    assert "label" not in both[0]
    assert [len(both[0][name]) for name in ("image", "mask", "mask_label")] == [2, 2, 2]
    assert sitk.ReadImage(both[0]["image"][1]).GetSize() == (20, 20, 20)


def test_a_torch_dataset_gives_whole_images_of_one_grid(study: ss.Study) -> None:
    fold = study.folds()[0]
    data = fold.train.dataset()

    item = data[0]

    assert len(data) == len(fold.train)
    assert data.lesions == fold.train.lesions
    assert item["image"].shape == item["mask"].shape == (2, 20, 20, 20)
    assert item["label"] == fold.train.labels.iloc[0]
    np.testing.assert_array_equal(item["image"][1].numpy(), study.case(data.lesions[0], "T2").image)
    assert data[-1]["lesion_id"] == fold.train.lesions[-1]
    assert "label" not in fold.test.dataset(["T2"])[0]
    with pytest.raises(IndexError, match="there are"):
        data[len(data)]


def test_a_torch_dataset_brings_images_to_one_size_as_the_networks_do(study: ss.Study) -> None:
    fold = study.folds()[0]

    data = fold.validation.dataset(
        ["T1C"], inputs={"view": "3d", "size": 12}, transform=lambda item: (item["image"] * 2, item["label"])
    )

    image, label = data[0]
    assert image.shape == (1, 12, 12, 12)
    assert label == fold.validation.labels.iloc[0]


def test_images_on_different_grids_ask_for_a_size(study: ss.Study, small_study: SmallStudy) -> None:
    lesion = study.folds()[0].train.lesions[0]
    for path in (small_study.image(lesion, "T2"), small_study.mask(lesion, "T2")):
        image = sitk.ReadImage(str(path))
        sitk.WriteImage(image[:, :, :18], str(path))

    with pytest.raises(LesionError, match=r"not on one grid \(T1C 20 x 20 x 20; T2 18 x 20 x 20 voxels\)"):
        study.folds()[0].train.dataset()[0]


def test_without_torch_the_extra_is_named(study: ss.Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"a PyTorch dataset needs torch(.|\n)*samesplit\[networks\]"):
        study.folds()[0].train.dataset()


def test_a_broken_image_costs_its_own_features(study: ss.Study, small_study: SmallStudy) -> None:
    for sequence in ("T1C", "T2"):
        small_study.image("L01a", sequence).write_bytes(b"no image")

    with pytest.warns(UserWarning, match=f"1 of {len(study.lesions)} lesions have no features: L01a"):
        table = study.features(jobs=1)

    assert table.loc["L01a"].isna().all()
    assert table.drop("L01a").notna().all(axis=None)
    assert set(study.ledger.query("status == 'failed'")["lesion_id"]) == {"L01a"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fold = study.folds()[0]
        X = study.features(jobs=1).loc[fold.train.lesions]
    assert X.columns.str.startswith("first-order/T1C/").any()
    assert len(X) == len(fold.train)


def test_a_segmentation_task_has_images_to_learn_from_and_masks_are_joined_as_files(
    small_study: SmallStudy,
) -> None:
    path = small_study.folder / "benchmark.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(("task:", "readings:"))]
    tasks = """
tasks:
  bright: {kind: binary, question: "Which balls are bright?", positive: malignant, negative: benign}
  outline: {kind: segmentation, question: "Where is the ball?"}
"""
    path.write_text("\n".join(lines) + tasks)
    freeze_split(small_study.folder, changes={}, overwrite=True)
    fold = ss.open_benchmark(small_study.folder, task="outline").folds()[0]

    item = fold.train.dataset(["T1C"])[0]

    assert item["mask"].shape == item["image"].shape
    assert "label" not in item
    with pytest.raises(AttributeError, match="a segmentation task has no labels"):
        _ = fold.train.labels
    with pytest.raises(
        PredictionsError, match=r"masks are not submitted(.|\n)*samesplit compare balls masks.csv"
    ):
        fold.submit({}, name="My network")
