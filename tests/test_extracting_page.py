"""Every example of docs/extracting.md is run, in its order, as a reader would type it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from conftest import write_ball
from samesplit.cli import app

PAGE = (Path(__file__).parents[1] / "docs" / "extracting.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)
PROFILE = """
engine: ibsi
description: Statistics, for quick tests.
settings: {undefined: [], features: {statistics: [stat_mean, stat_var]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders that the page speaks of, with a quick profile under the usual name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    for module in ("workflows.extract", "api.many_cases"):
        monkeypatch.setattr(f"samesplit.{module}.cores", lambda: 1)
    Path("features").mkdir()
    Path("features/mr-default.yaml").write_text(PROFILE)
    for number in range(8):
        bright = 50 + 100 * (number % 2)
        write_ball(
            Path(f"more/L{number}.nii.gz"),
            Path(f"more/L{number}_mask.nii.gz"),
            brightness=bright,
            radius=4,
            seed=0,
        )
    for name in ("P01", "P02", "P03"):
        write_ball(
            Path(f"data/{name}/t2.nii.gz"),
            Path(f"data/{name}/mask_anna.nii.gz"),
            brightness=90,
            radius=5,
            seed=3,
        )
    Path("data/P03/mask_anna.nii.gz").unlink()
    Path("images.csv").write_text("image,mask,age\ndata/P01/t2.nii.gz,data/P01/mask_anna.nii.gz,63\n")
    return tmp_path


def test_the_commands_of_the_page_run_and_print_what_it_says(folder: Path) -> None:
    lines = [
        line
        for kind, text in BLOCKS
        if kind == "bash"
        for line in text.replace("\\\n", "").splitlines()
        if line
    ]
    assert len(lines) == 4
    outputs = []
    for line in lines:
        program, *words = shlex.split(line)
        done = CliRunner().invoke(app, words)
        outputs.append(done.output)
        assert program == "samesplit"
        assert done.exit_code == int("--output features.csv" in line), done.output  # P03 has no mask

    printed = next(text for kind, text in BLOCKS if not kind and "nothing was extracted" in text)
    assert outputs[1] == printed
    assert "stat_mean" in outputs[0]
    assert pd.read_csv(folder / "features.csv")["rater"].tolist() == ["anna", "anna"]
    assert pd.read_parquet(folder / "features.parquet")["age"].tolist() == ["63"]
    assert (folder / "features.ledger.csv").is_file() is False  # the last call had no failure


def test_the_python_examples_of_the_page_run(folder: Path) -> None:
    names: dict[str, Any] = {}

    for kind, text in BLOCKS:
        if kind == "python":
            exec(compile(text, "extracting.md", "exec"), names)

    np.testing.assert_allclose(names["row"], names["same"], rtol=1e-12)
    assert names["table"].notna().all(axis=None)
    assert names["table"].loc["P01"].to_dict() == names["same"].to_dict()
    assert names["found"].failed == 1
    assert names["features"].shape == (8, 2)
    assert (np.round(names["probability"]) == names["malignant"]).all()
