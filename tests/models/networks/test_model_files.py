from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import DeclarationError
from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.registry import read_model

MODELS = Path(__file__).parents[3] / "models"


@pytest.mark.parametrize("name", ["resnet18-25d", "resnet18-3d", "resnet10-3d-field", "resnet-3d-adrenal"])
def test_the_files_of_the_repository_are_read_and_ask_for_images_only(name):
    settings = read_model(MODELS / f"{name}.yaml")
    assert isinstance(settings, NetworkSettings)
    assert settings.needs().images
    assert not settings.needs().profiles
    assert not settings.radiomic()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("inputs: {sizes: 64}", "did you mean 'size'"),
        ("inputs: {percentiles: [90, 10]}", "two rising numbers"),
        ("inputs: {windows: {CT: [100, -100]}}", "window of CT must rise"),
        ("inputs: {background: lowest, mask_background: false}", "goes with 'mask_background: true'"),
        ("training: {epochs: 3, warmup_epochs: 3}", "fewer than 'epochs'"),
        ("weights: w.pt\nstem: small", "the standard stem"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(tmp_path, line, message):
    path = tmp_path / "net.yaml"
    path.write_text(f"kind: network\ntitle: Net\n{line}\n")
    with pytest.raises(DeclarationError, match=message) as caught:
        read_model(path)
    assert "line" in str(caught.value.where) or "weights" in line


def test_weights_are_found_beside_the_file_and_their_content_is_part_of_the_hash(tmp_path):
    path, weights = tmp_path / "net.yaml", tmp_path / "weights.pt"
    path.write_text("kind: network\ntitle: Net\nweights: weights.pt\n")
    weights.write_bytes(b"one")
    settings = read_model(path)
    assert isinstance(settings, NetworkSettings)
    assert settings.weights_file() == weights
    first = settings.digest()
    weights.write_bytes(b"two")
    assert read_model(path).digest() != first
