from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from samesplit.errors import DeclarationError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.model import load_network
from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.registry import read_model

MODELS = Path(__file__).parents[3] / "models"


FILES = sorted(
    path.stem for path in MODELS.glob("*.yaml") if yaml.safe_load(path.read_text())["kind"] == "network"
)
OVERRIDES = {"inputs": {"size": 24}, "training": {"steps": 2, "batch_size": 8, "accelerator": "cpu"}}


def small(name: str) -> NetworkSettings:
    """A file of the repository with inputs, width and training that take a moment; all else is the file's."""
    given = yaml.safe_load((MODELS / f"{name}.yaml").read_text())
    changes = {key: given[key] | value for key, value in OVERRIDES.items()}
    changes["inputs"].pop("mm_per_pixel", None)
    for key in ("epochs", "warmup_steps", "warmup_epochs", "minimum_steps", "trials"):
        changes["training"].pop(key, None)
    if not given["network"].startswith("monai:"):
        changes["width"] = min(given.get("width", 1), 0.125)
    else:
        changes |= {
            "parameters": {"init_features": 8, "growth_rate": 4, "block_config": [1, 1, 1, 1]},
            "inputs": given["inputs"] | {"size": 32},
        }
    settings = read_model(MODELS / f"{name}.yaml", overrides=changes)
    assert isinstance(settings, NetworkSettings)
    return settings


@pytest.mark.parametrize("name", FILES)
def test_every_file_trains_and_predicts_and_its_weights_come_back(tmp_path, make_fold, name):
    settings = small(name)
    wanted = settings.number_of_sequences or 2
    fold = make_fold(training=8, validation=4, sequences=tuple("NAV"[:wanted]))
    model = settings.build()
    model.fit(fold)
    probabilities = model.predict(fold.validation)["probability"]
    assert probabilities.between(0, 1, inclusive="neither").all()
    model.save(tmp_path / "saved")
    again = load_network(tmp_path / "saved").predict(fold.validation)["probability"]
    assert again.to_numpy() == pytest.approx(probabilities.to_numpy(), abs=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_a_class_each_a_logit_and_lesions_an_embedding(name):
    settings = small(name)
    channels = (settings.number_of_sequences or 2) * settings.inputs.channels_per_sequence
    network = build_network(settings, channels, classes=3).eval()
    images = torch.rand(2, channels, *(settings.inputs.size,) * settings.inputs.dimensions)
    assert network(images).shape == (2, 3)
    hidden = settings.head.hidden
    assert network.penultimate(images).shape == (2, hidden[-1] if hidden else network.embed(images).shape[1])


@pytest.mark.parametrize("name", FILES)
def test_every_file_suits_its_inputs_and_has_a_section_with_its_source(name):
    read_model(MODELS / f"{name}.yaml").check_ready()
    page = (MODELS.parent / "docs" / "networks.md").read_text()
    assert f"[`{name}`](#{name})" in page
    section = page.split(f"\n## `{name}`\n")[1].split("\n## ")[0]
    assert "doi" in section or "Of no publication" in section or "of no publication" in section


def test_the_order_of_the_phases_is_the_order_of_their_encoders(make_fold):
    settings = small("resnet18-multiphase")
    network = build_network(settings, 6).eval()
    images = torch.rand(1, 6, 24, 24)
    images[:, 4:] = 0
    seen = []
    for place, encoder in enumerate(network.encoders):
        encoder.conv1.register_forward_hook(
            lambda layer, given, out, place=place: seen.append((place, given[0]))
        )
    network(images)
    assert [place for place, _ in seen] == [0, 1]
    assert all(torch.equal(given, images[:, 2 * place : 2 * place + 2]) for place, given in seen)


@pytest.mark.parametrize("name", FILES)
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
        ("training: {fine_tune: head-first}\nweights: null", "needs 'weights'"),
        ("network: resnt18", "did you mean 'resnet18'"),
        ("network: resnet18\nparameters: {growth_rate: 3}", "'parameters' go with 'monai:...'"),
        ("network: monai:ViT\nwidth: 2", "'width' goes with the ResNets"),
        ("number_of_sequences: 2\nsequences: [A]", "is 2, and 'sequences' names 1"),
        ("head: {hidden: [0]}", "head"),
        ("weights: w.pt\nstem: small", "the standard stem"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(tmp_path, line, message):
    path = tmp_path / "net.yaml"
    path.write_text(f"kind: network\ntitle: Net\n{line}\n")
    with pytest.raises(DeclarationError, match=message) as caught:
        read_model(path)
    of_several_keys = ("weights", "parameters", "monai", "number_of_sequences")
    assert "line" in str(caught.value.where) or any(key in line for key in of_several_keys)


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
