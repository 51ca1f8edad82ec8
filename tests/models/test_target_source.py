"""Which changes of a user's own code make that user's model anew."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samesplit.models import target_source
from samesplit.models.registry import read_model
from samesplit.models.target_source import imported_by

MODEL = "kind: estimator\ntitle: Mine\ntarget: {target}\n"
FILES = {
    "mine_a/__init__.py": "START = 1\n",
    "mine_a/model.py": "import numpy as np\nfrom .layers import depth\nfrom mine_b import tools\nclass Mine: 0\n",
    "mine_a/layers/__init__.py": "from mine_a.layers.deep import depth\n",
    "mine_a/layers/deep.py": "def depth():\n    import mine_c\n    return mine_c.VALUE\n",
    "mine_a/unused.py": "VALUE = 1\n",
    "mine_b/tools.py": "VALUE = 1\n",
    "mine_c.py": "import mine_a.model\nVALUE = 1\n",
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package, a namespace and a module of one's own, and a file beside the model's YAML."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "alone.py").write_text("import mine_a.layers\nclass Mine: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("mine_")]:
        del sys.modules[name]


def digest(own: Path, target: str) -> str:
    (own / "mine.yaml").write_text(MODEL.format(target=target))
    return read_model(own / "mine.yaml").digest()


@pytest.mark.parametrize("target", ["mine_a.model.Mine", "alone.py:Mine"])
@pytest.mark.parametrize("file", FILES)
def test_a_model_is_made_anew_when_any_file_that_it_imports_changes(
    own: Path, target: str, file: str
) -> None:
    before = digest(own, target)
    (own / file).write_text(FILES[file] + "CHANGED = 1\n")
    assert (digest(own, target) != before) == (file != "mine_a/unused.py")


def test_another_version_of_a_library_makes_the_model_anew(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [digest(own, target) for target in ("mine_a.model.Mine", "sklearn.svm.SVC")]
    monkeypatch.setattr(target_source, "version", lambda name: "0")
    after = [digest(own, target) for target in ("mine_a.model.Mine", "sklearn.svm.SVC")]
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_a_file_that_is_no_python_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import (\n")
    assert imported_by(tmp_path / "broken.py") == []
