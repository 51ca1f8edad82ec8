"""Every published study that ships is whole: its files agree, and each variant and size is a benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from samesplit.benchmarks.cohort import Cohort, load_cohort
from samesplit.benchmarks.definition import BenchmarkDefinition
from samesplit.benchmarks.fingerprint import split_columns
from samesplit.benchmarks.published import load_published
from samesplit.benchmarks.readings import load_readings
from samesplit.benchmarks.splits import make_split, read_split, write_split
from samesplit.benchmarks.studies import Study, compose, composed_name, read_study, shipped_studies
from samesplit.benchmarks.synthetic import parse_settings, tables
from samesplit.declarations import parse_declaration
from samesplit.errors import Faults
from samesplit.features.profiles import read_profile
from samesplit.run.models import load_models
from samesplit.tasks import BinaryTask, MulticlassTask, SegmentationTask
from samesplit.workspace import Workspace, builtin_folder
from toy_study import write_toy_study

TABLES = ("lesions", "images", "readings")
STUDIES = {"toy": None} | {folder.name: folder for folder in shipped_studies()}
Combination = tuple[str | None, str | None]


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = STUDIES[request.param] or write_toy_study(tmp_path_factory.mktemp("designs") / "toy")
    return read_study(folder)


@pytest.fixture
def files_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are looked at without the files that they name."""
    monkeypatch.setattr("samesplit.benchmarks.images._existing", lambda images, *_: (images, []))
    monkeypatch.setattr("samesplit.benchmarks.images._existing_organs", lambda images: (images, []))


def defined(study: Study, variant: str | None, size: str | None) -> BenchmarkDefinition:
    return _defined(study.folder, variant, size)


@cache
def _defined(folder: Path, variant: str | None, size: str | None) -> BenchmarkDefinition:
    keys = compose(folder, variant=variant, size=size)
    name = composed_name(folder.name, variant=variant, size=size)
    found: BenchmarkDefinition = parse_declaration(
        keys | {"name": name}, BenchmarkDefinition, path=folder / "benchmark.yaml"
    )
    return found


def combinations(study: Study) -> Iterator[Combination]:
    yield from product((None, *study.variants), (None, *study.sizes))


def test_it_has_what_every_study_has(study: Study) -> None:
    assert study.sizes == ("reduced", "full")
    assert not study.has_patients
    assert len(load_published(study.folder))
    assert len(study.columns)


def test_its_headline_rows_stand_among_the_published_numbers(study: Study) -> None:
    published = load_published(study.folder)
    for headline in study.description.headline:
        match = pd.Series(True, index=published.index)
        for column, value in headline.keys().items():
            match &= published[column].eq(value)
        assert match.any(), f"{headline.label}: no row of published.csv matches {headline.keys()}"


def test_each_column_that_it_uses_is_defined(study: Study) -> None:
    of_lesions = set(study.columns.loc[study.columns["table"].eq("lesions"), "column"])
    for variant in (None, *study.variants):
        used = used_columns(defined(study, variant, None))
        assert used <= of_lesions, f"{variant}: columns.csv does not define {sorted(used - of_lesions)}"


def used_columns(definition: BenchmarkDefinition) -> set[str]:
    """The columns of lesions.csv that a benchmark.yaml names."""
    split = definition.split
    used = {"lesion_id", "patient_id", *definition.cohort.clinical, *definition.outcome_columns()}
    used |= set(split_columns(split.scheme, split.strata, split.rule_columns()))
    used |= {*(definition.statistics.groups or ()), *definition.statistics.group_cuts}
    if (regression := definition.statistics.mask_regression) is not None:
        used |= set(regression.columns)
    for task in definition.all_tasks().values():
        used |= set(getattr(task, "among", None) or ())
        if isinstance(task, SegmentationTask):
            used |= {column for columns in task.judged_by.values() for column in columns}
    return used


@pytest.mark.usefixtures("files_are_there")
def test_its_example_tables_read_well(study: Study, tmp_path: Path) -> None:
    definition = defined(study, None, None)
    for name in TABLES:
        source = study.folder / "example" / f"{name}.csv"
        if source.is_file():
            (tmp_path / f"{name}.csv").write_bytes(source.read_bytes())
    faults = Faults()

    cohort = load_cohort(tmp_path, definition, data_root=tmp_path, faults=faults)
    if definition.readings is not None:
        load_readings(tmp_path, definition, cohort, faults=faults)

    assert [str(fault) for fault in faults.found] == []
    assert len(cohort.lesions) >= 2  # one or more of each class
    for name, rows in study.columns.groupby("table"):
        path = study.folder / "example" / f"{name}.csv"
        header = set(pd.read_csv(path, nrows=0).columns) if path.is_file() else set()
        needed = set(rows.loc[rows["required"], "column"])
        assert needed <= header, f"example/{name}.csv lacks {sorted(needed - header)}"
        unknown = header - set(rows["column"])
        assert not unknown, f"columns.csv does not define {sorted(unknown)} of example/{name}.csv"


def test_each_variant_and_size_is_a_benchmark_whose_models_and_profiles_there_are(study: Study) -> None:
    workspace = Workspace(builtin_folder())
    seen: list[dict[str, Any]] = []
    for variant, size in combinations(study):
        definition = defined(study, variant, size)
        fitted = definition.model_dump(
            exclude={"name", "title", "description", "data", "split", "statistics"}
        )
        if fitted in seen:
            continue
        seen.append(fitted)
        loaded = load_models(workspace, study.folder, definition)
        assert {model.name for model in loaded.models} >= {use.name for use in definition.model_uses()}
        for profile in definition.profiles:
            read_profile(workspace.find_yaml("features", profile))


def test_benchmarks_that_share_a_folder_of_data_share_the_cohort(study: Study) -> None:
    made: dict[str, str] = {}
    for variant, size in combinations(study):
        data = defined(study, variant, size).data
        if size is not None:
            assert data.folder is not None, f"synthetic.yaml: {size} names no data.folder"
            assert data.synthetic is not None, f"synthetic.yaml: {size} has no data.synthetic"
            settings = parse_settings(data.synthetic).sha256()
            assert made.setdefault(data.folder, settings) == settings, f"{variant}, {size}: {data.folder}"


@pytest.mark.usefixtures("files_are_there")
def test_the_reduced_synthetic_cohort_has_every_class_in_every_part(study: Study, tmp_path: Path) -> None:
    made: dict[str, tuple[pd.DataFrame, ...]] = {}
    for variant in (None, *study.variants):
        definition = defined(study, variant, "reduced")
        folder = tmp_path / definition.name
        cohort = synthetic_cohort(definition, folder, made)
        write_split(make_split(cohort.lesions, cohort.classes, definition.split, folder=folder), folder)
        split = read_split(folder, cohort, settings=definition.split)
        for (repeat, fold), subset in product(split.pairs(), ("train", "validation", "test")):
            lesions = split.lesions(cohort.lesions, repeat, fold, subset)
            assert lesions
            for name, task in definition.all_tasks().items():
                if isinstance(task, BinaryTask | MulticlassTask):
                    labels = cohort.outcomes[name]["label"]
                    there = set(labels[labels.index.isin(lesions)])
                    assert there == set(range(len(task.classes))), f"{variant}: {name}, {subset} of {fold}"


def synthetic_cohort(
    definition: BenchmarkDefinition, folder: Path, made: dict[str, tuple[pd.DataFrame, ...]]
) -> Cohort:
    """The cohort of the settings, without its images; what its readers did is read as well."""
    folder.mkdir()
    settings: Any = parse_settings(definition.data.synthetic or {})
    if settings.sha256() not in made:
        made[settings.sha256()] = tables(settings)
    for name, table in zip(TABLES, made[settings.sha256()], strict=True):
        if len(table):
            table.to_csv(folder / f"{name}.csv", index=False)
    cohort = load_cohort(folder, definition, data_root=folder)
    if definition.readings is not None:
        assert len(load_readings(folder, definition, cohort)[0])
    return cohort
