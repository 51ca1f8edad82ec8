from __future__ import annotations

from pathlib import Path

import pytest

from samesplit.errors import DeclarationError
from samesplit.models.radiomics.settings import RadiomicsGridSettings
from samesplit.models.registry import read_model

HEAD = "kind: radiomics-grid\ntitle: T\n"
GRID = "selectors: [anova-f]\nclassifiers: [logistic]\nsizes: [5]\n"


def read(folder: Path, text: str) -> RadiomicsGridSettings:
    path = folder / "grid.yaml"
    path.write_text(text, encoding="utf-8")
    settings = read_model(path)
    assert isinstance(settings, RadiomicsGridSettings)
    return settings


def test_names_and_parameters_may_be_mixed(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        HEAD + "selectors:\n- anova-f\n- lasso\n- {name: lasso, parameters: {penalties: 20}}\n"
        "classifiers: [{name: xgboost, parameters: {max_depth: 2}}]\nsizes: [5]\n",
    )
    assert [use.label for use in settings.selectors] == ["anova-f", "lasso", "lasso[penalties=20]"]
    assert settings.selectors[2].make(size=3, seed=0).get_params() == {
        "enough": 150, "penalties": 20, "size": 3, "smallest": 0.01
    }  # fmt: skip
    assert settings.classifiers[0].make(seed=1).max_depth == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GRID.replace("anova-f", "anova"),
            r"line 3[\s\S]*no selector called 'anova'; did you mean 'anova-f'",
        ),
        (
            GRID.replace("logistic", "xgbost"),
            r"line 4[\s\S]*no classifier called 'xgbost'; did you mean 'xgboost'",
        ),
        (GRID.replace("[5]", "[0]"), r"line 5[\s\S]*greater than or equal to 1"),
        (GRID.replace("[5]", "[5, 5]"), r"line 5[\s\S]*named more than once: 5"),
        (GRID.replace("[5]", "[]"), "at least 1"),
        (GRID + "near_constant: 2\n", r"line 6[\s\S]*less than or equal to 1"),
        (GRID + "inner_fold: 3\n", r"line 6[\s\S]*did you mean 'inner_folds'"),
        (
            GRID.replace("[anova-f]", "[{name: lasso, parameters: {penalty: 3}}]"),
            r"line 3[\s\S]*'lasso' has no parameter 'penalty'; did you mean 'penalties'",
        ),
        (
            GRID.replace("[logistic]", "[{name: xgboost, parameters: {max_deph: 3}}]"),
            r"line 4[\s\S]*'xgboost' has no parameter 'max_deph'; did you mean 'max_depth'",
        ),
        (GRID.replace("[logistic]", "[{name: xgboost, parameters: {n_jobs: 3}}]"), "no parameter 'n_jobs'"),
    ],
)
def test_a_grid_that_cannot_be_is_an_error_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        read(tmp_path, HEAD + text)
