"""The page for those who come from pyradiomics tells every setting, and its script runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import write_ball
from samesplit.features.pyradiomics_names import CLASSES
from samesplit.features.pyradiomics_params.parameter_file import IMAGE_TYPES, FileSettings

PAGE = (Path(__file__).parents[1] / "docs" / "from-pyradiomics.md").read_text(encoding="utf-8")


def test_every_setting_class_and_image_type_is_in_the_table() -> None:
    table = PAGE.split("## Every setting")[1]
    named = set(re.findall(r"`(\w+)`", table))
    assert {*FileSettings.model_fields, *CLASSES, *IMAGE_TYPES, "shape2D", "voxelSetting"} - named == set()


def test_the_script_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_ball(Path("image.nii.gz"), Path("mask.nii.gz"), brightness=60, radius=5, seed=1)
    Path("Params.yaml").write_text(
        "setting: {binWidth: 25, padDistance: 3}\nfeatureClass: {glcm: [Contrast]}\n"
    )
    script = PAGE.split("```python\n")[1].split("```")[0]
    exec(compile(script, "docs/from-pyradiomics.md", "exec"), {})
    assert "padDistance" in capsys.readouterr().out
