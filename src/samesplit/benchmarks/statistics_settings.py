"""`statistics:` in benchmark.yaml: how predictions and readings are judged, declared beforehand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from samesplit.benchmarks.field_types import Fraction, Name
from samesplit.declarations import Declaration

__all__ = ["MaskRegression", "OperatingPoint", "PrognosisSettings", "StatisticsSettings"]


class OperatingPoint(Declaration):
    """How the threshold is chosen on development (validation) data."""

    policy: Literal["youden", "sensitivity", "specificity", "fixed"] = "youden"
    """youden: the largest sum of sensitivity and specificity; sensitivity, specificity: at least `value` of it;
    fixed: `value` is the threshold."""
    value: float | None = Field(default=None, ge=0, le=1)
    """The sensitivity, the specificity or the threshold."""

    @model_validator(mode="after")
    def _value_where_needed(self) -> OperatingPoint:
        if (self.policy == "youden") != (self.value is None):
            raise ValueError("'value' is needed for every policy but 'youden'")
        return self

    @property
    def declared(self) -> str | float:
        """As an evaluation takes it: `youden`, `sensitivity>=0.9`, or a fixed threshold.

        Example:
            >>> OperatingPoint(policy="sensitivity", value=0.9).declared, OperatingPoint().declared
            ('sensitivity>=0.9', 'youden')
        """
        if self.value is None:
            return self.policy
        return self.value if self.policy == "fixed" else f"{self.policy}>={self.value:g}"


class MaskRegression(Declaration):
    """Multiple linear regression of the Dice coefficient on variables of lesions, for tasks of masks."""

    columns: tuple[str, ...] = Field(min_length=1)
    """Columns of lesions.csv, such as `[size_mm, scanner_vendor]`. Columns of numbers count by their unit, of
    others each value against a reference. The sequence joins them where masks of several are predicted.
    `diameter_mm` is that of the ball of the reference mask's volume where lesions.csv has no such column."""
    references: dict[str, str] = Field(default_factory=dict)
    """The value of a column that the others count against, such as `scanner_vendor: GE`; default: the first in the
    alphabet. A column of numbers that stands here counts by its values as well."""

    @model_validator(mode="after")
    def _each_once(self) -> MaskRegression:
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("'columns' names one of them twice")
        unknown = [column for column in self.references if column not in (*self.columns, "sequence")]
        if unknown:
            raise ValueError(f"'references' names '{unknown[0]}', which is none of 'columns'")
        return self


class PrognosisSettings(Declaration):
    """A task of two classes whose models' probabilities are judged as risks of later events."""

    task: Name
    """The task of two classes, such as aggressive."""
    outcomes: tuple[Name, ...] = Field(min_length=1)
    """The survival tasks of the same benchmark, such as overall-survival."""
    adjust: tuple[str, ...] = ()
    """Columns of lesions.csv, such as stage and grade, beside which the hazard ratio is estimated once more, in
    the place of the clinical variables. No model sees them for it."""
    comparators: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Columns of lesions.csv with their values in rising order of risk, such as `isup_grade: [1, 2, 3, 4]`: judged
    as scores of their own beside the models."""

    @field_validator("comparators", mode="before")
    @classmethod
    def _as_text(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {
            column: [str(value) for value in values] if isinstance(values, list | tuple) else values
            for column, values in given.items()
        }

    @field_validator("comparators")
    @classmethod
    def _several_values(cls, comparators: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for column, values in comparators.items():
            if len(set(values)) < max(2, len(values)):
                raise ValueError(f"'{column}' needs two or more different values, in rising order of risk")
        return comparators


class StatisticsSettings(Declaration):
    """How the predictions are judged."""

    reference: Name | None = None
    """The model that all others are compared with; default: the first radiomics model."""
    operating_point: OperatingPoint = OperatingPoint()
    confidence: Fraction = 0.95
    """Of all intervals."""
    bootstraps: int = Field(default=1000, ge=100)
    """How many samples of patients are drawn, where an interval comes from a bootstrap."""
    seed: int = 0
    """Of these draws."""
    groups: tuple[str, ...] | None = None
    """Columns of lesions.csv, such as site, each of whose values is judged by itself as well. null: none, and in a
    factorial benchmark the site."""
    group_cuts: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """Columns of numbers that are cut into groups, such as `size_mm: [20, 40]`: under 20, 20 to under 40, 40 and
    over. They join `groups`."""
    multiplicity: Literal["holm", "hochberg", "benjamini-hochberg"] = "holm"
    """How the P values of the differences of one family are adjusted. Holm and Hochberg keep the chance of any
    false claim below 1 - confidence, Benjamini-Hochberg the expected share of false claims among all."""
    families: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Families of comparisons declared beforehand, by name: `primary: [resnet18-25d - radiomics-small]`. A reader
    is written as in results.csv, `readers:mean/unaided`. P values are adjusted within a family; comparisons
    that are in none are adjusted together by who is compared."""
    non_inferiority_margin: Fraction | None = None
    """By how much a model's AUC may lie below the readers' and still count as not inferior, declared
    beforehand."""
    hypotheses: tuple[Literal["non-inferiority", "superiority"], ...] | None = None
    """Of the reference model against the readers of the first modality, in the order in which they are
    tested; each needs the one before. null: with a margin non-inferiority, then superiority; without one
    none."""
    hit_radius_mm: float | None = Field(default=None, gt=0)
    """How far from a lesion a mark of a location-specific reading may lie and still hit it."""
    prognosis: tuple[PrognosisSettings, ...] = ()
    """Tasks of two classes whose models' probabilities are judged as risks in survival tasks as well."""

    mask_regression: MaskRegression | None = None
    """What the Dice coefficient is regressed on, in tasks of masks, in the place of the task's `covariates`. null:
    those, and the diameter."""

    @field_validator("group_cuts")
    @classmethod
    def _increasing(cls, cuts: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        for column, values in cuts.items():
            if not values:
                raise ValueError(f"'{column}' has no cut: write one or more numbers, such as [20, 40]")
            if not all(map(math.isfinite, values)) or any(low >= high for low, high in pairwise(values)):
                raise ValueError(f"the cuts of '{column}' must be finite and increase, such as [20, 40]")
        return cuts

    @field_validator("families")
    @classmethod
    def _each_comparison_once(cls, families: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        seen: dict[frozenset[str], str] = {}
        for name, comparisons in families.items():
            for comparison in comparisons:
                pair = frozenset(_sides(comparison))
                if len(pair) < 2:
                    raise ValueError(f"'{comparison}' of '{name}' compares a model with itself")
                if pair in seen:
                    raise ValueError(
                        f"'{comparison}' stands in '{seen[pair]}' and in '{name}': one family only"
                    )
                seen[pair] = name
        return families

    def declared_families(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Return the families with the two sides of each comparison."""
        return {
            name: tuple(_sides(comparison) for comparison in comparisons)
            for name, comparisons in self.families.items()
        }

    @model_validator(mode="after")
    def _margin_where_needed(self) -> StatisticsSettings:
        declared = self.hypotheses or ()
        if len(set(declared)) < len(declared):
            raise ValueError("'hypotheses' names one of them twice")
        if "non-inferiority" in declared and self.non_inferiority_margin is None:
            raise ValueError("'non-inferiority' needs a 'non_inferiority_margin'")
        return self

    decision_thresholds: tuple[Fraction, ...] | None = Field(default=None, min_length=1)
    """The probabilities from which somebody would act, for decision curves; rising. null: 0.05 to 0.50 by 0.01."""
    risk_categories: tuple[Fraction, ...] = ()
    """The limits between categories of risk, for reclassification; rising. None: the category-free index alone."""

    @field_validator("decision_thresholds", "risk_categories")
    @classmethod
    def _rising(cls, given: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if given is not None and any(first >= second for first, second in pairwise(given)):
            raise ValueError("list each probability once, in rising order")
        return given


def _sides(comparison: str) -> tuple[str, str]:
    """Return the two sides of `a - b`; names of models hold no spaces, so the dash with spaces is the only one."""
    first, found, second = (part.strip() for part in comparison.partition(" - "))
    if not (first and found and second):
        raise ValueError(f"'{comparison}' is no comparison: write two names with ' - ' between them")
    return first, second
