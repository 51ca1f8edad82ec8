from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from samesplit.errors import ModelError
from samesplit.models.networks.model import load_network
from samesplit.models.networks.outputs import FromProbabilities, last_squashing
from samesplit.models.registry import read_model

NET = """
import torch
from torch import nn
from torch.nn import functional

class Net(nn.Module):
    def __init__(self, ending="nothing", outputs=1):
        super().__init__()
        self.ending = ending
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, outputs)
        )

    def forward(self, images):
        x = self.layers(images)
        return {
            "nothing": lambda: x,
            "layer": lambda: nn.Sigmoid()(x),
            "method": lambda: x.sigmoid().squeeze(1),
            "two columns": lambda: torch.cat([1 - torch.sigmoid(x), torch.sigmoid(x)], dim=1),
            "softmax": lambda: functional.softmax(x, dim=1),
            "clamped": lambda: torch.sigmoid(x).clamp(1e-6, 1 - 1e-6),
            "log softmax": lambda: functional.log_softmax(x, dim=1),
            "scaled": lambda: 5 * torch.sigmoid(x) - 2.5,
        }[self.ending]()
"""


def settings_of(folder: Path, ending: str, *, outputs: int = 1, extra: str = "") -> Any:
    (folder / "net.py").write_text(NET)
    path = folder / "mine.yaml"
    path.write_text(
        "kind: torch-module\ntitle: Mine\ntarget: net.py:Net\n"
        f"parameters: {{ending: {ending}, outputs: {outputs}}}\n"
        f"inputs: {{size: 12}}\ntraining: {{epochs: 2, batch_size: 8, accelerator: cpu}}\n{extra}"
    )
    return read_model(path)


@pytest.mark.parametrize(
    ("ending", "outputs", "named"),
    [("layer", 1, "sigmoid"), ("method", 1, "sigmoid"), ("two columns", 1, "sigmoid"), ("clamped", 1, "sigmoid"),
     ("softmax", 2, "softmax")],
)  # fmt: skip
def test_a_module_that_ends_in_a_sigmoid_is_refused_or_taken_as_declared(
    tmp_path: Path, make_fold: Any, ending: str, outputs: int, named: str
) -> None:
    fold = make_fold()
    with pytest.raises(ModelError, match=rf"ends in a {named}[\s\S]*outputs: probabilities") as refused:
        settings_of(tmp_path, ending, outputs=outputs).build().fit(fold)
    assert "mine.yaml, line 3" in str(refused.value)
    model = settings_of(tmp_path, ending, outputs=outputs, extra="outputs: probabilities\n").build()
    model.fit(fold)
    found = model.predict(fold.validation)["probability"]
    model.save(tmp_path / "saved")
    assert load_network(tmp_path / "saved").predict(fold.validation)["probability"].equals(found)


def test_probabilities_that_are_declared_come_out_as_the_same_modules_logits_would(
    tmp_path: Path, make_fold: Any
) -> None:
    plain = settings_of(tmp_path, "nothing").build()
    plain.fit(make_fold())
    squashed = settings_of(tmp_path, "layer", extra="outputs: probabilities\n").build()
    squashed.fit(make_fold(name="other"))
    validation = make_fold().validation
    assert squashed.predict(validation)["probability"].to_numpy() == pytest.approx(
        plain.predict(validation)["probability"].to_numpy(), abs=1e-4
    )


@pytest.mark.parametrize(("ending", "outputs"), [("nothing", 1), ("log softmax", 2), ("scaled", 1)])
def test_a_sigmoid_inside_a_module_is_not_its_end(
    tmp_path: Path, make_fold: Any, ending: str, outputs: int
) -> None:
    model, fold = settings_of(tmp_path, ending, outputs=outputs).build(), make_fold()
    model.fit(fold)
    assert model.predict(fold.validation)["probability"].between(0, 1).all()


def test_what_is_declared_as_probabilities_and_is_none_is_refused(tmp_path: Path, make_fold: Any) -> None:
    model = settings_of(tmp_path, "scaled", extra="outputs: probabilities\n").build()
    with pytest.raises(ModelError, match="declared as probabilities"):
        model.fit(make_fold())
    two = FromProbabilities(nn.Identity())
    assert two(torch.tensor([[0.2, 0.8]])).sigmoid().tolist() == pytest.approx([0.8])
    with pytest.raises(ModelError, match="do not add up to 1"):
        two(torch.tensor([[0.2, 0.2]]))


def test_an_output_without_gradients_tells_nothing() -> None:
    assert last_squashing(torch.sigmoid(torch.zeros(3))) is None
