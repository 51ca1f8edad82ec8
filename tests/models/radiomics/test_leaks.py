"""Selection and scaling stay inside the fold: on pure noise the honest model is at chance, a leaky one not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from samesplit.models.protocol import Cases, TrainingFold
from samesplit.models.radiomics.selectors import AnovaF
from samesplit.models.radiomics.settings import RadiomicsGridSettings

GRID = RadiomicsGridSettings.model_validate(
    {"name": "g", "title": "G", "selectors": ["anova-f", "lasso"], "classifiers": ["logistic"],
     "sizes": [10, 20], "inner_folds": 2}
)  # fmt: skip


def noise(seed: int, n: int = 60, p: int = 2000) -> tuple[Cases, pd.Series]:
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"L{i:02d}" for i in range(n)], name="lesion_id")
    cases = Cases(
        lesions=pd.DataFrame({"patient_id": ids.to_numpy(), "site": "A"}, index=ids),
        images=pd.DataFrame({"lesion_id": list(ids)}),
        features=pd.DataFrame(
            rng.normal(size=(n, p)), index=ids, columns=[f"mr/T2/f{number}" for number in range(p)]
        ),
        predictions=pd.DataFrame(index=ids),
        sequences=("T2",),
        rater="R1",
    )
    return cases, pd.Series(rng.permutation(np.arange(n) % 2), index=ids)


def outer(labels: pd.Series, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels))


def honest_auc(seed: int, folder: Path) -> float:
    """Mean AUC of the test folds of the whole nested model."""
    cases, labels = noise(seed)
    aucs = []
    for train, test in outer(labels, seed):
        training = cases.select(list(labels.index[train]))
        fold = TrainingFold(
            training, labels.iloc[train], cases.select([]), labels.iloc[:0], seed=seed, directory=folder
        )
        model = GRID.build()
        model.fit(fold)
        aucs.append(
            roc_auc_score(
                labels.iloc[test], model.predict(cases.select(list(labels.index[test])))["probability"]
            )
        )
    return float(np.mean(aucs))


def leaky_auc(seed: int) -> float:
    """The same folds, but scaled and selected on all lesions beforehand."""
    cases, labels = noise(seed)
    X, y = StandardScaler().fit_transform(cases.features.to_numpy()), labels.to_numpy()
    X = AnovaF(size=20).fit(X, y).transform(X)
    aucs = []
    for train, test in outer(labels, seed):
        model = LogisticRegression(max_iter=1000).fit(X[train], y[train])
        aucs.append(roc_auc_score(y[test], model.predict_proba(X[test])[:, 1]))
    return float(np.mean(aucs))


@pytest.mark.slow
def test_on_noise_the_nested_model_is_at_chance_and_the_leaky_one_seems_excellent(tmp_path: Path) -> None:
    seeds = range(3)
    honest = [honest_auc(seed, tmp_path) for seed in seeds]
    leaky = [leaky_auc(seed) for seed in seeds]
    # One nested AUC at n = 60 and 2,000 columns has an SD of about 0.14, the mean of three about 0.08.
    assert np.mean(honest) == pytest.approx(0.5, abs=0.15)
    assert min(leaky) > 0.8


def test_nothing_that_is_learnt_depends_on_the_test_lesions(tmp_path: Path) -> None:
    cases, labels = noise(0, p=100)
    train, test = outer(labels, 0)[0]
    training = cases.select(list(labels.index[train]))
    fold = TrainingFold(
        training, labels.iloc[train], cases.select([]), labels.iloc[:0], seed=0, directory=tmp_path
    )
    model = GRID.build()
    model.fit(fold)
    judged = cases.select(list(labels.index[test]))
    moved = replace(judged, features=judged.features * 100 + 7)
    before = model.details()["chosen_features"]
    model.predict(moved)
    pd.testing.assert_frame_equal(model.details()["chosen_features"], before)
    first = model.predict(judged)["probability"].iloc[:1]
    mixed = replace(judged, features=pd.concat([judged.features.iloc[:1], moved.features.iloc[1:]]))
    np.testing.assert_allclose(model.predict(mixed)["probability"].iloc[:1], first, rtol=1e-12)
