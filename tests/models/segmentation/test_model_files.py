"""The model files of segmentation networks: they are read, build what they say, and are explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samesplit.models.registry import read_model
from samesplit.models.segmentation.settings import SegmentationNetworkSettings, StageSettings
from samesplit.models.segmentation.unet import build_unet

ROOT = Path(__file__).parents[3]
FILES = sorted(path.stem for path in (ROOT / "models").glob("unet3d-*.yaml"))
PAGE = (ROOT / "docs" / "segmentation-networks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_read_and_has_its_section(name: str) -> None:
    settings = read_model(ROOT / "models" / f"{name}.yaml")
    assert isinstance(settings, SegmentationNetworkSettings)
    assert settings.task_kinds() == {"segmentation"}
    assert (settings.localise == "no") == ("one-stage" in name)
    assert f"## `{name}`" in PAGE


def test_the_study_of_128_voxels_is_as_published() -> None:
    settings = read_model(ROOT / "models" / "unet3d-cascade-peking.yaml")
    assert isinstance(settings, SegmentationNetworkSettings)
    for stage in (settings.coarse, settings.fine):
        assert (stage.voxel_mm, stage.patch, stage.filters) == (None, 128, 16)
    assert settings.training.epochs == 400
    assert (settings.training.batch_size, settings.training.learning_rate) == (4, 1e-4)
    assert (settings.augmentation.rotation_degrees, settings.augmentation.shift) == (10, 0.1)


@pytest.mark.parametrize(("network", "patch"), [("unet", 8), ("dynunet", 8), ("basicunet", 32)])
def test_each_network_gives_one_logit_a_voxel_and_can_learn(network: str, patch: int) -> None:
    stage = StageSettings.model_validate({"network": network, "filters": 2, "levels": 3, "patch": patch})
    built = build_unet(stage, 2)
    logits = built(torch.randn(1, 2, patch, patch, patch))
    assert tuple(logits.shape) == (1, 1, patch, patch, patch)
    logits.mean().backward()
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in built.parameters())
