"""The script that tries every network file on the synthetic CT."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from samesplit.models.networks.settings import NetworkSettings
from samesplit.models.registry import read_model

ROOT = Path(__file__).parents[3]
NETWORKS = [
    path
    for path in sorted((ROOT / "models").glob("*.yaml"))
    if "\nkind: network\n" in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check", ROOT / "scripts" / "check_model_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_every_network_file_can_be_cut_down_and_keeps_what_makes_it_what_it_is(script, path):
    published = read_model(path)
    assert isinstance(published, NetworkSettings)
    cut = script.small(path, 10)
    assert cut.inputs.size <= 32
    assert cut.training.steps == 10
    for kept in ("network", "head", "fusion", "norm", "augmentation"):
        assert getattr(cut, kept) == getattr(published, kept)
    assert cut.inputs.view == published.inputs.view
    several = published.fusion is not None
    assert script.sequences_of(cut) == (("N", "A", "V") if several else ("A",))


def test_other_kinds_of_model_are_left_to_others(script):
    assert script.small(ROOT / "models" / "ridge.yaml", 10) is None
