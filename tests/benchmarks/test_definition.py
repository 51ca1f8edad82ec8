from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from samesplit.benchmarks.definition import BenchmarkDefinition, SplitSettings, read_benchmark
from samesplit.benchmarks.statistics_settings import StatisticsSettings
from samesplit.errors import DeclarationError

GOOD: dict[str, Any] = {
    "title": "A study",
    "task": {"positive": "malignant", "negative": "benign", "question": "Which?"},
    "cohort": {"sequences": ["T1C", "T2"]},
    "split": {"scheme": "kfold"},
    "models": ["zero-rule", {"name": "small", "use": "cnn", "settings": {"epochs": 2}}],
    "profiles": {"shape": ["T1C"]},
}


def read(tmp_path: Path, **changes: Any) -> BenchmarkDefinition:
    folder = tmp_path / "my-study"
    folder.mkdir(exist_ok=True)
    (folder / "benchmark.yaml").write_text(yaml.safe_dump(GOOD | changes, sort_keys=False))
    return read_benchmark(folder)


def refused(tmp_path: Path, **changes: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        read(tmp_path, **changes)
    return str(caught.value).replace(str(tmp_path / "my-study"), "")


def test_a_good_benchmark_has_the_name_of_its_folder_and_defaults(tmp_path: Path) -> None:
    definition = read(tmp_path)
    assert definition.name == "my-study"
    assert definition.cohort.rater == "R1"
    assert (definition.split.folds, definition.split.repeats) == (5, 1)
    assert definition.statistics.operating_point.policy == "youden"


def test_the_name_of_the_folder_wins_over_one_that_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, name="Other").name == "my-study"


def test_a_folder_without_a_benchmark(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"there is no benchmark.yaml\nRemedy: make one with: samesp"):
        read_benchmark(tmp_path)


DERIVED = {"formula": "T1C * 2", "profile": "shape", "feature": "volume"}
FILE = {"url": "file:///a", "sha256": "0" * 64, "path": "a"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modles": []}, "line 21: unknown key 'modles'\nRemedy: did you mean 'models'? Valid keys here: chain,"),
        ({"cohort": {"sequences": ["CT"], "raters": "R1"}}, "unknown key 'cohort.raters'\nRemedy: did you mean"),
        ({"task": {"positive": "a", "negative": "a", "question": "?"}}, "must be two different classes"),
        ({"task": {"positive": True, "negative": False, "question": "?"}}, "Remedy: put it in quotes"),
        ({"cohort": {"sequences": ["CT"], "clinical": {"label": "category"}}}, "'label' tells the label"),
        ({"profiles": {"shape": ["T3"]}}, "profile 'shape' names sequences the cohort lacks: T3"),
        ({"derived_features": {"r": DERIVED | {"profile": "x"}}}, "names the profile 'x', which does not stand"),
        ({"derived_features": {"r": DERIVED | {"formula": "T2 / T1C"}}}, "names 'T2', which is none of the seq"),
        ({"derived_features": {"r": DERIVED | {"formula": "f(T1C)"}}}, "'f(T1C)' cannot stand in a formula"),
        ({"models": ["a", {"name": "a", "use": "b"}]}, "'models': named more than once: a"),
        ({"models": [{"name": "a", "us": "b"}]}, "'models.0."),
        ({"split": {"scheme": "kfold", "folds": 1}}, "'split.folds': Input should be greater than or equal to 2"),
        ({"split": {"scheme": "fixed"}}, "'file' is needed for the scheme 'fixed', and only there"),
        ({"split": {"scheme": "kfold", "file": "a.csv"}}, "'file' is needed for the scheme 'fixed', and only"),
        ({"split": {"scheme": "holdout", "folds": 3}}, "'folds' does nothing in the scheme 'holdout'; it"),
        ({"split": {"scheme": "kfold", "test": 0.3}}, "'test' does nothing in the scheme 'kfold'; it is for"),
        ({"split": {"scheme": "kfold", "cutoff": "2020-01-01"}}, "'cutoff' does nothing in the scheme 'kfold'"),
        ({"split": {"scheme": "temporal", "cutoff": "2020-13-01"}}, "must be a day of the calendar"),
        ({"split": {"scheme": "temporal", "cutoff": "2020-01-01", "test": 0.3}}, "both say who is tested"),
        ({"split": {"scheme": "kfold", "seed": -1}}, "'split.seed': Input should be greater than or equal to 0"),
        ({"data": {"folder": "../up"}}, "'data.folder': must be a relative path with forward slashes and without"),
        ({"data": {"folder": "/abs"}}, "'data.folder': must be a relative path"),
        ({"data": {"files": [FILE | {"path": "a/../../b"}]}}, "'data.files.0.path': must be a relative path"),
        ({"data": {"files": [FILE | {"sha256": "abc"}]}}, "'data.files.0.sha256': String should match pattern"),
        ({"statistics": {"operating_point": {"policy": "sensitivity"}}}, "'value' is needed for every policy but"),
        ({"statistics": {"operating_point": {"value": 0.5}}}, "'value' is needed for every policy but 'youden'"),
        ({"statistics": {"decision_thresholds": [0.3, 0.1]}}, "list each probability once, in rising order"),
        ({"statistics": {"decision_thresholds": [0.3, 1.0]}}, "less than 1"),
        ({"statistics": {"decision_thresholds": []}}, "at least 1 item"),
        ({"statistics": {"risk_categories": [0.2, 0.2]}}, "list each probability once, in rising order"),
        ({"statistics": {"mask_regression": {"columns": []}}}, "at least 1 item"),
        ({"statistics": {"mask_regression": {"columns": ["a", "a"]}}}, "'columns' names one of them twice"),
        (
            {"statistics": {"mask_regression": {"columns": ["a"], "references": {"b": "x"}}}},
            "'references' names 'b', which is none of 'columns'",
        ),
        ({"statistics": {"group_cuts": {"age": []}}}, "'age' has no cut: write one or more numbers"),
        ({"statistics": {"group_cuts": {"age": [65, 65]}}}, "the cuts of 'age' must be finite and increase"),
        ({"statistics": {"group_cuts": {"age": [65, float("inf")]}}}, "the cuts of 'age' must be finite"),
        ({"statistics": {"multiplicity": "none"}}, "'statistics.multiplicity': "),
        ({"statistics": {"families": {"primary": ["a-b"]}}}, "'a-b' is no comparison: write two names with ' - '"),
        ({"statistics": {"families": {"primary": ["a - a"]}}}, "'a - a' of 'primary' compares a model"),
        (
            {"statistics": {"families": {"primary": ["a - b"], "rest": ["b - a"]}}},
            "'b - a' stands in 'primary' and in 'rest': one family only",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    told = refused(tmp_path, **changes)
    assert told.startswith("/benchmark.yaml, line ")
    assert message in told


def test_a_date_may_stand_without_quotes(tmp_path: Path) -> None:
    folder = tmp_path / "dated"
    folder.mkdir()
    text = yaml.safe_dump(GOOD | {"split": {"scheme": "temporal", "cutoff": "DAY"}})
    (folder / "benchmark.yaml").write_text(text.replace("DAY", "2020-01-31"))
    assert read_benchmark(folder).split.cutoff == "2020-01-31"


def test_saved_settings_can_be_read_again() -> None:
    for options in (
        {"scheme": "kfold", "repeats": 3},
        {"scheme": "temporal", "cutoff": "2020-01-31"},
        {"scheme": "fixed", "file": "a.json", "nnunet_val": "validation"},
    ):
        settings = SplitSettings.model_validate(options)
        assert SplitSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_declared_families_hold_two_sides_each() -> None:
    settings = StatisticsSettings.model_validate(
        {"families": {"primary": ["cnn - forest", "a-b - readers:mean/x"]}}
    )
    assert settings.declared_families() == {"primary": (("cnn", "forest"), ("a-b", "readers:mean/x"))}
