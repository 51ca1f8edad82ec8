"""`benchmark.yaml`: what is asked of which cohort, with which split, profiles, models and readings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from samesplit.benchmarks.chain_settings import ChainSettings
from samesplit.benchmarks.derived_settings import DerivedFeatureSettings
from samesplit.benchmarks.factorial_settings import FactorialSettings
from samesplit.benchmarks.field_types import NAME_PATTERN, Name, PathInside, Repairs
from samesplit.benchmarks.publication_settings import PublicationSettings
from samesplit.benchmarks.split_settings import DATE_BOUNDS, SplitSettings
from samesplit.benchmarks.statistics_settings import OperatingPoint, StatisticsSettings
from samesplit.csv_files import MISSING_WORDS
from samesplit.declarations import Declaration, parse_leniently, read_declaration, read_yaml
from samesplit.errors import DeclarationError, Faults
from samesplit.features.derived import DerivedFeature
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
    "check_benchmark_name",
    "read_benchmark",
    "read_benchmark_leniently",
]

_NEVER_CLINICAL = ("label", "label_provenance", "lesion_id", "patient_id")
_NEVER_AN_OUTCOME = ("lesion_id", "patient_id", "site")


class TaskSettings(Declaration):
    """The question of a benchmark that asks one: which of two classes, by the column `label`."""

    positive: str
    """The class whose probability the models give, as written in the label column."""
    negative: str
    """The other class, as written there."""
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


class FileToFetch(Declaration):
    """One public file of the benchmark."""

    url: str
    """Where it is downloaded from."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """What its content must hash to; anything else is refused."""
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
    """Of the data."""
    source: str = ""
    """Citation or DOI."""


class ModelUse(Declaration):
    """A model file used under a name of its own with some settings changed."""

    name: Name
    """Its own name, by which results and other keys name it."""
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
    """The title of the report."""
    description: str = ""
    """Said below the title: whom the cohort holds, and where it comes from."""
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
    derived_features: dict[Name, DerivedFeatureSettings] = Field(default_factory=dict)
    """Features by name that are computed from one feature of several sequences, such as enhancement ratios."""
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
    publication: PublicationSettings | None = None
    """Creators, licence and DOI for `samesplit export`; no result depends on them."""

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

    @model_validator(mode="after")
    def _prognosis_of_tasks_that_there_are(self) -> BenchmarkDefinition:
        tasks = self.all_tasks()
        names = [use.name for use in self.model_uses()]
        for asked in self.statistics.prognosis:
            wanted = [(asked.task, "binary"), *((outcome, "survival") for outcome in asked.outcomes)]
            for name, kind in wanted:
                if name not in tasks or tasks[name].kind != kind:
                    raise ValueError(
                        f"'statistics.prognosis' names '{name}', which is no {kind} task of this benchmark: "
                        "declare it under 'tasks'"
                    )
            taken = sorted(set(asked.comparators) & set(names))
            if taken:
                raise ValueError(f"'{taken[0]}' is a model and a comparator of 'statistics.prognosis'")
            seen = sorted({*asked.adjust, *asked.comparators} & set(self.outcome_columns()))
            if seen:
                raise ValueError(
                    f"'{seen[0]}' holds an outcome, and 'statistics.prognosis' takes it for what is known before"
                )
        return self

    def derived(self) -> tuple[DerivedFeature, ...]:
        """Return the derived features in the order in which they are declared."""
        return tuple(settings.named(name) for name, settings in self.derived_features.items())

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

    @field_validator("derived_features")
    @classmethod
    def _of_known_profiles(
        cls, derived_features: dict[str, DerivedFeatureSettings], info: ValidationInfo
    ) -> dict[str, DerivedFeatureSettings]:
        profiles = info.data.get("profiles")  # not there when they are wrong themselves, which is told first
        if profiles is None:
            return derived_features
        for name, derived in derived_features.items():
            sequences = profiles.get(derived.profile)
            if sequences is None:
                raise ValueError(
                    f"'{name}' names the profile '{derived.profile}', which does not stand under 'profiles'"
                )
            unknown = [one for one in derived.sequences if one not in sequences]
            if unknown:
                raise ValueError(
                    f"the formula of '{name}' names '{unknown[0]}', which is none of the sequences of "
                    f"'{derived.profile}': {', '.join(sequences)}"
                )
        return derived_features


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
    name = check_benchmark_name(folder)
    definition: BenchmarkDefinition = read_declaration(path, BenchmarkDefinition, name=name)
    return definition


def check_benchmark_name(folder: Path) -> str:
    """Return the name of a benchmark, which is that of its folder.

    Raises:
        DeclarationError: The folder is called something that no benchmark can be called.
    """
    name = folder.resolve().name
    if not re.fullmatch(NAME_PATTERN, name):
        raise DeclarationError(
            f"the folder's name '{name}' is the benchmark's, and cannot be one",
            where=folder,
            remedy="rename the folder: letters from A to Z, digits, '.', '_' and '-', a letter or digit first",
        )
    return name
