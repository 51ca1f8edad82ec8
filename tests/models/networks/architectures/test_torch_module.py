from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import ModelError
from samesplit.models.networks.model import load_network
from samesplit.models.registry import read_model

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, in_channels, width=4, outputs=1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(width, outputs),
        )

    def forward(self, images):
        return self.layers(images)

def not_a_module():
    return 3

class Empty(nn.Module):
    pass
"""


def write(folder: Path, target: str = "net.py:Net", extra: str = "") -> Path:
    (folder / "net.py").write_text(NET)
    path = folder / "mine.yaml"
    path.write_text(
        f"kind: torch-module\ntitle: Mine\ntarget: {target}\nchannels_parameter: in_channels\n"
        f"inputs: {{size: 12}}\ntraining: {{epochs: 2, batch_size: 8, accelerator: cpu}}\n{extra}"
    )
    return path


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_module_of_ones_own_is_trained_saved_and_opened_again(tmp_path, make_fold, outputs):
    settings = read_model(write(tmp_path, extra=f"parameters: {{outputs: {outputs}}}\n"))
    model, fold = settings.build(), make_fold()
    model.fit(fold)
    probabilities = model.predict(fold.validation)["probability"]
    assert len(probabilities) == 8
    saved = tmp_path / "saved"
    model.save(saved)
    (tmp_path / "net.py").unlink()
    assert load_network(saved).predict(fold.validation)["probability"].equals(probabilities)


def test_an_installed_module_is_named_by_its_import_path(tmp_path, make_fold):
    path = write(
        tmp_path,
        "monai.networks.nets.DenseNet",
        "parameters: {spatial_dims: 2, out_channels: 1, init_features: 4, growth_rate: 2, block_config: [1, 1]}\n",
    )
    model, fold = read_model(path).build(), make_fold()
    model.fit(fold)
    assert model.predict(fold.validation)["probability"].between(0, 1).all()


def test_its_hash_follows_the_content_of_the_file(tmp_path):
    path = write(tmp_path)
    before = read_model(path).digest()
    assert read_model(path).digest() == before
    (tmp_path / "net.py").write_text(NET + "\n# changed\n")
    assert read_model(path).digest() != before


@pytest.mark.parametrize(
    ("target", "extra", "message"),
    [
        ("net.py:Net", "parameters: {depth: 3}\n", "could not be built: TypeError"),
        ("net.py:Net", "parameters: {outputs: 5}\n", r"gave \(2, 5\) for 2 lesions"),
        ("net.py:Nett", "", "did you mean 'Net'"),
        ("gone.py:Net", "", "does not exist"),
    ],
)
def test_what_is_wrong_with_a_module_is_said(tmp_path, make_fold, target, extra, message):
    settings = read_model(write(tmp_path, target, extra))
    with pytest.raises(ModelError, match=message):
        settings.build().fit(make_fold())


@pytest.mark.parametrize(
    ("target", "message"),
    [("net.py:not_a_module", "gave a int, not a torch.nn.Module"), ("net.py:Empty", "nothing to train")],
)
def test_what_is_no_network_is_refused(tmp_path, make_fold, target, message):
    path = write(tmp_path, target)
    path.write_text(path.read_text().replace("channels_parameter: in_channels\n", ""))
    with pytest.raises(ModelError, match=message):
        read_model(path).build().fit(make_fold())
