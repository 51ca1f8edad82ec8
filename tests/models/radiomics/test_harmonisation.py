from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from samesplit.errors import ModelError
from samesplit.models.persistence import _write_fitted as write_fitted
from samesplit.models.persistence import load_fitted
from samesplit.models.radiomics.combat import estimate_site_effects, remove_site_effects
from samesplit.models.radiomics.harmonisation import (
    SITE_COLUMN,
    ComBat,
    HarmoniseSettings,
    PassthroughColumns,
)
from samesplit.models.radiomics.preparation import preparation_steps
from samesplit.models.radiomics.robustness import KeepRobust


def table(n: int = 60, columns: int = 5, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sites = np.resize(["A", "B", "C"], n)
    X = rng.normal(size=(n, columns)) + 4.0 * (sites == "B")[:, None]
    names = [f"f{number}" for number in range(columns)]
    index = [f"L{number}" for number in range(n)]
    return pd.DataFrame(X, columns=names, index=index).assign(**{SITE_COLUMN: sites})


def prepare(**changes: Any) -> Pipeline:
    settings = HarmoniseSettings(**changes)
    return Pipeline(
        preparation_steps(
            missing=0.5, near_constant=0.95, impute="median", scale="standard", correlation=None,
            harmonise=settings,
        )
    )  # fmt: skip


def test_combat_comes_after_gaps_and_constants_and_before_scaling() -> None:
    assert [name for name, _ in prepare().steps] == [
        "missing", "impute", "near_constant", "harmonise", "scale"
    ]  # fmt: skip


def test_the_preparation_takes_the_site_and_gives_features_without_it() -> None:
    X = table().assign(gaps=np.nan, constant=1.0)
    X.iloc[0, 0] = np.nan
    pipeline = clone(prepare()).fit(X)
    assert pipeline.get_feature_names_out().tolist() == ["f0", "f1", "f2", "f3", "f4"]
    done = pipeline.transform(X)
    assert done.shape == (60, 5)
    sites = X[SITE_COLUMN].to_numpy()
    assert np.abs(done[sites == "A"].mean(axis=0) - done[sites == "B"].mean(axis=0)).max() < 0.35

    bare = X[[f"f{number}" for number in range(5)]].to_numpy(copy=True)
    bare[0, 0] = np.nanmedian(bare[:, 0])
    harmonised = remove_site_effects(bare, sites, estimate_site_effects(bare, sites))
    np.testing.assert_allclose(done, StandardScaler().fit_transform(harmonised))


def test_a_stability_filter_may_stand_before_it() -> None:
    stable = PassthroughColumns(KeepRobust(columns=["f1", "f3"]))
    pipeline = Pipeline([("stable", stable), *prepare().steps]).fit(table())
    assert pipeline.get_feature_names_out().tolist() == ["f1", "f3"]
    assert pipeline.transform(table()).shape == (60, 2)


def test_nothing_of_the_test_rows_enters_the_effects() -> None:
    X = table()
    pipeline = prepare().fit(X.iloc[:40])
    before = pipeline.transform(X.iloc[40:50])
    wild = X.iloc[50:].assign(f0=1e6)
    together = pipeline.transform(pd.concat([X.iloc[40:50], wild]))
    np.testing.assert_array_equal(together[:10], before)


def test_labels_change_nothing() -> None:
    X = table()
    rng = np.random.default_rng(1)
    first, second = (prepare().fit(X, rng.integers(0, 2, 60)).transform(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_an_unseen_site_is_an_error_that_names_it_unless_a_rule_is_declared() -> None:
    X = table()
    strange = X.iloc[:2].assign(**{SITE_COLUMN: ["Z", "A"]})
    with pytest.raises(ModelError, match="no training lesion came from the site 'Z'") as caught:
        prepare().fit(X).transform(strange)
    assert "harmonise.unseen" in str(caught.value)
    step = ComBat(unseen="as-is").fit(X)
    np.testing.assert_array_equal(step.transform(strange)[0], X.iloc[0, :5].to_numpy(dtype=float))
    pooled = ComBat(unseen="pooled").fit(X).transform(strange)
    assert np.isfinite(pooled).all()
    assert not np.array_equal(pooled[0], step.transform(strange)[0])


def test_lesions_of_a_single_site_are_left_exactly_as_they_are() -> None:
    X = table().assign(**{SITE_COLUMN: "A"})
    np.testing.assert_array_equal(ComBat().fit_transform(X), X.iloc[:, :5].to_numpy(dtype=float))


@pytest.mark.parametrize("missing", [None, np.nan, " "])
def test_a_lesion_without_a_site_is_an_error_that_names_it(missing: Any) -> None:
    X = table()
    X.iloc[7, -1] = missing
    with pytest.raises(ModelError, match="1 lesions have no site, the first: L7"):
        ComBat().fit(X)


def test_a_table_without_sites_or_covariates_is_an_error() -> None:
    X = table()
    with pytest.raises(ModelError, match="lacks the column '#site'"):
        prepare().fit(X.drop(columns=SITE_COLUMN))
    with pytest.raises(ModelError, match="lacks the column '#age'"):
        prepare(covariates=("age",)).fit(X)
    with pytest.raises(ModelError, match="needs a table"):
        prepare().fit(X.to_numpy())
    with pytest.raises(ModelError, match="not those of the training part"):
        ComBat().fit(X).transform(X[["f1", "f0", "f2", "f3", "f4", SITE_COLUMN]])


def test_covariates_are_filled_and_coded_from_the_training_part() -> None:
    rng = np.random.default_rng(5)
    X = table()
    ages, sexes = rng.normal(60, 9, 60), rng.choice(["f", "m", "m"], 60)
    X = X.assign(**{"#age": ages, "#sex": sexes})
    step = ComBat(covariates=("age", "sex")).fit(X)
    by_hand = np.column_stack([ages, sexes == "f"]).astype(float)
    values, sites = X.iloc[:, :5].to_numpy(dtype=float), X[SITE_COLUMN].to_numpy()
    effects = estimate_site_effects(values, sites, by_hand)
    np.testing.assert_allclose(step.transform(X), remove_site_effects(values, sites, effects, by_hand))

    odd = X.iloc[:3].assign(**{"#age": [np.nan, 50.0, 50.0], "#sex": ["m", None, "unknown"]})
    filled = X.iloc[:3].assign(**{"#age": [np.median(ages), 50.0, 50.0], "#sex": ["m", "m", "m"]})
    np.testing.assert_array_equal(step.transform(odd), step.transform(filled))
    assert step.get_feature_names_out().tolist() == ["f0", "f1", "f2", "f3", "f4"]


@pytest.mark.parametrize("as_text", [False, True])
def test_the_label_is_refused_as_a_covariate_under_any_name(as_text: bool) -> None:
    X, y = table(), np.random.default_rng(0).integers(0, 2, 60)
    hidden = np.where(y == 1, "benign", "malignant") if as_text else 1.0 - y
    with pytest.raises(ModelError, match="covariate 'grade' tells the label of every training lesion"):
        prepare(covariates=("grade",)).fit(X.assign(**{"#grade": hidden}), y)
    hidden[:1] = hidden[y != y[0]][0]
    prepare(covariates=("grade",)).fit(X.assign(**{"#grade": hidden}), y)


def test_settings_refuse_doubled_names_and_what_is_not_clinical() -> None:
    assert HarmoniseSettings(covariates=("age",)).columns() == ["#site", "#age"]
    for wrong in (
        {"covariates": ("age", "age")},
        {"covariates": ("site",)},
        {"unseen": "guess"},
        {"by": "x"},
    ):
        with pytest.raises(ValidationError):
            HarmoniseSettings.model_validate(wrong)


def test_a_kept_preparation_gives_the_same_values(tmp_path: Any) -> None:
    X = table().assign(**{"#sex": np.resize(["f", "m", "m", "f", "m"], 60), "#age": np.arange(60.0)})
    pipeline = prepare(covariates=("sex", "age"), unseen="pooled").fit(X)
    assert write_fitted(tmp_path / "fitted.skops", pipeline, ()) == ""
    kept = load_fitted(tmp_path)
    X.iloc[0, 5] = "elsewhere"
    np.testing.assert_array_equal(kept.transform(X), pipeline.transform(X))
    assert kept.get_feature_names_out().tolist() == pipeline.get_feature_names_out().tolist()


def by_site(X: pd.DataFrame, **values: Any) -> Any:
    return X[SITE_COLUMN].map(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"A": "GE", "B": "Siemens", "C": "Philips"}, "whether the covariate 'scanner' is '"),
        ({"A": "GE", "B": "GE", "C": "Philips"}, "whether the covariate 'scanner' is 'Philips'"),
        ({"A": 1.5, "B": 3.0, "C": 1.5}, "the covariate 'scanner' follows"),
    ],
    ids=["another name of the site", "a coarser one", "a number a site"],
)
def test_a_covariate_that_the_site_tells_is_refused_with_the_remedy(
    values: dict[str, Any], said: str
) -> None:
    X = table()
    with pytest.raises(ModelError, match=rf"{said}[\s\S]*take 'scanner' out of harmonise.covariates"):
        prepare(covariates=("scanner",)).fit(X.assign(**{"#scanner": by_site(X, **values)}))


def test_a_covariate_that_the_site_and_another_one_tell_together_is_refused() -> None:
    X = table().assign(**{"#age": np.arange(60.0)})
    shifted = X["#age"] + by_site(X, A=0, B=10, C=0)
    with pytest.raises(ModelError, match="the covariate 'years' follows from the site"):
        prepare(covariates=("age", "years")).fit(X.assign(**{"#years": shifted}))


def test_a_level_that_only_one_site_has_but_not_throughout_a_copy_and_a_constant_are_no_site() -> None:
    X = table()
    rare = np.where((X[SITE_COLUMN] == "B") & (np.arange(60) % 2 == 0), "x", np.resize([*"yzyyz"], 60))
    X = X.assign(**{"#rare": rare, "#age": np.arange(60.0), "#months": 12 * np.arange(60.0), "#unit": 1.0})
    prepare(covariates=("rare", "age", "months", "unit")).fit(X)


def test_where_all_lesions_are_of_one_site_no_covariate_is_refused() -> None:
    X = table().assign(**{SITE_COLUMN: "A", "#age": np.arange(60.0)})
    prepare(covariates=("age",)).fit(X)


def test_a_covariate_that_tells_each_of_three_classes_is_refused_as_the_label() -> None:
    y = np.array([0, 1, 2] * 4)
    table = pd.DataFrame(
        {"a": np.arange(12.0), "#site": [*"AB"] * 6, "#subtype": np.array(["x", "y", "z"])[y]}
    )
    with pytest.raises(ModelError, match="'subtype' tells the label of every training lesion"):
        ComBat(covariates=("subtype",)).fit(table, y)
    mixed = table.assign(**{"#subtype": [*"xyzyzxxyzzyx"]})
    assert ComBat(covariates=("subtype",)).fit(mixed, y).effects_.sites == ["A", "B"]
