"""`statistics:` in benchmark.yaml: how predictions and readings are judged, declared beforehand."""

from __future__ import annotations

import itertools
from typing import Literal

from pydantic import Field, field_validator, model_validator

from samesplit.benchmarks.field_types import Fraction, Name
from samesplit.declarations import Declaration

__all__ = ["OperatingPoint", "StatisticsSettings"]


class OperatingPoint(Declaration):
    """How the threshold is chosen on development (validation) data."""

    policy: Literal["youden", "sensitivity", "specificity", "fixed"] = "youden"
    value: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _value_where_needed(self) -> OperatingPoint:
        if (self.policy == "youden") != (self.value is None):
            raise ValueError("'value' is needed for every policy but 'youden'")
        return self


class StatisticsSettings(Declaration):
    """How the predictions are judged."""

    reference: Name | None = None
    """The model that all others are compared with; default: the first radiomics model."""
    operating_point: OperatingPoint = OperatingPoint()
    confidence: Fraction = 0.95
    bootstraps: int = Field(default=1000, ge=100)
    seed: int = 0
    groups: tuple[str, ...] | None = None
    """Columns of lesions.csv, such as site, each of whose values is judged by itself as well. null: none, and in a
    factorial benchmark the site."""
    non_inferiority_margin: Fraction | None = None
    """By how much a model's AUC may lie below the readers' and still count as not inferior, declared
    beforehand."""
    hypotheses: tuple[Literal["non-inferiority", "superiority"], ...] | None = None
    """Of the reference model against the readers of the first modality, in the order in which they are
    tested; each needs the one before. null: with a margin non-inferiority, then superiority; without one
    none."""
    hit_radius_mm: float | None = Field(default=None, gt=0)
    """How far from a lesion a mark of a location-specific reading may lie and still hit it."""

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
        if given is not None and any(first >= second for first, second in itertools.pairwise(given)):
            raise ValueError("list each probability once, in rising order")
        return given
