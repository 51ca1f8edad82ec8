"""`benchmark.yaml`: what is asked of which cohort, with which split, profiles, models and readings."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from samesplit.benchmarks.chain_settings import ChainSettings
from samesplit.benchmarks.factorial_settings import FactorialSettings
from samesplit.csv_files import MISSING_WORDS
from samesplit.declarations import Declaration, parse_leniently, read_declaration, read_yaml
from samesplit.errors import DeclarationError, Faults
from samesplit.imaging.repairs import RepairName, repairs_of
from samesplit.tasks import DEFAULT_TASK, BinaryTask, MulticlassTask, Task

__all__ = [
    "DATE_BOUNDS",
    "BenchmarkDefinition",
    "CohortSettings",
    "DataSettings",
    "FeatureTableSettings",
    "FileToFetch",
    "ModelUse",
    "OperatingPoint",
    "SplitSettings",
    "StatisticsSettings",
    "TaskSettings",
    "read_benchmark",
    "read_benchmark_leniently",
]

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Field(pattern=_NAME)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute() or "\\" in path:
        raise ValueError("must be a relative path with forward slashes and without '..'")
    return path


def _calendar_day(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise ValueError("must be a day of the calendar, written YYYY-MM-DD") from None


PathInside = Annotated[str, AfterValidator(_stays_inside)]
Day = Annotated[
    str,
    # YAML reads an unquoted 2020-01-31 as a date.
    BeforeValidator(lambda day: day.isoformat() if isinstance(day, date) else day),
    AfterValidator(_calendar_day),
]
Repairs = Annotated[
    tuple[RepairName, ...],
    BeforeValidator(lambda given: () if given is None else (given,) if isinstance(given, str) else given),
    AfterValidator(repairs_of),
]
DATE_BOUNDS = ("from", "until")
"""Conditions of a named test set that bound the column `date`."""


def _conditions(rule: Any) -> Any:
    """Turn values into lists, a single one into a list of one; days where a rule bounds the date."""
    if not isinstance(rule, dict) or not rule:
        raise ValueError("write conditions such as 'site: [south]' or 'from: 2023-01-01'")
    told = {}
    for column, given in rule.items():
        values = given if isinstance(given, list | tuple) else [given]
        days = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
        if column in DATE_BOUNDS:
            if len(days) != 1:
                raise ValueError(f"'{column}' takes one day, written YYYY-MM-DD")
            days = [_calendar_day(days[0])]
        if not days:
            raise ValueError(f"'{column}' lists no value")
        told[str(column)] = tuple(days)
    return told


TestSetRule = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_conditions)]
"""Columns of lesions.csv and the values that count; `from` and `until` bound the column `date`, both included."""
_NEVER_CLINICAL = ("label", "label_provenance", "lesion_id", "patient_id")
_NEVER_AN_OUTCOME = ("lesion_id", "patient_id", "site")
_USED_BY = {
    "folds": ("kfold",),
    "repeats": ("holdout", "kfold"),
    "test": ("holdout", "temporal"),
    "cutoff": ("temporal",),
    "nnunet_val": ("fixed",),
    "test_sets": ("holdout", "kfold", "leave-one-site-out", "temporal"),
}


class TaskSettings(Declaration):
    """The question of a benchmark that asks one: which of two classes, by the column `label`."""

    positive: str
    """The class whose probability the models give, as written in the label column."""
    negative: str
    question: str
    """One sentence, the title question of the report."""

    @model_validator(mode="after")
    def _two_classes(self) -> TaskSettings:
        if self.positive == self.negative:
            raise ValueError("positive and negative must be two different classes")
        return self

    def as_task(self) -> BinaryTask:
        """Return the same question as a task like any other."""
        return BinaryTask(question=self.question, positive=self.positive, negative=self.negative)


class CohortSettings(Declaration):
    """The columns and rules by which the cohort is read."""

    sequences: tuple[Name, ...] = ()
    """The sequences in use, in the order in which they are shown. Empty where there are no images."""
    rater: Name = "R1"
    """The rater whose masks the models are trained and judged on."""
    other_raters: tuple[Name, ...] = ()
    """Raters under whose masks the frozen models are judged once more (segmentation variability)."""
    clinical: dict[str, Literal["number", "category"]] = Field(default_factory=dict)
    """Clinical variables (columns of lesions.csv) that models may use, and their kind."""
    geometry_repair: Repairs = ()
    """The named repairs of images and masks that may be made, one or a list: resample_mask or copy_header,
    drop_degenerate_contours, clip_contours, resample_slices; without them such a lesion fails."""
    minimum_voxels: int = Field(default=8, ge=1)
    """A mask with fewer voxels than this fails its lesion."""

    @field_validator("clinical")
    @classmethod
    def _known_beforehand(cls, clinical: dict[str, str]) -> dict[str, str]:
        taken = sorted(set(clinical) & set(_NEVER_CLINICAL))
        if taken:
            raise ValueError(f"'{taken[0]}' tells the label or names the lesion: no model may see it")
        return clinical


class SplitSettings(Declaration):
    """How the frozen split is made; read by `samesplit split`, which writes splits.csv once."""

    scheme: Literal["holdout", "kfold", "leave-one-site-out", "temporal", "fixed"]
    folds: int = Field(default=5, ge=2)
    repeats: int = Field(default=1, ge=1)
    validation: Fraction = 0.2
    """Share of the patients that are not test patients who go to validation."""
    test: Fraction = 0.2
    """Share of patients in the test part (holdout, temporal)."""
    strata: tuple[str, ...] = ()
    """Columns of lesions.csv to balance besides the label."""
    cutoff: Day | None = None
    """Temporal: patients seen on or after this date (YYYY-MM-DD) are tested; else the latest `test` share."""
    file: str | None = None
    """Fixed: a CSV of patient_id, subset (and repeat, fold), or an nnU-Net splits_final.json."""
    nnunet_val: Literal["test", "validation"] = "test"
    """Fixed, from nnU-Net: what its `val` lists are. When validation, the patients in no list are tested."""
    test_sets: dict[Name, TestSetRule] = Field(default_factory=dict)
    """Named test sets and who belongs to them, such as `external: {site: [south]}` or `prospective: {from:
    2023-01-01}`: their patients are tested in every fold and never train. Who else is tested is `internal`
    (temporal: `prospective`; leave-one-site-out: the site)."""
    seed: int = Field(default=0, ge=0)

    @property
    def other_tested(self) -> str:
        """The name of the test set of those whom no rule names; "" where each site is a set or a file says."""
        return {"holdout": "internal", "kfold": "internal", "temporal": "prospective"}.get(self.scheme, "")

    def test_set_columns(self) -> tuple[str, ...]:
        """The columns of lesions.csv that the rules of the named test sets look at."""
        columns = {key for rule in self.test_sets.values() for key in rule}
        return tuple(sorted({"date" if column in DATE_BOUNDS else column for column in columns}))

    @field_validator("test_sets")
    @classmethod
    def _free_names(cls, test_sets: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        taken = "prospective" if info.data.get("scheme") == "temporal" else "internal"
        if taken in test_sets:
            raise ValueError(f"'{taken}' is the set of those whom no rule names: use another name")
        return test_sets

    @model_validator(mode="after")
    def _only_what_the_scheme_uses(self) -> SplitSettings:
        for key in sorted(self.model_fields_set):
            schemes = _USED_BY.get(key, (self.scheme,))
            default = type(self).model_fields[key].get_default(call_default_factory=True)
            if self.scheme not in schemes and getattr(self, key) != default:
                raise ValueError(
                    f"'{key}' does nothing in the scheme '{self.scheme}'; it is for {' and '.join(schemes)}"
                )
        if self.cutoff is not None and self.test != type(self).model_fields["test"].default:
            raise ValueError("'cutoff' and 'test' both say who is tested: keep one of them")
        return self

    @model_validator(mode="after")
    def _file_for_fixed(self) -> SplitSettings:
        if (self.scheme == "fixed") != (self.file is not None):
            raise ValueError("'file' is needed for the scheme 'fixed', and only there")
        return self


class FileToFetch(Declaration):
    """One public file of the benchmark."""

    url: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    path: PathInside
    """Where it goes inside the benchmark's data folder."""
    unpack: bool = False
    """Whether it is a .zip or .tar.* to unpack into the folder of `path`."""
    unpacked_mb: float | None = Field(default=None, gt=0)
    """Needed with `unpack`: the size of all that comes out, in MB (10^6 bytes); an archive out of which more comes
    is refused."""

    @model_validator(mode="after")
    def _size_of_an_archive(self) -> FileToFetch:
        if self.unpack != (self.unpacked_mb is not None):
            raise ValueError(
                "'unpacked_mb' is needed with 'unpack: true', and only there: the MB of all that comes out"
            )
        return self


class FeatureTableSettings(Declaration):
    """A table of features made elsewhere, which stands in for extraction."""

    file: PathInside
    """A CSV (`.csv`, `.csv.gz`, `.gz`) or `.parquet`, one row a lesion and one column a feature; in the
    benchmark's folder or in the data folder."""
    id_column: str = "lesion_id"
    """The column that holds the ids of lesions.csv."""
    drop: tuple[str, ...] = ()
    """Columns that are no features: the label, ids, dates, file names."""


class DataSettings(Declaration):
    """Where the files named in images.csv, and a table named under `features`, are looked for."""

    folder: PathInside | None = None
    """Folder under SAMESPLIT_DATA, or under the user's cache folder. None: paths are relative to the
    benchmark's own folder."""
    files: tuple[FileToFetch, ...] = ()
    file_list: PathInside | None = None
    """A CSV in the benchmark's folder that lists volumes to download, cut and verify (see `cropping`)."""
    synthetic: dict[str, Any] | None = None
    """Settings of the synthetic cohort that `samesplit fetch` builds (see SyntheticSettings)."""
    licence: str = ""
    source: str = ""
    """Citation or DOI."""


class OperatingPoint(Declaration):
    """How the threshold is chosen on development (validation) data."""

    policy: Literal["youden", "sensitivity", "specificity", "fixed"] = "youden"
    value: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _value_where_needed(self) -> OperatingPoint:
        if (self.policy == "youden") != (self.value is None):
            raise ValueError("'value' is needed for every policy but 'youden'")
        return self


class StatisticsSettings(Declaration):
    """How the predictions are judged."""

    reference: Name | None = None
    """The model that all others are compared with; default: the first radiomics model."""
    operating_point: OperatingPoint = OperatingPoint()
    confidence: Fraction = 0.95
    bootstraps: int = Field(default=1000, ge=100)
    seed: int = 0
    groups: tuple[str, ...] | None = None
    """Columns of lesions.csv, such as site, each of whose values is judged by itself as well. null: none, and in a
    factorial benchmark the site."""


class ModelUse(Declaration):
    """A model file used under a name of its own with some settings changed."""

    name: Name
    use: Name
    """The file in `models/`, without `.yaml`."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Keys that replace the file's."""
    tasks: tuple[str, ...] = ()
    """The tasks that the model is fitted for; empty means all of the benchmark's that it can do."""


class BenchmarkDefinition(Declaration):
    """Everything that `benchmark.yaml` may say."""

    name: Name
    title: str
    description: str = ""
    task: TaskSettings | None = None
    """The question, where there is one, of two classes; else `tasks`."""
    tasks: dict[Name, Task] = Field(default_factory=dict)
    """Several questions, or one of another kind, by name."""
    cohort: CohortSettings = CohortSettings()
    data: DataSettings = DataSettings()
    split: SplitSettings
    models: tuple[Name | ModelUse, ...] = ()
    """Model files in `models/`, without `.yaml`; or one of them under another name with other settings. None
    where only predictions made elsewhere are judged."""
    simple_arm: Name | None = "ridge"
    """The model file of a strong simple model, fitted beside those that learn from features, so that every report
    shows what tuning and selecting gained. It counts as a control and in no adjustment of p-values, unless it
    stands under `models` as well. null: none."""
    profiles: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    """Feature profile (file in `features/`) -> sequences it is used for."""
    features: Annotated[
        FeatureTableSettings | None,
        BeforeValidator(lambda given: {"file": given} if isinstance(given, str) else given),
    ] = None
    """A table of features of one's own instead of `profiles`: its file name, or `file`, `id_column` and `drop`."""
    factorial: FactorialSettings | None = None
    """Sets of features, mask regimes and heads, each with each: the models that come of them join `models`."""
    chain: ChainSettings | None = None
    """Classifiers judged on predicted masks as well: localise, segment, classify."""
    statistics: StatisticsSettings = StatisticsSettings()
    readings: str | None = None
    """File name of the readings table in the benchmark's folder."""
    missing_values: tuple[str, ...] = MISSING_WORDS
    """Words that mean a missing value in any table of the benchmark, in whatever case, as an empty cell does."""

    def model_uses(self) -> tuple[ModelUse, ...]:
        """Return the models in order, each with its name, its file and the settings that are changed.

        Those of `factorial` follow those that are listed.
        """
        listed = (
            ModelUse(name=model, use=model) if isinstance(model, str) else model for model in self.models
        )
        combined = self.factorial.models() if self.factorial is not None else ()
        return (
            *listed,
            *(ModelUse(name=one.name, use=one.head, settings=one.settings) for one in combined),
        )

    @model_validator(mode="after")
    def _factorial_of_what_there_is(self) -> BenchmarkDefinition:
        if self.factorial is None:
            return self
        if self.features is not None:
            raise ValueError("'factorial' compares profiles, and 'features' is a table: take one of them out")
        unknown = [name for name in self.factorial.profiles() if name not in self.profiles]
        if unknown:
            raise ValueError(
                f"'factorial' names the profile '{unknown[0]}', which does not stand under 'profiles'"
            )
        names = [use.name for use in self.model_uses()]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"'{doubled[0]}' stands under 'models' and is a combination of 'factorial' too")
        return self

    @model_validator(mode="after")
    def _no_contradictions(self) -> BenchmarkDefinition:
        if self.features is not None and self.profiles:
            raise ValueError(
                "'features' replaces extraction, so 'profiles' would do nothing: take one of the two out"
            )
        if not self.cohort.sequences and self.cohort.other_raters:
            raise ValueError("'cohort.other_raters' does nothing without images: take it out")
        return self

    def all_tasks(self) -> dict[str, Task]:
        """Return the tasks by name; one that is declared under `task` is called DEFAULT_TASK."""
        return dict(self.tasks) if self.task is None else {DEFAULT_TASK: self.task.as_task()}

    def outcome_columns(self) -> tuple[str, ...]:
        """Return the columns of lesions.csv that hold the outcome of any task; no model may see them."""
        columns = (column for task in self.all_tasks().values() for column in task.columns)
        return tuple(dict.fromkeys(columns))

    @model_validator(mode="after")
    def _tasks_that_can_be(self) -> BenchmarkDefinition:
        if self.task is None and not self.tasks:
            raise ValueError(
                "the key 'task' is missing: say what is asked of the lesions, under 'task' or 'tasks'"
            )
        if self.task is not None and self.tasks:
            raise ValueError("'task' and 'tasks' both say what is asked: move the one into the others")
        if DEFAULT_TASK in self.tasks:
            raise ValueError(f"a task cannot be called '{DEFAULT_TASK}': name what it asks")
        words = {word.casefold() for word in self.missing_values}
        for name, task in self.all_tasks().items():
            of = f" of the task '{name}'" if self.tasks else ""
            for one in task.classes if isinstance(task, BinaryTask | MulticlassTask) else ():
                if one.casefold() in words:
                    raise ValueError(
                        f"the class {one!r}{of} is a word for a missing value too: list the words "
                        "that mean missing "
                        "without it, as missing_values"
                    )
            named = sorted(set(task.columns) & set(_NEVER_AN_OUTCOME))
            if named:
                raise ValueError(
                    f"'{named[0]}' names the lesion, its patient or site, and cannot be the outcome{of}"
                )
            seen = sorted(set(task.columns) & set(self.cohort.clinical))
            if seen:
                raise ValueError(
                    f"'{seen[0]}' holds the outcome{of} and stands under cohort.clinical: no model may see it"
                )
        return self

    @field_validator("models")
    @classmethod
    def _once_each(cls, models: tuple[str | ModelUse, ...]) -> tuple[str | ModelUse, ...]:
        names = [model if isinstance(model, str) else model.name for model in models]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"named more than once: {', '.join(doubled)}")
        return models

    @field_validator("profiles")
    @classmethod
    def _known_sequences(
        cls, profiles: dict[str, tuple[str, ...]], info: ValidationInfo
    ) -> dict[str, tuple[str, ...]]:
        cohort = info.data.get("cohort")  # not there when it is wrong itself, which is told first
        for profile, sequences in profiles.items():
            unknown = sorted(set(sequences) - set(cohort.sequences)) if cohort else []
            if unknown:
                raise ValueError(
                    f"profile '{profile}' names sequences the cohort lacks: {', '.join(unknown)}"
                )
        return profiles


def read_benchmark_leniently(folder: Path) -> tuple[BenchmarkDefinition | None, Faults]:
    """Read `benchmark.yaml` and gather all that is wrong with it.

    Returns:
        The definition without what is wrong, good for looking further and for nothing else, or None where too
        much is wrong for that; and the faults.
    """
    path = folder / "benchmark.yaml"
    faults = Faults()
    with faults.kept():
        data, lines = read_yaml(path)
        if not isinstance(data, dict):
            raise DeclarationError("holds no keys", where=path, remedy="write 'key: value' lines")
        definition, more = parse_leniently(
            data | {"name": folder.resolve().name},
            BenchmarkDefinition,
            path=path,
            lines=lines,
            instead={
                ("title",): "",
                ("task", "question"): "",
                **{("tasks", name, "question"): "" for name in _keys_of(data.get("tasks"))},
                ("split",): {"scheme": "kfold"},
                ("split", "scheme"): "kfold",
            },
        )
        return definition, more
    return None, faults


def _keys_of(data: Any) -> list[str]:
    return [str(key) for key in data] if isinstance(data, dict) else []


def read_benchmark(folder: Path) -> BenchmarkDefinition:
    """Read `benchmark.yaml` of a benchmark's folder; the folder's name is the benchmark's.

    Raises:
        DeclarationError: The file is missing or says something that cannot be.
    """
    path = folder / "benchmark.yaml"
    if not path.exists():
        raise DeclarationError(
            "there is no benchmark.yaml", where=folder, remedy=f"make one with: samesplit init {folder}"
        )
    name = folder.resolve().name
    if not re.fullmatch(_NAME, name):
        raise DeclarationError(
            f"the folder's name '{name}' is the benchmark's, and cannot be one",
            where=folder,
            remedy="rename the folder: letters from A to Z, digits, '.', '_' and '-', a letter or digit first",
        )
    definition: BenchmarkDefinition = read_declaration(path, BenchmarkDefinition, name=name)
    return definition
