from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from samesplit.errors import ModelError
from samesplit.models.automl.evaluation import TOO_LATE, TOO_SLOW, Score
from samesplit.models.automl.evolution import Evolved, evolve
from samesplit.models.automl.settings import TpotSettings


def search(judged: Callable[[int], Score], **keys: Any) -> Evolved:
    """A search in which the judge is a function of how many candidates came before."""
    given = {"name": "t", "title": "T", "generations": 2, "population": 4, "selectors": ["anova-f"]} | keys
    count = iter(range(10_000))

    def judge(pipelines: Any, *, until: float) -> Any:
        yield from reversed([(place, judged(next(count))) for place in range(len(pipelines))])

    return evolve(TpotSettings.model_validate(given), judge, seed=0, rows=40, columns=30)


def test_a_first_population_is_followed_by_as_many_children_a_generation() -> None:
    found = search(lambda number: Score((0.5 + number / 100,)))
    assert [candidate.generation for candidate in found.candidates] == [0] * 4 + [1] * 4 + [2] * 4
    assert found.best_first() == list(range(11, -1, -1))
    assert len({candidate.text for candidate in found.candidates}) == 12


def test_the_children_are_of_the_better_ones() -> None:
    """One of three classifiers is far better: of ten candidates it comes to make up most."""
    linear: list[bool] = []

    def judge(pipelines: Any, *, until: float) -> Any:
        for place, pipeline in enumerate(pipelines):
            linear.append("Logistic" in type(pipeline[-1]).__name__)
            yield place, Score((0.9 if linear[-1] else 0.5,))

    keys = {"name": "t", "title": "T", "generations": 4, "population": 10, "selectors": ["anova-f"]}
    evolve(TpotSettings.model_validate(keys), judge, seed=0, rows=40, columns=30)
    assert sum(linear[:10]) < 6
    assert sum(linear[-20:]) >= 12


def test_of_equal_scores_the_earlier_is_first_and_failures_are_left_out() -> None:
    scores = [Score(error="ValueError: no"), Score((0.7, math.nan)), Score((0.6, 0.8)), Score((math.nan,))]
    found = search(lambda number: scores[number], generations=0)
    assert found.best_first() == [1, 2]
    table = found.pipelines(chosen=1)
    assert table["error"].tolist() == ["ValueError: no", "", "", ""]
    assert table["inner_folds"].tolist() == [0, 1, 2, 0]
    assert table["chosen"].tolist() == [False, True, False, False]
    assert len(found.folds()) == 5


def test_a_generation_that_fails_as_a_whole_does_not_end_the_search() -> None:
    found = search(lambda number: Score(error=TOO_SLOW) if 4 <= number < 8 else Score((0.6,)))
    assert [candidate.generation for candidate in found.candidates][-1] == 2
    assert len(found.best_first()) == 8


def test_when_the_minutes_are_over_what_is_known_is_kept() -> None:
    found = search(lambda number: Score((0.6,)) if number < 6 else Score(error=TOO_LATE), generations=50)
    assert found.stopped_by == "minutes"
    assert len(found.candidates) == 8
    assert len(found.best_first()) == 6


def test_if_nothing_can_be_scored_the_commonest_reason_is_told() -> None:
    def judged(number: int) -> Score:
        return Score(error="ValueError: odd" if number % 3 else "ValueError: even")

    with pytest.raises(ModelError, match=r"TPOT tried 12 pipelines[\s\S]*most often: ValueError: odd"):
        search(judged)
