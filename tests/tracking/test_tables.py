from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from samesplit.tracking import push, store_uri
from samesplit.tracking.artifacts import MOST_SHOWN_ROWS, artifact_folder, put_table
from tracking.made_runs import PATIENTS, client_of, experiment_of, make_run, runs_in

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


def test_predictions_and_results_are_tables_that_mlflow_reads_again(tmp_path: Path) -> None:
    import mlflow

    push(make_run(tmp_path / "reports" / "balls" / "abc"), tmp_path / "mlflow.db")
    store = tmp_path / "mlflow.db"
    forest = runs_in(store).set_index("name").loc["Random forest"]

    assert json.loads(forest["tags"]["mlflow.loggedArtifacts"]) == [
        {"path": "results.json", "type": "table"},
        {"path": "predictions.json", "type": "table"},
    ]
    mlflow.set_tracking_uri(store_uri(store))  # MLflow's search for tables asks no client
    try:
        table = client_of(store).load_table(experiment_of(store), "predictions.json", [forest["id"]])
    finally:
        mlflow.set_tracking_uri(None)
    assert len(table) == 2 * PATIENTS
    assert list(table)[:4] == ["lesion_id", "label", "probability", "subset"]
    assert table["subset"].tolist() == ["test"] * PATIENTS + ["validation"] * PATIENTS
    assert table.set_index("lesion_id").loc["L01a", "label"].tolist() == ["malignant"] * 2


def test_of_a_long_table_the_first_rows_are_shown_and_all_are_kept(tmp_path: Path) -> None:
    table = pd.DataFrame({"number": range(MOST_SHOWN_ROWS + 1), "share": 1 / 3})
    put_table(tmp_path, table, "predictions.json")
    shown = json.loads((tmp_path / "predictions.json").read_text())
    assert (len(shown["data"]), shown["data"][0]) == (MOST_SHOWN_ROWS, [0, 0.333333333333333])
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "predictions.parquet"), table)


def test_artifacts_go_where_the_store_looks_or_are_uploaded(tmp_path: Path) -> None:
    uploaded: list[list[str]] = []

    def upload(folder: str) -> None:
        uploaded.append([path.name for path in Path(folder).iterdir()])

    for address in ((tmp_path / "here").as_uri(), "mlflow-artifacts:/3/abc/artifacts"):
        with artifact_folder(address, upload) as home:
            (home / "report.html").write_text("<html></html>")
    with artifact_folder("mlflow-artifacts:/3/abc/artifacts", upload):
        pass  # nothing was put there

    assert (tmp_path / "here" / "report.html").exists()
    assert uploaded == [["report.html"]]
