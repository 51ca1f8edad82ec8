"""The screen of `univariate-multivariable-logistic`: one test a candidate, then one model of those that pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from samesplit.models.clinical.design_matrix import DesignMatrix
from samesplit.models.clinical.inference import LogisticFit, fit_logistic
from samesplit.ordering import below, first_best, ranked

if TYPE_CHECKING:
    from samesplit.models.clinical.multivariable_settings import UnivariateMultivariableSettings

__all__ = ["Screening", "screen"]

Floats = npt.NDArray[np.float64]

_FEW_EVENTS = 10
"""Events per variable below which a regression is apt to overfit (https://doi.org/10.1016/S0895-4356(96)00236-3)."""
_DETERMINED = 1e-9
"""A term of which the others leave no more than about this share of its SD says nothing of its own."""
_ODDS = ["odds_ratio", "ci_low", "ci_high", "p_value"]


@dataclass(frozen=True)
class Screening:
    """What the screen found on the training part.

    Attributes:
        univariate: One row a term of every candidate: variable, term, unit, lesions (that have the value),
            odds_ratio, ci_low, ci_high, p_value, variable_p_value (all terms of the variable together; this
            one decides), method, outcome (`entered`, or why not).
        multivariable: One row a term of the final model: variable, term, unit, centre, scale, coefficient,
            standard_error, odds_ratio, ci_low, ci_high, p_value, variable_p_value, method. The linear
            predictor is the intercept (in `summary`) plus coefficient x (value - centre) / scale, or plus
            the coefficient where a category has the level.
        summary: One row: lesions, events (of the rarer class), candidates, passed, variables, terms,
            events_per_candidate, events_per_term, intercept, method, fallback, warning.
        terms: How variables become terms.
        used: The terms of the final model.
        intercept: Of the final model.
        coefficients: Of the used terms.
    """

    univariate: pd.DataFrame
    multivariable: pd.DataFrame
    summary: pd.DataFrame
    terms: DesignMatrix
    used: list[int]
    intercept: float
    coefficients: Floats


def screen(table: pd.DataFrame, y: Floats, settings: UnivariateMultivariableSettings) -> Screening:
    """Screen the candidates and fit the model of those that pass.

    Args:
        table: One row a lesion, one column a candidate, NaN where missing.
        y: 0 or 1 in the same order, both present.
        settings: The model file.
    """
    terms = DesignMatrix(table, per=settings.per, impute=settings.impute)
    names = [str(name) for name in table.columns]
    univariate = pd.DataFrame([row for name in names for row in _univariate(table[name], y, terms)])
    tested = univariate.dropna(subset="variable_p_value").drop_duplicates("variable")
    tested = tested.iloc[ranked(tested["variable_p_value"])]
    order = [str(name) for name in tested["variable"]]
    passes = below(tested["variable_p_value"], settings.screen)
    passed = [name for name, passing in zip(order, passes, strict=True) if passing]
    outcome = dict.fromkeys(order, f"P >= {settings.screen:g}") | terms.unusable
    X = terms.matrix(table)
    entered = _enter(X, terms, passed, settings.most, outcome)
    outcome |= dict.fromkeys(entered, "entered")
    entered, fit = _eliminate(X, y, terms, entered, settings.keep, outcome)
    fallback = "" if entered else "prevalence"
    if not entered and settings.none_pass == "smallest-p" and order:
        entered, fallback = order[:1], "smallest-p"
        fit = fit_logistic(X[:, terms.of(entered)], y)
        outcome[entered[0]] += "; taken as the smallest P value"
    intercept = math.log(y.mean() / (1 - y.mean())) if fit is None else float(fit.coefficients[0])
    multivariable = _terms_table(terms, entered, fit)
    method = "" if fit is None else fit.method
    return Screening(
        univariate=univariate.assign(outcome=[outcome[name] for name in univariate["variable"]]),
        multivariable=multivariable,
        summary=_summary(
            y, len(names), len(passed), multivariable, intercept=intercept, method=method, fallback=fallback
        ),
        terms=terms,
        used=terms.of(entered),
        intercept=intercept,
        coefficients=np.zeros(0) if fit is None else fit.coefficients[1:],
    )


def _univariate(values: pd.Series[Any], y: Floats, terms: DesignMatrix) -> list[dict[str, Any]]:
    """Return the rows of one candidate, from the lesions that have the value."""
    name, known = str(values.name), values.notna().to_numpy()
    columns, lesions = terms.of([name]), int(known.sum())
    if not columns or y[known].min() == y[known].max():
        terms.unusable.setdefault(name, "one class only among the lesions that have it")
        nothing = dict.fromkeys([*_ODDS, "variable_p_value"], math.nan)
        return [{"variable": name, "term": name, "unit": "", "lesions": lesions, **nothing, "method": ""}]
    fit = fit_logistic(terms.matrix(values[known].to_frame(), columns), y[known])
    odds, joint = _odds(fit), fit.joint_p_value(list(range(len(columns))))
    return [
        {key: terms.rows[column][key] for key in ("variable", "term", "unit")}
        | {"lesions": lesions}
        | {key: float(numbers[place]) for key, numbers in odds.items()}
        | {"variable_p_value": joint, "method": fit.method}
        for place, column in enumerate(columns)
    ]


def _odds(fit: LogisticFit) -> dict[str, Floats]:
    """Odds ratios, intervals and P values of the terms, without the intercept."""
    with np.errstate(over="ignore"):
        limits = [np.exp(values[1:]) for values in (fit.coefficients, fit.low, fit.high)]
    return dict(zip(_ODDS, [*limits, fit.p_values[1:]], strict=True))


def _enter(
    X: Floats, terms: DesignMatrix, passed: list[str], most: int | None, outcome: dict[str, str]
) -> list[str]:
    """Those that enter, in order of their P values; one that the others already determine does not."""
    entered: list[str] = []
    design, rank = np.ones((len(X), 1)), 1
    spread = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)  # whatever the units of the terms are
    for name in passed:
        if most is not None and len(entered) == most:
            outcome[name] = f"not among the first {most}"
            continue
        columns = terms.of([name])
        wider = np.column_stack([design, X[:, columns]])
        wider_rank = int(np.linalg.matrix_rank(wider, rtol=_DETERMINED))
        if wider_rank == rank + len(columns):
            entered, design, rank = [*entered, name], wider, wider_rank
        else:
            outcome[name] = "determined by others with smaller P"
    return entered


def _eliminate(
    X: Floats, y: Floats, terms: DesignMatrix, entered: list[str], keep: float | None, outcome: dict[str, str]
) -> tuple[list[str], LogisticFit | None]:
    """Fit; while the largest P value is not below `keep`, leave its variable out and fit again.

    Of equal P values the variable that entered last goes.
    """
    step = 0
    while entered:
        fit = fit_logistic(X[:, terms.of(entered)], y)
        p_values = _joint(fit, terms, entered)
        worst = entered[::-1][first_best([p_values[name] for name in entered[::-1]])]
        if keep is None or below(p_values[worst], keep):
            return entered, fit
        step += 1
        outcome[worst] = f"eliminated in step {step} (P = {p_values[worst]:.3g})"
        entered = [name for name in entered if name != worst]
    return [], None


def _joint(fit: LogisticFit, terms: DesignMatrix, entered: list[str]) -> dict[str, float]:
    """Return the P value of each variable of a model, all its terms together."""
    used = terms.of(entered)
    return {name: fit.joint_p_value([used.index(column) for column in terms.of([name])]) for name in entered}


def _terms_table(terms: DesignMatrix, entered: list[str], fit: LogisticFit | None) -> pd.DataFrame:
    """Return the final model, one row a term; no row where there is none."""
    rows = terms.table.iloc[terms.of(entered)].reset_index(drop=True)
    if fit is None:
        columns = ["coefficient", "standard_error", *_ODDS, "variable_p_value"]
        return rows.assign(
            **{name: pd.Series(dtype="float64") for name in columns}, method=pd.Series(dtype=str)
        )
    joint = _joint(fit, terms, entered)
    return rows.assign(
        coefficient=fit.coefficients[1:],
        standard_error=fit.standard_errors[1:],
        **_odds(fit),
        variable_p_value=rows["variable"].map(joint).astype("float64"),
        method=fit.method,
    )


def _summary(
    y: Floats,
    candidates: int,
    passed: int,
    multivariable: pd.DataFrame,
    *,
    intercept: float,
    method: str,
    fallback: str,
) -> pd.DataFrame:
    """One row that says what the screen was made of, and what a reader must know."""
    events = int(min(y.sum(), len(y) - y.sum()))
    terms = len(multivariable)
    warnings = []
    if terms and events / terms < _FEW_EVENTS:
        warnings.append(f"{events / terms:.1f} events per term of the model, fewer than {_FEW_EVENTS}")
    if events / candidates < _FEW_EVENTS:
        warnings.append(f"{events / candidates:.1f} events per candidate, fewer than {_FEW_EVENTS}")
    if method == "firth":
        warnings.append("the terms separate the classes: Firth's penalised likelihood")
    if fallback:
        warnings.append(f"no candidate was left: {fallback}")
    row = {
        "lesions": len(y),
        "events": events,
        "candidates": candidates,
        "passed": passed,
        "variables": multivariable["variable"].nunique(),
        "terms": terms,
        "events_per_candidate": events / candidates,
        "events_per_term": events / terms if terms else np.nan,
        "intercept": intercept,
        "method": method,
        "fallback": fallback,
        "warning": "; ".join(warnings),
    }
    return pd.DataFrame([row])
