from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn.feature_selection import SelectPercentile
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from samesplit.errors import ModelError
from samesplit.execution.work_units import run_work_units
from samesplit.models.automl.evaluation import TOO_LATE, Score
from samesplit.models.automl.evolution import Candidate, Evolved
from samesplit.models.automl.export import one_line
from samesplit.models.automl.model import TpotModel
from samesplit.models.automl.search_space import quietly
from samesplit.models.automl.settings import TpotSettings
from samesplit.models.automl.sklearn_pipeline import plain_pipeline
from samesplit.models.automl.spent import seconds_spent
from samesplit.models.persistence import load_model
from samesplit.models.protocol import HasWorkUnits
from samesplit.models.radiomics.grid import inner_splits
from samesplit.storage import write_json

WITHOUT_TPOT = """
import sys
sys.modules["tpot"] = None
import runpy
import numpy as np, pandas as pd
training, labels, test = (pd.read_pickle(f"{name}.pkl") for name in ("training", "labels", "test"))
pipeline = runpy.run_path("model/pipeline.py")["pipeline"]
np.save("given.npy", pipeline.fit(training, labels.to_numpy()).predict_proba(test)[:, 1])
"""


def settings(**keys: Any) -> TpotSettings:
    given = {
        "name": "t",
        "title": "T",
        "selectors": ["anova-f", "wilcoxon"],
        "classifiers": ["logistic", "naive-bayes"],
        "scalers": ["standard", "none"],
        "sizes": [2, 8],
        "inner_folds": 2,
        "generations": 1,
        "population": 3,
        "minutes": None,
        "pipeline_minutes": None,
    }
    return TpotSettings.model_validate(given | keys)


def fitted(fold: Any, **keys: Any) -> Any:
    model = settings(**keys).build()
    model.fit(fold)
    return model


def test_it_learns_and_tells_every_candidate_with_its_generation_and_folds(
    make_fold: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    fold, cases, truth = make_fold(effect=1.5, n=40)
    model = fitted(fold)
    assert roc_auc_score(truth, model.predict(cases)["probability"]) > 0.85
    tables = model.details()
    pipelines, folds = tables["pipelines"], tables["pipeline_folds"]
    assert pipelines["generation"].tolist() == [0, 0, 0, 1, 1, 1]
    assert pipelines["inner_auc"].tolist() == pytest.approx(folds.groupby("candidate")["auc"].mean().tolist())
    assert pipelines.loc[pipelines["chosen"], "inner_auc"].item() == pipelines["inner_auc"].max()
    assert pipelines["pipeline"].str.startswith("make_pipeline(").all()
    assert tables["search"]["candidates"].item() == 6
    assert tables["search"]["stopped_by"].item() == "generations"
    assert capfd.readouterr() == ("", "")
    assert list(elsewhere.iterdir()) == []


def test_the_same_seed_gives_the_same_candidates_whatever_the_order_of_rows_and_another_does_not(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(n=40)
    mixed = list(reversed(fold.training.lesion_ids))
    found = []
    for number, (seed, ids) in enumerate([(1, fold.training.lesion_ids), (1, mixed), (2, mixed)]):
        own = tmp_path / str(number)
        own.mkdir()
        labels = fold.training_labels.loc[ids]
        part = replace(
            fold, seed=seed, training=fold.training.select(ids), training_labels=labels, directory=own
        )
        model = fitted(part)
        found.append((model.details()["pipelines"], model.predict(cases)["probability"], model.code))
    pd.testing.assert_frame_equal(found[0][0], found[1][0])
    pd.testing.assert_series_equal(found[0][1], found[1][1])
    assert found[0][2] == found[1][2]
    assert found[0][0]["pipeline"].tolist() != found[2][0]["pipeline"].tolist()


def test_the_code_runs_in_a_process_without_tpot_and_predicts_the_same(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(n=40)
    fold.training.features.iloc[0, 1] = np.nan
    model = fitted(fold)
    model.save(tmp_path / "model")
    inputs = fold.training.features.sort_index()
    tables = {"training": inputs, "labels": fold.training_labels.loc[inputs.index], "test": cases.features}
    for name, table in tables.items():
        table.to_pickle(tmp_path / f"{name}.pkl")
    subprocess.run([sys.executable, "-c", WITHOUT_TPOT], check=True, timeout=120, cwd=tmp_path)
    np.testing.assert_array_equal(np.load(tmp_path / "given.npy"), model.predict(cases)["probability"])


@pytest.mark.parametrize("space", ["radiomics", "linear", "linear-light"])
def test_the_kept_model_is_loaded_where_tpot_cannot_be_imported(
    make_fold: Any, tmp_path: Path, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold, cases, _ = make_fold(n=40)
    model = fitted(fold, space=space, generations=0, population=2)
    model.save(tmp_path / "model")
    for name in [name for name in sys.modules if name.partition(".")[0] == "tpot"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError):
        importlib.import_module("tpot")
    loaded = load_model(tmp_path / "model")
    assert isinstance(loaded, TpotModel)
    pd.testing.assert_series_equal(loaded.predict(cases)["probability"], model.predict(cases)["probability"])
    assert loaded.code == model.code
    names: dict[str, Any] = {}
    exec(compile(loaded.code, "pipeline.py", "exec"), names)
    inputs, labels = model.known(fold)
    with quietly():
        again = names["pipeline"].fit(inputs, labels.to_numpy())
        expected = model.predict(cases)["probability"]
        np.testing.assert_array_equal(again.predict_proba(cases.features)[:, 1], expected)


@pytest.mark.parametrize("name", ["LGBMClassifier", "HistGradientBoostingClassifier", "KNeighborsClassifier"])
def test_what_the_templates_hold_can_be_kept(make_fold: Any, tmp_path: Path, name: str) -> None:
    with quietly():
        from tpot.config import get_search_space

        node = get_search_space(name, n_classes=2, n_samples=20, n_features=30, random_state=0)
        theirs = make_pipeline(SelectPercentile(), node.generate(np.random.default_rng(0)).export_pipeline())
    fold, cases, _ = make_fold(n=40)
    model = settings().build()
    pipeline = plain_pipeline(theirs, seed=0)
    model.evolved = Evolved([Candidate(0, pipeline, one_line(pipeline), Score((0.7,)))])
    inputs, labels = model.known(fold)
    model.fitted = model._refit(inputs, labels.to_numpy(dtype=np.int64), 0)
    model.columns, model.task = list(inputs.columns), fold.task
    model.save(tmp_path)
    pd.testing.assert_series_equal(
        load_model(tmp_path).predict(cases)["probability"], model.predict(cases)["probability"]
    )


def test_a_search_done_as_a_piece_elsewhere_is_taken_up(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold(n=40)
    directories = [tmp_path / name for name in ("alone", "pieces")]
    models = []
    for directory in directories:
        directory.mkdir()
        here = replace(fold, directory=directory)
        model = settings().build()
        if directory.name == "pieces":
            assert isinstance(model, HasWorkUnits)
            ((piece,),) = model.work_unit_stages(here)
            assert list(run_work_units([(directory / "pieces", piece)])) == [(0, "")]
            (directory / "scores.jsonl").unlink()
            model = settings().build()
        model.fit(here)
        models.append(model)
    assert not (directories[1] / "scores.jsonl").exists()  # nothing was scored again
    for name, table in models[0].details().items():
        pd.testing.assert_frame_equal(table, models[1].details()[name])
    pd.testing.assert_series_equal(
        models[0].predict(cases)["probability"], models[1].predict(cases)["probability"]
    )


def test_a_killed_search_goes_on_where_it_was(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=40)
    whole = fitted(fold)
    notes = tmp_path / "scores.jsonl"
    lines = notes.read_text(encoding="utf-8").splitlines(keepends=True)
    notes.write_text("".join(lines[:2]) + lines[2][:10], encoding="utf-8")
    again = fitted(fold)
    pd.testing.assert_frame_equal(again.details()["pipelines"], whole.details()["pipelines"])
    assert len(notes.read_text(encoding="utf-8").splitlines()) == len(lines) + 1


def test_a_search_that_goes_on_has_what_is_left_of_its_minutes(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=40)
    whole = fitted(fold, minutes=60.0)
    notes, spent = tmp_path / "scores.jsonl", tmp_path / "spent.json"
    assert 0 < seconds_spent(spent) < 600
    lines = notes.read_text(encoding="utf-8").splitlines(keepends=True)

    def again(seconds: float) -> list[str]:
        notes.write_text("".join(lines[:2]), encoding="utf-8")
        write_json(spent, {"seconds": seconds})
        table = fitted(fold, minutes=60.0).details()["pipelines"]
        return list(table["error"])

    left, none_left = again(0.0), again(3600.0)
    assert left == list(whole.details()["pipelines"]["error"])
    assert sum(error == TOO_LATE for error in none_left) == 1  # of the first three candidates two were known
    assert seconds_spent(spent) >= 3600


@pytest.mark.slow
def test_dask_workers_find_the_same_and_leave_nothing_behind(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold(n=40)
    alone = fitted(fold)
    (tmp_path / "scores.jsonl").unlink()
    before = set(psutil.Process().children(recursive=True))
    together = fitted(replace(fold, jobs=2))
    pd.testing.assert_frame_equal(together.details()["pipelines"], alone.details()["pipelines"])
    pd.testing.assert_series_equal(
        together.predict(cases)["probability"], alone.predict(cases)["probability"]
    )
    left = set(psutil.Process().children(recursive=True)) - before
    assert [process.name() for process in left if "dask" in " ".join(process.cmdline())] == []


def test_inner_folds_keep_patients_together_and_are_prepared_on_their_fitted_rows_alone(
    make_fold: Any,
) -> None:
    fold, _, _ = make_fold(n=40)
    fold.training.features.iloc[:, 0] = np.nan  # known of the held-out rows of the first inner fold only
    labels = fold.training_labels.to_numpy(dtype=np.int64)
    patients = fold.training.lesions["patient_id"].to_numpy(dtype=object)
    splits = inner_splits(labels, patients, folds=2, seed=0, model="t")
    fold.training.features.iloc[splits[0][1], 0] = np.arange(len(splits[0][1]))
    model = settings(missing=0.9).build()
    inputs, known = model.known(fold)
    given = model._search(inputs, known, fold)._inner_folds()
    assert [each.X_fit.shape[1] for each in given] == [29, 30]
    assert [len(each.y_held) for each in given] == [len(held) for _, held in splits]
    for fit, held in splits:
        assert not set(patients[fit]) & set(patients[held])


def test_if_nothing_can_be_scored_the_reason_is_told(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40)
    with pytest.raises(ModelError, match=r"none could be scored; most often: the minutes of the search"):
        fitted(fold, minutes=1e-9)


def test_without_a_usable_feature_there_is_nothing_to_search(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40)
    fold.training.features[:] = 1.0
    with pytest.raises(ModelError, match="no feature is usable"):
        fitted(fold)
