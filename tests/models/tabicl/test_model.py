"""TabICL from a checkpoint of one's own: a tiny network of random weights in the published format."""

from __future__ import annotations

import pickle
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tabicl._model.tabicl import TabICL

from samesplit.errors import DeclarationError, ModelError
from samesplit.models.persistence import load_model
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings

CONFIG = {
    "max_classes": 4,
    "embed_dim": 8,
    "col_num_blocks": 1,
    "col_nhead": 2,
    "col_num_inds": 4,
    "row_num_blocks": 1,
    "row_nhead": 2,
    "row_num_cls": 2,
    "icl_num_blocks": 1,
    "icl_nhead": 2,
    "zero_init": False,
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tabicl") / "tiny.ckpt"
    torch.manual_seed(3)
    torch.save({"config": CONFIG, "state_dict": TabICL(**CONFIG).state_dict()}, path)
    return path


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def read(folder: Path, checkpoint: Path | str, **keys: object) -> ModelSettings:
    lines = {"kind": "tabicl", "title": "TabICL", "checkpoint": str(checkpoint), "views": 2} | keys
    file = folder / "tabicl.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return read_model(file)


@pytest.mark.parametrize("classes", [2, 3])
def test_it_predicts_probabilities_the_same_every_time_and_when_it_is_loaded(
    make_fold: Any, checkpoint: Path, tmp_path: Path, classes: int
) -> None:
    fold, cases, _ = make_fold(n=40, n_test=12, n_features=12, classes=classes)
    settings = read(tmp_path, checkpoint, size=6)
    told = []
    for _ in range(2):
        model = settings.build()
        model.fit(fold)
        told.append(model.predict(cases))
    assert list(told[0].index) == cases.lesion_ids
    assert told[0].shape == (12, 1 if classes == 2 else 3)
    assert ((told[0] > 0) & (told[0] < 1)).all(axis=None)
    pd.testing.assert_frame_equal(told[0], told[1])
    model.save(tmp_path / "kept")
    pd.testing.assert_frame_equal(load_model(tmp_path / "kept").predict(cases), told[0])


def test_its_context_is_the_training_part_and_no_lesion_depends_on_the_others_asked_for(
    make_fold: Any, checkpoint: Path, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(n=40, n_test=12, n_features=6)
    model = read(tmp_path, checkpoint).build()
    model.fit(fold)
    together = model.predict(cases)["probability"]
    alone = model.predict(cases.select(cases.lesion_ids[:2]))["probability"]
    np.testing.assert_allclose(alone, together[:2], atol=1e-5)
    swapped = read(tmp_path, checkpoint).build()
    swapped.fit(replace(fold, training_labels=1 - fold.training_labels))
    assert np.abs(swapped.predict(cases)["probability"] - together).max() > 1e-3


def test_features_are_capped_by_a_selector_on_the_training_part(
    make_fold: Any, checkpoint: Path, tmp_path: Path
) -> None:
    """The first three features differ between the classes; nothing but the training part says so."""
    fold, _, _ = make_fold(n=60, n_features=30, effect=2.0)
    model = read(tmp_path, checkpoint, size=3).build()
    model.fit(fold)
    kept = model.details()["tabicl_features"]
    assert sorted(name.rpartition("_F")[2] for name in kept["feature"]) == ["0", "1", "2"]
    assert list(kept["rank"]) == [1, 2, 3]


def test_without_a_checkpoint_it_says_what_to_fetch_before_anything_runs(tmp_path: Path) -> None:
    settings = read(tmp_path, "missing.ckpt")
    with pytest.raises(ModelError, match=r"missing\.ckpt', does not exist") as caught:
        settings.check_ready()
    assert "tabicl.yaml" in str(caught.value)
    assert "tabicl-classifier-v2-20260212.ckpt" in str(caught.value)
    assert "downloads nothing" in str(caught.value)


def test_what_is_no_checkpoint_is_told_and_code_in_it_is_not_run(
    make_fold: Any, checkpoint: Path, tmp_path: Path
) -> None:
    fold, _, _ = make_fold(n=40, n_features=6)
    bad = tmp_path / "bad.ckpt"

    class Code:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": {}}, tmp_path / "empty.ckpt")
    torch.save(
        {"config": CONFIG | {"embed_dim": 16}, "state_dict": TabICL(**CONFIG).state_dict()},
        tmp_path / "o.ckpt",
    )
    bad.write_bytes(pickle.dumps(Code(), protocol=2))
    (tmp_path / "cut.ckpt").write_bytes(checkpoint.read_bytes()[:200])
    for name in ("bad", "empty", "o", "cut"):
        with pytest.raises(ModelError, match="is no checkpoint of a TabICL classifier"):
            read(tmp_path, tmp_path / f"{name}.ckpt").build().fit(fold)
    assert not (tmp_path / "ran").exists()


def test_the_checkpoint_counts_by_its_content(checkpoint: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.ckpt"
    copy.write_bytes(checkpoint.read_bytes())
    first, second = read(tmp_path, checkpoint), read(tmp_path, "copy.ckpt")
    assert first.digest() == second.digest()
    copy.write_bytes(b"other")
    assert first.digest() != second.digest()


def test_an_unknown_selector_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="did you mean 'anova-f'"):
        read(tmp_path, "x.ckpt", selector="anova")
