"""Networks that draw masks: they find the balls, go on after a kill, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch

from models.segmentation.conftest import TINY, write
from samesplit.errors import DeclarationError, ModelError
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.segmentation import training
from samesplit.models.segmentation.drawing import Networks, draw_masks
from samesplit.models.segmentation.model import SegmentationModel, load_segmentation
from samesplit.models.segmentation.scenes import scenes_of
from samesplit.models.segmentation.settings import SegmentationNetworkSettings
from samesplit.models.segmentation.volumes import open_scene
from samesplit.statistics.overlap import dice
from samesplit.tasks import SegmentationTask

Tiny = Callable[..., SegmentationNetworkSettings]
FoldOf = Callable[..., TrainingFold]


def voxels(path: Path | str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def hidden(cases: Cases) -> Cases:
    """The cases as a run hands them over: no mask is named."""
    return replace(cases, images=cases.images.assign(mask="", organ_mask=""))


@pytest.fixture(scope="module")
def fitted(cohort: Cases, tmp_path_factory: pytest.TempPathFactory) -> tuple[SegmentationModel, Path]:
    """A cascade that finds the organ first, fitted once, and the masks of three lesions that it never saw."""
    folder = tmp_path_factory.mktemp("fitted")
    settings = SegmentationNetworkSettings.model_validate(
        {
            "name": "cascade",
            "title": "Cascade",
            **TINY,
            "localise": "organ",
            "training": TINY["training"] | {"epochs": 12},
        }
    )
    model = SegmentationModel(settings, cache=folder / "inputs")
    ids = cohort.lesion_ids
    labels = pd.Series(0, index=cohort.lesions.index)
    train, choose = cohort.select(ids[:5]), cohort.select(ids[5:6])
    task = SegmentationTask(question="?", sequences=("PET", "CT"))
    model.fit(TrainingFold(train, labels[ids[:5]], choose, labels[ids[5:6]], 1, folder / "work", task=task))
    return model, folder


def test_a_cascade_finds_balls_that_it_never_saw(
    fitted: tuple[SegmentationModel, Path], cohort: Cases, tmp_path: Path
) -> None:
    model, _ = fitted
    tested = cohort.select(cohort.lesion_ids[6:])
    drawn = model.segment(hidden(tested), tmp_path)
    assert sorted(zip(drawn["lesion_id"], drawn["sequence"], strict=True)) == sorted(
        zip(tested.images["lesion_id"], tested.images["sequence"], strict=True)
    )
    truth = tested.images.set_index(["lesion_id", "sequence"])
    for lesion, sequence, mask in drawn.itertuples(index=False):
        row = truth.loc[(lesion, sequence)]
        assert sitk.ReadImage(str(tmp_path / mask)).GetSpacing() == sitk.ReadImage(row["image"]).GetSpacing()
        assert dice(voxels(row["mask"]) > 0, voxels(tmp_path / mask) > 0) > 0.6
    two = drawn[drawn["lesion_id"].isin(["P7-L1", "P7-L2"])]
    assert two["mask"].nunique() == 2  # one a sequence: lesions of one image share its mask


def test_a_kept_model_draws_the_same_masks(
    fitted: tuple[SegmentationModel, Path], cohort: Cases, tmp_path: Path
) -> None:
    model, _ = fitted
    tested = hidden(cohort.select(cohort.lesion_ids[6:7]))
    model.save(tmp_path / "kept")
    again = load_segmentation(tmp_path / "kept")
    for one, folder in ((model, "a"), (again, "b")):
        one.segment(tested, tmp_path / folder)
    for file in ("CT/P6-L1.nii.gz", "PET/P6-L1.nii.gz"):
        np.testing.assert_array_equal(voxels(tmp_path / "a" / file), voxels(tmp_path / "b" / file))
    (tmp_path / "kept" / "weights.pt").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="holds no segmentation network"):
        load_segmentation(tmp_path / "kept")


def test_masks_that_are_there_already_are_not_drawn_again(
    fitted: tuple[SegmentationModel, Path], cohort: Cases, tmp_path: Path
) -> None:
    model, _ = fitted
    for sequence in ("CT", "PET"):
        (tmp_path / sequence).mkdir()
        (tmp_path / sequence / "P6-L1.nii.gz").write_bytes(b"of an attempt before")
    drawn = model.segment(hidden(cohort.select(["P6-L1"])), tmp_path)
    assert (tmp_path / drawn["mask"].iloc[0]).read_bytes() == b"of an attempt before"


def test_what_happened_is_told_by_stage_and_epoch(fitted: tuple[SegmentationModel, Path]) -> None:
    model, folder = fitted
    history = model.details()["segmentation_history"]
    looked = history[history["metric"] == "validation Dice"]
    assert looked.groupby("stage")["epoch"].agg(list).to_dict() == {
        stage: [3, 6, 9, 12] for stage in ("coarse", "fine")
    }
    assert model.validation_score() == pytest.approx(looked.query("stage == 'fine'")["value"].max())
    assert {path.stem[:16] for path in (folder / "inputs").glob("*/*.npy")} == model.used_inputs


def test_a_killed_training_ends_with_the_same_weights(
    cohort: Cases, fold_of: FoldOf, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tiny(localise="no", training=TINY["training"] | {"epochs": 4})
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    models = [SegmentationModel(settings), SegmentationModel(settings), SegmentationModel(settings)]
    models[0].fit(fold_of(cohort, directory=whole))

    def kill(done: int, total: int, unit: str, *, whole: bool = True) -> None:
        if unit == "epoch" and done == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("samesplit.models.segmentation.model.tell", kill)
        with pytest.raises(KeyboardInterrupt):
            models[1].fit(fold_of(cohort, directory=killed))
    models[2].fit(fold_of(cohort, directory=killed))
    assert models[2].history == models[0].history
    one, other = (model._networks["all"].fine.state_dict() for model in (models[0], models[2]))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_each_sequence_can_have_networks_of_its_own(
    cohort: Cases, fold_of: FoldOf, tiny: Tiny, tmp_path: Path
) -> None:
    settings = tiny(localise="no", sequences_as="networks", training=TINY["training"] | {"epochs": 1})
    model = SegmentationModel(settings)
    model.fit(fold_of(cohort, validation=False))
    assert list(model.history) == ["CT/fine", "PET/fine"]
    assert model.validation_score() is None
    drawn = model.segment(hidden(cohort.select(["P6-L1"])), tmp_path / "masks")
    assert drawn["sequence"].tolist() == ["CT", "PET"]


def test_parts_that_are_too_small_are_taken_out_and_an_empty_mask_is_a_mask(
    fitted: tuple[SegmentationModel, Path], cohort: Cases, tmp_path: Path
) -> None:
    fitted[0].save(tmp_path / "kept")
    model = load_segmentation(tmp_path / "kept")
    model.settings = model.settings.model_copy(update={"smallest_ml": 100.0})
    drawn = model.segment(hidden(cohort.select(["P6-L1"])), tmp_path)
    assert drawn[["lesion_id", "sequence"]].to_numpy().tolist() == [["P6-L1", "CT"], ["P6-L1", "PET"]]
    assert not voxels(tmp_path / drawn["mask"].iloc[0]).any()


@pytest.mark.parametrize(("found", "drawn"), [(-9.0, False), (9.0, True)])
def test_where_the_first_stage_finds_nothing_nothing_is_drawn(
    cohort: Cases, tiny: Tiny, found: float, drawn: bool
) -> None:
    class Everywhere(torch.nn.Module):
        def __init__(self, logit: float) -> None:
            super().__init__()
            self.logit = logit

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.full_like(images[:, :1], self.logit)

    (scene,) = scenes_of(cohort.select(["P6-L1"]))
    networks = Networks(("CT", "PET"), Everywhere(found), Everywhere(9.0))
    masks = draw_masks(open_scene(scene, tiny()), networks, tiny(), ("PET",), "cpu")
    assert list(masks) == ["PET"]
    assert sitk.GetArrayFromImage(masks["PET"]).all() == drawn
    assert sitk.GetArrayFromImage(masks["PET"]).any() == drawn


def test_an_image_that_cannot_be_read_costs_that_lesion(
    fitted: tuple[SegmentationModel, Path], cohort: Cases, tmp_path: Path
) -> None:
    model, _ = fitted
    cases = cohort.select(["P6-L1"])
    broken = replace(cases, images=cases.images.assign(image=str(tmp_path / "none.nii.gz")))
    assert model.segment(hidden(broken), tmp_path).empty
    assert model.details()["skipped"]["reason"].tolist() == ["the image file does not exist"]


class TestWhatIsWrong:
    def test_the_organ_is_wanted_and_there_is_no_organ_mask(
        self, cohort: Cases, fold_of: FoldOf, tiny: Tiny
    ) -> None:
        cases = replace(cohort, images=cohort.images.drop(columns="organ_mask"))
        with pytest.raises(ModelError, match="there is no organ mask of CT") as caught:
            SegmentationModel(tiny(localise="organ")).fit(fold_of(cases))
        assert "lesion P0-L1" in str(caught.value)
        assert "localise: lesion" in str(caught.value)

    def test_a_training_mask_is_empty(
        self, cohort: Cases, fold_of: FoldOf, tiny: Tiny, tmp_path: Path
    ) -> None:
        empty = write(np.zeros((20, 20, 20), np.uint8), tmp_path / "empty.nii.gz")
        mask = cohort.images["mask"].where(
            (cohort.images["lesion_id"] != "P0-L1") | (cohort.images["sequence"] != "CT"), str(empty)
        )
        model = SegmentationModel(tiny(localise="no", training=TINY["training"] | {"epochs": 1}))
        model.fit(fold_of(replace(cohort, images=cohort.images.assign(mask=mask))))
        (row,) = model.details()["skipped"].to_dict("records")
        assert (row["lesion_id"], row["status"], row["reason"]) == ("P0-L1", "failed", "the mask is empty")

    def test_no_training_image_is_left(self, cohort: Cases, fold_of: FoldOf, tiny: Tiny) -> None:
        cases = replace(cohort, images=cohort.images.assign(mask="nowhere.nii.gz"))
        with pytest.raises(
            ModelError, match="the training part has no image that the network can learn from"
        ):
            SegmentationModel(tiny(localise="no")).fit(fold_of(cases))

    def test_the_memory_is_too_small(
        self, cohort: Cases, fold_of: FoldOf, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training, "available_memory", lambda _: 2**16)
        with pytest.raises(ModelError, match="network: the training would take about"):
            SegmentationModel(tiny(localise="no")).fit(fold_of(cohort))

    def test_a_loss_that_is_no_number_stops_with_a_sentence(
        self, cohort: Cases, fold_of: FoldOf, tiny: Tiny, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(training.DiceCELoss, "forward", lambda _, found, __: found.sum() * float("nan"))
        with pytest.raises(ModelError, match="the loss of the network is no longer a number in epoch 1"):
            SegmentationModel(tiny(localise="no")).fit(fold_of(cohort))

    def test_a_gpu_is_asked_for_and_absent(self, cohort: Cases, fold_of: FoldOf, tiny: Tiny) -> None:
        if torch.cuda.is_available():
            pytest.skip("there is a GPU here")
        with pytest.raises(ModelError, match="no device of the kind 'gpu'"):
            SegmentationModel(tiny(training={"accelerator": "gpu"})).fit(fold_of(cohort))

    def test_it_is_asked_before_it_is_fitted_or_for_other_sequences(
        self, cohort: Cases, tiny: Tiny, fitted: tuple[SegmentationModel, Path], tmp_path: Path
    ) -> None:
        model = SegmentationModel(tiny())
        with pytest.raises(ModelError, match="before it was fitted"):
            model.segment(cohort, tmp_path)
        with pytest.raises(ModelError, match="not fitted cannot be saved"):
            model.save(tmp_path)
        with pytest.raises(ModelError, match="ask 'segment'"):
            model.predict(cohort)
        with pytest.raises(ModelError, match="was fitted on CT, PET and is given CT"):
            fitted[0].segment(replace(cohort, sequences=("CT",)), tmp_path)

    def test_the_task_asks_for_sequences_that_it_does_not_see(self, tiny: Tiny) -> None:
        with pytest.raises(DeclarationError, match="it sees CT, and masks of PET are asked for"):
            tiny(sequences=("CT",)).check_task(SegmentationTask(question="?", sequences=("PET",)))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"fine": {"patch": 20, "levels": 4}}, "'patch' must be a multiple of 8"),
            ({"fine": {"network": "dynunet", "levels": 2}}, "at least 3 'levels'"),
            ({"windows": {"CT": (100, 100)}}, "the window of CT must rise"),
        ],
    )
    def test_settings_that_cannot_be(self, tiny: Tiny, changes: dict[str, object], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            tiny(**changes)
