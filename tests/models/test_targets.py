from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import DeclarationError, ModelError
from samesplit.models.registry import read_model
from samesplit.models.targets import TargetSettings, load_target, parse_target

PLAIN = """
import numpy as np

class Constant:
    def __init__(self, value=0.25):
        self.value = value
    def fit(self, X, y):
        return self
    def predict_proba(self, X):
        return np.tile([1 - self.value, self.value], (len(X), 1))

number = 3
"""


@pytest.mark.parametrize(
    "text", ["nothing", "a.py", "a b.C", "x.py:", ":C", "os.system('ls')", "a.b:C()", "../x:C"]
)
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_target(text)


def test_an_import_path_gives_the_class() -> None:
    from sklearn.svm import SVC

    assert load_target("sklearn.svm.SVC", folder=None, where="x") is SVC
    assert load_target("sklearn.svm:SVC", folder=None, where="x") is SVC


def test_a_file_is_found_relative_to_the_yaml_files_folder_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine.py").write_text(PLAIN, encoding="utf-8")
    yaml = tmp_path / "mine.yaml"
    yaml.write_text("kind: estimator\ntitle: Mine\ntarget: code/mine.py:Constant\n", encoding="utf-8")
    monkeypatch.chdir("/")
    settings = read_model(yaml)
    assert isinstance(settings, TargetSettings)
    assert settings.load().__name__ == "Constant"


def test_the_digest_changes_with_the_files_content_but_not_with_its_name(tmp_path: Path) -> None:
    yaml = tmp_path / "mine.yaml"
    yaml.write_text("kind: estimator\ntitle: Mine\ntarget: mine.py:Constant\n", encoding="utf-8")
    (tmp_path / "mine.py").write_text(PLAIN, encoding="utf-8")
    first = read_model(yaml).digest()
    (tmp_path / "other.py").write_text(PLAIN, encoding="utf-8")
    assert read_model(yaml, overrides={"target": "other.py:Constant"}).digest() == first
    (tmp_path / "mine.py").write_text(PLAIN.replace("0.25", "0.5"), encoding="utf-8")
    assert read_model(yaml).digest() != first


def test_a_changed_file_is_imported_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLAIN, encoding="utf-8")
    first = load_target("mine.py:Constant", folder=tmp_path, where="x")
    file.write_text(PLAIN.replace("0.25", "0.75"), encoding="utf-8")
    second = load_target("mine.py:Constant", folder=tmp_path, where="x")
    assert (first().value, second().value) == (0.25, 0.75)


def test_a_failing_file_is_named_with_its_line_and_the_yaml_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import os\n\nx = 1 / 0\n", encoding="utf-8")
    yaml = tmp_path / "mine.yaml"
    yaml.write_text("kind: estimator\ntitle: Mine\ntarget: broken.py:Model\n", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        read_model(yaml).build()
    assert caught.value.where == f"{yaml}, line 3"
    assert "broken.py, line 3" in caught.value.problem
    assert "ZeroDivisionError" in caught.value.problem


def test_a_syntax_error_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("a = 1\ndef f(:\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"broken\.py, line 2: SyntaxError"):
        load_target("broken.py:Model", folder=tmp_path, where="x")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("absent.py:Model", "does not exist"),
        ("mine.py:Constnat", "did you mean 'Constant'"),
        ("mine.py:number", "is a int, not a class"),
        ("sklearn.svm.SVCC", "did you mean 'SVC'"),
        ("no_such_package.Model", "'no_such_package' is not installed"),
    ],
)
def test_what_is_not_there_is_said_with_its_place(tmp_path: Path, target: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(ModelError, match=message) as caught:
        load_target(target, folder=tmp_path, where="mine.yaml, line 3")
    assert caught.value.where == "mine.yaml, line 3"


def test_a_module_that_lacks_something_itself_names_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_more.py").write_text("import no_such_dependency\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match=r"'no_such_dependency', which 'needs_more' needs"):
        load_target("needs_more.Model", folder=None, where="x")


def test_a_malformed_target_is_an_error_of_the_yaml_line(tmp_path: Path) -> None:
    yaml = tmp_path / "mine.yaml"
    yaml.write_text("kind: estimator\ntitle: Mine\ntarget: forest\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="line 3"):
        read_model(yaml)
