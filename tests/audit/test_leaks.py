from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samesplit.audit.leaks import LEAKS, Audited, oversampling
from samesplit.audit.leaks.scoring import best_cell
from samesplit.audit.leaks.selectors import signed_rank_ranking
from samesplit.audit.procedure import FoldData, Procedure
from samesplit.audit.table import Parts, Table, shuffled_places, stack_sequences
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.statistics.auc import empirical_auc

ISSUE = (
    "selection-on-all-data", "scaling-on-all-data", "combat-on-all-data", "smote-before-folds",
    "patient-on-two-sides", "fitted-on-test", "new-split-per-cell", "best-of-n-on-test", "threshold-on-test",
    "hard-label-auc", "signed-rank", "undiscretised-information",
)  # fmt: skip
QUIET = {
    "scaling-on-all-data",
    "combat-on-all-data",
    "hard-label-auc",
    "signed-rank",
    "undiscretised-information",
}

GRID = RadiomicsGridSettings.model_validate(
    {
        "name": "g",
        "title": "G",
        "selectors": ["anova-f"],
        "classifiers": ["lda"],
        "sizes": [3],
        "inner_folds": 2,
    }
)


def noise(
    seed: int, *, n: int = 60, p: int = 40, sites: str = "AB", same: int = 1
) -> tuple[Table, np.ndarray]:
    """Rows of pure noise: patients of `same` rows each, every third patient positive."""
    rng = np.random.default_rng(seed)
    owners = np.arange(n) // same
    X = rng.normal(size=(n // same, p))[owners] + 0.3 * rng.normal(size=(n, p)) * (same > 1)
    lesions = np.array([f"L{number:03d}" for number in range(n)])
    patients = np.array([f"P{owner:03d}" for owner in owners])
    site = np.array([sites[owner % len(sites)] for owner in owners])
    table = Table(X, tuple(f"f{number}" for number in range(p)), lesions, patients, {"#site": site})
    return table, (owners % 3 == 0).astype(np.int64)


def work_on(table: Table, y: np.ndarray, settings: RadiomicsGridSettings = GRID) -> FoldData:
    patients = np.unique(table.patients)
    side = {
        patient: number % 5 for number, patient in enumerate(np.random.default_rng(1).permutation(patients))
    }
    sides = np.array([side[patient] for patient in table.patients])
    parts = Parts(np.flatnonzero(sides > 1), np.flatnonzero(sides == 1), np.flatnonzero(sides == 0))
    return FoldData(
        X=table.X, y=y, patients=table.patients, aside=table.aside, parts=parts, settings=settings, seed=0,
        draw=(0, 0), owner=np.arange(len(y)),
    )  # fmt: skip


def turned(work: FoldData) -> FoldData:
    """The same work with the test labels turned around."""
    y = work.y.copy()
    y[work.parts.test] = 1 - y[work.parts.test]
    return replace(work, y=y)


def test_there_is_every_leak_of_the_list_and_it_says_what_it_is() -> None:
    assert tuple(dict.fromkeys(leak.name for leak in LEAKS.values())) == ISSUE
    assert {leak.name for leak in LEAKS.values() if not leak.informative} == QUIET
    for leak in LEAKS.values():
        assert leak.title
        assert leak.done_in.endswith(".")
        assert leak.measured.endswith(".")


@pytest.mark.parametrize(
    "key", ["scaling-on-all-data", "combat-on-all-data", "signed-rank", "undiscretised-information"]
)
def test_what_is_said_to_let_no_test_label_in_does_not(key: str) -> None:
    leak = LEAKS[key]
    procedure = leak.leaky(GRID)
    work = work_on(*noise(2), settings=procedure.settings)

    np.testing.assert_array_equal(procedure.run(work).score, procedure.run(turned(work)).score)


@pytest.mark.parametrize(
    "key",
    [
        "selection-on-all-data",
        "combat-on-all-data/label as covariate",
        "smote-before-folds",
        "fitted-on-test",
    ],
)
def test_what_is_said_to_let_test_labels_in_does(key: str) -> None:
    leak = LEAKS[key]
    procedure = leak.leaky(GRID)
    table, y = noise(2, sites="ABCDE")  # five sites: every third lesion is positive, and no site tells which
    work = work_on(table, y, settings=procedure.settings)
    test = len(work.parts.test)

    assert not np.array_equal(procedure.run(work).score[-test:], procedure.run(turned(work)).score[-test:])


def test_lesions_made_up_beforehand_are_scored_too_and_count_for_a_patient_of_their_class() -> None:
    leak = LEAKS["smote-before-folds"]
    procedure = leak.leaky(GRID)
    work = work_on(*noise(2), settings=procedure.settings)
    scores = procedure.run(work)

    assert scores.test.sum() > len(work.parts.test)
    assert (work.y[scores.row] == scores.label).all()
    assert set(work.parts.test) <= set(scores.row[scores.test])


def test_a_lesion_made_up_beforehand_is_tested_once_over_the_folds() -> None:
    rng = np.random.default_rng(0)
    folds = np.array_split(rng.permutation(60), 5)
    tested = np.zeros(200, dtype=int)
    for number, test in enumerate(folds):
        others = np.setdiff1d(np.arange(60), test)
        whole = (others[number:], others[:number], test)
        tested += oversampling._sides(whole, 200, 60, np.random.default_rng([1, 0, 60])) == 2
    assert (tested == 1).all()


def test_without_a_hold_out_all_lesions_are_learnt_from_and_the_test_lesions_are_scored() -> None:
    leak = LEAKS["fitted-on-test"]
    work = work_on(*noise(2))
    started = leak.leaky(GRID).start(work)
    scores = leak.leaky(GRID).run(work)

    assert started.parts.train.tolist() == list(range(60))
    assert scores.row[scores.test].tolist() == work.parts.test.tolist()


def test_without_a_hold_out_every_fold_scores_by_one_and_the_same_model() -> None:
    procedure = LEAKS["fitted-on-test"].leaky(GRID)
    work = work_on(*noise(3))
    others = Parts(work.parts.test, work.parts.validation, work.parts.train)
    everything = np.arange(60)
    whole = Procedure(GRID).fit_cells(work, everything, everything)[0]
    for parts in (work.parts, others):
        scores = procedure.run(replace(work, parts=parts))
        np.testing.assert_allclose(scores.score[scores.test], whole[parts.test], rtol=1e-9)


def test_without_a_hold_out_noise_is_told_apart() -> None:
    leak = LEAKS["fitted-on-test"]
    aucs: dict[str, list[float]] = {"fair": [], "leaky": []}
    for seed in range(6):
        table, y = noise(seed)
        for name, procedure in (("fair", leak.fair(GRID)), ("leaky", leak.leaky(GRID))):
            scores = procedure.run(work_on(table, y))
            aucs[name].append(empirical_auc(scores.label[scores.test], scores.score[scores.test]))

    assert np.mean(aucs["fair"]) == pytest.approx(0.5, abs=0.15)
    assert np.mean(aucs["leaky"]) > 0.7


def test_every_cell_has_a_split_of_its_own_of_the_same_sizes_that_keeps_patients_together() -> None:
    settings = GRID.model_copy(update={"sizes": (2, 3, 4)})
    table, y = noise(4, same=2)
    work = work_on(table, y, settings)
    scores = LEAKS["new-split-per-cell"].leaky(settings).run(work)
    tested = [frozenset(scores.row[scores.cell == cell]) for cell in range(3)]

    assert len(set(tested)) == 3
    for rows in tested:
        assert len(rows) == len(work.parts.test)
        inside = table.patients[sorted(rows)]
        assert len(rows) == np.isin(table.patients, inside).sum()


def test_rows_that_are_dealt_out_one_by_one_put_patients_on_two_sides() -> None:
    leak = LEAKS["patient-on-two-sides/lesions"]
    table, y = noise(4, same=3)
    work = work_on(table, y)
    started = leak.leaky(GRID).start(work)

    assert len(started.parts.test) == len(work.parts.test)
    assert y[started.parts.test].sum() == y[work.parts.test].sum()
    assert set(table.patients[started.parts.test]) & set(table.patients[started.parts.train])
    assert not set(table.patients[work.parts.test]) & set(table.patients[work.parts.train])


def test_each_row_is_tested_once_in_all_folds_of_a_random_split() -> None:
    folds = np.arange(30) % 3
    places = shuffled_places(np.arange(30) % 2, np.arange(30), np.random.default_rng(0))
    tested = [
        Parts(np.flatnonzero(folds != fold), np.arange(0), np.flatnonzero(folds == fold)).moved(places).test
        for fold in range(3)
    ]

    assert sorted(np.concatenate(tested)) == list(range(30))


def test_sequences_are_stacked_by_the_features_that_all_share() -> None:
    ids = pd.Index(["L1", "L2", "L3"], name="lesion_id")
    features = pd.DataFrame(
        {"ct/CT/mean": [1.0, 2, 3], "ct/CT/max": [4.0, 5, 6], "ct/CT/other": 0.0, "mr/T1/mean": [7.0, 8, np.nan],
         "mr/T1/max": [10.0, 11, np.nan]},
        index=ids,
    )  # fmt: skip
    lesions = pd.DataFrame({"patient_id": ["P1", "P2", "P3"]}, index=ids)
    stacked = stack_sequences(features, lesions, ["CT", "T1"])

    assert stacked is not None
    assert stacked.columns == ("max", "mean") or stacked.columns == ("mean", "max")
    assert stacked.lesions.tolist() == ["L1", "L1", "L2", "L2", "L3"]
    at = stacked.columns.index("mean")
    assert stacked.X[:, at].tolist() == [1, 7, 2, 8, 3]
    assert stack_sequences(features, lesions, ["CT"]) is None
    assert stack_sequences(features.filter(like="CT"), lesions, ["CT", "T1"]) is None


def test_rows_of_one_lesion_on_two_sides_tell_its_label() -> None:
    leak = LEAKS["patient-on-two-sides/sequences as rows"]
    settings = RadiomicsGridSettings.model_validate(
        GRID.model_dump()
        | {"sizes": [40], "classifiers": [{"name": "knn", "parameters": {"n_neighbors": 1}}]}
    )
    aucs: dict[str, list[float]] = {"fair": [], "leaky": []}
    for seed in range(6):
        table, y = noise(seed, n=120, same=2)
        y = np.random.default_rng(seed).permutation(y[::2]).repeat(2)  # noise: no feature knows the label
        for name, procedure in (("fair", leak.fair(settings)), ("leaky", leak.leaky(settings))):
            assert procedure.rows == "stacked"
            scores = procedure.run(work_on(table, y, settings))
            kept = scores.test
            aucs[name].append(empirical_auc(scores.label[kept], scores.score[kept]))

    assert np.mean(aucs["fair"]) == pytest.approx(0.5, abs=0.15)
    assert np.mean(aucs["leaky"]) > 0.65


def test_a_signed_rank_test_between_feature_and_label_ranks_by_distance_from_the_labels_scale() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 10)) + 1.5 * y[:, None] * (np.arange(10) == 7)
    X[:, 3] += 40  # tells nothing of the label, but is never near it

    ranking = signed_rank_ranking(X, y)

    assert ranking[0] == 3
    assert sorted(ranking) == list(range(10))
    assert LEAKS["signed-rank"].fair(GRID).settings.selectors[0].name == "wilcoxon"


def test_the_signed_rank_order_is_scipys() -> None:
    from scipy.stats import wilcoxon

    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(40, 6)), rng.integers(0, 2, 40)
    one_by_one = [wilcoxon(X[:, column], y, method="asymptotic").pvalue for column in range(6)]

    assert signed_rank_ranking(X, y).tolist() == np.argsort(one_by_one, kind="stable").tolist()


def test_undiscretised_values_put_noise_before_a_planted_feature() -> None:
    leak = LEAKS["undiscretised-information"]
    rng = np.random.default_rng(1)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 12))
    X[:, 11] += 3 * y
    fair, leaky = leak.fair(GRID), leak.leaky(GRID)
    use = leaky.settings.selectors[0]

    assert use.name == "cmim"
    assert fair.rank(use, X, y, seed=0, shared={})[0] == 11
    assert leaky.rank(use, X, y, seed=0, shared={})[:3].tolist() == [0, 1, 2]


def test_the_best_cell_is_that_of_the_highest_mean_over_folds() -> None:
    rows = [(fold, cell, label, score) for fold in (0, 1) for cell, scores in enumerate(([0.1, 0.9], [0.9, 0.1]))
            for label, score in zip((0, 1), scores, strict=True)]  # fmt: skip
    scores = pd.DataFrame(rows, columns=["fold", "cell", "label", "score"]).assign(test=True)

    assert set(best_cell(scores)["cell"]) == {0}


@pytest.mark.parametrize(
    ("key", "sites", "reason"),
    [
        ("combat-on-all-data", {}, "does not tell"),
        ("combat-on-all-data", {"#site": np.array(["A", "A", "A"])}, "one site"),
        ("combat-on-all-data", {"#site": np.array(["A", "", "B"])}, "1 lesions have no site"),
        ("smote-before-folds", {}, ""),
        ("patient-on-two-sides/lesions", {}, "one lesion"),
        ("patient-on-two-sides/sequences as rows", {}, "fewer than two sequences"),
    ],
    ids=["no-site", "one-site", "gap", "unequal", "one-lesion-each", "one-sequence"],
)
def test_whether_a_leak_applies_is_told_from_the_cohort(
    key: str, sites: dict[str, np.ndarray], reason: str
) -> None:
    lesions = np.array(["L1", "L2", "L3"])
    table = Table(np.ones((3, 2)), ("a", "b"), lesions, np.array(["P1", "P2", "P3"]), sites)
    cohort = Audited(table, None, pd.Series([0, 0, 1], index=lesions), ("T1",))
    said = LEAKS[key].why_not(cohort, GRID)

    assert reason in said
    assert bool(said) == bool(reason)


def test_procedures_are_told_apart_by_what_they_do() -> None:
    keys = {leak.leaky(GRID).key for leak in LEAKS.values()}

    assert LEAKS["hard-label-auc"].leaky(GRID).key == Procedure(GRID).key
    assert len(keys) == len(LEAKS) - 2  # three read the honest procedure's scores in another way
