"""How predictions are judged, whatever the task: what the benchmark declares and what belongs to the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from samesplit.evaluation.binary.decision_curves import DEFAULT_THRESHOLDS
from samesplit.evaluation.claims import DEFAULT_RULES, ClaimRules
from samesplit.evaluation.mask_regression import MaskRegressionSettings
from samesplit.evaluation.readers.settings import ReaderSettings
from samesplit.execution.calls import HERE, Workers

__all__ = ["EvaluationOptions"]


@dataclass(frozen=True)
class EvaluationOptions:
    """The options of an evaluation; a kind of task uses those that mean something for it.

    Attributes:
        readings: Calls of human readers (binary tasks); None for no readers.
        reference: The model that the others' rates and the readers are compared with; None for no such rows.
        operating_point: `youden`, `sensitivity>=x`, `specificity>=x` or a fixed threshold (binary tasks).
        confidence: Two-sided coverage of all intervals.
        n_bootstrap: Bootstrap samples of patients; 0 for none.
        seed: Of the bootstrap.
        primary_rater: Whose masks the main results are of; None where there is one rater.
        groups: Columns of the truth; each of their values gets rows of the group `<column>=<value>`.
        declared_thresholds: By model: thresholds that were fixed elsewhere (binary tasks).
        details: By name: the tables that models wrote while they were fitted.
        factorial: The combinations of a factorial benchmark: model -> factor -> level.
        clinical: Clinical variables of the truth, and whether each is a `number` or a `category` (survival tasks).
        risk_cuts: By model: above which risk a lesion of a fit is at high risk, by seed, repeat and fold (survival
            tasks); of other models it is the median of the validation part.
        rules: How P values are adjusted, over which families, and which models make families of their own.
        readers: What was declared of the readers beforehand; None for nothing (binary tasks).
        clinical_model: The model that learns from clinical variables alone; reclassification is shown against it
            and against the reference (binary tasks). None where there is none.
        decision_thresholds: The threshold probabilities of decision curves (binary tasks).
        risk_categories: The limits between categories of risk, for reclassification (binary tasks).
        mask_regression: What the Dice coefficient is regressed on; None for what the task names (tasks of masks).
        workers: Who does the work; the results are the same whoever does.
    """

    readings: pd.DataFrame | None = None
    reference: str | None = None
    operating_point: str | float = "youden"
    confidence: float = 0.95
    n_bootstrap: int = 1000
    seed: int = 0
    primary_rater: str | None = None
    groups: Sequence[str] = ()
    declared_thresholds: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    clinical: Mapping[str, str] = field(default_factory=dict)
    risk_cuts: Mapping[str, pd.Series[float]] = field(default_factory=dict)
    rules: ClaimRules = DEFAULT_RULES
    readers: ReaderSettings | None = None
    clinical_model: str | None = None
    decision_thresholds: Sequence[float] = DEFAULT_THRESHOLDS
    risk_categories: Sequence[float] = ()
    mask_regression: MaskRegressionSettings | None = None
    factorial: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    workers: Workers = HERE
