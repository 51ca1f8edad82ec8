from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samesplit.audit.procedure import FoldData, Procedure, Scores, cells_of
from samesplit.audit.table import Parts, Table
from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.settings import RadiomicsGridSettings


def grid(**changes: object) -> RadiomicsGridSettings:
    usual = {"name": "g", "title": "G", "selectors": ["anova-f", "lasso"], "classifiers": ["lda", "naive-bayes"],
             "sizes": [2, 5], "inner_folds": 2}  # fmt: skip
    return RadiomicsGridSettings.model_validate(usual | changes)


@pytest.fixture(scope="module")
def cases() -> tuple[Cases, pd.Series]:
    rng = np.random.default_rng(3)
    ids = pd.Index([f"L{number:02d}" for number in range(60)], name="lesion_id")
    y = pd.Series(np.arange(60) % 3 == 0, index=ids).astype(int)
    X = rng.normal(size=(60, 30)) + 1.2 * np.outer(y, np.arange(30) < 3)
    X[rng.random(X.shape) < 0.02] = np.nan
    lesions = pd.DataFrame(
        {
            "patient_id": [f"P{number:02d}" for number in range(60)],
            "site": ["ABC"[n % 7 % 3] for n in range(60)],
        },
        index=ids,
    )
    features = pd.DataFrame(X, index=ids, columns=[f"mr/T2/f{number:02d}" for number in range(30)])
    nothing = pd.DataFrame(index=ids)
    return Cases(lesions, pd.DataFrame({"lesion_id": list(ids)}), features, nothing, ("T2",), "R1"), y


def run(settings: RadiomicsGridSettings, given: tuple[Cases, pd.Series]) -> tuple[Scores, Parts]:
    cases, labels = given
    table = Table.of(cases.features, cases.lesions)
    parts = Parts(np.arange(0, 36), np.arange(36, 46), np.arange(46, 60))
    work = FoldData(
        X=table.X, y=table.labels(labels), patients=table.patients, aside=table.aside, parts=parts,
        settings=settings, seed=7, draw=(0, 0), owner=np.arange(60),
    )  # fmt: skip
    return Procedure(settings).run(work), parts


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"choose": "one-standard-error", "scale": "min-max", "correlation": 0.9},
        {"oversample": {"method": "smote"}, "selectors": ["anova-f"]},
        {"harmonise": {"unseen": "pooled"}, "selectors": ["anova-f"]},
        {"compare": "validation", "selectors": ["anova-f"]},
    ],
    ids=["plain", "one-standard-error", "smote", "combat", "validation"],
)
def test_the_honest_procedure_is_the_model_itself(
    changes: dict[str, object], cases: tuple[Cases, pd.Series], tmp_path: Path
) -> None:
    settings = grid(**changes)
    given, labels = cases
    scores, parts = run(settings, cases)
    ids = given.lesion_ids
    train, validation, test = (given.select([ids[row] for row in rows]) for rows in
                               (parts.train, parts.validation, parts.test))  # fmt: skip
    model = settings.build()
    model.fit(
        TrainingFold(train, labels.iloc[parts.train], validation, labels.iloc[parts.validation], 7, tmp_path)
    )
    mine = scores.test & (scores.cell == scores.chosen)

    np.testing.assert_allclose(scores.score[mine], model.predict(test)["probability"].to_numpy(), atol=1e-9)
    np.testing.assert_array_equal(scores.row[mine], parts.test)
    np.testing.assert_allclose(
        scores.score[~scores.test], model.predict(validation)["probability"].to_numpy(), atol=1e-9
    )


def test_every_cell_is_scored_on_the_test_part(cases: tuple[Cases, pd.Series]) -> None:
    scores, parts = run(grid(), cases)

    assert np.bincount(scores.cell[scores.test]).tolist() == [len(parts.test)] * len(cells_of(grid()))
    assert len(scores.inner) == len(cells_of(grid()))
    assert scores.inner[scores.chosen] == pytest.approx(scores.inner.max())


def test_without_a_validation_part_the_threshold_gets_training_lesions_while_held_out(
    cases: tuple[Cases, pd.Series],
) -> None:
    given, labels = cases
    table = Table.of(given.features, given.lesions)
    parts = Parts(np.arange(40), np.arange(0), np.arange(40, 60))
    work = FoldData(
        X=table.X, y=table.labels(labels), patients=table.patients, aside=table.aside, parts=parts,
        settings=grid(),        seed=7, draw=(0, 0), owner=np.arange(60),
    )  # fmt: skip
    scores = Procedure(grid()).run(work)

    assert sorted(scores.row[~scores.test]) == list(range(40))


def test_the_honest_procedure_never_looks_at_test_labels(cases: tuple[Cases, pd.Series]) -> None:
    given, labels = cases
    turned = labels.copy()
    turned.iloc[46:] = 1 - turned.iloc[46:]
    first, second = run(grid(), cases)[0], run(grid(), (given, turned))[0]

    np.testing.assert_array_equal(first.score, second.score)
    assert first.chosen == second.chosen
