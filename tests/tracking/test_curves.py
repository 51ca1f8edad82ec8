from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.tracking import push
from samesplit.tracking.curves import MOST_POINTS, curves_of
from tracking.made_runs import client_of, make_run, runs_in, write_details

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own dependencies warn on import


def test_the_training_of_each_fold_is_a_curve_over_optimiser_steps(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "reports" / "balls" / "abc")
    push(folder, tmp_path / "mlflow.db")

    client, network = client_of(tmp_path / "mlflow.db"), runs_in(tmp_path / "mlflow.db").set_index("name")
    told = client.get_metric_history(network.loc["Zero rule", "id"], "fold1/validation_loss")
    assert [(metric.step, round(metric.value, 3)) for metric in told] == [(4, 1.0), (8, 0.5), (12, 0.333)]
    assert "fold0/validation_AUC" in network.loc["Zero rule", "metrics"]
    by_fold = client.get_metric_history(network.loc["Zero rule", "id"], "auc_by_fold")
    assert [(metric.step, round(metric.value, 3)) for metric in by_fold] == [(0, 0.7), (1, 0.8)]


def test_a_grid_is_a_curve_over_the_number_of_features(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    points = [p for p in curves_of(folder, "forest") if p.name == "fold0/inner_auc_by_number_of_features"]
    assert [(point.step, point.value) for point in points] == [(5, 0.7), (10, 0.6)]


def test_long_curves_are_thinned_and_keep_their_ends(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    write_details(folder, ["forest", "zero-rule"], rounds=10_000)
    steps = [p.step for p in curves_of(folder, "zero-rule") if p.name == "fold0/validation_loss"]
    assert len(steps) == MOST_POINTS
    assert (steps[0], steps[-1]) == (4, 40_000)
    assert sorted(steps) == steps


def test_a_model_that_told_nothing_has_no_curves(tmp_path: Path) -> None:
    assert curves_of(tmp_path, "forest") == []
