from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import samesplit as ss
from conftest import write_ball
from samesplit.errors import CohortError, DeclarationError

QUICK = """
engine: ibsi
description: Volume and statistics, for quick tests.
settings:
  undefined: []
  features: {morphology: [morph_vol_approx], statistics: [stat_mean, stat_range]}
"""
NAMES = ["morph_vol_approx", "stat_mean", "stat_range"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with eight balls, of which every second is bright, and a profile."""
    folder = tmp_path_factory.mktemp("balls")
    for number in range(8):
        write_ball(
            folder / f"{number}.nii.gz",
            folder / f"{number}_mask.nii.gz",
            brightness=50 + 100 * (number % 2),
            radius=4,
            seed=number,
        )
    (folder / "quick.yaml").write_text(QUICK)
    return folder


@pytest.fixture(scope="module")
def table(root: Path) -> pd.DataFrame:
    paths = [(str(root / f"{number}.nii.gz"), str(root / f"{number}_mask.nii.gz")) for number in range(8)]
    return pd.DataFrame(paths, columns=["image", "mask"], index=[f"P{number}" for number in range(8)])


@pytest.fixture
def extractor(root: Path) -> ss.FeatureExtractor:
    return ss.FeatureExtractor(root / "quick.yaml", jobs=1, cache=root / "cache")


def test_each_row_has_the_features_of_its_image_in_the_order_of_the_rows(
    extractor: ss.FeatureExtractor, table: pd.DataFrame
) -> None:
    rows = table.iloc[[5, 0, 3]]

    values = extractor.fit_transform(rows)

    alone = [ss.extract(row.image, row.mask, profile=extractor.profile) for row in rows.itertuples()]  # type: ignore[arg-type]
    np.testing.assert_array_equal(values, np.array([one[NAMES] for one in alone]))
    assert extractor.get_feature_names_out().tolist() == NAMES
    assert extractor.ledger_.empty
    np.testing.assert_array_equal(extractor.transform(rows[["image", "mask"]].to_numpy()), values)


def test_a_data_frame_keeps_the_labels_of_the_rows(
    extractor: ss.FeatureExtractor, table: pd.DataFrame
) -> None:
    frame = extractor.set_output(transform="pandas").fit_transform(table.iloc[:2])

    assert frame.index.tolist() == ["P0", "P1"]
    assert frame.columns.tolist() == NAMES


def test_an_image_that_fails_is_a_row_of_nan_and_stands_in_the_ledger(
    extractor: ss.FeatureExtractor, table: pd.DataFrame
) -> None:
    broken = table.iloc[:3].copy()
    broken.loc["P1", "image"] = "gone.nii.gz"

    with pytest.warns(ss.FailedCasesWarning, match="1 case has no features .*P1: .*gone.nii.gz"):
        values = extractor.transform(broken)

    assert np.isnan(values).all(axis=1).tolist() == [False, True, False]
    assert extractor.ledger_[["lesion_id", "status"]].to_numpy().tolist() == [["P1", "failed"]]


def test_rows_may_be_drawn_twice_as_a_bootstrap_does(
    extractor: ss.FeatureExtractor, table: pd.DataFrame
) -> None:
    values = extractor.transform(table.iloc[[2, 2, 1]])

    np.testing.assert_array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])


def test_it_is_the_first_step_of_a_pipeline_under_cross_validation_and_search(
    extractor: ss.FeatureExtractor, table: pd.DataFrame, root: Path
) -> None:
    bright = np.arange(8) % 2
    pipeline = make_pipeline(extractor, SimpleImputer(), StandardScaler(), LogisticRegression(C=10))

    predicted = cross_val_predict(pipeline, table, bright, cv=4)
    search = GridSearchCV(pipeline, {"logisticregression__C": [1, 10]}, cv=4).fit(table, bright)

    assert predicted.tolist() == bright.tolist()
    assert search.best_score_ == 1
    assert search.best_estimator_[:-1].get_feature_names_out().tolist() == NAMES


def test_a_copy_has_the_same_settings(extractor: ss.FeatureExtractor) -> None:
    copy = clone(extractor.set_params(minimum_voxels=20, mask_label="any"))

    assert copy.get_params() == extractor.get_params()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (pd.DataFrame({"image": ["a.nii.gz"]}), "has no column 'mask'"),
        (np.zeros((3, 2)), "is neither a table with the columns image and mask nor pairs of paths"),
        ([["a.nii.gz"]], "nor pairs of paths"),
        ([["a.nii.gz", "b.nii.gz"], ["c.nii.gz"]], "nor pairs of paths"),
    ],
)
def test_what_names_no_images_is_refused_at_fit(
    extractor: ss.FeatureExtractor, given: object, message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        extractor.fit(given)


def test_a_profile_must_be_named(table: pd.DataFrame) -> None:
    with pytest.raises(DeclarationError, match="no profile is named"):
        ss.FeatureExtractor().fit(table)


FED_WITH_NUMBERS = {
    "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_fit_score_takes_y",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
}
"""scikit-learn's checks that fit tables of numbers, where paths are needed."""

CHECKS = {
    check.func.__name__: check
    for _, check in estimator_checks_generator(ss.FeatureExtractor("shape"), legacy=False, mark=None)
}


@pytest.mark.parametrize("name", sorted(CHECKS.keys() - FED_WITH_NUMBERS))
def test_it_keeps_what_scikit_learn_asks_of_every_estimator(name: str) -> None:
    CHECKS[name](ss.FeatureExtractor("shape"))


def test_fit_returns_the_extractor_itself_and_changes_no_setting(
    extractor: ss.FeatureExtractor, table: pd.DataFrame
) -> None:
    before = extractor.get_params()

    assert extractor.fit(table, y=np.zeros(8)) is extractor
    assert extractor.get_params() == before
    assert (extractor.n_features_in_, extractor.feature_names_in_.tolist()) == (2, ["image", "mask"])
