"""Networks on tasks of three classes: what they learn, what they are told, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.utils.class_weight import compute_sample_weight

from samesplit.errors import ModelError
from samesplit.models.networks.model import load_network
from samesplit.models.networks.module import Classifier, auc_of_logits, class_weights, logits_of
from samesplit.models.networks.outputs import FromProbabilities
from samesplit.models.networks.schedule import plan_training
from samesplit.models.networks.training_settings import TrainingSettings
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.registry import read_model
from samesplit.tasks import MulticlassTask

TASK = MulticlassTask(question="How bright is the centre?", classes=("dark", "same", "bright"))
NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, in_channels, classes=3, squashed=False):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(in_channels * 16 * 16, classes))
        self.squashed = squashed

    def forward(self, images):
        found = self.layers(images)
        return found.softmax(dim=1) if self.squashed else found
"""


def three_classes(cases: Cases, labels: pd.Series[int], file: Path) -> tuple[Cases, pd.Series[int]]:
    """Every third lesion gets a centre that is as bright as its rim; the others stay dark or bright."""
    paths = cases.images["image"].str.rpartition("::")[0]
    stored = dict(np.load(paths.iloc[0]))
    images, truth = stored["images"].copy(), 2 * labels.to_numpy()
    z, y, x = np.mgrid[:20, :20, :20] - 9.5
    centre = np.sqrt(z**2 + y**2 + x**2) < 3
    for place in range(0, len(labels), 3):
        images[place][centre] -= 1.5 if labels.iloc[place] else -1.5
        truth[place] = 1
    np.savez(file, images=images, masks=stored["masks"])
    table = cases.images.assign(image=[f"{file}::images[{place}]" for place in range(len(labels))])
    return replace(cases, images=table), pd.Series(truth, index=labels.index)


@pytest.fixture
def make_three(make_cases: Any, tmp_path: Path) -> Any:
    def make(count: int, validation: int = 18) -> tuple[TrainingFold, Cases, pd.Series[int]]:
        parts = [
            three_classes(*make_cases(n, seed=seed), tmp_path / f"three-{seed}.npz")
            for seed, n in ((11, count), (12, validation), (13, 30))
        ]
        (training, labels), (held, held_labels), (cases, truth) = parts
        return TrainingFold(training, labels, held, held_labels, 0, tmp_path, task=TASK), cases, truth

    return make


def test_a_network_learns_three_classes_and_is_loaded_with_them(
    tiny: Any, make_three: Any, tmp_path: Path
) -> None:
    fold, cases, truth = make_three(48)
    training = {
        "epochs": 5,
        "batch_size": 8,
        "learning_rate": 0.005,
        "accelerator": "cpu",
        "monitor": "auc",
        "smoothing": 1,
    }
    model = tiny(training=training).build()
    model.fit(fold)
    predicted = model.predict(cases)
    assert list(predicted.columns) == ["dark", "same", "bright"]
    np.testing.assert_allclose(predicted.sum(axis=1), 1, atol=1e-6)
    assert roc_auc_score(truth, predicted, multi_class="ovr") > 0.75
    on_validation = roc_auc_score(fold.validation_labels, model.predict(fold.validation), multi_class="ovr")
    assert model.validation_score() == pytest.approx(on_validation, abs=1e-4)
    model.save(tmp_path / "kept")
    pd.testing.assert_frame_equal(load_network(tmp_path / "kept", task=TASK).predict(cases), predicted)
    other = MulticlassTask(question="?", classes=("bright", "same", "dark"))
    with pytest.raises(ModelError, match="classes dark, same, bright and is to answer"):
        load_network(tmp_path / "kept", task=other)


def test_a_class_without_a_readable_lesion_is_named(tiny: Any, make_three: Any) -> None:
    fold, _, _ = make_three(12, 6)
    with pytest.raises(ModelError, match="12 readable lesions, none of the class same"):
        tiny().build().fit(replace(fold, training_labels=fold.training_labels.replace(1, 2)))


def module_of(folder: Path, extra: str) -> Any:
    (folder / "net.py").write_text(NET)
    (folder / "mine.yaml").write_text(
        "kind: torch-module\ntitle: Mine\ntarget: net.py:Net\nchannels_parameter: in_channels\n"
        "inputs: {size: 16, view: 2d}\ntraining: {epochs: 1, batch_size: 8, accelerator: cpu}\n" + extra
    )
    return read_model(folder / "mine.yaml")


@pytest.mark.parametrize(
    "extra",
    [
        "classes_parameter: classes\nparameters: {classes: 7}\n",
        "parameters: {squashed: true}\noutputs: probabilities\n",
    ],
)
def test_a_module_of_ones_own_gives_one_output_a_class(make_three: Any, tmp_path: Path, extra: str) -> None:
    fold, cases, _ = make_three(12, 6)
    model = module_of(tmp_path, extra).build()
    model.fit(fold)
    np.testing.assert_allclose(model.predict(cases).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            "parameters: {classes: 2}\n",
            r"(?s)gave \(2, 2\) for 2 lesions.*shape \(batch, 3\).*classes_parameter",
        ),
        ("parameters: {squashed: true}\n", "ends in a softmax"),
    ],
)
def test_outputs_that_do_not_fit_the_task_are_refused(
    make_three: Any, tmp_path: Path, extra: str, message: str
) -> None:
    fold, _, _ = make_three(12, 6)
    with pytest.raises(ModelError, match=message):
        module_of(tmp_path, extra).build().fit(fold)


def test_the_loss_is_the_weighted_log_loss_of_all_classes() -> None:
    labels = torch.tensor([0, 0, 0, 1, 2, 2])
    logits = torch.tensor(np.random.default_rng(0).normal(size=(6, 3)), dtype=torch.float32)
    weights = class_weights(labels, balanced=True, names=("a", "b", "c"))
    assert weights == pytest.approx((2 / 3, 2, 1))
    settings = TrainingSettings()
    plan = plan_training(settings, 1)
    module = Classifier(torch.nn.Linear(1, 1), settings, plan, weights=weights, seed=0)
    each = compute_sample_weight("balanced", labels.numpy())
    expected = log_loss(labels, logits.double().softmax(dim=1), sample_weight=each)
    assert float(module.losses(logits, labels, training=True).mean()) == pytest.approx(expected, rel=1e-5)


def test_the_auc_of_logits_is_the_macro_average_of_scikit_learn_and_leaves_out_what_is_not_there() -> None:
    rng = np.random.default_rng(0)
    labels = torch.tensor(np.arange(30) % 3)
    logits = torch.tensor(rng.normal(size=(30, 3)))
    shares = logits.softmax(dim=1)
    expected = roc_auc_score(labels, shares, multi_class="ovr")
    assert auc_of_logits(logits, labels) == pytest.approx(expected, abs=1e-6)
    few = labels < 2
    each = [roc_auc_score(labels[few] == label, shares[few, label]) for label in (0, 1)]
    assert auc_of_logits(logits[few], labels[few]) == pytest.approx(np.mean(each), abs=1e-6)
    assert auc_of_logits(logits[:1], labels[:1]) is None


def test_probabilities_of_several_classes_that_do_not_add_up_are_refused() -> None:
    class Halves(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.full((len(images), 3), 0.5)

    with pytest.raises(ModelError, match="the 3 of a lesion do not add up to 1"):
        FromProbabilities(Halves(), 3)(torch.zeros(4, 1))
    with pytest.raises(ModelError, match=r"gave \(4, 3\) for 4 lesions"):
        logits_of(torch.zeros(4, 3), 4, classes=5)
