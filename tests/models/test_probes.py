"""The probes of frozen encoders, as their files are: two classes and more, kept and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from samesplit.models.persistence import load_model
from samesplit.models.registry import read_model
from samesplit.workspace import builtin_folder


@pytest.mark.parametrize("probe", ["linear-probe", "knn-probe"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_probe_tells_separable_classes_apart_and_answers_the_same_when_loaded(
    make_fold: Any, tmp_path: Path, probe: str, classes: int
) -> None:
    fold, cases, truth = make_fold(n=60, n_test=60, n_features=12, effect=2.0, classes=classes)
    model = read_model(builtin_folder() / "models" / f"{probe}.yaml").build()
    model.fit(fold)
    predicted = model.predict(cases)
    truth = truth.loc[predicted.index]
    scores = predicted.iloc[:, -1] if classes == 2 else predicted
    assert roc_auc_score(truth, scores, multi_class="ovr", average="macro") > 0.9
    model.save(tmp_path / "kept")
    again = load_model(tmp_path / "kept", task=fold.task)
    pd.testing.assert_frame_equal(again.predict(cases), predicted)


def test_a_linear_probe_is_the_simple_arm_on_the_profiles_that_it_names() -> None:
    probe, arm = (
        read_model(builtin_folder() / "models" / f"{name}.yaml") for name in ("linear-probe", "ridge")
    )
    same = {"name", "title", "description"}
    assert probe.model_dump(exclude=same) == arm.model_dump(exclude=same)
