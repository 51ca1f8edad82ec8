from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from samesplit.errors import MissingExtraError
from samesplit.extras import EXTRAS, has_extra, missing_packages, require_extra

PYPROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_extra_is_declared_and_none_that_is_declared_is_unknown() -> None:
    declared = set(PYPROJECT["project"]["optional-dependencies"]) - {"dev", "docs", "all"}

    assert set(EXTRAS) == declared


def test_all_is_every_extra_that_pip_alone_can_install() -> None:
    (everything,) = PYPROJECT["project"]["optional-dependencies"]["all"]

    assert set(everything.split("[")[1].rstrip("]").split(",")) == set(EXTRAS) - {"mirp", "pdf"}


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("torch", "monai"):
        monkeypatch.setitem(sys.modules, name, None)

    assert missing_packages("networks") == ("torch", "monai")
    assert not has_extra("networks")
    with pytest.raises(MissingExtraError) as caught:
        require_extra("networks", needed_by="the model 'resnet18-3d'", where="benchmark.yaml, line 9")
    assert str(caught.value) == (
        "benchmark.yaml, line 9: the model 'resnet18-3d' needs torch and monai, which are not installed\n"
        "Remedy: pip install 'samesplit[networks]'"
    )


def test_what_is_installed_is_not_imported_to_find_out() -> None:
    sys.modules.pop("this", None)

    require_extra("networks", "this", needed_by="a test")

    assert "this" not in sys.modules
