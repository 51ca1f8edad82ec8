from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from samesplit.benchmarks.definition import read_benchmark
from samesplit.errors import DeclarationError, Faults, SamesplitError
from samesplit.run.models import load_models
from samesplit.workspace import Workspace

TASK = {"positive": "malignant", "negative": "benign", "question": "Which?"}
TABLE: dict[str, Any] = {"features": "table.csv"}
CLINICAL: dict[str, Any] = {"cohort": {"clinical": {"age": "number"}}}
IMAGES: dict[str, Any] = {"cohort": {"sequences": ["CT"]}, "profiles": {"shape": ["CT"]}}
ESTIMATOR = "kind: estimator\ntitle: Mine\ntarget: {}\n"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """The models of a benchmark with some of the built-in model files, and with files of one's own."""

    def read(
        models: list[Any], *, faults: Faults | None = None, files: dict[str, str] | None = None, **given: Any
    ) -> Any:
        folder = tmp_path / "benchmarks" / "study"
        (tmp_path / "models").mkdir(exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (files or {}).items():
            (tmp_path / "models" / name).write_text(text)
        told = {
            "title": "A study",
            "task": TASK,
            "split": {"scheme": "kfold"},
            "models": models,
            "simple_arm": None,
        } | given
        (folder / "benchmark.yaml").write_text(yaml.safe_dump(told))
        definition = read_benchmark(folder)
        return [m.name for m in load_models(Workspace(tmp_path), folder, definition, faults=faults).models]

    return read


def test_models_whose_needs_are_met_are_loaded_members_first(load: Any) -> None:
    average = {"name": "mean", "use": "average", "settings": {"members": ["lesion-size", "extra-trees"]}}
    assert load([average, "extra-trees", "lesion-size"], **(TABLE | CLINICAL)) == [
        "lesion-size", "extra-trees", "mean",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "given", "problem"),
    [
        ("extra-trees", TABLE, "'extra-trees' learns from clinical variables, and the benchmark declares none\n"
                               "Remedy: declare columns of lesions.csv under cohort.clinical, or use it with what "
                               "there is: {name: extra-trees, use: extra-trees, settings: {inputs: features}}"),
        ("extra-trees", CLINICAL, "'extra-trees' learns from features, and the benchmark has"),
        ("clinical-logistic", TABLE, "'clinical-logistic' learns from clinical variables, and the benchmark decl"),
        ("radiomics-small", CLINICAL, "'radiomics-small' learns from features, and the benchmark has none"),
        ("lasso-random-forest", CLINICAL, "'lasso-random-forest' learns from features"),
        ("univariate-multivariable-logistic", TABLE, "learns from clinical variables"),
        ("resnet18-25d", TABLE, "'resnet18-25d' opens images, and the benchmark has none"),
        ("lesion-size", {"cohort": {"clinical": {"age": "number"}}}, "needs the clinical variable 'size_mm' or f"),
        ("renal-nomogram", CLINICAL, "renal-nomogram-coefficients.yaml.template"),
        ({"name": "one", "use": "clinical-logistic", "settings": {"variables": ["agee"]}}, CLINICAL,
         "line 5: the model 'one' needs the clinical variable agee, which the benchmark does not have\n"
         "Remedy: did you mean 'age'? the benchmark has: age"),
    ],
)  # fmt: skip
def test_what_a_model_needs_and_the_benchmark_lacks_is_told_before_anything_runs(
    load: Any, model: Any, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SamesplitError) as caught:
        load([model], **given)
    assert problem in str(caught.value)


def test_a_network_is_refused_another_number_of_sequences_than_it_is_made_for(load: Any) -> None:
    three = {"name": "phases", "use": "resnet18-25d", "settings": {"fusion": {}, "number_of_sequences": 3}}
    images = {"cohort": {"sequences": ["N", "A"]}}
    with pytest.raises(SamesplitError) as caught:
        load([three], **images)
    assert "made for 3 sequences, and would be given 2 (N, A)" in str(caught.value)
    assert "settings: {sequences: [...]}" in caught.value.remedy
    three["settings"]["number_of_sequences"] = 2
    assert load([three], **images) == ["phases"]


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("no_such_package.Model", "the module 'no_such_package' is not installed here"),
        ("sklearn.ensemble.ExtraTreesClasifier", "did you mean 'ExtraTreesClassifier'?"),
        ("gone.py:Model", "gone.py' does not exist"),
        ("sklearn.svm.LinearSVC", "has no predict_proba"),
    ],
)
def test_a_target_that_cannot_be_made_is_told_before_anything_runs(
    load: Any, target: str, problem: str
) -> None:
    with pytest.raises(SamesplitError, match="(?s)" + problem):
        load(["mine"], files={"mine.yaml": ESTIMATOR.format(target)}, **TABLE)


def test_all_models_at_fault_are_told_at_once(load: Any) -> None:
    faults = Faults()
    assert load(["zero-rule", "extra-trees", "radiomic-small", "resnet18-25d"], faults=faults, **TABLE) == [
        "zero-rule", "extra-trees", "resnet18-25d",
    ]  # fmt: skip
    told = [str(fault) for fault in faults.found]
    assert len(told) == 3
    assert "there is no models/radiomic-small.yaml\nRemedy: did you mean 'radiomics-small'?" in told[0]
    assert "benchmark.yaml, line 4: the model 'extra-trees' learns from clinical" in told[1]
    assert "line 6: the model 'resnet18-25d' opens images" in told[2]


def test_models_made_of_each_other_are_refused(load: Any) -> None:
    ring = [
        {"name": a, "use": "average", "settings": {"members": [b, "zero-rule"]}}
        for a, b in (("a", "b"), ("b", "a"))
    ]
    with pytest.raises(DeclarationError, match="a -> b -> a are made of each other"):
        load([*ring, "zero-rule"], **TABLE)


def test_a_network_that_cuts_all_phases_at_one_that_it_is_not_given_is_refused(load: Any) -> None:
    net = "kind: network\ntitle: Net\nsequences: [A, V]\ninputs: {view: crop-3d, grid: N}\n"
    phases = {"cohort": {"sequences": ["N", "A", "V"]}}
    problem = (
        "the model 'net' cuts all sequences where N shows the lesion, and is not given N\n"
        "Remedy: it is given: A, V; name one of them under 'grid', or write 'grid: first'"
    )
    with pytest.raises(DeclarationError, match=re.escape(problem)):
        load(["net"], files={"net.yaml": net}, **phases)
    assert load(["net"], files={"net.yaml": net.replace("[A, V]", "[N, V]")}, **phases) == ["net"]
