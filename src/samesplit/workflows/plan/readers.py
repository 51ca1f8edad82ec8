"""The plan of a reader study, from a pilot study's readings or from variance components typed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from samesplit.errors import ReadingsError, StatisticsError
from samesplit.evaluation.readers.studies import column_of, study_of
from samesplit.reader_marks import one_row_a_reading
from samesplit.statistics.mrmc import (
    ACCURACY,
    AUC,
    SENSITIVITY,
    SPECIFICITY,
    ReaderStudy,
    model_against_readers,
    obuchowski_rockette,
)
from samesplit.statistics.planning import (
    DifferenceVariance,
    RandomEffects,
    cases_needed,
    check_power,
    reader_study_table,
    readers_needed,
)
from samesplit.tables import read_csv
from samesplit.workflows.plan.plan import StudyPlan, made_of
from samesplit.workflows.readers.tables import read_study

__all__ = ["Pilot", "pilot_variance", "plan_readers", "typed_components"]

_FIGURES = {"auc": AUC, "sensitivity": SENSITIVITY, "specificity": SPECIFICITY, "accuracy": ACCURACY}
_TWO = ("modality_reader", "error", "cov1", "cov2", "cov3", "cases")
_ONE = ("reader", "error", "cov2", "cases")
_NAMES = {
    "lesion_id": ("lesion_id", "case_id", "case", "caseID"),
    "probability": ("probability", "score"),
}


@dataclass(frozen=True)
class Pilot:
    """Variance components and where they come from.

    Attributes:
        variance: The components.
        source: In words.
        tested: Whose mean difference the planned study tests.
    """

    variance: DifferenceVariance
    source: str
    tested: str


def typed_components(text: str) -> Pilot:
    """Read components that were typed in.

    Args:
        text: `modality_reader=...,error=...,cov1=...,cov2=...,cov3=...,cases=...` for two modalities, or
            `reader=...,error=...,cov2=...,cases=...` for readers minus a model.

    Raises:
        StatisticsError: Other names, or something that is no number.

    Example:
        >>> typed_components("reader=0.001,error=0.0009,cov2=0.0004,cases=200").variance.covariance
        0.0004
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        given = {name.strip(): float(value) for name, _, value in pairs}
    except ValueError:
        given = {}
    if set(given) == set(_TWO):
        two = DifferenceVariance.of_two_modalities(**given)
        return Pilot(two, f"components typed in: {text}", "one modality minus the other")
    if set(given) == set(_ONE):
        one = DifferenceVariance.of_one_modality(**given)
        return Pilot(one, f"components typed in: {text}", "readers minus the model")
    raise StatisticsError(
        f"'{text}' does not name the variance components",
        where="--components",
        remedy=f"write {', '.join(f'{name}=' for name in _TWO)} for two modalities, or "
        f"{', '.join(f'{name}=' for name in _ONE)} for a model against readers, with numbers",
    )


def pilot_variance(
    readings: Path,
    truth: Path,
    *,
    predictions: Path | None = None,
    figure: str = "auc",
    compare: Sequence[str] = (),
    positive: str | None = None,
) -> Pilot:
    """Estimate the components from the readings of a pilot study that is crossed.

    Args:
        readings: CSV as `samesplit readers` takes it (`workflows.readers.tables.read_study`).
        truth: The truth; may be the same file.
        predictions: CSV with lesion_id and probability of a model, to compare with the readers.
        figure: `auc`, `sensitivity`, `specificity` or `accuracy`.
        compare: Two modalities, or one with predictions; needed where the readings have more.
        positive: The positive class by name, where labels are not 0 and 1.

    Raises:
        ReadingsError: A column is missing, or a table does not fit the others.
        StatisticsError: The pilot study cannot be analysed so.
    """
    if figure not in _FIGURES:
        raise StatisticsError(f"unknown figure of merit '{figure}'", remedy=f"use {', '.join(_FIGURES)}")
    study = _study(readings, truth, figure, positive)
    wanted = 1 if predictions else 2
    chosen = tuple(compare) or study.modalities
    if len(chosen) != wanted:
        raise ReadingsError(
            f"the readings have {len(chosen)} modalities to plan with ({', '.join(chosen)}), not {wanted}",
            where=readings,
            remedy="name them with --compare"
            if len(chosen) > wanted
            else "add --predictions of a model, or a column 'modality' with two values",
        )
    study = study.select(modalities=chosen)
    if predictions is None:
        found = obuchowski_rockette(study, _FIGURES[figure])
        parts = found.components
        variance = DifferenceVariance.of_two_modalities(
            modality_reader=parts.modality_reader,
            error=parts.error,
            cov1=parts.cov1,
            cov2=parts.cov2,
            cov3=parts.cov3,
            cases=found.n_cases,
        )
        difference = next(iter(found.differences.values()))
        tested = f"{chosen[0]} minus {chosen[1]}"
        size = (found.n_readers, found.n_cases)
    else:
        against = model_against_readers(study, _scores(predictions, study), _FIGURES[figure])
        variance = DifferenceVariance.of_one_modality(
            reader=against.ms_reader - against.error + against.cov2,
            error=against.error,
            cov2=against.cov2,
            cases=against.n_cases,
        )
        difference, tested = against.difference, "model minus the mean reader"
        size = (against.n_readers, against.n_cases)
    source = (
        f"pilot study of {size[0]} readers and {size[1]} cases, whose own difference in {figure} was "
        f"{difference.estimate:+.3f} ({difference.ci_low:.3f} to {difference.ci_high:.3f})"
    )
    return Pilot(variance, source, tested)


def plan_readers(
    pilot: Pilot,
    *,
    effect: float,
    readers: Sequence[int],
    cases: Sequence[int],
    margin: float | None = None,
    power: float = 0.8,
    random: RandomEffects = "readers and cases",
    confidence: float = 0.95,
) -> StudyPlan:
    """Compute the power of all combinations of readers and cases, and what reaches the power asked for.

    Args:
        pilot: The components.
        effect: The true mean difference.
        readers: Numbers of readers.
        cases: Numbers of cases.
        margin: Of non-inferiority; None for a two-sided test.
        power: To be reached.
        random: To whom the study speaks.
        confidence: Of the two-sided interval.

    Raises:
        StatisticsError: A number outside its range.
    """
    check_power(power)
    if effect == 0 if margin is None else effect <= -margin:
        raise StatisticsError(
            "there is no difference of 0 to find"
            if margin is None
            else f"a true difference of {effect:g} is worse than the margin of {margin:g} allows",
            where="--effect",
            remedy="give the true difference that is to be found, or, to show non-inferiority, a larger --margin",
        )
    rows = reader_study_table(
        pilot.variance,
        readers=sorted(set(readers)),
        cases=sorted(set(cases)),
        effect=effect,
        margin=margin,
        random=random,
        confidence=confidence,
    )
    table = pd.DataFrame(
        {
            "readers": [row.readers for row in rows],
            "cases": [row.cases for row in rows],
            "power": [row.power for row in rows],
            "standard_error": [row.standard_error for row in rows],
            "df": [row.df for row in rows],
            "detectable": [row.detectable for row in rows],
        }
    )
    needed = pd.DataFrame(
        [
            {"readers": j, **_cases_for(pilot, j, effect, power, margin, random, confidence)}
            for j in sorted(set(readers))
        ]
    )
    what = f"a difference of {effect:g}" if margin is None else f"non-inferiority within {margin:g}"
    possible = needed.dropna(subset="cases")
    if len(possible):
        best = possible.iloc[0]
        answer = (
            f"To show {what} with a power of {100 * power:g} %, {int(best['readers'])} readers need "
            f"{int(best['cases']):,} cases."
        )
    else:
        answer = f"No number of cases gives so few readers a power of {100 * power:g} % to show {what}."
        try:
            enough = readers_needed(
                pilot.variance,
                cases=max(cases),
                effect=effect,
                power=power,
                margin=margin,
                random=random,
                confidence=confidence,
            )
        except StatisticsError:
            pass
        else:
            answer += f" With {max(cases):,} cases, {enough.readers} readers are needed."
    parts = pilot.variance
    return made_of(
        "readers",
        {"power": table, "needed": needed},
        title="Reader study",
        answer=answer,
        given={
            "Tested": pilot.tested,
            "True difference": f"{effect:g}",
            "Margin": "none, two-sided" if margin is None else f"{margin:g}, one-sided",
            "Random": random,
            "Confidence": f"{100 * confidence:g} %",
            "Components": pilot.source,
            "Between readers": f"{parts.between_readers:.3g}",
            "Error": f"{parts.error:.3g} over {parts.cases:g} cases",
            "Covariance of two readers": f"{parts.covariance:.3g}",
        },
        notes=(
            "All readers read all cases, whose mix of positive and negative ones is that of the pilot study",
            "A pilot study estimates its components with much error: plan with a margin to spare",
        ),
    )


def _cases_for(
    pilot: Pilot,
    readers: int,
    effect: float,
    power: float,
    margin: float | None,
    random: RandomEffects,
    confidence: float,
) -> dict[str, float]:
    try:
        found = cases_needed(
            pilot.variance,
            readers=readers,
            effect=effect,
            power=power,
            margin=margin,
            random=random,
            confidence=confidence,
        )
    except StatisticsError:
        return {"cases": np.nan, "power": np.nan}
    return {"cases": found.cases, "power": found.power}


def _study(readings: Path, truth: Path, figure: str, positive: str | None) -> ReaderStudy:
    found = read_study(readings, truth, positive=positive)
    study = study_of(one_row_a_reading(found.readings), found.truth, figure)
    if study is None:
        raise ReadingsError(
            f"there is no {column_of(figure)} of cases of both classes",
            where=readings,
            remedy="an AUC needs scores (column score or rating), the others calls (column decision)",
        )
    return study


def _scores(predictions: Path, study: ReaderStudy) -> pd.Series[float]:
    table = _table(predictions, ["lesion_id", "probability"])
    own = table.drop_duplicates("lesion_id").set_index("lesion_id")
    scores = _numbers(own, "probability", predictions)
    lacking = [case for case in study.cases if case not in scores.index]
    if lacking:
        raise ReadingsError(
            f"the model has no prediction of {len(lacking)} of {len(study.cases)} cases, the first {lacking[0]}",
            where=predictions,
            remedy="compare on the cases that both readers and model judged",
        )
    return scores[list(study.cases)]


def _numbers(table: pd.DataFrame, column: str, path: Path) -> pd.Series[float]:
    found = pd.to_numeric(table[column], errors="coerce")
    wrong = table.loc[found.isna() & table[column].notna(), column]
    if len(wrong):
        raise ReadingsError(
            f"'{wrong.iloc[0]}' in the column '{column}' is not a number",
            where=path,
            remedy="write scores as numbers, and decisions and labels as 0 and 1",
        )
    return found


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    table = read_csv(path, error=ReadingsError)
    for name in columns:
        found = next((other for other in _NAMES.get(name, ()) if other in table), None)
        if found is not None and name not in table:
            table = table.rename(columns={found: name})
    missing = [name for name in columns if name not in table]
    if missing:
        raise ReadingsError(
            f"the table has no column '{missing[0]}'",
            where=path,
            remedy=f"columns found: {', '.join(table.columns)}",
        )
    return table
