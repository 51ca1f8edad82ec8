"""Plans for one model or two: how many patients and events to develop, to validate, to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from samesplit.errors import StatisticsError
from samesplit.statistics.planning import (
    DevelopmentSize,
    LinearPredictor,
    auc_comparison,
    auc_comparison_size,
    develop_binary,
    develop_continuous,
    develop_survival,
    r2_from_c_statistic,
    validate_binary,
)
from samesplit.workflows.plan.plan import StudyPlan, made_of

__all__ = ["plan_comparison", "plan_model", "plan_validation"]

Outcome = Literal["binary", "survival", "continuous"]

_PARAMETERS = (
    "Parameters are counted before any selection: of a radiomics model, all features that selection chooses from. "
    "Penalised models are no exception where so few patients cannot tell how much to penalise."
)


def plan_model(
    *,
    outcome: Outcome,
    parameters: int,
    auc: float | None = None,
    r2: float | None = None,
    prevalence: float | None = None,
    rate: float | None = None,
    follow_up: float | None = None,
    time: float | None = None,
    mean: float | None = None,
    standard_deviation: float | None = None,
    shrinkage: float = 0.9,
) -> StudyPlan:
    """Plan the development of a model by the criteria of Riley and colleagues.

    Args:
        outcome: Of the model.
        parameters: Candidate parameters, before any selection.
        auc: That is expected; in place of `r2` for a binary outcome.
        r2: Cox and Snell's (of a continuous outcome the ordinary one), adjusted for optimism.
        prevalence: Of a binary outcome.
        rate: Events per patient and unit of time.
        follow_up: Its mean, in the same unit.
        time: For which the risk is predicted.
        mean: Of a continuous outcome.
        standard_deviation: Of a continuous outcome.
        shrinkage: The smallest acceptable.

    Raises:
        StatisticsError: Something that the outcome needs is missing, or outside its range.
    """
    given = {"Outcome": outcome, "Candidate parameters": f"{parameters}", "Shrinkage": f"{shrinkage:g}"}
    found: DevelopmentSize
    if outcome == "binary":
        (share,) = _needed({"--prevalence": prevalence}, "a binary outcome")
        given["Prevalence"] = f"{share:g}"
        if r2 is None:
            (expected,) = _needed({"--auc or --r2": auc}, "a binary outcome")
            given["Expected AUC"] = f"{expected:g}"
            r2 = r2_from_c_statistic(expected, share)
        found = develop_binary(prevalence=share, parameters=parameters, r2=r2, shrinkage=shrinkage)
    elif outcome == "survival":
        each, years, when, explained = _needed(
            {"--rate": rate, "--follow-up": follow_up, "--time": time, "--r2": r2}, "a time to event"
        )
        given |= {"Event rate": f"{each:g}", "Mean follow-up": f"{years:g}", "Time": f"{when:g}"}
        found = develop_survival(
            rate=each,
            mean_follow_up=years,
            time=when,
            parameters=parameters,
            r2=explained,
            shrinkage=shrinkage,
        )
    else:
        centre, spread, explained = _needed(
            {"--mean": mean, "--sd": standard_deviation, "--r2": r2}, "a continuous outcome"
        )
        given |= {"Mean": f"{centre:g}", "Standard deviation": f"{spread:g}"}
        found = develop_continuous(
            mean=centre, standard_deviation=spread, parameters=parameters, r2=explained, shrinkage=shrinkage
        )
    given["Expected R2"] = f"{found.r2:.3g} of at most {found.r2_maximum:.3g}"
    events = "" if outcome == "continuous" else f" with {found.events:.0f} events"
    share_of = "" if outcome == "continuous" else f" ({found.events_per_parameter:.1f} events per parameter)"
    answer = (
        f"A model of {parameters} candidate parameters needs {found.n:,} patients{events} to be developed"
        f"{share_of}."
    )
    table = pd.DataFrame(
        {
            "criterion": [criterion.name for criterion in found.criteria],
            "target": [criterion.target for criterion in found.criteria],
            "n": [criterion.n for criterion in found.criteria],
            "events": [criterion.n * found.events / found.n for criterion in found.criteria],
        }
    )
    if outcome == "continuous":
        table = table.drop(columns="events")
    return made_of(
        "model",
        {"criteria": table},
        title="Development of a model",
        answer=answer,
        given=given,
        notes=(_PARAMETERS,),
    )


def plan_validation(
    *,
    prevalence: float,
    auc: float,
    predictor: LinearPredictor | None = None,
    slope: float = 1.0,
    observed_to_expected: float = 1.0,
    threshold: float | None = None,
    sensitivity: float | None = None,
    specificity: float | None = None,
    widths: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> StudyPlan:
    """Plan the external validation of a model of a binary outcome.

    Args:
        prevalence: Of the outcome.
        auc: Expected.
        predictor: How the predictions are distributed; None takes it from AUC and prevalence.
        slope: Calibration slope that is expected.
        observed_to_expected: The ratio that is expected.
        threshold: Of the probability; None for no estimates at one.
        sensitivity: Expected at the threshold.
        specificity: Expected at the threshold.
        widths: Of intervals, where other than the defaults.
        confidence: Of the intervals.

    Raises:
        StatisticsError: A number outside its range.
    """
    found = validate_binary(
        prevalence=prevalence,
        c_statistic=auc,
        predictor=predictor,
        slope=slope,
        observed_to_expected=observed_to_expected,
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
        widths=widths,
        confidence=confidence,
    )
    table = pd.DataFrame(
        {
            "estimate": [criterion.name for criterion in found.criteria],
            "expected": [criterion.expected for criterion in found.criteria],
            "width": [criterion.width for criterion in found.criteria],
            "n": [criterion.n for criterion in found.criteria],
            "events": [criterion.n * prevalence for criterion in found.criteria],
            "width_at_n": [criterion.width_at_n for criterion in found.criteria],
        }
    )
    notes = []
    if abs(found.predictor.prevalence - prevalence) > 0.1 * prevalence:
        notes.append(
            f"The distribution of predictions has a prevalence of {found.predictor.prevalence:.3g}, and "
            f"{prevalence:g} was given: the calibration slope follows the distribution, the rest what was given"
        )
    given = {
        "Prevalence": f"{prevalence:g}",
        "Expected AUC": f"{auc:g}",
        "Predictions": found.predictor.description,
        "Confidence": f"{100 * confidence:g} %",
    }
    if threshold is not None:
        given["Threshold"] = f"{threshold:g}"
    return made_of(
        "validation",
        {"criteria": table},
        title="External validation of a model",
        answer=f"The validation needs {found.n:,} patients with {found.events:.0f} events.",
        given=given,
        notes=tuple(notes),
    )


def plan_comparison(
    *,
    auc: float,
    other: float,
    prevalence: float,
    correlation: float,
    sizes: Sequence[int] = (),
    power: float = 0.8,
    margin: float | None = None,
    confidence: float = 0.95,
) -> StudyPlan:
    """Plan the comparison of the AUCs of two models on the same patients.

    Args:
        auc: Of the first model.
        other: Of the second.
        prevalence: Of the outcome.
        correlation: Of the two estimated AUCs.
        sizes: Numbers of patients whose power is shown; none for multiples of what is needed.
        power: To be reached.
        margin: Of non-inferiority of the second; None for a two-sided test.
        confidence: Of the two-sided interval.

    Raises:
        StatisticsError: A number outside its range, or no number of patients is enough.
    """
    needed = auc_comparison_size(
        auc,
        other,
        prevalence=prevalence,
        correlation=correlation,
        power=power,
        margin=margin,
        confidence=confidence,
    )
    shown = sorted({*(sizes or (round(needed.n * share) for share in (0.25, 0.5, 0.75, 1.5))), needed.n})
    rows = [
        auc_comparison(
            auc,
            other,
            n=n,
            prevalence=prevalence,
            correlation=correlation,
            margin=margin,
            confidence=confidence,
        )
        for n in shown
    ]
    table = pd.DataFrame(
        {
            "n": [row.n for row in rows],
            "positives": [row.positives for row in rows],
            "power": [row.power for row in rows],
            "standard_error": [row.standard_error for row in rows],
            "detectable": [row.detectable for row in rows],
        }
    )
    question = (
        f"a difference of {other - auc:+.3g}" if margin is None else f"non-inferiority within {margin:g}"
    )
    return made_of(
        "comparison",
        {"power": table},
        title="Comparison of two models on the same patients",
        answer=(
            f"To show {question} with a power of {100 * power:g} %, {needed.n:,} patients are needed, "
            f"{needed.positives:,} of them with the outcome."
        ),
        given={
            "AUCs": f"{auc:g} and {other:g}",
            "Prevalence": f"{prevalence:g}",
            "Correlation of the estimates": f"{correlation:g}",
            "Margin": "none, two-sided" if margin is None else f"{margin:g}",
            "Confidence": f"{100 * confidence:g} %",
        },
    )


def _needed(options: Mapping[str, float | None], what: str) -> tuple[float, ...]:
    missing = [name for name, value in options.items() if value is None]
    if missing:
        raise StatisticsError(f"{what} needs {', '.join(missing)}", remedy="see samesplit plan model --help")
    return tuple(value for value in options.values() if value is not None)
