from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from samesplit.models.automl.settings import TpotSettings
from samesplit.models.registry import read_model

BUILTIN = Path(__file__).parents[3] / "models"


def settings(**keys: Any) -> TpotSettings:
    return TpotSettings.model_validate({"name": "t", "title": "T"} | keys)


def test_the_features_of_all_profiles_are_asked_for_unless_some_are_named() -> None:
    assert settings().needs().profiles == ("*",)
    assert settings(profiles=["mr"], sequences=["T2"]).needs().sequences == ("T2",)
    assert settings().radiomic()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("selectors", ["anova-g"], "did you mean 'anova-f'"),
        ("classifiers", ["logistic", "logistic"], "named more than once: logistic"),
        ("scalers", ["standard", "standard"], "named more than once: standard"),
        ("sizes", [20, 10], r"the fewest \(20\) are more than the most \(10\)"),
        ("population", 1, "greater than or equal to 2"),
        ("space", "graph", "linear-light"),
        ("minutes", 0, "greater than 0"),
    ],
)
def test_what_cannot_be_is_refused(key: str, value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**{key: value})


def test_scaling_is_left_to_the_search() -> None:
    assert [name for name, _ in settings().steps()] == ["missing", "impute", "near_constant"]


def test_the_published_setting_is_two_pipelines_and_two_children_over_five_seeds() -> None:
    published = read_model(BUILTIN / "tpot-xi2020.yaml")
    assert isinstance(published, TpotSettings)
    assert (published.generations, published.population, published.inner_folds) == (1, 2, 2)
    assert published.seeds == (0, 1, 2, 3, 4)
    assert published.minutes is None
