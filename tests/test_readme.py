from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
import yaml

from samesplit.cli import app
from samesplit.features.engines import get_engine
from samesplit.features.engines.ibsi import IbsiSettings
from samesplit.features.profiles import read_profile
from samesplit.models.registry import read_model

ROOT = Path(__file__).parents[1]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "docs/calibration-and-use.md",
    "docs/design.md",
    "docs/extracting.md",
    "docs/features.md",
    "docs/filters.md",
    "docs/planning.md",
    "docs/python.md",
    "docs/report.md",
    "docs/studies.md",
    "docs/survival.md",
    "features/README.md",
    "models/README.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_in_a_page_exists(page: str) -> None:
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    text = (ROOT / page).read_text(encoding="utf-8")

    named = set(re.findall(r"(?:^|`)samesplit ([a-z][a-z-]*)", text, flags=re.MULTILINE))

    assert named <= verbs, named - verbs


def test_the_model_file_of_the_readme_reads(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    (tmp_path / "mine.yaml").write_text(block[1])

    settings = read_model(tmp_path / "mine.yaml")

    assert settings.build() is not None
    assert yaml.safe_load(block[1])["title"] == settings.title


def test_the_page_on_profiles_names_all_of_them_with_their_number_of_features() -> None:
    folder = ROOT / "features"
    text = (folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*) \| (\d+) \|$", text, flags=re.MULTILINE)
    said = {
        name: int(count) for row, count in rows for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[0])
    }

    profiles = [read_profile(path) for path in sorted(folder.glob("*.yaml"))]

    assert said == {one.name: len(get_engine(one.engine).catalogue(one.settings)) for one in profiles}


def test_the_profile_of_the_page_on_profiles_reads(tmp_path: Path) -> None:
    text = (ROOT / "features" / "README.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "engine:" in b)
    (tmp_path / "mine.yaml").write_text(block)

    profile = read_profile(tmp_path / "mine.yaml")

    assert isinstance(profile.settings, IbsiSettings)
    assert set(IbsiSettings.model_fields) - set(yaml.safe_load(block)["settings"]) == {
        "distance",
        "histogram_discretisation",
        "ngldm_alpha",
    }
