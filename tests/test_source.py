"""Which results are made again when one file of the package changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from conftest import build_small_study
from samesplit import source
from samesplit.audit.table import Parts
from samesplit.audit.work_units import FoldUnit
from samesplit.features.profiles import read_profile
from samesplit.features.work_units import FeatureTask
from samesplit.imaging.case_file import CaseFile
from samesplit.imaging.thumbnail_drawing import PictureTask
from samesplit.models.networks.preparation import prepare_inputs
from samesplit.models.protocol import Cases
from samesplit.models.registry import KINDS, read_model
from samesplit.run import RunOptions, load_plan
from samesplit.run.fold_tasks import FoldTask
from samesplit.run.plan import _code
from samesplit.source import closure, modules_under, source_digest
from samesplit.tables import read_table
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.split import freeze_split
from samesplit.workspace import builtin_folder

FOLDS = {"clinical", "radiomics", "network", "tpot", "ensemble"}
FEATURES = {"ibsi", "pyradiomics"}
ALL = FOLDS | FEATURES | {"pictures", "audit", "run", "cluster"}


def forget() -> None:
    """Let the next digest read the files again, as another process would."""
    source_digest.cache_clear()
    source._package.cache_clear()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the package, which all digests of this module are taken from."""
    folder = tmp_path_factory.mktemp("source") / "samesplit"
    shutil.copytree(source.PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "PACKAGE", folder)
        yield folder
    forget()


def keys() -> dict[str, str]:
    """The names under which results of each kind are kept, for the code as it is now."""
    forget()
    models = {
        name: read_model(builtin_folder() / "models" / f"{file}.yaml")
        for name, file in (
            ("clinical", "clinical-logistic"),
            ("radiomics", "radiomics-quick"),
            ("network", "resnet18-25d"),
            ("tpot", "tpot"),
            ("ensemble", "average"),
        )
    }
    profiles = {
        name: read_profile(builtin_folder() / "features" / f"{file}.yaml")
        for name, file in (("ibsi", "mr-default"), ("pyradiomics", "pyradiomics-mr"))
    }
    case = CaseFile("L1", "T1", "R1", "i.nii", "m.nii", 1, None, None, 8, content="c")
    nothing = np.zeros(0, dtype=np.int64)
    audited: Any = SimpleNamespace(key="honest", settings=models["radiomics"])
    plan: Any = SimpleNamespace(
        profiles=profiles, models=[models[name] for name in ("clinical", "radiomics", "network")]
    )
    work = FoldUnit(Path("t.npz"), audited, nothing, Parts(nothing, nothing, nothing), 0, (0,))
    return {
        **{name: fold_task(model).key for name, model in models.items()},
        **{name: FeatureTask(case, profile, "1").key for name, profile in profiles.items()},
        "pictures": PictureTask(case).key,
        "audit": work.key,
        "run": source_digest(*_code(plan)),
        "cluster": source_digest(*modules_under("execution", "features", "imaging", "models", "statistics")),
    }


def fold_task(model: Any) -> FoldTask:
    empty: Any = pd.Series(dtype=str)
    return FoldTask(model, 0, 0, 0, {}, empty, pd.DataFrame({"label": []}), "R1", "", Path("folds"))


@pytest.fixture(scope="module")
def before(package: Path) -> dict[str, str]:
    """The names before anything is changed."""
    return keys()


def made_again(package: Path, before: dict[str, str], file: str, text: str) -> set[str]:
    """What is made again when a file has another text."""
    path = package / file
    was = path.read_text(encoding="utf-8")
    assert text != was
    path.write_text(text, encoding="utf-8")
    try:
        now = keys()
    finally:
        path.write_text(was, encoding="utf-8")
    return {name for name in now if now[name] != before[name]}


def text_of(package: Path, file: str) -> str:
    return (package / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("run/fold_tasks.py", FOLDS | {"run"}),
        ("imaging/case.py", FEATURES | {"pictures", "network", "run", "cluster"}),
        ("imaging/dicom/series.py", FEATURES | {"pictures", "network", "run", "cluster"}),
        ("features/engines/pyradiomics.py", {"pyradiomics", "run", "cluster"}),
        ("features/engines/ibsi/extraction.py", {"ibsi", "run", "cluster"}),
        ("features/families/glcm.py", {"ibsi", "run", "cluster"}),
        ("features/catalogue.csv", {"ibsi", "run", "cluster"}),
        ("imaging/thumbnail_drawing.py", {"pictures", "run", "cluster"}),
        ("models/clinical/logistic.py", {"clinical", "run", "cluster"}),
        ("models/tabular.py", {"clinical", "radiomics", "tpot", "audit", "run", "cluster"}),
        ("models/task_classes.py", FOLDS | {"audit", "run", "cluster"}),
        ("models/radiomics/selectors/filters.py", {"radiomics", "tpot", "audit", "run", "cluster"}),
        ("models/networks/architectures/resnet.py", {"network", "run", "cluster"}),
        ("models/automl/evolution.py", {"tpot", "cluster"}),
        ("models/clinical/nomogram.py", {"cluster"}),
        ("models/protocol.py", FOLDS | {"audit", "run", "cluster"}),
        ("statistics/auc.py", {"radiomics", "tpot", "audit", "run", "cluster"}),
        ("evaluation/binary/readers.py", {"run"}),
        ("reports/sections/verdict.py", {"run"}),
        ("reports/templates/report.css", {"run"}),
        ("audit/leaks/scoring.py", {"audit"}),
        ("benchmarks/cohort.py", {"run"}),
        ("tables.py", ALL - FEATURES - {"pictures", "audit"}),
        ("storage.py", ALL),
        ("cli/runs.py", set()),
        ("tracking/pushing.py", set()),
    ],
)
def test_a_changed_file_makes_again_what_imports_it_and_nothing_else(
    package: Path, before: dict[str, str], file: str, again: set[str]
) -> None:
    found = made_again(package, before, file, text_of(package, file) + "\nCHANGED = 1\n")

    assert found >= again, "changed code would meet old results"
    assert found == again


REMARKS = {
    "comment": lambda text: text + "\n# a remark\n",
    "formatting": lambda text: text.replace("\n\n\n", "\n\n\n\n"),
    "docstring": lambda text: text.replace('"""', '"""Said anew: ', 1),
    "words on a constant": lambda text: text + '\n"""What the constant above is for."""\n',
    "for type checkers": lambda text: (
        text + "\nif typing.TYPE_CHECKING:\n    from samesplit.evaluation.binary import readers\n"
    ),
}


@pytest.mark.parametrize("remark", [name for name in REMARKS if name != "for type checkers"])
@pytest.mark.parametrize("file", ["imaging/dicom/series.py", "run/fold_tasks.py"])
def test_remarks_and_formatting_make_nothing_again(
    package: Path, before: dict[str, str], file: str, remark: str
) -> None:
    assert made_again(package, before, file, REMARKS[remark](text_of(package, file))) == set()


def test_what_only_type_checkers_import_is_not_followed(package: Path) -> None:
    path, was = (
        package / "models" / "clinical" / "logistic.py",
        text_of(package, "models/clinical/logistic.py"),
    )
    path.write_text(REMARKS["for type checkers"](was), encoding="utf-8")
    try:
        forget()
        assert "samesplit.evaluation.binary.readers" not in closure("samesplit.models.clinical.logistic")
    finally:
        path.write_text(was, encoding="utf-8")


def test_an_import_inside_a_function_and_a_relative_one_count(package: Path) -> None:
    new = package / "models" / "fresh.py"
    for line in (
        "from samesplit.models.fresh import x",
        "from samesplit.models import fresh",
        "import samesplit.models.fresh",
        "from .. import fresh",
        "from ..fresh import x",
        'importlib.import_module("samesplit.models.fresh")',
        'KIND = "samesplit.models.fresh:Kind"',
    ):
        path = package / "models" / "clinical" / "logistic.py"
        was = text_of(package, "models/clinical/logistic.py")
        path.write_text(f"{was}\ndef inner() -> None:\n    {line}\n", encoding="utf-8")
        try:
            seen = []
            for content in ("x = 1", "x = 2"):
                new.write_text(content, encoding="utf-8")
                forget()
                seen.append(source_digest("samesplit.models.clinical.logistic"))
        finally:
            path.write_text(was, encoding="utf-8")
            new.unlink()
        assert len(set(seen)) == 2, line


def test_a_data_file_counts_for_those_that_name_it_and_an_unnamed_one_for_its_folder(
    package: Path, before: dict[str, str]
) -> None:
    lost = package / "statistics" / "quantiles.csv"
    lost.write_text("1\n", encoding="utf-8")
    try:
        now = keys()
    finally:
        lost.unlink()
    assert {name for name in now if now[name] != before[name]} == {
        "radiomics",
        "tpot",
        "audit",
        "run",
        "cluster",
    }


def test_a_module_that_is_not_there_is_an_error(package: Path) -> None:
    forget()
    for name in (
        "samesplit.features.no_such_package",
        "imaging.case",
        "samesplit.models.Clinical",
    ):
        with pytest.raises(LookupError, match="there is no module"):
            source_digest(name)
    with pytest.raises(LookupError, match="there is no module"):
        modules_under("features", "no_such_package")
    moved = package / "imaging" / "geometry.py"
    moved.rename(package / "imaging" / "grids.py")
    try:
        with pytest.raises(LookupError, match=r"no module samesplit\.imaging\.geometry"):
            keys()
    finally:
        (package / "imaging" / "grids.py").rename(moved)


def test_every_kind_of_model_and_every_registry_is_there(package: Path) -> None:
    forget()
    for place in KINDS.values():
        assert len(closure("samesplit.run.fold_tasks", place.partition(":")[0])) > 10
    for name in source.REGISTRIES:
        assert f"samesplit.{name}" in source._package(package).files


def test_the_clinical_model_depends_on_few_modules(package: Path) -> None:
    forget()
    modules = closure("samesplit.run.fold_tasks", "samesplit.models.clinical.logistic")

    assert len(modules) < 60  # of some 400
    assert not any(".dicom" in name or ".networks" in name or ".radiomics" in name for name in modules)


def test_prepared_inputs_of_networks_follow_the_code_that_reads_images(package: Path, tmp_path: Path) -> None:
    study = build_small_study(tmp_path / "workspace", patients=2)
    plan_images = pd.read_csv(study.folder / "images.csv").assign(spacing_mm=np.nan)
    plan_images[["image", "mask"]] = plan_images[["image", "mask"]].map(lambda path: str(study.folder / path))
    lesions = pd.DataFrame(index=pd.Index(sorted(set(plan_images["lesion_id"])), name="lesion_id"))
    cases = Cases(lesions, plan_images, lesions, lesions, ("T1C",), "R1")
    inputs = read_model(builtin_folder() / "models" / "resnet18-25d.yaml").inputs  # type: ignore[attr-defined]

    def names() -> list[str]:
        forget()
        return prepare_inputs(cases, inputs, sequences=("T1C",), cache=None).keys

    first = names()
    path, was = package / "imaging" / "case.py", text_of(package, "imaging/case.py")
    path.write_text(was + "\nCHANGED = 1\n", encoding="utf-8")
    try:
        assert set(names()).isdisjoint(first)
    finally:
        path.write_text(was, encoding="utf-8")
    assert names() == first


def test_what_was_noted_down_is_used_and_damage_to_it_is_no_harm(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "source.json"
    monkeypatch.setattr(source, "_notes_path", lambda: notes)
    read: list[str] = []
    real = source._read_source

    def counted(content: bytes, name: str, **how: Any) -> Any:
        read.append(name)
        return real(content, name, **how)

    monkeypatch.setattr(source, "_read_source", counted)
    forget()
    digest = source_digest("samesplit.models.clinical.logistic")
    assert "samesplit.models.clinical.logistic" in read
    for damage in (None, b"", b"{", b'{"a": 1}', b"\0\0\0"):
        if damage is not None:
            notes.write_bytes(damage)
        read.clear()
        forget()
        assert source_digest("samesplit.models.clinical.logistic") == digest
        assert bool(read) == (damage is not None)


CHANGES = {
    "run/fold_tasks.py": """
_right = as_prediction_table
def as_prediction_table(answers, task, where):
    return _right(1 - answers, task, where)
""",
    "imaging/case.py": """
_right = read_case
def read_case(*given, **more):
    case = _right(*given, **more)
    object.__setattr__(case, "image", case.image + 100)
    return case
""",
}


@pytest.mark.slow
def test_a_run_with_changed_code_makes_features_and_predictions_again(tmp_path: Path) -> None:
    study = build_small_study(tmp_path / "workspace", patients=12)
    yaml = (study.folder / "benchmark.yaml").read_text()
    yaml = yaml.replace("[zero-rule, clinical-logistic, forest]", "[clinical-logistic]").replace(
        "forest", "clinical-logistic"
    )
    (study.folder / "benchmark.yaml").write_text(yaml.replace("readings: readings.csv", ""))
    freeze_split(study.folder, changes={})
    first = run_benchmark(load_plan(study.folder, RunOptions(jobs=1))).folder

    copy = tmp_path / "changed" / "samesplit"
    shutil.copytree(Path(source.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, more in CHANGES.items():
        with (copy / file).open("a", encoding="utf-8") as opened:
            opened.write(more)
    for noun in ("benchmarks", "features", "models"):
        shutil.copytree(
            builtin_folder() / noun, copy / "builtin" / noun, ignore=shutil.ignore_patterns("data")
        )
    command = [sys.executable, "-m", "samesplit", "run", str(study.folder), "--jobs", "1", "--no-track"]
    environment = {**os.environ, "PYTHONPATH": str(copy.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr

    (second,) = {p.parent for p in first.parent.glob("*/run.json") if not p.parent.is_symlink()} - {first}
    key = ["model", "seed", "repeat", "fold", "subset", "rater", "lesion_id"]
    both = [
        read_table(folder / "predictions.parquet").set_index(key)["probability"] for folder in (first, second)
    ]
    pd.testing.assert_series_equal(both[1], 1 - both[0])
    key = ["lesion_id", "sequence", "rater", "feature"]
    both = [
        read_table(folder / "features" / "first-order.parquet").set_index(key)["value"]
        for folder in (first, second)
    ]
    means = [table[table.index.get_level_values("feature") == "original_firstorder_Mean"] for table in both]
    np.testing.assert_allclose(means[1] - means[0], 100, rtol=1e-4)
