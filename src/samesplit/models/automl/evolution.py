"""The search: TPOT's evolution, with samesplit's judge in the place of TPOT's own evaluation.

TPOT 1.1 scores its candidates through a Dask client of its own. That code forgets the time limit of every
candidate but the first few, cannot use a running scheduler, prints, and prepares the features once for all inner
folds. So its evolution (generation, selection, mutation and crossover) is used as it is, and the scoring is done
here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from samesplit.errors import ModelError
from samesplit.models.automl.evaluation import TOO_LATE, TOO_SLOW, Judge, Score
from samesplit.models.automl.export import one_line
from samesplit.models.automl.search_space import quietly, search_space
from samesplit.models.automl.settings import TpotSettings
from samesplit.models.automl.sklearn_pipeline import plain_pipeline
from samesplit.ordering import ranked
from samesplit.under_way import tell

__all__ = ["Candidate", "Evolved", "evolve"]


@dataclass(frozen=True)
class Candidate:
    """One pipeline that was tried.

    Attributes:
        generation: 0 for the first population.
        pipeline: Unfitted, without a class of TPOT's; None where none could be made.
        text: The pipeline in one line.
        score: Its result.
    """

    generation: int
    pipeline: Any
    text: str
    score: Score


@dataclass
class Evolved:
    """What the search found.

    Attributes:
        candidates: In the order in which they were tried.
        stopped_by: "generations", or "minutes" where the time was over first.
    """

    candidates: list[Candidate] = field(default_factory=list)
    stopped_by: str = "generations"

    def best_first(self) -> list[int]:
        """Return the places of the candidates that have a score, the highest mean first, of equals the earlier."""
        means = [candidate.score.mean for candidate in self.candidates]
        order = ranked(means, descending=True)
        return [int(place) for place in order if not math.isnan(means[place])]

    def pipelines(self, chosen: int | None) -> pd.DataFrame:
        """One row a candidate: its number, generation, pipeline, inner AUC, whether it is the chosen one."""
        rows = []
        for number, candidate in enumerate(self.candidates):
            known = [auc for auc in candidate.score.aucs if not math.isnan(auc)]
            rows.append(
                {
                    "candidate": number,
                    "generation": candidate.generation,
                    "pipeline": candidate.text,
                    "inner_auc": candidate.score.mean,
                    "inner_sd": float(np.std(known, ddof=1)) if len(known) > 1 else math.nan,
                    "inner_folds": len(known),
                    "error": candidate.score.error,
                    "chosen": number == chosen,
                }
            )
        return pd.DataFrame(rows)

    def folds(self) -> pd.DataFrame:
        """One row a candidate and inner fold: candidate, inner_fold, auc (NaN where a class is missing there)."""
        rows = [
            (number, fold, auc)
            for number, candidate in enumerate(self.candidates)
            for fold, auc in enumerate(candidate.score.aucs)
        ]
        return pd.DataFrame(rows, columns=["candidate", "inner_fold", "auc"]).astype({"auc": "float64"})


class _TimeIsUpError(Exception):
    """Ends TPOT's loop from inside."""


def evolve(
    settings: TpotSettings, judge: Judge, *, seed: int, rows: int, columns: int, spent: float = 0.0
) -> Evolved:
    """Let TPOT evolve pipelines.

    Args:
        settings: The search space, the number of generations, the population and the limits.
        judge: Scores candidates.
        seed: Of the evolution and of every step.
        rows: The lesions that a candidate is fitted on in the smallest inner fold.
        columns: Features after preparation.
        spent: Seconds of the minutes that are gone already.

    Returns:
        Every candidate with its score. The same seed gives the same, unless a limit cut something off.

    Raises:
        ModelError: No candidate could be scored.
    """
    found = Evolved()
    with quietly():
        space = search_space(settings, seed=seed, rows=rows, columns=columns)
        until = math.inf if settings.minutes is None else time.monotonic() + 60 * settings.minutes - spent
        rng = np.random.default_rng(seed)

        def individuals() -> Iterator[Any]:
            while True:
                yield space.generate(rng)

        def scores(generation: int, given: list[Any]) -> list[Score]:
            tell(int(generation), settings.generations + 1, "generation")
            made = [_candidate(generation, individual, seed) for individual in given]
            usable = [place for place, candidate in enumerate(made) if candidate.pipeline is not None]
            results = [candidate.score for candidate in made]
            for number, result in judge([made[place].pipeline for place in usable], until=until):
                results[usable[number]] = result
            found.candidates += [
                Candidate(candidate.generation, candidate.pipeline, candidate.text, result)
                for candidate, result in zip(made, results, strict=True)
            ]
            if any(result.error == TOO_LATE for result in results):
                raise _TimeIsUpError
            return results

        try:
            _evolver(settings, individuals(), scores, rng).optimize()
        except _TimeIsUpError:
            found.stopped_by = "minutes"
        except Exception as error:  # TPOT raises no class of its own
            if found.best_first():
                raise
            raise _nothing_found(settings, found, error) from error
    if not found.best_first():
        raise _nothing_found(settings, found, None)
    return found


def _candidate(generation: int, individual: Any, seed: int) -> Candidate:
    """Return a pipeline of TPOT's as one that runs without it."""
    try:
        pipeline = plain_pipeline(individual.export_pipeline(), seed=seed)
    except Exception as error:  # a random combination of parameters may not even be made
        return Candidate(
            generation, None, str(individual.unique_id()), Score(error=f"cannot be made: {error}")
        )
    return Candidate(generation, pipeline, one_line(pipeline), Score(error=TOO_LATE))


def _nothing_found(settings: TpotSettings, found: Evolved, error: Exception | None) -> ModelError:
    reasons = pd.Series([candidate.score.error for candidate in found.candidates], dtype=str).value_counts()
    first = f"; most often: {reasons.index[0]}" if len(reasons) else f": {error}"
    return ModelError(
        f"TPOT tried {len(found.candidates)} pipelines and none could be scored{first}",
        where=f"model '{settings.name}'",
        remedy="give it more minutes, more pipeline_minutes, a larger population or another space",
    )


def _evolver(settings: TpotSettings, individuals: Iterator[Any], scores: Any, rng: Any) -> Any:
    """TPOT's evolver with the scoring replaced."""
    from tpot.evolvers import BaseEvolver

    class Evolver(BaseEvolver):  # type: ignore[misc]
        def evaluate_population_full(self, budget: float | None = None) -> None:
            individuals = list(self.get_unevaluated_individuals(self.objective_names, budget=budget))
            if not individuals:
                return
            given = scores(self.generation, individuals)
            errors = [_in_tpots_words(each) for each in given]
            means = [[round(each.mean, 12)] for each in given]  # TPOT compares every digit
            self.population.update_column(individuals, column_names=self.objective_names, data=means)
            self.population.update_column(individuals, column_names="Eval Error", data=errors)
            for word in ("INVALID", "TIMEOUT"):
                self.population.remove_invalid_from_population(column_names="Eval Error", invalid_value=word)

    return Evolver(
        individual_generator=individuals,
        objective_functions=[],
        objective_function_weights=[1],
        objective_names=["inner_auc"],
        population_size=settings.population,
        initial_population_size=settings.population,
        generations=settings.generations + 1,  # TPOT 1 counts the first population
        max_time_mins=None,
        max_eval_time_mins=None,
        client=object(),  # none is made then, and none is used
        rng=rng,
        verbose=0,
    )


def _in_tpots_words(score: Score) -> str | None:
    if not score.error:
        return None
    return "TIMEOUT" if score.error == TOO_SLOW else "INVALID"
