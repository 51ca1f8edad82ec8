from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from samesplit.errors import TrackingError
from samesplit.tracking import is_pushed, push, store_uri
from samesplit.tracking.store import store_errors
from tracking.made_runs import client_of, make_run, models_in, runs_in

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run folder and the store it has been pushed to."""
    root = tmp_path_factory.mktemp("tracking")
    folder = make_run(root / "reports" / "balls" / "abc")
    push(folder, root / "mlflow.db")
    return folder, root / "mlflow.db"


def test_a_run_becomes_one_parent_and_one_child_per_model(pushed: tuple[Path, Path]) -> None:
    runs = runs_in(pushed[1]).set_index("name")

    assert set(runs.index) == {"abc", "Random forest", "Zero rule"}
    parent = runs.loc["abc", "id"]
    assert runs.loc["Random forest", "tags"]["mlflow.parentRunId"] == parent


def test_metrics_carry_their_intervals_and_tags_the_hashes(pushed: tuple[Path, Path]) -> None:
    forest = runs_in(pushed[1]).set_index("name").loc["Random forest"]

    own = {
        name: value for name, value in forest["metrics"].items() if name.startswith("auc.") or name == "auc"
    }
    assert own == {"auc": 0.8, "auc.ci_low": 0.7000000000000001, "auc.ci_high": 0.9}
    assert forest["tags"]["samesplit.sha256.split"] == "s" * 64
    assert forest["params"]["settings.parameters.depth"] == "3"


def test_a_difference_has_the_adjusted_p_value_of_the_report_and_its_claim(pushed: tuple[Path, Path]) -> None:
    rule = runs_in(pushed[1]).set_index("name").loc["Zero rule"]

    assert rule["metrics"]["auc_difference.versus.forest.p_adjusted"] == 0.02
    assert "auc_difference.versus.forest.p_value" not in rule["metrics"]
    assert rule["tags"]["samesplit.claim.auc_difference.versus.forest"] == "lower"


def test_artifacts_hold_the_report_and_the_details(pushed: tuple[Path, Path]) -> None:
    client = client_of(pushed[1])
    runs = runs_in(pushed[1]).set_index("name")
    of_the_run = {a.path for a in client.list_artifacts(runs.loc["abc", "id"])}
    assert {"report.html", "results.csv", "results.json", "predictions.csv"} <= of_the_run
    assert {a.path for a in client.list_artifacts(runs.loc["Random forest", "id"], "details")} == {
        "details/grid.csv",
        "details/rankings.parquet",  # as text it would be large
    }


def everything_in(pushed: tuple[Path, Path]) -> tuple[list[str], list[str], list[str], int]:
    """Names of runs, of logged models and of artifacts, and how many datasets there are."""
    artifacts = pushed[0].parents[1] / ".mlflow"
    names = sorted(path.name for path in artifacts.rglob("*") if path.is_file())
    with closing(sqlite3.connect(pushed[1])) as connection:
        datasets = connection.execute("SELECT count(*) FROM datasets").fetchone()[0]
    runs, models = sorted(runs_in(pushed[1])["name"]), sorted(model.name for model in models_in(pushed[1]))
    return runs, models, names, datasets


def test_pushing_twice_doubles_nothing(pushed: tuple[Path, Path]) -> None:
    before = everything_in(pushed)

    push(*pushed)

    assert everything_in(pushed) == before
    assert before[:2] == (["Random forest", "Zero rule", "abc"], ["forest", "zero-rule"])
    assert before[3] == 3  # train, validation, test


def test_a_changed_run_takes_the_place_of_what_it_was(pushed: tuple[Path, Path], tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(pushed[1].parent, root)
    folder, store = root / "reports" / "balls" / "abc", root / "mlflow.db"

    push(make_run(folder, auc=0.6), store)

    assert [model.name for model in models_in(store, filter_string="metrics.auc > 0.7")] == []
    assert len(models_in(store)) == 2
    assert runs_in(store).set_index("name").loc["Random forest", "metrics"]["auc"] == 0.6


@pytest.mark.parametrize(
    ("at", "new"), [("create_logged_model", False), ("finalize_logged_model", False), ("log_batch", True)]
)
def test_a_push_that_was_ended_halfway_and_repeated_ends_right(
    pushed: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, new: bool
) -> None:
    from mlflow import MlflowClient

    root = tmp_path / "workspace"
    shutil.copytree(pushed[1].parent, root)
    folder, store = root / "reports" / "balls" / "abc", root / "mlflow.db"
    expected = everything_in((folder, store))
    if new:
        store.unlink()
        shutil.rmtree(root / "reports" / ".mlflow")
    whole, calls = getattr(MlflowClient, at), []

    def ended_at_the_second(*given: object, **named: object) -> object:
        calls.append(at)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, at, ended_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            push(folder, store)
    assert not is_pushed(folder, store)
    assert bool(store.stat().st_size) is not new  # a new store is there when all of the first push is

    push(folder, store)

    runs, models, artifacts, datasets = everything_in((folder, store))
    assert (runs, models, datasets) == (expected[0], expected[1], expected[3])
    if not new:  # those of a store that never came to be are left to `samesplit clean`
        assert artifacts == expected[2]


def test_a_pushed_run_is_known_until_its_results_change(pushed: tuple[Path, Path], tmp_path: Path) -> None:
    folder, store = pushed
    assert is_pushed(folder, store)
    assert not is_pushed(folder, tmp_path / "other.db")

    changed = make_run(tmp_path / "run", auc=0.6)
    (changed / "mlflow.json").write_text((folder / "mlflow.json").read_text())
    assert not is_pushed(changed, store)


def test_a_run_lasts_as_long_as_it_did_whatever_the_push_takes(pushed: tuple[Path, Path]) -> None:
    runs = runs_in(pushed[1]).set_index("name")

    assert runs["seconds"].to_dict() == {"abc": 90.0, "Random forest": 90.5, "Zero rule": 0.0}


@pytest.mark.parametrize("damage", [b"", b'{"store": "sqli', b"\0" * 90, b"[]"])
def test_a_damaged_mark_of_a_push_is_none(pushed: tuple[Path, Path], tmp_path: Path, damage: bytes) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(pushed[1].parent, root)
    (root / "reports" / "balls" / "abc" / "mlflow.json").write_bytes(damage)

    assert not is_pushed(root / "reports" / "balls" / "abc", root / "mlflow.db")


def test_a_store_that_was_made_anew_by_another_run_lacks_this_one(
    pushed: tuple[Path, Path], tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(pushed[1].parent, root)
    folder, store = root / "reports" / "balls" / "abc", root / "mlflow.db"
    push(folder, store)
    assert is_pushed(folder, store)

    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("DELETE FROM runs")

    assert not is_pushed(folder, store)


def test_a_locked_store_is_one_clear_error(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    holder = sqlite3.connect(store)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TrackingError, match="locked") as caught:
            push(make_run(tmp_path / "run"), store, timeout_s=0.2)
    finally:
        holder.close()
    assert "push again" in str(caught.value)


@pytest.mark.parametrize("left", ["mlflow.db", ".mlflow.db.new", ".mlflow.db.1a2b3c4d.new"])
def test_a_store_whose_making_was_killed_is_made_anew(tmp_path: Path, left: str) -> None:
    store = tmp_path / "mlflow.db"
    with sqlite3.connect(tmp_path / left) as half:
        if left.startswith("."):  # tables are only ever made under this name
            half.execute("CREATE TABLE evaluation_datasets (id INTEGER)")
    half.close()

    push(make_run(tmp_path / "reports" / "balls" / "abc"), store)

    assert len(runs_in(store)) == 3
    assert {path.name for path in tmp_path.glob("*mlflow.db*")} <= {"mlflow.db", "mlflow.db.lock"}


def test_a_record_that_lacks_what_a_push_needs_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"run": "abc", "benchmark": "balls", "models": [], "hashes": {}}')
    with pytest.raises(TrackingError, match="is not what was put there") as caught:
        push(tmp_path, tmp_path / "mlflow.db")
    assert "run the benchmark again" in str(caught.value.remedy)


def test_a_store_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    store.write_text("this is a text file, long enough to be looked at as a header of a database")

    with pytest.raises(TrackingError, match="not a database"):
        push(make_run(tmp_path / "run"), store)


@pytest.mark.parametrize("half", [False, True])
def test_what_to_do_about_a_damaged_store_helps(
    pushed: tuple[Path, Path], tmp_path: Path, half: bool
) -> None:
    folder, store = tmp_path / "reports" / "balls" / "abc", tmp_path / "mlflow.db"
    shutil.copytree(pushed[0], folder)
    content = pushed[1].read_bytes()
    store.write_bytes(content[: len(content) // 2] if half else bytes(len(content)))

    with pytest.raises(TrackingError, match="is damaged") as caught:
        push(folder, store)

    assert "move mlflow.db away" in str(caught.value.remedy)
    store.unlink()
    push(folder, store)
    assert set(runs_in(store)["name"]) == {"abc", "Random forest", "Zero rule"}


def test_a_model_of_named_tasks_has_a_run_for_each_and_what_is_of_no_model_stands_with_the_run(
    tmp_path: Path,
) -> None:
    from mlflow import MlflowClient

    folder = make_run(tmp_path / "reports" / "balls" / "abc")
    for task in ("malignant", "aggressive"):
        (folder / "tasks").mkdir(exist_ok=True)
        shutil.copytree(folder / "details", folder / "tasks" / task / "details")
        shutil.copy(folder / "results.parquet", folder / "tasks" / task / "results.parquet")
    (folder / "results.parquet").unlink()
    record = json.loads((folder / "run.json").read_text())
    (folder / "tasks" / "outline").mkdir()  # no model of the run answers it: it has no results
    record["tasks"] = [{"name": "malignant"}, {"name": "aggressive"}, {"name": "outline"}]
    (folder / "run.json").write_text(json.dumps(record))

    found = folder / "tasks" / "malignant" / "details" / "chain_lesions.parquet"
    pd.DataFrame({"segmentation": ["unet"], "lesion_id": ["L01"], "found": [True]}).to_parquet(found)

    push(folder, tmp_path / "mlflow.db")

    runs = runs_in(tmp_path / "mlflow.db").set_index("name")
    models = {
        f"{model} ({task})"
        for model in ("Random forest", "Zero rule")
        for task in ("malignant", "aggressive")
    }
    assert set(runs.index) == {"abc", *models}
    assert runs.loc["Zero rule (aggressive)", "tags"]["samesplit.task"] == "aggressive"
    assert runs.loc["Random forest (malignant)", "metrics"]["auc"] == 0.8
    client = MlflowClient(tracking_uri=store_uri(tmp_path / "mlflow.db"))
    of_the_run = client.list_artifacts(runs.loc["abc", "id"], "details/malignant")
    assert {a.path for a in of_the_run} == {"details/malignant/chain_lesions.csv"}
    assert not any(
        "chain" in a.path for a in client.list_artifacts(runs.loc["Zero rule (malignant)", "id"], "details")
    )


def test_a_store_on_a_full_disk_says_to_free_space(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="disk is full") as caught, store_errors(tmp_path / "mlflow.db"):
        raise sqlite3.OperationalError("database or disk is full")
    assert str(caught.value.remedy).startswith("free some disk space")
