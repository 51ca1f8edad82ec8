"""The search in pieces: the same wherever they are done, once each, on the rows that they may see alone."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from samesplit.errors import ModelError
from samesplit.execution.work_units import Deferred, read_result, run_work_units
from samesplit.models.protocol import HasWorkUnits
from samesplit.models.radiomics.grid import choose, gather, search
from samesplit.models.radiomics.resampling import draw_patients
from samesplit.models.radiomics.search import GridSearch
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.radiomics.work_units import RankingUnit, fit_preparation, rank_features, score_cells
from samesplit.statistics.auc import auc_interval

FOREST = {"name": "random-forest", "parameters": {"n_estimators": 5}}
TREE = {"name": "decision-tree", "parameters": {"max_depth": 2}}


def settings(**keys: Any) -> RadiomicsGridSettings:
    given = {"selectors": ["anova-f", "lasso"], "classifiers": ["naive-bayes", TREE], "sizes": [2, 6]} | keys
    return RadiomicsGridSettings.model_validate({"name": "g", "title": "G", "inner_folds": 2} | given)


def data(n: int = 48, p: int = 12, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 2)
    X = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"f{i}" for i in range(p)])
    X.iloc[:, :2] += y[:, None]
    return X, y, np.array([f"P{i // 2}" for i in range(n)])


def pieces_of(grid: RadiomicsGridSettings, n_training: int | None = None) -> GridSearch:
    X, y, patients = data()
    return GridSearch(grid, X, y, patients, len(X) if n_training is None else n_training, 0)


def carry_out(found: GridSearch, folder: Path, **how: Any) -> None:
    for wanted in found.work_unit_stages(folder):
        assert not any(reason for _, reason in run_work_units([(folder, piece) for piece in wanted], **how))


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def same(one: Any, other: Any) -> None:
    pd.testing.assert_frame_equal(one.grid, other.grid)
    pd.testing.assert_frame_equal(one.folds, other.folds)
    pd.testing.assert_frame_equal(one.tables["rankings"], other.tables["rankings"])


@pytest.mark.slow
def test_processes_and_a_cluster_give_what_one_process_gives_to_the_last_digit(
    tmp_path: Path, scheduler: str
) -> None:
    grid = settings(classifiers=["logistic", FOREST], oversample={}, scale="min-max")
    found = pieces_of(grid)
    for name, how in (("here", {}), ("cluster", {"scheduler": scheduler})):
        carry_out(found, tmp_path / name, **how)
    here, cluster = (gather(found, tmp_path / name) for name in ("here", "cluster"))
    X, y, patients = data()
    same(here, search(X, y, patients, settings=grid, seed=0, jobs=2))
    same(here, cluster)


def test_what_a_killed_search_had_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pieces_of(settings())
    n_pieces = sum(len(wanted) for wanted in found.work_unit_stages(tmp_path))
    assert n_pieces == 2 + 2 * 2  # rankings, then each of two classifiers in each of two inner folds
    done: list[Any] = []

    def killed(call: Any) -> Any:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(call)
        return attempt(call)

    from samesplit.execution import work_units as module

    attempt = module._attempt
    monkeypatch.setattr(module, "_attempt", killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out(found, tmp_path)
    again: list[Any] = []
    monkeypatch.setattr(module, "_attempt", lambda call: (again.append(call), attempt(call))[1])
    carry_out(pieces_of(settings()), tmp_path)
    assert (len(done), len(again)) == (3, n_pieces - 3)
    X, y, patients = data()
    same(gather(found, tmp_path), search(X, y, patients, settings=settings(), seed=0))


def test_pieces_of_other_data_settings_or_seeds_do_not_meet(tmp_path: Path) -> None:
    X, y, patients = data()
    found = GridSearch(settings(), X, y, patients, len(X), 0)
    moved = X.copy()
    moved.iloc[3, 3] += 1e-9
    others = [
        replace(found, seed=1),
        replace(found, table=moved),
        replace(found, labels=1 - y),
        replace(found, patients=patients[::-1]),
        replace(found, settings=settings(scale="robust")),
        replace(found, table=X.rename(columns={"f0": "g0"})),
    ]
    assert len({found.key, *(other.key for other in others)}) == 7
    assert found.key == GridSearch(settings(), X.copy(), y, patients, len(X), 0).key


def test_cells_with_the_same_columns_are_fitted_once(tmp_path: Path) -> None:
    # At size 12 every selector takes all columns, and for two classes these two rank alike at every size.
    alike = ["anova-f", {"name": "t-score", "parameters": {}}]
    found = pieces_of(settings(selectors=[*alike, "lasso"], classifiers=["naive-bayes"], sizes=[3, 12, 40]))
    ranks, cells = found.work_unit_stages(tmp_path)
    list(run_work_units([(tmp_path, piece) for piece in ranks]))
    for piece in cells:
        assert isinstance(piece.payload, Deferred)
        work = piece.payload.function(*piece.payload.arguments)
        told = score_cells(work)
        different = len({tuple(sorted(ranking[:3])) for ranking in work.rankings})
        assert int(told["fits"]) == different + 1 < 9
        auc = told["auc"][0]
        np.testing.assert_array_equal(auc[0], auc[1])
        assert len(set(auc[:, 1:].ravel())) == 1


def test_a_piece_can_be_sent_and_sees_no_other_rows() -> None:
    found = pieces_of(settings())
    work = found.work_unit_stages(Path("nowhere"))[0][0].payload
    assert isinstance(work, RankingUnit)
    told = rank_features(pickle.loads(pickle.dumps(work)))
    shaken = work.table.copy()
    noise = np.random.default_rng(5).normal(50, 9, (len(work.test_index), work.table.shape[1]))
    shaken.iloc[work.test_index] = noise
    flipped = work.labels.copy()
    flipped[work.test_index] = 1 - flipped[work.test_index]
    other = rank_features(replace(work, table=shaken, labels=flipped))
    np.testing.assert_array_equal(told["columns"], other["columns"])
    np.testing.assert_array_equal(told["rankings"], other["rankings"])
    np.testing.assert_array_equal(told["X_train"], other["X_train"])
    assert not np.allclose(told["X_test"], other["X_test"])


def test_rankings_name_the_columns_that_the_preparation_left(tmp_path: Path) -> None:
    X, y, patients = data()
    X.insert(0, "empty", np.nan)
    X.insert(2, "constant", 4.0)
    found = search(X, y, patients, settings=settings(), seed=0, folder=tmp_path)
    table = found.tables["rankings"]
    assert list(table.columns) == ["inner_fold", "selector", "rank", "feature"]
    assert table.groupby(["inner_fold", "selector"], observed=True)["rank"].max().eq(6).all()
    assert not set(table["feature"]) & {"empty", "constant"}
    assert set(table.loc[table["rank"] <= 2, "feature"]) >= {"f0", "f1"}


def test_oversampling_happens_after_the_preparation_and_in_the_rows_to_fit_on_only() -> None:
    X, y, patients = data()
    rare = np.flatnonzero((y == 0) | (np.cumsum(y) <= 8))
    grid = settings(oversample={"neighbours": 3})
    work = (
        GridSearch(grid, X.iloc[rare], y[rare], patients[rare], len(rare), 0)
        .work_unit_stages(Path("nowhere"))[0][0]
        .payload
    )
    told = rank_features(work)
    plain = fit_preparation(
        Pipeline(grid.steps()),
        X.iloc[rare].to_numpy()[work.train_index],
        y[rare][work.train_index],
        model="g",
    )
    labels = told["y_train"]
    assert (labels == 0).sum() == (labels == 1).sum() > (y[rare][work.train_index] == 1).sum()
    np.testing.assert_array_equal(told["X_train"][: len(work.train_index)], plain[:, told["columns"]])
    assert len(told["X_test"]) == len(work.test_index)
    np.testing.assert_array_equal(told["y_test"], y[rare][work.test_index])


def test_class_weights_reach_the_classifiers_and_are_refused_where_one_cannot_take_them() -> None:
    X, y, patients = data()
    rare = np.flatnonzero((y == 0) | (np.cumsum(y) <= 8))
    given = X.iloc[rare], y[rare], patients[rare]
    plain = search(*given, settings=settings(classifiers=["logistic"]), seed=0)
    weighted = search(*given, settings=settings(classifiers=["logistic"], class_weight="balanced"), seed=0)
    assert not np.allclose(plain.folds["auc"], weighted.folds["auc"])
    with pytest.raises(ValueError, match=r"class_weight cannot be given to lda; it can to: .*logistic"):
        settings(classifiers=["logistic", "lda"], class_weight="balanced")


def test_cells_may_be_compared_on_the_validation_part(make_fold: Any, tmp_path: Path) -> None:
    fold, cases, _ = make_fold(n=60, n_test=60, effect=1.2)
    rng = np.random.default_rng(3)
    held = cases.select(cases.lesion_ids[:40])
    labels = pd.Series(rng.permutation(np.arange(40) % 2), index=held.lesions.index)
    held.features.iloc[:, :3] = rng.normal(size=(40, 3)) + 1.2 * labels.to_numpy()[:, None]
    fold = replace(fold, validation=held, validation_labels=labels)
    grid = settings(compare="validation")
    model = grid.build()
    assert isinstance(model, HasWorkUnits)
    model.fit(fold)
    details = model.details()
    table = details["grid"].set_index(["selector", "classifier", "size"])
    assert table["inner_folds"].eq(2).all()
    assert table.loc[table["chosen"], "validation_auc"].item() == table["validation_auc"].max()
    on_validation = details["grid_folds"].query("inner_fold == -1")
    np.testing.assert_array_equal(on_validation["auc"], details["grid"]["validation_auc"])
    # The chosen cell's validation AUC and its error are those of the refitted model on that part.
    refitted = model.predict(held)["probability"]
    truth = labels.loc[refitted.index]
    assert roc_auc_score(truth, refitted) == pytest.approx(table["validation_auc"].max(), abs=1e-12)
    patients = held.lesions.loc[refitted.index, "patient_id"]
    interval = auc_interval(truth, refitted, patients=patients, scale="plain")
    error = table.loc[table["chosen"], "validation_error"].item()
    assert (interval.ci_high - interval.ci_low) / 2 / 1.959964 == pytest.approx(error, rel=1e-4)


def test_comparing_on_a_validation_part_that_cannot_is_an_error_that_says_so(make_fold: Any) -> None:
    fold, cases, _ = make_fold(n=40)
    model = settings(compare="validation").build()
    with pytest.raises(
        ModelError, match=r"no lesion of which anything is known in this fold[\s\S]*'compare: inner'"
    ):
        model.work_unit_stages(fold)
    held = cases.select(cases.lesion_ids[:5])
    one = replace(fold, validation=held, validation_labels=pd.Series(0, index=held.lesions.index))
    with pytest.raises(ModelError, match="no positive lesion in this fold"):
        model.fit(one)


def test_the_sparest_cell_on_validation_is_within_the_standard_error_of_the_best() -> None:
    grid = pd.DataFrame(
        {"size": [50, 20, 10], "validation_auc": [0.80, 0.77, 0.74], "validation_error": [0.05, 0.2, 0.2]}
    )
    assert choose(grid, compare="validation") == (0, 1)


def test_draws_take_a_share_of_each_class_and_never_part_a_patient() -> None:
    labels = np.array([1] * 10 + [0] * 40)
    patients = np.array([f"P{i // 2}" for i in range(50)])
    draws = draw_patients(labels, patients, draws=6, share=0.8, seed=1)
    for drawn, left in draws:
        assert sorted([*drawn, *left]) == list(range(50))
        assert not set(patients[drawn]) & set(patients[left])
        assert (labels[drawn].sum(), len(drawn)) == (8, 40)
    assert len({drawn.tobytes() for drawn, _ in draws}) > 1
    again = draw_patients(labels, patients, draws=6, share=0.8, seed=1)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(draws, again, strict=True))


def test_resampling_scores_every_classifier_on_the_lesions_left_out_and_keeps_the_rankings(
    tmp_path: Path,
) -> None:
    grid = settings(resampling={"draws": 3, "share": 0.7, "size": 4})
    X, y, patients = data()
    found = search(X, y, patients, settings=grid, seed=0)
    table, rankings = found.tables["resampling"], found.tables["resampling_rankings"]
    assert list(table.columns) == ["draw", "selector", "classifier", "size", "auc"]
    assert len(table) == 3 * 2 * 2
    assert rankings.groupby(["draw", "selector"], observed=True)["rank"].max().eq(4).all()
    drawn, left = draw_patients(y, patients, draws=3, share=0.7, seed=0)[1]
    use = grid.classifiers[0]
    pipeline = Pipeline(
        [
            *grid.steps(),
            ("select", grid.selectors[0].make(size=4, seed=0)),
            ("classify", use.make(seed=0)),
        ]
    ).fit(X.to_numpy()[drawn], y[drawn])
    expected = roc_auc_score(y[left], pipeline.predict_proba(X.to_numpy()[left])[:, 1])
    mine = table[(table["draw"] == 1) & (table["selector"] == "anova-f") & (table["classifier"] == use.label)]
    assert mine["auc"].item() == pytest.approx(expected, abs=1e-12)
    stable, spread = found.tables["selector_stability"], found.tables["classifier_spread"]
    assert stable.groupby(["over", "size"])["selector"].agg(list).to_dict() == {
        ("inner_fold", 2): ["anova-f", "lasso"],
        ("inner_fold", 6): ["anova-f", "lasso"],
        ("draw", 4): ["anova-f", "lasso"],
    }
    assert stable["parts"].tolist() == [2, 2, 2, 2, 3, 3]
    percent = (
        table[table["classifier"] == use.label]
        .groupby("selector")["auc"]
        .agg(lambda auc: 100 * auc.std() / auc.mean())
    )
    told = spread[(spread["over"] == "draw") & (spread["classifier"] == use.label)]["relative_sd"].item()
    assert told == pytest.approx(percent.median())
    without = search(X, y, patients, settings=settings(), seed=0)
    pd.testing.assert_frame_equal(found.grid, without.grid)  # it chooses nothing
    only = search(X, y, patients, settings=settings(resampling={"draws": 2, "selector": "lasso"}), seed=0)
    assert set(only.tables["resampling"]["selector"]) == {"lasso"}
    with pytest.raises(ValueError, match="none of the grid's: anova-f, lasso"):
        settings(resampling={"selector": "boruta"})


def test_sites_are_harmonised_inside_and_a_lesion_is_known_by_its_features_only(make_fold: Any) -> None:
    fold, cases, truth = make_fold(effect=1.2)
    for part in (fold.training, cases):
        shift = (part.lesions["site"] == "A").to_numpy()[:, None] * 30.0
        part.features[:] = part.features.to_numpy() + shift
    cases.features.iloc[0] = np.nan
    harmonised = settings(
        harmonise={"unseen": "error", "covariates": ["age"]}, classifiers=["logistic"]
    ).build()
    harmonised.fit(fold)
    given = harmonised.predict(cases)["probability"]
    assert cases.lesion_ids[0] not in given.index
    assert len(given) == len(cases) - 1
    assert roc_auc_score(truth.loc[given.index], given) > 0.85
    assert not any(name.startswith("#") for name in harmonised.details()["chosen_features"]["feature"])
    assert not any(str(name).startswith("#") for name in harmonised.details()["rankings"]["feature"])
    elsewhere = replace(cases, lesions=cases.lesions.assign(site="C"))
    with pytest.raises(ModelError, match="C"):
        harmonised.predict(elsewhere)
    with pytest.raises(ModelError, match="does not tell them"):
        harmonised.predict(replace(cases, lesions=cases.lesions.drop(columns="site")))


def test_the_kept_pipeline_holds_no_sampler_and_predicts_again(make_fold: Any, tmp_path: Path) -> None:
    from samesplit.models.persistence import load_model

    fold, cases, _ = make_fold(n=40)
    model = settings(oversample={}, harmonise={"unseen": "pooled"}, class_weight="balanced").build()
    model.fit(fold)
    assert isinstance(model.fitted, Pipeline)
    assert [name for name, _ in model.fitted.steps][-2:] == ["select", "classify"]
    model.save(tmp_path / "kept")
    pd.testing.assert_series_equal(
        load_model(tmp_path / "kept").predict(cases)["probability"], model.predict(cases)["probability"]
    )


def test_a_classifier_that_fails_is_named_with_the_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.naive_bayes import GaussianNB

    def broken(*_: Any) -> Any:
        raise ValueError("no luck")

    monkeypatch.setattr(GaussianNB, "predict_proba", broken)
    X, y, patients = data()
    message = (
        r"'naive-bayes' failed on 24 lesions and the 2 features of 'anova-f' at size 2: ValueError: no luck"
    )
    with pytest.raises(ModelError, match=message):
        search(X, y, patients, settings=settings(), seed=0)


def test_what_it_took_is_told_by_selector_and_classifier() -> None:
    X, y, patients = data()
    spent = search(X, y, patients, settings=settings(), seed=0).tables["grid_seconds"]
    assert spent[["part", "name"]].to_numpy().tolist() == [
        ["preparation", ""], ["selector", "anova-f"], ["selector", "lasso"],
        ["classifier", "naive-bayes"], ["classifier", "decision-tree[max_depth=2]"],
    ]  # fmt: skip
    assert (spent["seconds"] > 0).all()
    assert spent["fits"].iloc[0] == 2


def test_results_of_pieces_stand_in_the_folds_folder(make_fold: Any) -> None:
    fold, _, _ = make_fold(n=40)
    model = settings().build()
    work_unit_stages = model.work_unit_stages(fold)
    model.fit(fold)
    for wanted in work_unit_stages:
        for piece in wanted:
            assert read_result(fold.directory / "pieces", piece.key)
