from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import RFE
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso as Regression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from samesplit.models.automl.export import one_line, pipeline_code
from samesplit.models.automl.steps import Predictions, few_valued
from samesplit.models.radiomics.selectors import Lasso

PIPELINES = {
    "plain": make_pipeline(StandardScaler(), LogisticRegression(C=1 / 3)),
    "union": make_pipeline(
        make_union(
            make_column_transformer((OneHotEncoder(), few_valued), remainder="passthrough"), "passthrough"
        ),
        XGBClassifier(max_depth=2, learning_rate=0.123456789012345678),
    ),
    "nested": make_pipeline(RFE(ExtraTreesClassifier(max_features=0.7), step=0.1), LogisticRegression()),
    "stacked": make_pipeline(Predictions(make_pipeline(StandardScaler(), LogisticRegression()), folds=3)),
    "values": make_pipeline(
        SimpleImputer(missing_values=math.nan, strategy="constant", fill_value=math.inf),
        FeatureAgglomeration(pooling_func=np.median),
        LogisticRegression(class_weight={0: 1.0, 1: 2.0}),
    ),
}


def run(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, "pipeline.py", "exec"), names)
    return names["pipeline"]


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_the_code_makes_the_same_pipeline_again(name: str) -> None:
    pipeline = PIPELINES[name]
    again = run(pipeline_code(pipeline, about="A test."))
    assert one_line(again) == one_line(pipeline)
    assert [type(step) for _, step in again.steps] == [type(step) for _, step in pipeline.steps]
    # repr tells every parameter that is not the default, whatever this module thinks of it
    assert repr(again[-1]) == repr(pipeline[-1])


def test_numbers_come_back_to_the_last_digit() -> None:
    assert run(pipeline_code(PIPELINES["union"], about="A test."))[-1].learning_rate == 0.123456789012345678


def test_imports_are_of_the_public_modules() -> None:
    code = pipeline_code(PIPELINES["nested"], about="A test.")
    assert code.splitlines()[:7] == [
        '"""A test."""',
        "",
        "from sklearn.ensemble import ExtraTreesClassifier",
        "from sklearn.feature_selection import RFE",
        "from sklearn.linear_model import LogisticRegression",
        "from sklearn.pipeline import make_pipeline",
        "",
    ]


def test_a_title_with_quotes_and_backslashes_does_no_harm() -> None:
    code = pipeline_code(PIPELINES["plain"], about='A \\name """like" this"')
    assert one_line(run(code)) == one_line(PIPELINES["plain"])
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["__doc__"] == 'A \\name """like" this"'


def test_two_classes_of_one_name_are_told_apart() -> None:
    pipeline = make_pipeline(Lasso(size=3), Regression(alpha=0.5))
    again = run(pipeline_code(pipeline, about="A test."))
    assert [type(step) for _, step in again.steps] == [Lasso, Regression]


def test_a_long_pipeline_has_one_step_a_line() -> None:
    code = pipeline_code(PIPELINES["union"], about="A test.")
    assert "\npipeline = make_pipeline(\n    make_union(\n        make_column_transformer(" in code
    assert max(len(line) for line in code.splitlines()) <= 101
    assert "'" not in code
