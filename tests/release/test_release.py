"""What a release is made of: version, changelog, workflows, and what goes into a wheel."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from samesplit.extras import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HEAVY = ("torch", "lightning", "monai", "tpot", "mlflow", "xgboost", "catboost", "distributed", "dask")


@pytest.fixture(scope="module")
def check_version() -> ModuleType:
    path = ROOT / "scripts" / "release" / "check_version.py"
    spec = importlib.util.spec_from_file_location("check_version", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHANGELOG = "# Changelog\n\n## 0.2.0 (2027-01-31)\n\n- News.\n\n## 0.1.0 (2026-12-01)\n\n- First.\n"
CITATION = "version: 0.2.0\ndate-released: 2027-01-31\n"


def test_the_notes_of_a_release_are_its_section_of_the_changelog(check_version: ModuleType) -> None:
    assert check_version.notes_of("0.2.0", CHANGELOG, CITATION) == "- News."


@pytest.mark.parametrize(
    ("version", "changelog", "citation", "message"),
    [
        ("0.3.0", CHANGELOG, CITATION, "the newest section of CHANGELOG.md is '0.2.0"),
        ("0.2.0", CHANGELOG.replace("2027-01-31", "unreleased"), CITATION, "calls 0.2.0 unreleased"),
        ("0.2.0", CHANGELOG, CITATION.replace("0.2.0", "0.1.0"), "CITATION.cff says 0.1.0"),
        ("0.2.0", CHANGELOG, CITATION.replace("01-31", "01-30"), "CITATION.cff says 0.2.0 of 2027-01-30"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(
    check_version: ModuleType, version: str, changelog: str, citation: str, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        check_version.notes_of(version, changelog, citation)


def test_the_changelog_and_the_citation_speak_of_one_version(check_version: ModuleType) -> None:
    changelog, citation = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "CITATION.cff")
    )
    heading = re.search(r"^## (\S+) \((\S+)\)$", changelog, re.MULTILINE)
    assert heading is not None
    cited = yaml.safe_load(citation)

    dated = changelog.replace("(unreleased)", f"({cited['date-released']})", 1)

    assert check_version.notes_of(heading[1], dated, citation)


def test_no_package_of_an_extra_is_a_dependency_of_the_light_installation() -> None:
    required = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in PROJECT["project"]["dependencies"]}
    assert required.isdisjoint(HEAVY)


def test_every_extra_that_messages_name_is_declared_and_all_holds_them() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    everything = set(re.findall(r"[a-z]+", extras["all"][0])) - {"samesplit"}
    assert set(EXTRAS) <= set(extras)
    assert set(EXTRAS) - everything == {"mirp", "pdf"}


def test_every_dependency_is_pinned_for_make() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        *(v for k, v in project["optional-dependencies"].items() if k != "pdf"),
    ]
    named = {
        re.split(r"[<>=;\[ ]", line)[0].lower().replace("_", "-") for group in groups for line in group
    } - {"samesplit", "types-pyyaml"}
    assert named - pinned == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_what_a_workflow_runs_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert set(yaml.safe_load(text)["jobs"])
    assert set(re.findall(r"make ([a-z-]+)", text)) <= targets
    for script in re.findall(r"scripts/[\w/]+\.py", text):
        assert (ROOT / script).is_file()


def test_the_workflow_tests_the_versions_of_python_that_the_package_names() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    named = [line.rpartition(" ")[2] for line in PROJECT["project"]["classifiers"] if ":: 3." in line]
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == named
