"""What machines read of a package: Croissant, RO-Crate, CITATION.cff; checked by the formats' own validators."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

HERE = Path(__file__).parent
VALIDATOR = Path(sys.prefix) / "ro-crate" / "bin" / "rocrate-validator"
pytestmark = [  # of mlcroissant and rdflib
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index is deprecated"),
]


@pytest.fixture
def dataset(there_and_back) -> Any:
    import mlcroissant as mlc

    return mlc.Dataset(str(there_and_back.clone / "croissant.json"))


def test_the_validator_of_croissant_finds_neither_error_nor_warning(dataset: Any) -> None:
    issues = dataset.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    assert dataset.metadata.conforms_to[0] == "http://mlcommons.org/croissant/1.1"


def test_the_command_mlcroissant_validate_passes(there_and_back) -> None:
    command = [Path(sys.executable).parent / "mlcroissant", "validate", "--jsonld", "croissant.json"]
    done = subprocess.run(command, cwd=there_and_back.clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr


def test_records_are_those_of_the_tables(dataset: Any, there_and_back) -> None:
    clone = there_and_back.clone
    for records, path in (
        ("lesions", "benchmarks/balls/lesions.csv"),
        ("splits", "benchmarks/balls/splits.csv"),
        ("readings", "benchmarks/balls/readings.csv"),
        ("predictions", "results/predictions.csv"),
        ("results", "results/results.csv"),
    ):
        table = pd.read_csv(clone / path)
        found = list(dataset.records(records))
        assert len(found) == len(table)
        assert list(found[0]) == [f"{records}/{column}" for column in table]
    lesion = next(iter(dataset.records("lesions")))
    assert (lesion["lesions/lesion_id"], lesion["lesions/label"]) == (b"L00a", b"benign")
    assert lesion["lesions/age"] == pytest.approx(
        pd.read_csv(clone / "benchmarks/balls/lesions.csv")["age"][0]
    )
    features = list(dataset.records("features-first-order"))
    assert len(features) == len(pd.read_parquet(clone / "results/features/first-order.parquet"))


def test_the_sides_of_the_split_are_those_of_the_format(dataset: Any, there_and_back) -> None:
    assert {row["sides/name"]: row["sides/url"] for row in dataset.records("sides")} == {
        "train": "cr:TrainingSplit",
        "validation": "cr:ValidationSplit",
        "test": "cr:TestSplit",
    }
    sets = {one["@id"]: one for one in _json(there_and_back, "croissant.json")["recordSet"]}
    assert sets["sides"]["dataType"] == "cr:Split"
    for table in ("splits", "predictions"):
        (subset,) = (one for one in sets[table]["field"] if one["@id"] == f"{table}/subset")
        assert subset["references"] == {"field": {"@id": "sides/name"}}


def test_every_field_is_described_and_typed(there_and_back) -> None:
    sets = _json(there_and_back, "croissant.json")["recordSet"]
    fields = {field["@id"]: field for one in sets for field in one["field"]}
    assert all(field["description"] and field["dataType"] for field in fields.values())
    assert fields["lesions/label"]["dataType"] == ["sc:Text", "cr:Label"]
    assert fields["lesions/label"]["description"] == "The outcome: Which balls are bright?"
    assert fields["lesions/age"] | {"source": 0} == {
        "@type": "cr:Field",
        "@id": "lesions/age",
        "name": "lesions/age",
        "description": "A clinical variable (number).",
        "dataType": "sc:Float",
        "source": 0,
    }
    undescribed = [i for i, field in fields.items() if field["description"].startswith("The column ")]
    assert undescribed == []


@pytest.mark.skipif(
    not VALIDATOR.is_file(), reason="the RO-Crate validator is not installed: scripts/setup.sh"
)
def test_the_validator_of_ro_crate_finds_nothing_required_or_recommended_missing(
    there_and_back, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    python = VALIDATOR.parent / "python"
    subprocess.run(
        [python, HERE / "make_context.py", cache, HERE / "ro_crate_context.json"],
        check=True,
        capture_output=True,
    )
    command = [VALIDATOR, "-y", "validate", there_and_back.clone, "--no-paging", "--offline"]
    command += ["-p", "process-run-crate-0.5"]  # which is checked on top of RO-Crate 1.1
    command += ["--cache-path", cache, "-l", "recommended", "-f", "json", "-o", tmp_path / "found.json"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)

    found = json.loads((tmp_path / "found.json").read_text())
    assert [issue["message"] for issue in found["issues"]] == [], done.stdout
    assert found["passed"]
    assert done.returncode == 0


def test_the_crate_names_every_file_with_its_licence_and_the_run_that_made_it(there_and_back) -> None:
    graph = {one["@id"]: one for one in _json(there_and_back, "ro-crate-metadata.json")["@graph"]}
    clone = there_and_back.clone
    files = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert files - set(graph) == {"SHA256SUMS"}
    assert graph["benchmarks/balls/lesions.csv"]["license"] == {"@id": "https://spdx.org/licenses/CC-BY-3.0"}
    assert graph["benchmarks/balls/lesions.csv"]["citation"] == "Balls of 2026, doi:10.1000/182"
    action = graph[f"#run-{there_and_back.run.name}"]
    assert action["@type"] == "CreateAction"
    assert {"@id": "results/predictions.csv"} in action["result"]
    assert {"@id": "benchmarks/balls/splits.csv"} in action["object"]
    assert graph["https://orcid.org/0000-0002-1825-0097"]["affiliation"] == {
        "@id": "https://ror.org/012345678"
    }


def test_the_citation_file_says_who_what_and_under_which_licence(there_and_back) -> None:
    told = yaml.safe_load((there_and_back.clone / "CITATION.cff").read_text())
    assert told["authors"] == [
        {
            "family-names": "Lovelace",
            "given-names": "Ada",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
            "affiliation": "Society",
        }
    ]
    assert (told["cff-version"], told["type"], told["license"]) == ("1.2.0", "dataset", "CC-BY-4.0")
    assert told["title"] == "Bright or dark balls"


def test_the_readme_says_how_to_get_the_images_and_to_run_again(there_and_back) -> None:
    text = (there_and_back.clone / "README.md").read_text()
    assert "Put them into a folder `balls` as `images.csv` says" in text
    assert "samesplit run balls" in text
    assert "cmp results/predictions.csv reports/balls/latest/predictions.csv" in text
    pins = (there_and_back.clone / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("scikit-learn==") for line in pins)
    assert not [line for line in pins if "+" in line.partition("#")[0]]  # no index has 2.13.0+cpu


def _json(there_and_back, name: str) -> Any:
    return json.loads((there_and_back.clone / name).read_text())
