"""YAML, CSV, JSON and TOML blocks, read as what they are."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from doc_blocks.blocks import ROOT, Block
from samesplit.benchmarks.definition import BenchmarkDefinition, ModelUse, read_benchmark
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.studies import compose, read_study
from samesplit.errors import SamesplitError
from samesplit.features.perturbation.settings import Perturbations
from samesplit.features.profiles import read_profile
from samesplit.features.pyradiomics_params.parameter_file import read_file
from samesplit.models.registry import KINDS, read_model
from toy_study import write_toy_study

BASE: dict[str, Any] = {
    "title": "Base",
    "task": {"question": "Which?", "positive": "malignant", "negative": "benign"},
    "split": {"scheme": "kfold"},
}
"""What a block of some keys of a benchmark.yaml is laid over."""
MODEL_BASES = ("radiomics-small", "resnet18-25d", "resnet18-multiphase", "resnet10-3d", "unet3d-cascade")
"""The model files that a block of some keys of a model may belong to."""


class UnknownDeclarationError(Exception):
    """A block of YAML that is none of the files that there are."""


def check_declaration(block: Block, page: Iterable[Block], scratch: Path) -> str:
    """Read a block as the file that it is, in a scratch folder.

    Args:
        block: A block of YAML, CSV, JSON or TOML.
        page: All blocks of its page: profiles and models that are declared on it may be named.
        scratch: An empty folder.

    Returns:
        What it was taken for.

    Raises:
        SamesplitError: It says something that the file may not say.
        UnknownDeclarationError: It is no file that samesplit reads.
    """
    if block.tag == "json":
        json.loads(block.text)
        return "json"
    if block.tag == "toml":
        tomllib.loads(block.text)
        return "toml"
    return _csv(block, scratch) if block.tag == "csv" else _yaml(block, page, scratch)


def _csv(block: Block, scratch: Path) -> str:
    columns = set(pd.read_csv(io.StringIO(block.text), dtype=str, nrows=0))
    if {"study", "metric"} <= columns:
        (scratch / "published.csv").write_text(block.text, encoding="utf-8")
        load_published(scratch)
        return "published.csv"
    for needed, name in _TABLES:
        if needed <= columns:
            table = pd.read_csv(io.StringIO(block.text), dtype=str)
            if table[sorted(needed)].isna().any(axis=None):
                raise UnknownDeclarationError(f"{block.place}: an empty cell in {sorted(needed)}")
            return name
    raise UnknownDeclarationError(f"{block.place}: no table has these columns: {sorted(columns)}")


_TABLES = (
    ({"lesion_id", "sequence", "image", "mask"}, "images.csv"),
    ({"reader_id", "lesion_id"}, "readings.csv"),
    ({"lesion_id", "patient_id"}, "lesions.csv"),
    ({"lesion_id", "probability"}, "predictions.csv"),
    ({"image", "mask"}, "a table of images"),
    ({"patient_id", "fold"}, "a split"),
)


def _yaml(block: Block, page: Iterable[Block], scratch: Path) -> str:
    data = yaml.safe_load(block.text)
    if not isinstance(data, dict):
        raise UnknownDeclarationError(f"{block.place}: holds no keys")
    keys = set(data)
    path = scratch / "page.yaml"
    path.write_text(block.text, encoding="utf-8")
    if "engine" in keys:
        read_profile(path)
        return "a profile"
    if data.get("kind") in KINDS:
        _check_model(path, page, scratch)
        return "a model"
    if keys & {"setting", "featureClass", "imageType"}:
        read_file(path)
        return "parameters of pyradiomics"
    if "validation_type" in keys:
        write_toy_study(scratch / "toy")
        (scratch / "toy" / "study.yaml").write_text(block.text, encoding="utf-8")
        read_study(scratch / "toy")
        return "study.yaml"
    if keys <= set(Perturbations.model_fields):
        Perturbations.model_validate(data)
        return "perturbations"
    if "variants/" in block.text.splitlines()[0]:
        write_toy_study(scratch / "toy")
        (scratch / "toy" / "variants" / "page.yaml").write_text(block.text, encoding="utf-8")
        BenchmarkDefinition.model_validate({"name": "toy", **compose(scratch / "toy", variant="page")})
        return "a variant of a study"
    if keys <= set(BenchmarkDefinition.model_fields):
        return _benchmark(data, page, scratch)
    return _part_of_a_model(block, data)


def _benchmark(data: dict[str, Any], page: Iterable[Block], scratch: Path) -> str:
    whole = {"title", "split"} <= set(data) and bool({"task", "tasks"} & set(data))
    base = (
        {} if whole else {key: value for key, value in BASE.items() if key != "task" or "tasks" not in data}
    )
    if "profiles" not in data and "derived_features" in data:
        base["profiles"] = _profiles_of(data["derived_features"])
    base["cohort"] = {"sequences": _sequences_of(base | data)}
    if "tasks" not in data and (prognosis := (data.get("statistics") or {}).get("prognosis")):
        base["tasks"] = _tasks_of(prognosis)
        del base["task"]
    folder = scratch / "page"
    folder.mkdir()
    (folder / "benchmark.yaml").write_text(yaml.safe_dump(base | data), encoding="utf-8")
    definition = read_benchmark(folder)
    page = list(page)
    for use in definition.model_uses():
        _check_use(use, page, scratch)
    for name in (*definition.profiles, *((definition.factorial and definition.factorial.profiles()) or ())):
        _named("features", name, page)
    return "benchmark.yaml" if whole else "some keys of benchmark.yaml"


def _profiles_of(derived: dict[str, Any]) -> dict[str, list[str]]:
    """The profiles that formulas of one's own ask for, on every sequence that a formula names."""
    return {
        one["profile"]: sorted(set(re.findall(r"[A-Za-z]\w*", one["formula"]))) for one in derived.values()
    }


def _sequences_of(data: dict[str, Any]) -> list[str]:
    """The sequences that profiles and tasks name, for a block that says nothing of the cohort."""
    users = (data.get("profiles") or {}).values(), (data.get("tasks") or {}).values()
    named = [*users[0], *(task.get("sequences", ()) for task in users[1])]
    return sorted({sequence for sequences in named for sequence in sequences})


def _tasks_of(prognosis: list[dict[str, Any]]) -> dict[str, Any]:
    """Tasks that a block on prognosis names and that stand elsewhere in the file."""
    survival = {"kind": "survival", "question": "How long?", "time": "months", "event": "recurrence"}
    tasks: dict[str, Any] = {}
    for one in prognosis:
        tasks[one["task"]] = {"kind": "binary", **BASE["task"]}
        tasks.update(dict.fromkeys(one["outcomes"], survival))
    return tasks


def _check_use(use: ModelUse, page: list[Block], scratch: Path) -> None:
    path = ROOT / "models" / f"{use.use}.yaml"
    if path.is_file():
        read_model(path, name=use.name, overrides=dict(use.settings))
    else:
        _named("models", use.use, page)


def _named(noun: str, name: str, page: list[Block]) -> None:
    """A profile or model must come with samesplit, or be declared on the page as `models/<name>.yaml`."""
    declared = any(f"{noun}/{name}.yaml" in block.text for block in page)
    if not declared and not (ROOT / noun / f"{name}.yaml").is_file():
        raise UnknownDeclarationError(f"there is no {noun}/{name}.yaml, and the page declares none")


def _check_model(path: Path, page: Iterable[Block], scratch: Path) -> None:
    file, colon, _ = str(yaml.safe_load(path.read_text(encoding="utf-8")).get("target", "")).partition(":")
    for block in page:  # a class of one's own stands on the page, as the file that is named
        if colon and block.tag == "python" and block.text.partition("\n")[0].endswith(file):
            (scratch / file).write_text(block.text, encoding="utf-8")
    settings = read_model(path)
    if hasattr(settings, "target"):
        settings.build()


def _part_of_a_model(block: Block, data: dict[str, Any]) -> str:
    faults = []
    for name in MODEL_BASES:
        try:
            read_model(ROOT / "models" / f"{name}.yaml", overrides=data)
        except SamesplitError as error:
            faults.append(f"{name}: {error}")
        else:
            return f"some keys of a model ({name})"
    raise UnknownDeclarationError(f"{block.place}: no file that samesplit reads:\n" + "\n".join(faults))
