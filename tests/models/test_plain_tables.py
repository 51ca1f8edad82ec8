from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.plain_tables import FittedOnTables, load_fits
from samesplit.models.radiomics.ridge import RidgeSettings
from samesplit.models.tabular import TabularModel
from samesplit.tasks import BinaryTask

TASK = BinaryTask(question="Which?", positive="malignant", negative="benign")


def fitted(seed: int, columns: list[str]) -> TabularModel:
    """A logistic regression on noise, in the place of a fitted ridge."""
    rng = np.random.default_rng(seed)
    model = RidgeSettings(name="ridge", title="Ridge", kind="ridge").build()
    table = pd.DataFrame(rng.normal(size=(30, len(columns))), columns=columns)
    model.fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, np.arange(30) % 2)
    model.columns, model.task = columns, TASK
    return model


def test_the_mean_of_all_fits_is_given_in_the_order_of_the_rows() -> None:
    fits = {"fold0": fitted(0, ["a", "b"]), "fold1": fitted(1, ["b", "c"])}
    table = pd.DataFrame(
        {"c": [0.1, 2.0], "b": [1.0, -1.0], "a": [0.5, 0.0], "other": "x"}, index=["L2", "L1"]
    )

    told = FittedOnTables(fits).predict(table)

    each = [fits[name].fitted.predict_proba(table[fits[name].columns])[:, 1] for name in fits]
    assert told.index.tolist() == ["L2", "L1"]
    np.testing.assert_allclose(told["probability"], np.mean(each, axis=0))


def test_a_row_of_which_nothing_is_known_has_no_answer_and_a_missing_column_is_named() -> None:
    model = FittedOnTables({"fold0": fitted(0, ["a", "b"])})
    told = model.predict(pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, np.nan]}))
    assert told["probability"].isna().tolist() == [False, True]
    with pytest.raises(ModelError, match=r"lacks 1 of 2 columns, the first: b"):
        model.predict(pd.DataFrame({"a": [1.0]}))


def test_fits_that_were_kept_are_loaded_together(tmp_path: Path) -> None:
    for number in (0, 1):
        fitted(number, ["a", "b"]).save(tmp_path / f"seed0-repeat0-fold{number}")
    loaded = load_fits(tmp_path)
    assert list(loaded.fits) == ["seed0-repeat0-fold0", "seed0-repeat0-fold1"]
    assert loaded.columns == ["a", "b"]
    with pytest.raises(ModelError, match="there is no fitted model"):
        load_fits(tmp_path / "seed0-repeat0-fold0")
