"""docs/feature-maps.md: its commands and its Python run as a reader would paste them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import write_ball
from samesplit.cli import app
from samesplit.features.maps.neighbourhood import LARGEST_RADIUS

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "feature-maps.md").read_text(encoding="utf-8")
PROFILE = """
engine: ibsi
description: A few features, for quick tests.
settings:
  undefined: []
  discretisation: {method: FBN, bins: 8}
  features: {statistics: [stat_mean], glcm: [cm_contrast]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the images and profiles of the page's examples."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features").mkdir()
    (tmp_path / "benchmarks").mkdir()
    for name in ("ct-default", "mr-default"):
        (tmp_path / "features" / f"{name}.yaml").write_text(PROFILE)
    for name in ("t1", "image"):
        write_ball(Path(f"{name}.nii.gz"), Path("mask.nii.gz"), brightness=60, radius=4, seed=1)
    Path("images.csv").write_text("image,mask\nt1.nii.gz,mask.nii.gz\nimage.nii.gz,mask.nii.gz\n")
    return tmp_path


def test_the_commands_of_the_page_run(folder: Path) -> None:
    (block,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for number, line in enumerate(block.strip().splitlines()):
        words = shlex.split(line, comments=True)
        assert words.pop(0) == "samesplit"
        words[words.index("--maps") + 1] = f"maps{number}"
        done = CliRunner().invoke(app, [*words, "--jobs", "1"], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert (folder / "maps0" / "cm_contrast_3D_comb.nii.gz").exists()
    assert (folder / "maps2" / "row-2" / "cm_contrast_3D_comb.nii.gz").exists()


def test_the_python_of_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    namespace: dict[str, object] = {}
    exec(block, namespace)
    assert "ACUI" in capsys.readouterr().out
    assert (folder / "maps" / "stat_mean.nrrd").exists()


def test_the_page_says_the_largest_radius() -> None:
    assert f"(1 to {LARGEST_RADIUS})" in PAGE


def test_the_times_of_the_page_are_those_of_the_benchmark() -> None:
    """Ratios and seconds are told as docs/performance-maps.md has them."""
    measured = (DOCS / "performance-maps.md").read_text(encoding="utf-8")
    told = PAGE.split("## How fast")[1]
    for ratio in re.findall(r"(\d+) times", told):
        assert f"| {ratio} x |" in measured
    for seconds in re.findall(r"(\d+\.\d+) s\b", told):
        assert f"| {seconds} |" in measured
    assert re.findall(r"(\d+) times", told)
