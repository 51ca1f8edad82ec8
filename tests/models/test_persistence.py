from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io

from samesplit.errors import ModelError
from samesplit.models.baselines import LesionSizeSettings, ZeroRuleSettings
from samesplit.models.clinical.logistic import ClinicalLogisticSettings
from samesplit.models.ensembles.average import AverageSettings
from samesplit.models.estimator import EstimatorSettings
from samesplit.models.persistence import load_fitted, load_model
from samesplit.models.radiomics.ridge import RidgeSettings
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import read_model
from samesplit.models.settings import ModelSettings


def grid(classifier: str) -> Callable[[], ModelSettings]:
    return lambda: RadiomicsGridSettings.model_validate(
        {"name": "g", "title": "G", "selectors": ["lasso"], "classifiers": [classifier], "sizes": [5],
         "inner_folds": 2, "correlation": 0.9}
    )  # fmt: skip


KINDS: dict[str, Callable[[], ModelSettings]] = {
    "zero-rule": lambda: ZeroRuleSettings(name="z", title="Z"),
    "lesion-size": lambda: LesionSizeSettings(name="s", title="S"),
    "clinical": lambda: ClinicalLogisticSettings(name="c", title="C"),
    "grid-logistic": grid("logistic"),
    "grid-random-forest": grid("random-forest"),
    "grid-xgboost": grid("xgboost"),
    "estimator": lambda: EstimatorSettings(
        name="e", title="E", target="sklearn.ensemble.ExtraTreesClassifier", inputs="both"
    ),
    "ridge": lambda: RidgeSettings(name="r", title="R", inner_folds=2),
    "catboost-estimator": lambda: EstimatorSettings(
        name="cat",
        title="Cat",
        target="catboost.CatBoostClassifier",
        parameters={"iterations": 5, "verbose": False, "allow_writing_files": False},
    ),
    "xgboost-estimator": lambda: EstimatorSettings(name="x", title="X", target="xgboost.XGBClassifier"),
}

OWN = """
import numpy as np
class Own:
    def fit(self, X, y):
        self.mean = X[y == 1].mean(axis=0)
    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-X @ self.mean))
        return np.column_stack([1 - p, p])
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kept_model_gives_the_same_predictions_again(make_fold: Any, tmp_path: Path, kind: str) -> None:
    fold, cases, _ = make_fold(n=60)
    cases.features.iloc[0, 0] = np.nan
    model = KINDS[kind]().build()
    model.fit(fold)
    model.save(tmp_path / "kept")
    loaded = load_model(tmp_path / "kept")
    pd.testing.assert_series_equal(loaded.predict(cases)["probability"], model.predict(cases)["probability"])
    assert not list((tmp_path / "kept").glob("*.pkl"))


def test_an_average_needs_nothing_but_its_members(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=60)
    model = AverageSettings(name="a", title="A", members=("b", "c")).build()
    model.fit(fold)
    model.save(tmp_path)
    assert load_model(tmp_path).settings.members == ("b", "c")  # type: ignore[attr-defined]


def test_a_model_of_ones_own_is_kept_with_its_code_and_loads_where_the_original_is_gone(
    make_fold: Any, tmp_path: Path
) -> None:
    fold, cases, _ = make_fold(n=60)
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    yaml = tmp_path / "own.yaml"
    yaml.write_text("kind: estimator\ntitle: Own\ntarget: own.py:Own\n", encoding="utf-8")
    model = read_model(yaml).build()
    model.fit(fold)
    model.save(tmp_path / "kept")
    (tmp_path / "own.py").unlink()
    pd.testing.assert_series_equal(
        load_model(tmp_path / "kept").predict(cases)["probability"], model.predict(cases)["probability"]
    )


def test_what_skops_cannot_hold_does_not_stop_the_run_but_says_why(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=60)
    code = OWN.replace("def fit(self, X, y):", "def fit(self, X, y):\n        self.f = open(__file__)")
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    yaml = tmp_path / "own.yaml"
    yaml.write_text("kind: estimator\ntitle: Own\ntarget: own.py:Own\n", encoding="utf-8")
    model = read_model(yaml).build()
    model.fit(fold)
    model.save(tmp_path / "kept")
    model.fitted.estimator.f.close()  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="was not kept: "):
        load_model(tmp_path / "kept")


def test_a_type_that_is_not_trusted_is_not_built(tmp_path: Path) -> None:
    import samesplit.storage

    class_outside = type("Foreign", (), {"__module__": "samesplit.storage"})
    samesplit.storage.Foreign = class_outside  # type: ignore[attr-defined]
    try:
        (tmp_path / "fitted.skops").write_bytes(skops.io.dumps(class_outside()))
    finally:
        del samesplit.storage.Foreign  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match=r"not trusted: samesplit\.storage\.Foreign"):
        load_fitted(tmp_path)


def test_a_damaged_or_missing_model_is_an_error_that_names_the_file(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=60)
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(tmp_path / "nothing")
    model = ClinicalLogisticSettings(name="c", title="C").build()
    model.fit(fold)
    model.save(tmp_path)
    content = (tmp_path / "fitted.skops").read_bytes()
    (tmp_path / "fitted.skops").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="not a readable skops file"):
        load_model(tmp_path)
    (tmp_path / "fitted.skops").unlink()
    with pytest.raises(ModelError, match="was not kept"):
        load_model(tmp_path)


def test_the_kept_files_hold_no_pickle(make_fold: Any, tmp_path: Path) -> None:
    fold, _, _ = make_fold(n=60)
    model = KINDS["grid-xgboost"]().build()
    model.fit(fold)
    model.save(tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["not_kept_because"] == ""
    with zipfile.ZipFile(io.BytesIO((tmp_path / "fitted.skops").read_bytes())) as archive:
        assert not [name for name in archive.namelist() if name.endswith((".pkl", ".pickle"))]


def test_keeping_needs_neither_torch_nor_dask() -> None:
    """Each process that keeps a model would import them for nothing: four seconds instead of one."""
    use = "from samesplit.models import persistence; persistence._skops()"
    code = f"import sys; {use}; print({{'torch', 'dask'}} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
