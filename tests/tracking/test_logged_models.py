from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from conftest import SmallStudy
from samesplit.tracking import push, store_uri
from samesplit.tracking.logged_models import what_is_loaded
from tracking.made_runs import client_of, experiment_of, make_run, models_in, runs_in

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    push(make_run(root / "reports" / "balls" / "abc", more_models=3), root / "mlflow.db")
    return root / "mlflow.db"


def by_test_auc(store: Path) -> list[str]:
    first = {"field_name": "metrics.auc", "dataset_name": "balls/test", "ascending": False}
    return [model.name for model in models_in(store, order_by=[first])]


def test_a_model_is_a_logged_model_that_came_of_its_run(store: Path) -> None:
    forest = next(model for model in models_in(store) if model.name == "forest")
    run = runs_in(store).set_index("name").loc["Random forest"]

    assert (forest.model_type, str(forest.status), forest.source_run_id) == ("estimator", "READY", run["id"])
    assert forest.params["settings.parameters.depth"] == "3"
    assert forest.tags["samesplit.sha256.split"] == "s" * 64
    outputs = client_of(store).get_run(run["id"]).outputs.model_outputs
    assert [output.model_id for output in outputs] == [forest.model_id]


def test_the_parent_names_all_models_and_the_lesions(store: Path) -> None:
    parent = client_of(store).get_run(runs_in(store).set_index("name").loc["abc", "id"])

    assert len(parent.outputs.model_outputs) == 5
    inputs = {one.dataset.name: one for one in parent.inputs.dataset_inputs}
    assert set(inputs) == {"balls/test", "balls/validation", "balls/train"}
    assert {tag.key: tag.value for tag in inputs["balls/test"].tags} == {"mlflow.data.context": "test"}


def test_metrics_are_linked_to_the_lesions_that_they_were_measured_on(store: Path) -> None:
    forest = next(model for model in models_in(store) if model.name == "forest")
    linked = {metric.key: (metric.dataset_name, metric.value) for metric in forest.metrics}

    assert linked["auc"] == ("balls/test", 0.8)
    assert linked["auc.ci_high"] == ("balls/test", 0.9)
    assert linked["validation/auc"] == ("balls/validation", 0.4)
    digests = {metric.dataset_name: metric.dataset_digest for metric in forest.metrics}
    assert len(set(digests.values())) == 2


def test_ordered_by_the_auc_of_the_test_part_models_stand_as_in_the_benchmark_where_equal(
    store: Path,
) -> None:
    assert by_test_auc(store) == ["forest", "zero-rule", "model-0", "model-1", "model-2"]
    found = models_in(store, filter_string="metrics.auc > 0.77", datasets=[{"dataset_name": "balls/test"}])
    assert {model.name for model in found} == {"forest", "zero-rule", "model-0"}


def test_the_order_by_auc_is_that_of_the_report_and_models_load_from_mlflow(
    finished_small_study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test for both: loading MLflow's models takes seconds the first time."""
    import mlflow

    run = next(
        path.parent
        for path in finished_small_study.root.glob("reports/balls/*/run.json")
        if not path.parent.is_symlink()
    )
    store = tmp_path / "mlflow.db"
    monkeypatch.setattr("samesplit.tracking.pushing.write_json", lambda *_: None)  # the study stays as it is
    push(run, store)

    told = json.loads((run / "run.json").read_text())["models"]
    titles = {model["name"]: model["title"] for model in told}
    verdict = pd.read_csv(run / "report-tables" / "verdict-table.csv")
    ranked = verdict[verdict["Model or reader"].isin(titles.values())].sort_values("AUC", ascending=False)
    assert [titles[name] for name in by_test_auc(store)] == ranked["Model or reader"].tolist()

    mlflow.set_tracking_uri(store_uri(store))
    try:
        forest = next(model for model in models_in(store) if model.name == "forest")
        loaded = mlflow.pyfunc.load_model(forest.model_uri)
    finally:
        mlflow.set_tracking_uri(None)
    features = pd.read_parquet(run / "features" / "first-order.parquet")
    features["column"] = features["profile"] + "/" + features["sequence"] + "/" + features["feature"]
    table = features.pivot_table(index="lesion_id", columns="column", values="value")
    predictions = pd.read_parquet(run / "predictions.parquet")
    of_forest = predictions[(predictions["model"] == "forest") & (predictions["subset"] == "test")]
    got = loaded.predict(table)["probability"]
    assert list(got.index) == list(table.index)
    # Its two fits have seen half of the lesions each, so that it is surer than the fit that had not seen them.
    assert got.corr(of_forest.set_index("lesion_id")["probability"]) > 0.8


def test_what_measures_images_or_was_not_kept_is_not_loaded(tmp_path: Path) -> None:
    def kept(name: str, **told: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        record = {
            "settings": {"kind": "ridge"},
            "state": {"columns": ["a", "b"]},
            "task": {"kind": "binary"},
            "not_kept_because": "",
        }
        (folder / "model.json").write_text(json.dumps(record | told))
        return folder

    whole = kept("whole")
    assert what_is_loaded([whole]) == {"inputs": ["a", "b"], "outputs": ["probability"]}
    several = kept("several", task={"kind": "multiclass", "classes": ["x", "y", "z"]})
    assert what_is_loaded([several])["outputs"] == ["x", "y", "z"]
    assert what_is_loaded([whole, kept("lost", not_kept_because="skops cannot hold it")]) == {}
    assert what_is_loaded([kept("size", settings={"kind": "lesion-size"})]) == {}
    assert what_is_loaded([kept("ensemble", state={"weights": [1]})]) == {}
    assert what_is_loaded([tmp_path]) == {}  # a network has another record


def test_the_fits_of_the_first_repeat_lie_with_the_logged_model(store: Path) -> None:
    forest = next(model for model in models_in(store) if model.name == "forest")
    files = client_of(store).list_logged_model_artifacts(forest.model_id, "fitted")

    assert [file.path for file in files] == ["fitted/seed0-repeat0-fold0"]
    assert experiment_of(store) == str(forest.experiment_id)
