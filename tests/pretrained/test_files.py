from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from samesplit.errors import ModelError
from samesplit.pretrained.files import read_weights
from samesplit.storage import hash_file


class Malicious:
    """What a pickle can do to whoever opens it: here, write a file."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return os.system, (f"touch '{self.target}'",)


@pytest.mark.parametrize("written", ["by torch.save", "by torch.save of old", "by pickle"])
def test_a_pickle_with_code_in_it_is_refused_and_not_run(tmp_path, written):
    path, target = tmp_path / "weights.pt", tmp_path / "code-was-run"
    content = {"state_dict": {"conv1.weight": torch.zeros(1)}, "epoch": Malicious(target)}
    if written == "by pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=written == "by torch.save")
    with pytest.raises(ModelError, match="nothing was run") as caught:
        read_weights(path)
    assert not target.exists()
    assert "save the weights alone" in caught.value.remedy
    # The same file does run its code when it is opened as pickles usually are.
    if written != "by pickle":
        torch.load(path, weights_only=False)
        assert target.exists()


def test_a_whole_model_is_refused_with_the_name_of_its_class(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(ModelError, match=r"asks for torch\.nn\.modules\.linear\.Linear"):
        read_weights(path)


def test_tensors_of_safetensors_and_of_torch_are_the_same(tmp_path):
    tensors = {"conv1.weight": torch.rand(2, 3), "bn1.bias": torch.rand(3)}
    save_file(tensors, tmp_path / "a.safetensors")
    torch.save({"epoch": 3, "state_dict": tensors}, tmp_path / "a.pt")
    one, other = read_weights(tmp_path / "a.safetensors"), read_weights(tmp_path / "a.pt")
    assert one.tensors.keys() == other.tensors.keys()
    assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in tensors)
    assert other.beside == {"epoch": 3}
    (tmp_path / "a.safetensors").rename(tmp_path / "renamed.pth")
    assert torch.equal(read_weights(tmp_path / "renamed.pth").tensors["bn1.bias"], tensors["bn1.bias"])


def test_numbers_of_numpy_beside_the_weights_do_no_harm(tmp_path):
    tensors = {"encoder.stem.convs.0.conv.weight": torch.rand(2, 3)}
    logged = {"_best_ema": np.float64(0.5), "current_epoch": np.int64(3), "dice": [np.float32(0.25)]}
    torch.save({"network_weights": tensors, **logged}, tmp_path / "checkpoint_final.pth")
    file = read_weights(tmp_path / "checkpoint_final.pth")
    assert torch.equal(file.tensors["encoder.stem.convs.0.conv.weight"], next(iter(tensors.values())))
    assert file.beside == {"_best_ema": 0.5, "current_epoch": 3, "dice": [0.25]}


def test_only_the_declared_file_is_read(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, path)
    assert read_weights(path, sha256=hash_file(path).upper()).tensors.keys() == {"a"}
    with pytest.raises(ModelError, match="not 00ff as declared"):
        read_weights(path, sha256="00FF")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pt", None, "do not exist"),
        ("a.pt", b"", "cannot be read"),
        ("a.pt", b"<html>not found</html>", "a web page"),
        ("a.safetensors", b"<html>not found</html>", "a web page"),
        ("a.pt", b"not found", "neither a file of torch.save nor one of safetensors"),
        ("a.pt", {"epoch": 3}, "no state dict"),
        ("a.pt", {"state_dict": {}}, "no state dict"),
    ],
)
def test_a_file_without_weights_is_one_clear_error(tmp_path, name, content, message):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(ModelError, match=message) as caught:
        read_weights(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_was_cut_off_cannot_be_read(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"a": torch.rand(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match="cannot be read"):
        read_weights(path)
