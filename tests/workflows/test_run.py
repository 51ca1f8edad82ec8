from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
import sklearn

from conftest import SmallStudy
from samesplit.errors import SplitError
from samesplit.run import RunOptions, load_plan
from samesplit.run.processor import processor
from samesplit.tables import PREDICTIONS, read_table
from samesplit.tasks import DEFAULT_TASK
from samesplit.workflows.compare import compare
from samesplit.workflows.run import run_benchmark

QUICK = RunOptions(jobs=1)


def predictions_of(folder: Path) -> pd.DataFrame:
    table = read_table(folder / "predictions.parquet", PREDICTIONS)
    return table.sort_values(list(table.columns[:-1]), ignore_index=True)


@pytest.fixture
def finished(finished_small_study: SmallStudy) -> SmallStudy:
    """The small study, run once; never change it."""
    return finished_small_study


@pytest.fixture
def done(finished: SmallStudy, tmp_path: Path) -> SmallStudy:
    """A copy of the finished study, to change and run again."""
    root = tmp_path / "workspace"
    shutil.copytree(finished.root, root, symlinks=True)
    return SmallStudy(root, root / "benchmarks" / "balls")


def test_a_run_leaves_every_table_the_report_and_its_twins(finished: SmallStudy) -> None:
    folder = finished.root / "reports" / "balls" / "latest"

    for name in (
        "run.json",
        "lesions.parquet",
        "splits.parquet",
        "ledger.csv",
        "predictions.csv",
        "results.csv",
        "report.html",
        "report.json",
        "features/first-order.parquet",
        "features/first-order.json",
        "models/forest/seed0-repeat0-fold0",
    ):
        assert (folder / name).exists(), name
    record = json.loads((folder / "predictions.json").read_text())
    assert record["split_sha256"] == json.loads((finished.folder / "splits.json").read_text())["sha256"]


def test_every_model_predicts_every_lesion_once_in_the_test_part(finished: SmallStudy) -> None:
    table = predictions_of(finished.root / "reports" / "balls" / "latest")
    lesions = pd.read_csv(finished.folder / "lesions.csv")["lesion_id"]

    for model, part in table[table["subset"] == "test"].groupby("model"):
        assert sorted(part["lesion_id"]) == sorted(lesions), model


def test_bright_balls_are_told_from_dark_ones_and_the_zero_rule_is_at_chance(finished: SmallStudy) -> None:
    results = pd.read_parquet(finished.root / "reports" / "balls" / "latest" / "results.parquet")
    auc = results[(results["quantity"] == "auc") & (results["group"] == "all")].set_index("model")["estimate"]

    assert auc["forest"] > 0.75
    assert auc["zero-rule"] == 0.5


def test_a_second_run_finds_nothing_to_do_and_changes_no_byte(done: SmallStudy) -> None:
    report = done.root / "reports" / "balls" / "latest" / "report.html"
    before = (report.read_bytes(), report.stat().st_mtime_ns)

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    assert outcome.unchanged
    assert (report.read_bytes(), report.stat().st_mtime_ns) == before


def test_the_record_and_the_report_say_on_which_processor_the_models_were_fitted(done: SmallStudy) -> None:
    latest = done.root / "reports" / "balls" / "latest"
    record = json.loads((latest / "run.json").read_text())
    assert record["machine"]["processor"] == processor()
    assert record["machine"]["instructions"].startswith("numpy ")
    (place,) = record["fitted_on"]
    assert place["processor"] == processor()
    assert set(place["models"]) == {"zero-rule", "clinical-logistic", "forest"}
    report = (latest / "report.html").read_text()
    assert "Processor instructions in use" in report
    assert "Networks are not the same to the last digit on another processor" in report


@pytest.mark.usefixtures("undrawn")
def test_results_that_were_kept_on_another_processor_are_used_and_named(done: SmallStudy) -> None:
    kept = sorted((done.root / "reports" / ".cache").rglob("done.json"))
    for path in kept:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"processor": "Another One"}))
    (done.folder / "benchmark.yaml").write_text(
        (done.folder / "benchmark.yaml").read_text().replace("bootstraps: 200", "bootstraps: 100")
    )

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    record = json.loads((outcome.folder / "run.json").read_text())
    assert record["machine"]["processor"] == processor()
    assert [place["processor"] for place in record["fitted_on"]] == ["Another One"]
    assert sorted((done.root / "reports" / ".cache").rglob("done.json")) == kept


@pytest.mark.usefixtures("undrawn")
def test_one_more_model_is_run_without_running_the_others_again(done: SmallStudy) -> None:
    kept = {path: path.stat().st_mtime_ns for path in (done.root / "reports" / ".cache").rglob("done.json")}
    text = (done.folder / "benchmark.yaml").read_text()
    (done.folder / "benchmark.yaml").write_text(
        text.replace("clinical-logistic, forest", "clinical-logistic, forest, extra-trees")
    )

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    now = {path: path.stat().st_mtime_ns for path in (done.root / "reports" / ".cache").rglob("done.json")}
    assert {path: now[path] for path in kept} == kept
    assert len(now) == len(kept) + 2
    assert "extra-trees" in set(predictions_of(outcome.folder)["model"])


@pytest.mark.usefixtures("undrawn")
def test_predictions_made_elsewhere_join_the_report_without_any_rerun(
    done: SmallStudy, tmp_path: Path
) -> None:
    kept = len(list((done.root / "reports" / ".cache").rglob("done.json")))
    lesions = pd.read_csv(done.folder / "lesions.csv")
    csv = tmp_path / "predictions.csv"
    lesions.assign(probability=(lesions["label"] == "malignant") * 0.8 + 0.1)[
        ["lesion_id", "probability"]
    ].to_csv(csv, index=False)

    outcome = run_benchmark(compare(done.folder, csv, title="My <model>", jobs=1))

    assert len(list((done.root / "reports" / ".cache").rglob("done.json"))) == kept
    results = pd.read_parquet(outcome.folder / "results.parquet")
    mine = results[(results["model"] == "my-model") & (results["quantity"] == "auc")]
    assert mine["estimate"].iloc[0] == 1.0
    assert "My &lt;model&gt;" in outcome.report.read_text()


@pytest.mark.usefixtures("undrawn")
def test_the_canary_falls_to_chance(done: SmallStudy) -> None:
    from samesplit.evaluation.binary.label_permutation import label_permutation_verdict

    latest = (done.root / "reports" / "balls" / "latest").resolve()
    plan = load_plan(done.folder, RunOptions(jobs=1, shuffle_labels=1))
    outcome = run_benchmark(plan)

    assert (done.root / "reports" / "balls" / "latest").resolve() == latest != outcome.folder.resolve()
    assert (plan.outcomes[DEFAULT_TASK]["label"] != plan.cohort.labels).any()
    assert label_permutation_verdict(outcome.folder).at_chance


def test_the_canary_cries_when_a_model_is_not_at_chance(done: SmallStudy) -> None:
    from samesplit.evaluation.binary.label_permutation import label_permutation_verdict

    verdict = label_permutation_verdict(done.root / "reports" / "balls" / "latest")

    assert not verdict.at_chance
    assert (
        "clinical-logistic (P = 0)" in verdict.text
    )  # perfect; the others' few lesions show less by themselves


@pytest.mark.usefixtures("undrawn")
def test_one_broken_image_costs_one_lesion(done: SmallStudy) -> None:
    for sequence in ("T1C", "T2"):
        done.image("L03a", sequence).write_bytes(b"not an image")

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    ledger = pd.read_csv(outcome.folder / "ledger.csv")
    assert set(ledger.loc[ledger["status"] == "failed", "lesion_id"]) == {"L03a"}
    excluded = ledger[ledger["status"] == "excluded"]
    assert set(excluded["lesion_id"]) == {"L03a"}
    table = predictions_of(outcome.folder)
    assert "L03a" not in set(table.loc[table["model"] == "forest", "lesion_id"])
    assert "L03a" in set(table.loc[table["model"] == "clinical-logistic", "lesion_id"])
    assert "L03a" in outcome.report.read_text()


@pytest.mark.usefixtures("undrawn")
def test_a_model_that_fails_costs_that_model_and_is_tried_again(done: SmallStudy) -> None:
    forest = done.root / "models" / "forest.yaml"
    good = forest.read_text().replace("n_estimators: 20", "n_estimators: 21")  # not yet fitted
    forest.write_text(good.replace("n_estimators: 21", "n_estimators: -1"))

    outcome = run_benchmark(load_plan(done.folder, QUICK))

    assert set(outcome.failures) == {"forest"}
    assert "n_estimators" in outcome.failures["forest"]
    assert set(predictions_of(outcome.folder)["model"]) == {"zero-rule", "clinical-logistic"}
    forest.write_text(good)
    again = run_benchmark(load_plan(done.folder, QUICK))
    assert again.failures == {}
    assert "forest" in set(predictions_of(again.folder)["model"])


def test_a_changed_split_file_is_refused(small_study: SmallStudy) -> None:
    small_study.edit("splits.csv", lambda table: table.assign(subset=table["subset"].to_numpy()[::-1]))

    with pytest.raises(SplitError, match=r"sha256|SHA-256|hash"):
        load_plan(small_study.folder, QUICK)


def test_a_changed_cohort_is_refused(small_study: SmallStudy) -> None:
    small_study.edit("lesions.csv", lambda table: table.iloc[:-1])
    small_study.edit("images.csv", lambda table: table[table["lesion_id"] != "L23a"])
    small_study.edit("readings.csv", lambda table: table[table["lesion_id"] != "L23a"])

    with pytest.raises(SplitError, match="cohort"):
        load_plan(small_study.folder, QUICK)


def _start_run(study: SmallStudy, *, jobs: int = 2) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "samesplit", "run", str(study.folder), "--no-track", "--jobs", str(jobs)]
    return subprocess.Popen(
        command, cwd=study.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("pieces", "jobs"), [(1, 1), (20, 2), (55, 1)])
def test_a_run_killed_at_any_moment_goes_on_to_the_same_predictions(
    small_study: SmallStudy, finished: SmallStudy, pieces: int, jobs: int
) -> None:
    process = _start_run(small_study, jobs=jobs)
    cache = small_study.root / "reports" / ".cache"
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if sum(1 for path in cache.rglob("*") if path.is_file() and not path.name.startswith(".")) >= pieces:
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (small_study.root / "reports" / "balls" / "latest").exists()

    outcome = run_benchmark(load_plan(small_study.folder, QUICK))

    uninterrupted = predictions_of(finished.root / "reports" / "balls" / "latest")
    pd.testing.assert_frame_equal(predictions_of(outcome.folder), uninterrupted)


@pytest.mark.slow
def test_runs_from_scratch_give_the_same_predictions_even_two_at_once_in_one_workspace(
    small_study: SmallStudy, finished: SmallStudy
) -> None:
    first, second = _start_run(small_study), _start_run(small_study)

    assert first.wait(timeout=180) == 0
    assert second.wait(timeout=180) == 0
    latest = small_study.root / "reports" / "balls" / "latest"
    pd.testing.assert_frame_equal(
        predictions_of(latest), predictions_of(finished.root / "reports" / "balls" / "latest")
    )


BREAKS = """
from sklearn.base import BaseEstimator, ClassifierMixin


class Breaks(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        open({path!r})

    def predict_proba(self, X):
        raise NotImplementedError
"""


def test_no_folder_of_this_machine_stands_in_what_a_run_shares(
    small_study: SmallStudy, tmp_path: Path
) -> None:
    small_study.mask("L05a").write_bytes(small_study.mask("L05a").read_bytes()[:60])
    small_study.image("L07a").unlink()
    outside = tmp_path / "elsewhere" / "L09a.nii.gz"
    outside.parent.mkdir()
    outside.write_bytes(b"no image")
    taken = small_study.image("L09a").relative_to(small_study.folder).as_posix()
    small_study.edit("images.csv", lambda table: table.replace({"image": {taken: str(outside)}}))
    models = small_study.root / "models"
    (models / "breaks.yaml").write_text(
        f"kind: estimator\ntitle: Breaks\ntarget: {models}/breaks.py:Breaks\n"
    )
    (models / "breaks.py").write_text(BREAKS.format(path=str(tmp_path / "no" / "such.csv")))
    declared = small_study.folder / "benchmark.yaml"
    declared.write_text(declared.read_text().replace("forest]", "forest, breaks]"))

    outcome = run_benchmark(load_plan(small_study.folder, RunOptions(jobs=1)))

    ledger = (outcome.folder / "ledger.csv").read_text()
    assert "the image file benchmarks/balls/images/L07a_T1C.nii.gz does not exist" in ledger
    assert "lesion L05a" in ledger
    assert "L09a" in ledger
    assert "models/breaks.yaml" in json.loads((outcome.folder / "run.json").read_text())["failures"]["breaks"]
    shared = [path for path in outcome.folder.rglob("*") if path.suffix in {".html", ".json", ".csv"}]
    assert {"report.html", "report.json", "results.csv", "run.json"} <= {path.name for path in shared}
    own = {
        small_study.root,
        tmp_path,
        Path.home(),
        Path(tempfile.gettempdir()),
        Path(sklearn.__file__).parents[1],
    }
    for path in [*shared, outcome.folder / "ledger.parquet"]:
        content = path.read_bytes()
        found = [str(folder) for folder in own if f"{folder}/".encode() in content]
        assert not found, path
