"""Benchmarks whose features come from a table of one's own: without images, and with both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from conftest import SmallStudy
from samesplit import cli
from samesplit.errors import DeclarationError
from samesplit.reports import build_report
from samesplit.run import RunOptions, load_plan
from samesplit.run.feature_stage import extract_features
from samesplit.run.model_inputs import inputs_of
from samesplit.run.progress import SilentReporter
from samesplit.workflows.compare import compare
from samesplit.workflows.run import run_benchmark
from samesplit.workflows.show import effective_settings
from samesplit.workflows.split import freeze_split
from samesplit.workflows.validate import validate

QUICK = RunOptions(jobs=1)
GRID = """
kind: radiomics-grid
title: Grid
selectors: [anova-f]
classifiers: [logistic]
sizes: [2]
inner_folds: 2
"""
NETWORK = """
kind: network
title: Net
network: resnet18
stem: medium
inputs: {view: 2.5d, size: 16}
training: {epochs: 1, batch_size: 8, patience: 1}
"""


def make_table(lesions: pd.DataFrame, *, seed: int = 5) -> pd.DataFrame:
    """One telling feature, three of noise, and what pyradiomics writes about itself."""
    rng = np.random.default_rng(seed)
    malignant = (lesions["label"] == "malignant").to_numpy()
    return pd.DataFrame(
        {
            "lesion_id": lesions["lesion_id"],
            "diagnostics_Versions_PyRadiomics": "v3.1.0",
            "brightness": rng.normal(3.0 * malignant, 1.0),
            **{f"noise {i}": rng.normal(size=len(lesions)) for i in range(3)},
        }
    )


def rewrite(study: SmallStudy, *changes: tuple[str, str]) -> None:
    path = study.folder / "benchmark.yaml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def with_table(study: SmallStudy, *, images: bool) -> SmallStudy:
    """Turn the small study into one with a table, and take its images away or leave them."""
    lesions = pd.read_csv(study.folder / "lesions.csv")
    make_table(lesions).to_csv(study.folder / "table.csv", index=False)
    models = "models: [zero-rule, clinical-logistic, forest]"
    rewrite(
        study,
        ("profiles: {first-order: [T1C, T2]}", "features: table.csv"),
        (models, "models: [zero-rule, clinical-logistic, grid]"),
        ("reference: forest", "reference: grid"),
    )
    (study.root / "models" / "grid.yaml").write_text(GRID)
    (study.root / "models" / "net.yaml").write_text(NETWORK)
    if not images:
        rewrite(study, ("  sequences: [T1C, T2]\n", ""))
        (study.folder / "images.csv").unlink()
        shutil.rmtree(study.folder / "images")
    return study


@pytest.fixture(scope="module")
def ran(small_study_template: SmallStudy, tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    """A study without images, validated, split and run."""
    root = tmp_path_factory.mktemp("table") / "workspace"
    shutil.copytree(small_study_template.root, root)
    study = with_table(SmallStudy(root, root / "benchmarks" / "balls"), images=False)
    freeze_split(study.folder, changes={}, overwrite=True)
    run_benchmark(load_plan(study.folder, QUICK))
    return study


@pytest.fixture
def study(ran: SmallStudy, tmp_path: Path) -> SmallStudy:
    """A copy of it, to change."""
    root = tmp_path / "workspace"
    shutil.copytree(ran.root, root, symlinks=True)
    return SmallStudy(root, root / "benchmarks" / "balls")


def test_a_run_without_images_judges_every_model_on_every_lesion(ran: SmallStudy) -> None:
    folder = ran.root / "reports" / "balls" / "latest"
    results = pd.read_parquet(folder / "results.parquet")
    auc = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")["estimate"]
    chosen = pd.read_parquet(folder / "details" / "chosen_features.parquet")

    assert auc["grid"] > 0.9
    assert set(chosen.loc[chosen["rank"] == chosen["rank"].min(), "feature"]) == {"brightness"}
    assert pd.read_parquet(folder / "ledger.parquet").empty
    assert list(pd.read_parquet(folder / "features" / "table.parquet").columns) == [
        "lesion_id", "brightness", "noise 0", "noise 1", "noise 2",
    ]  # fmt: skip


def test_its_record_and_report_tell_of_the_table_and_show_no_pictures(ran: SmallStudy) -> None:
    folder = ran.root / "reports" / "balls" / "latest"
    record = json.loads((folder / "run.json").read_text())
    page = build_report(folder).read_text()

    assert record["features"] == {"file": "table.csv", "columns": 4, "lesions": 27}
    assert len(record["hashes"]["features"]) == 64
    assert "Features: 4 columns of table.csv, a table made elsewhere" in page
    assert "1 column diagnostics_... left out" in page
    assert "27 with features" in page
    assert "no line was missing, and none was excluded" in page
    assert "Sequences:" not in page
    assert "gallery" not in page.split("</style>")[1].split("<script>")[0]


def test_validate_and_show_know_the_table(ran: SmallStudy) -> None:
    findings = validate(ran.folder, jobs=1)

    assert findings.fine
    assert findings.summary["features"] == "4 columns for 27 lesions in table.csv"
    assert "left out" in findings.summary
    assert "sequences" not in findings.summary
    assert "file: table.csv" in effective_settings(ran.folder)


def test_predictions_made_elsewhere_can_be_compared(study: SmallStudy, tmp_path: Path) -> None:
    lesions = pd.read_csv(study.folder / "lesions.csv")
    own = pd.DataFrame({"lesion_id": lesions["lesion_id"], "probability": 0.5})
    own.to_csv(tmp_path / "own.csv", index=False)

    plan = compare(study.folder, tmp_path / "own.csv", title="Mine", threshold=0.5)

    assert [len(external.predictions) for external in plan.externals] == [27]
    assert plan.run_id != load_plan(study.folder, RunOptions(jobs=1, only=("grid",))).run_id


def test_the_run_is_named_by_the_numbers_of_the_table(study: SmallStudy) -> None:
    path = study.folder / "table.csv"
    table = pd.read_csv(path)
    before = load_plan(study.folder, QUICK).run_id
    table[::-1].to_csv(path, index=False)
    reordered = load_plan(study.folder, QUICK).run_id
    table.assign(brightness=table["brightness"] + 1e-9).to_csv(path, index=False)

    assert reordered == before
    assert load_plan(study.folder, QUICK).run_id != before


def test_a_lesion_without_a_row_costs_only_the_models_that_need_it(study: SmallStudy) -> None:
    path = study.folder / "table.csv"
    pd.read_csv(path).query("lesion_id != 'L01a'").to_csv(path, index=False)

    outcome = run_benchmark(load_plan(study.folder, QUICK))

    assert not outcome.failures
    ledger = pd.read_parquet(outcome.folder / "ledger.parquet")
    assert set(ledger["lesion_id"]) == {"L01a"}
    assert set(ledger["stage"]) == {"cohort", "model grid"}
    assert "table.csv has no line of this lesion" in set(ledger["reason"])
    predictions = pd.read_parquet(outcome.folder / "predictions.parquet").query("lesion_id == 'L01a'")
    assert set(predictions["model"]) == {"zero-rule", "clinical-logistic"}
    assert "L01a" in outcome.report.read_text()


def test_models_that_cannot_work_without_images_are_refused_before_anything_runs(study: SmallStudy) -> None:
    rewrite(study, ("logistic, grid]", "logistic, grid, net]"))

    with pytest.raises(DeclarationError, match="'net' opens images, and the benchmark has none"):
        load_plan(study.folder, QUICK)

    rewrite(study, (", net]", "]"))
    grid = study.root / "models" / "grid.yaml"
    grid.write_text(GRID + "stability: {minimum_icc: 0.75, perturbations: {kinds: [rotation]}}\n")
    with pytest.raises(DeclarationError, match="wants features measured again, which the table"):
        load_plan(study.folder, QUICK)


def test_with_images_too_networks_get_the_images_and_radiomics_the_table(small_study: SmallStudy) -> None:
    study = with_table(small_study, images=True)
    rewrite(
        study,
        ("  sequences:", "  other_raters: [R2]\n  sequences:"),
        ("[zero-rule, clinical-logistic, grid]", "[zero-rule, grid, net]"),
    )
    study.edit("images.csv", lambda t: pd.concat([t, t.assign(rater="R2")]))
    plan = load_plan(study.folder, QUICK)
    models = {model.name: model for model in plan.models}
    images = extract_features(plan, SilentReporter())
    given = {
        name: inputs_of(models[name], plan, images.features, images.unreadable, {})
        for name in ("grid", "net")
    }

    assert images.features.empty
    assert len(images.pictures) == 54
    assert list(given["grid"].by_rater) == ["R1"]
    assert list(given["grid"].by_rater["R1"].features.columns) == [
        "brightness",
        "noise 0",
        "noise 1",
        "noise 2",
    ]
    assert given["net"].by_rater["R1"].features.empty
    assert len(given["net"].by_rater["R2"].images) == 54
    assert given["grid"].ledger.empty

    only = RunOptions(jobs=1, only=("zero-rule", "grid"))
    page = run_benchmark(load_plan(study.folder, only)).report.read_text()
    assert "Sequences: T1C, T2." in page
    assert "Features: 4 columns of table.csv" in page
    assert "gallery-sample" in page


UNBELIEVABLE = """
import numpy as np

class Same:
    def fit(self, X, y): pass

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

class Calls(Same):
    def predict_proba(self, X):
        called = X[:, 0] > 0
        return np.column_stack([~called, called]).astype(float)
"""


def test_constants_and_calls_are_told_in_the_run_the_report_and_the_terminal(
    study: SmallStudy, undrawn: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = study.root / "models"
    (models / "own.py").write_text(UNBELIEVABLE)
    for name in ("Same", "Calls"):
        (models / f"{name.lower()}.yaml").write_text(
            f"kind: estimator\ntitle: The {name}\ntarget: own.py:{name}\n"
        )
    rewrite(study, ("models: [zero-rule, clinical-logistic, grid]", "models: [zero-rule, grid, same, calls]"))
    outcome = run_benchmark(load_plan(study.folder, QUICK))

    constant, calls = outcome.notes
    assert constant.startswith(
        "The Same gives all lesions of the test part the same probability in all 2 fits"
    )
    assert calls.startswith("The Calls gives every lesion 0 or 1")
    assert json.loads((outcome.folder / "notes.json").read_text())[:2] == [constant, calls]
    page = outcome.report.read_text()
    assert constant in page
    assert calls in page
    monkeypatch.chdir(study.root)
    said = CliRunner().invoke(cli.app, ["run", "benchmarks/balls", "--no-track"])
    assert "Note: The Same gives all lesions" in " ".join(said.output.split())
